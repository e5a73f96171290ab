// PostgreSQL 15's own parser (libpg_query 15) and its tree as C structs.
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>
#include <stdbool.h>

// Swift copies imported globals, so the identity of a descriptor can only be tested here.
static inline bool message_is_node(const ProtobufCMessage *m) { return m->descriptor == &pg_query__node__descriptor; }
static inline bool message_is_constant(const ProtobufCMessage *m) { return m->descriptor == &pg_query__a__const__descriptor; }
static inline bool message_is_table(const ProtobufCMessage *m) { return m->descriptor == &pg_query__range_var__descriptor; }
static inline bool message_is_parameter(const ProtobufCMessage *m) { return m->descriptor == &pg_query__param_ref__descriptor; }
static inline bool message_is_call(const ProtobufCMessage *m) { return m->descriptor == &pg_query__func_call__descriptor; }
static inline bool message_is_locking_clause(const ProtobufCMessage *m) {
    return m->descriptor == &pg_query__locking_clause__descriptor;
}
static inline bool message_is_common_table(const ProtobufCMessage *m) {
    return m->descriptor == &pg_query__common_table_expr__descriptor;
}

#include <string.h>
static inline bool bytes_are_equal(const void *a, const void *b, size_t count) { return memcmp(a, b, count) == 0; }
static inline bool has_nul(const void *bytes, size_t count) { return count > 0 && memchr(bytes, 0, count) != NULL; }
