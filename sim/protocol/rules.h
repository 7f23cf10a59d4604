/*
 * The rules of the protocol: how software changes the entries of live Arm translation tables.
 *
 * The first group is judged of every run and of every log; the rest needs what only a log tells: locks,
 * hints, the life of memory, system registers. Each rule has a name, one line and a source.
 */
#ifndef MMUSIM_SIM_PROTOCOL_RULES_H
#define MMUSIM_SIM_PROTOCOL_RULES_H

#ifdef __cplusplus
extern "C" {
#endif

enum protocol_rule {
    /* Of entries. */
    PROTOCOL_CHANGED_WITHOUT_BREAK,
    PROTOCOL_MADE_BEFORE_CLEAN,
    PROTOCOL_WRITE_BELOW_UNCLEAN,
    PROTOCOL_TABLE_TWICE,
    /* Of entries, in logs alone. */
    PROTOCOL_CHILDREN_UNCLEAN,
    PROTOCOL_RESERVED_ENCODING,
    PROTOCOL_TABLE_UNINITIALISED,
    /* Of memory. */
    PROTOCOL_WRITE_UNINITIALISED,
    PROTOCOL_INIT_USED,
    PROTOCOL_FREE_LIVE,
    /* Of locks and of those who may write. */
    PROTOCOL_NO_LOCK,
    PROTOCOL_LOCK_NOT_HELD,
    PROTOCOL_PLAIN_TWICE,
    PROTOCOL_LOCK_HELD,
    PROTOCOL_UNLOCK_NOT_HELD,
    PROTOCOL_THREAD_OWNER,
    PROTOCOL_THREAD_OWNER_PLACE,
    PROTOCOL_THREAD_OWNER_PARENT,
    PROTOCOL_OWNER_OF_LIVE_TABLE,
    /* Of roots. */
    PROTOCOL_EL2_ASID,
    PROTOCOL_ROOT_TWO_IDS,
    PROTOCOL_ID_TWO_ROOTS,
    PROTOCOL_RELEASE_IN_USE,
    PROTOCOL_RELEASE_UNCLEAN,
    PROTOCOL_RELEASE_NO_ROOT,
    PROTOCOL_RULES
};

struct protocol_rule_row {
    const char *name;
    const char *text;   /* what is required, one line */
    const char *source; /* "DDI 0487, D8.17.1" or "log format" */
};

/* Of the rules above; alive for ever. */
const struct protocol_rule_row *protocol_rule_row(enum protocol_rule rule);

#ifdef __cplusplus
}
#endif
#endif
