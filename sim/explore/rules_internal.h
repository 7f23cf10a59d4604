/* What the files of the rules share. Nobody else includes it. */
#ifndef MMUSIM_SIM_EXPLORE_RULES_INTERNAL_H
#define MMUSIM_SIM_EXPLORE_RULES_INTERNAL_H

#include "sim/explore/intern.h"
#include "sim/explore/memo.h"
#include "sim/explore/rules.h"
#include "sim/specification/page_table.h"

/* Beside a mapping's attributes: a protect added rights and invalidated nothing, where that is allowed. */
#define RIGHTS_WERE_ADDED (UINT32_C(1) << 31)
#define MAY_BE_ADDED      ((uint32_t)(FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE | FRAME_USER))

/* What an operation does to one page of the map: a mapping goes, one comes; size_lg2 0 is none. */
struct change {
    struct mapping before, after;
};

/* Maps that may hold at one moment: one, and changes that are open. */
struct versions {
    uint16_t map;
    uint16_t changes[(1 + RULES_CLOSING) * SMALL_CORES];
};
#define CHANGES_MAX (sizeof((struct versions){0}.changes) / sizeof(uint16_t))

struct rules {
    struct rules_config config;
    uint32_t kept; /* that maps keep beside attributes: states of entries which hardware does not change */
    const char *error;
    struct pt_constants constants;
    struct intern *maps;     /* struct mapping[] */
    struct intern *changes;  /* struct change; number 0 is none */
    struct intern *versions; /* struct versions */
    struct memo *memo;
};

enum remembered_rule { RULES_OUTCOME, RULES_ACCESS, RULES_ENTRY, RULES_PERMITS };

static inline uint64_t rules_key(enum remembered_rule what, uint64_t a, uint64_t b)
{
    return (uint64_t)what << 60 | a << 28 | b;
}

uint32_t rules_fail(struct rules *rules, const char *sentence); /* 0 */
extern const char rules_no_memory[];

/* ---- rules_maps.c ---- */

/* Field by field: padding does not tell maps apart. `kept`: see struct rules. */
struct mapping rules_plain(const struct mapping *from, uint32_t kept);
/* The specification's states of entries have what is kept. */
uint16_t rules_map_number(struct rules *rules, const struct page_table_state *map);
/* The map as the specification has it. False without memory. */
bool rules_map_of(const struct rules *rules, uint16_t map, struct page_table_state *state);
bool rules_find_in_map(const struct rules *rules, uint16_t map, uint64_t va, struct mapping *found);
const struct operation_call *rules_call_of(const struct rules *rules, const struct open_operation *open);
/* The map after a call, and whether it succeeds. */
bool rules_outcome(struct rules *rules, uint16_t map, const struct open_operation *open, uint16_t *after);
uint16_t rules_change_of(struct rules *rules, uint16_t map, const struct open_operation *open);

#endif
