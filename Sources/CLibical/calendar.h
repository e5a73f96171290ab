// iCalendar as the system's libical reads it.
#include <libical/ical.h>
