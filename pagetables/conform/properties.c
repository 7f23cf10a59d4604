#include "pagetables/conform/conform.h"

#define CONTRACT "pagetables/pagetable.h"

static const struct conform_property properties[CONFORM_PROPERTIES] = {
    [CONFORM_RESULTS] = {"results", "create, unmap and protect answer what the abstract map says",
                         CONTRACT ", create, unmap, protect"},
    [CONFORM_OVERLAP] = {"overlap",
                         "map answers \"overlap\" if something is mapped in its range, and only then",
                         CONTRACT ", map"},
    [CONFORM_PRECONDITIONS] =
        {"preconditions", "bad sizes, unaligned addresses and ranges out of reach never come to the table",
         "pagetables/checked.h"},
    [CONFORM_ATTRIBUTES] = {"attributes",
                            "what the format can express is accepted and told, all else is \"unsupported\"",
                            CONTRACT ", PAGETABLE_UNSUPPORTED; pagetables/frame.h, FRAME_STATE_ALL"},
    [CONFORM_VIEW] = {"view",
                      "after an operation hardware reads the mappings of the abstract map, and no others",
                      CONTRACT ", map: nothing else changes; pagetables/interpret.h"},
    [CONFORM_UNCHANGED] = {"unchanged",
                           "after an error or a query hardware reads the same mappings as before",
                           CONTRACT ", map: on an error nothing changes"},
    [CONFORM_QUERY] = {"query", "query finds the mapping of every address in it, and none elsewhere",
                       CONTRACT ", query"},
    [CONFORM_INVARIANTS] = {"invariants", "the table's own check of itself has no objection after any step",
                            CONTRACT ", invariants"},
    [CONFORM_DAMAGE] = {"damage",
                        "an entry that no table writes is found by the table's own check, with a reason",
                        CONTRACT ", invariants, PAGETABLE_CORRUPT"},
    [CONFORM_NO_MEMORY] = {"no-memory",
                           "without memory at any allocation nothing changes or leaks, and later it succeeds",
                           CONTRACT ", PAGETABLE_NO_MEMORY"},
    [CONFORM_STOPPED] = {"stopped", "when the machine stops at any call, the operation returns at once",
                         "pagetables/environment.h, ENVIRONMENT_STOPPED"},
    [CONFORM_OWN_MEMORY] = {"own-memory",
                            "the table touches what it has allocated and not released, and nothing else",
                            CONTRACT ", the introduction; pagetables/environment.h"},
    [CONFORM_LEAKS] = {"leaks",
                       "no lock stays taken, and no memory is lost, neither after a step nor after destroy",
                       CONTRACT ", blocks, destroy; pagetables/environment.h, lock"},
    [CONFORM_EMPTY_TABLES] = {"empty-tables",
                              "a table that says so has released all that became empty when all is unmapped",
                              CONTRACT ", releases_empty_tables"},
    [CONFORM_DETERMINISM] = {"determinism",
                             "a copy of state and memory behaves the same, and nothing lies beside the state",
                             CONTRACT ", the introduction"},
    [CONFORM_MANY] = {"many", "tens of thousands of mappings are kept and found",
                      "pagetables/abstract_map.h: a million mappings are usual"},
    [CONFORM_WALKS] = {"walks",
                       "a walk of another core meanwhile sees old, unmapped or new, and all else as it is",
                       CONTRACT ", map; Arm ARM DDI 0487 L.b, D8.2.6.1 R_SPVBD, D8.17"},
    [CONFORM_STALE] = {"stale", "when unmap or protect has returned, nothing can use the old mapping",
                       CONTRACT ", unmap, protect; Arm ARM DDI 0487 L.b, D8.17"},
    [CONFORM_GLOBALS] = {"globals", "this holds for mappings of every address space, too",
                         "pagetables/frame.h, FRAME_GLOBAL; pagetables/environment.h, INVALIDATE_ASID"},
    [CONFORM_IDENTIFIERS] = {"identifiers", "invalidations name the table's own ASID and VMID",
                             CONTRACT ", struct pagetable_config; pagetables/environment.h"},
    [CONFORM_RELEASES] = {"releases", "no table is released while a walk or a walk cache can lead to it",
                          "pagetables/pagetable.h, unmap; Arm ARM DDI 0487 L.b, D8.17"},
    [CONFORM_BREAK] =
        {"break-before-make",
         "where the format asks for it, an entry is replaced only when nothing holds the old one",
         "pagetables/entry.h, must_break; Arm ARM DDI 0487 L.b, D8.17.1 R_WHZWS"},
};

const struct conform_property *conform_property_at(enum conform_property_id id)
{
    return (unsigned)id < CONFORM_PROPERTIES ? &properties[id] : NULL;
}

const char *conform_step_name(enum conform_step_kind kind)
{
    static const char *const names[CONFORM_STEP_KINDS] = {[CONFORM_MAP] = "map",
                                                          [CONFORM_UNMAP] = "unmap",
                                                          [CONFORM_PROTECT] = "protect",
                                                          [CONFORM_LOOK] = "query"};
    return (unsigned)kind < CONFORM_STEP_KINDS ? names[kind] : "?";
}
