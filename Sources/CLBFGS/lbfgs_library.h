// L-BFGS and OWL-QN as the system provides them (liblbfgs of Naoaki Okazaki).
#include <lbfgs.h>
