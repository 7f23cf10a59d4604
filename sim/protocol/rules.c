#include "sim/protocol/rules.h"

#define BREAK "Arm DDI 0487 L.b, D8.17.1"
#define TLBI  "Arm DDI 0487 L.b, D8.17"
#define LOG   "the log format's protocol"

static const struct protocol_rule_row rows[PROTOCOL_RULES] = {
    [PROTOCOL_CHANGED_WITHOUT_BREAK] = {"changed_without_break",
                                        "a valid entry becomes another valid one of other kind, size, "
                                        "address or memory type only through an "
                                        "invalid one",
                                        BREAK},
    [PROTOCOL_MADE_BEFORE_CLEAN] = {"made_before_clean",
                                    "an entry that was made invalid is made valid again only after barrier, "
                                    "invalidation and completing barrier",
                                    BREAK},
    [PROTOCOL_WRITE_BELOW_UNCLEAN] = {"write_below_unclean",
                                      "a table whose entry above was made invalid is not written before that "
                                      "entry is clean",
                                      TLBI},
    [PROTOCOL_TABLE_TWICE] = {"table_twice", "a page is a table at most once", TLBI},
    [PROTOCOL_CHILDREN_UNCLEAN] = {"children_unclean",
                                   "the entries of a table are clean before the entry that "
                                   "pointed to it is",
                                   LOG},
    [PROTOCOL_RESERVED_ENCODING] = {"reserved_encoding", "an entry has no reserved form",
                                    "Arm DDI 0487 L.b, D8.3"},
    [PROTOCOL_TABLE_UNINITIALISED] = {"table_uninitialised", "a table is initialised before it is live", LOG},
    [PROTOCOL_WRITE_UNINITIALISED] = {"write_uninitialised", "memory is initialised before it is written",
                                      LOG},
    [PROTOCOL_INIT_USED] = {"init_used", "memory that is in use is not initialised", LOG},
    [PROTOCOL_FREE_LIVE] = {"free_live", "a live table is not freed", LOG},
    [PROTOCOL_NO_LOCK] = {"no_lock", "the root of a table that is written has a lock", LOG},
    [PROTOCOL_LOCK_NOT_HELD] = {"lock_not_held", "who writes an entry holds the lock of its root", LOG},
    [PROTOCOL_PLAIN_TWICE] = {"plain_twice",
                              "under one lock there is a barrier before the second plain write", LOG},
    [PROTOCOL_LOCK_HELD] = {"lock_held", "a lock that is held is not taken", LOG},
    [PROTOCOL_UNLOCK_NOT_HELD] = {"unlock_not_held", "a lock is released by the thread that holds it", LOG},
    [PROTOCOL_THREAD_OWNER] = {"thread_owner", "an entry that a thread owns is written by that thread alone",
                               LOG},
    [PROTOCOL_THREAD_OWNER_PLACE] = {"thread_owner_place", "threads own live entries of the last level alone",
                                     LOG},
    [PROTOCOL_THREAD_OWNER_PARENT] = {"thread_owner_parent",
                                      "a table stays where it is while a thread owns an entry of it", LOG},
    [PROTOCOL_OWNER_OF_LIVE_TABLE] = {"owner_of_live_table", "the owner of a live table does not change",
                                      LOG},
    [PROTOCOL_EL2_ASID] = {"el2_asid", "TTBR0_EL2 has ASID 0", "Arm DDI 0487 L.b, TTBR0_EL2"},
    [PROTOCOL_ROOT_TWO_IDS] = {"root_two_ids", "a root keeps its identifier", LOG},
    [PROTOCOL_ID_TWO_ROOTS] = {"id_two_roots", "within a regime an identifier names one root", TLBI},
    [PROTOCOL_RELEASE_IN_USE] = {"release_in_use", "a root that a register holds is not released", LOG},
    [PROTOCOL_RELEASE_UNCLEAN] = {"release_unclean", "tables with unclean entries are not released", LOG},
    [PROTOCOL_RELEASE_NO_ROOT] = {"release_no_root", "tables are released by their root", LOG},
};

const struct protocol_rule_row *protocol_rule_row(enum protocol_rule rule)
{
    return &rows[rule];
}
