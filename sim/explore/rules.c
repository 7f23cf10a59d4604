#include "sim/explore/rules.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/explore/rules_internal.h"

enum open_flag {
    OPEN_BEGUN = 1,       /* its window has begun */
    OPEN_APPLIED = 2,     /* another operation's answer says that it has taken place */
    OPEN_OVERLAPPED = 4,  /* another ran meanwhile */
    OPEN_INVALIDATED = 8, /* it has issued an invalidation */
};

uint32_t rules_fail(struct rules *rules, const char *sentence)
{
    if (!rules->error)
        rules->error = sentence;
    return 0;
}

const char rules_no_memory[] = "the memory that was allowed is used up";

const char *rules_error(const struct rules *rules)
{
    return rules->error;
}

/* ---- making --------------------------------------------------------------------------------------- */

static struct intern *table_of(struct rules *rules, uint32_t fixed_bytes)
{
    const struct intern_config config = {
        .budget = rules->config.budget, .fixed_bytes = fixed_bytes, .count_max = UINT16_MAX};
    return intern_create(&config);
}

struct rules *rules_create(const struct rules_config *config)
{
    const struct change none = {0};
    const struct translation_regime *regime = &config->context->regime;
    struct rules *rules = calloc(1, sizeof *rules);
    if (!rules)
        return NULL;
    rules->config = *config;
    rules->kept = RIGHTS_WERE_ADDED | (regime->hardware_access ? 0 : (uint32_t)FRAME_OLD) |
                  (regime->hardware_access && regime->hardware_dirty ? 0 : (uint32_t)FRAME_CLEAN);
    rules->constants = (struct pt_constants){.arch = pt_arch_of(regime->format, config->table->lacks_sizes),
                                             .pmem_ub = config->memory_bytes};
    rules->constants.extensions.set = EXTENSION_PROTECT | EXTENSION_ANSWERS | EXTENSION_REFUSALS |
                                      (config->aliasing_allowed ? EXTENSION_ALIASES : 0u);
    rules->maps = table_of(rules, 0);
    rules->changes = table_of(rules, sizeof(struct change));
    rules->versions = table_of(rules, sizeof(struct versions));
    rules->memo = memo_create(config->budget);
    if (rules->maps && rules->changes && rules->versions && rules->memo &&
        intern_add(rules->maps, &none, 0) == 0 && intern_add(rules->changes, &none, sizeof none) == 0)
        return rules;
    rules_destroy(rules);
    return NULL;
}

void rules_destroy(struct rules *rules)
{
    if (!rules)
        return;
    intern_destroy(rules->maps);
    intern_destroy(rules->changes);
    intern_destroy(rules->versions);
    memo_destroy(rules->memo);
    free(rules);
}

/* ---- which maps may hold -------------------------------------------------------------------------- */

static void note_versions(struct rules *rules, struct rules_state *state)
{
    struct versions versions;
    unsigned count = 0;
    memset(&versions, 0, sizeof versions);
    versions.map = state->map;
    for (unsigned core = 0; core < SMALL_CORES; core++)
        for (unsigned i = 0; i <= RULES_CLOSING; i++) {
            uint16_t open = i < RULES_CLOSING ? state->closing[core][i].change : state->running[core].change;
            if (open != 0)
                versions.changes[count++] = open;
        }
    uint32_t id = intern_add(rules->versions, &versions, sizeof versions);
    state->versions = id < UINT16_MAX ? (uint16_t)id : (uint16_t)rules_fail(rules, rules_no_memory);
}

void rules_begin(struct rules *rules, struct rules_state *state)
{
    memset(state, 0, sizeof *state);
    note_versions(rules, state);
}

/* ---- operations ----------------------------------------------------------------------------------- */

bool rules_may_call(const struct rules_state *state, unsigned core)
{
    return state->closing[core][RULES_CLOSING - 1].tag == 0;
}

/* The least that no window has. */
static uint8_t free_tag(const struct closing_window *closing)
{
    uint8_t tag = 1;
    for (unsigned i = 0; i < RULES_CLOSING; i++)
        for (unsigned j = 0; j < RULES_CLOSING; j++)
            tag = (uint8_t)(tag + (closing[j].tag == tag));
    return tag;
}

void rules_called(struct rules *rules, struct rules_state *state, unsigned core, uint32_t call)
{
    struct open_operation *open = &state->running[core];
    uint8_t tag = free_tag(state->closing[core]);
    (void)rules;
    *open = (struct open_operation){.call = (uint16_t)(call + 1), .map = state->map, .tag = tag};
    for (unsigned i = 0; i < SMALL_CORES; i++) {
        if (i == core || state->running[i].call == 0)
            continue;
        state->running[i].flags |= OPEN_OVERLAPPED;
        open->flags |= OPEN_OVERLAPPED;
    }
}

uint8_t rules_tag(const struct rules_state *state, unsigned core)
{
    return state->running[core].tag;
}

/* What it does to the map if an operation whose window is open, and which has not returned, came before. */
static uint16_t change_after_another(struct rules *rules, const struct rules_state *state, unsigned core)
{
    uint16_t change = 0;
    for (unsigned i = 0; i < SMALL_CORES && change == 0; i++) {
        const struct open_operation *other = &state->running[i];
        uint16_t between;
        if (i != core && other->call != 0 && other->flags & OPEN_BEGUN && !(other->flags & OPEN_APPLIED) &&
            rules_outcome(rules, state->map, other, &between))
            change = rules_change_of(rules, between, &state->running[core]);
    }
    return change;
}

void rules_window_opens(struct rules *rules, struct rules_state *state, unsigned core)
{
    struct open_operation *open = &state->running[core];
    if (open->flags & OPEN_BEGUN || open->call == 0)
        return;
    open->flags |= OPEN_BEGUN;
    open->change = rules_change_of(rules, state->map, open);
    if (open->change == 0)
        open->change = change_after_another(rules, state, core);
    note_versions(rules, state);
}

void rules_issued_invalidation(struct rules_state *state, unsigned core, unsigned place)
{
    if (state->running[core].call == 0)
        return;
    state->running[core].waits |= (uint8_t)(1u << place);
    state->running[core].flags |= OPEN_INVALIDATED;
}

/* Whether an operation may answer so, if the map is this one when it takes place. */
static bool fits(struct rules *rules, uint16_t map, const struct open_operation *open,
                 const struct operation_request *answer, uint16_t *after)
{
    const struct operation_call *call = rules_call_of(rules, open);
    struct mapping found;
    bool succeeds = rules_outcome(rules, map, open, after);
    switch (answer->result) {
    case PAGETABLE_OK:
        if (call->kind != CALL_QUERY || !succeeds)
            return succeeds;
        if (!rules_find_in_map(rules, map, call->va, &found))
            return false;
        struct mapping one = rules_plain(&found, 0), other = rules_plain(&answer->found, 0);
        return mapping_equal(&one, &other);
    case PAGETABLE_NO_MEMORY:
        *after = map;
        return call->kind != CALL_QUERY;
    case PAGETABLE_UNSUPPORTED:
        *after = map;
        return call->kind == CALL_MAP || call->kind == CALL_PROTECT;
    case PAGETABLE_NOT_MAPPED:
        return !succeeds && call->kind != CALL_MAP;
    case PAGETABLE_OVERLAP:
        return !succeeds && call->kind == CALL_MAP;
    case PAGETABLE_ENVIRONMENT:
        *after = map;
        return true;
    case PAGETABLE_CORRUPT:
        return false;
    default: /* a precondition does not hold: pagetables/checked.h, which has its own tests */
        return !succeeds;
    }
}

/* An answer that fits what another operation under way, which may have come before, has made of the map. */
static bool fits_after_another(struct rules *rules, struct rules_state *state, unsigned core,
                               const struct operation_request *answer, uint16_t *after)
{
    for (unsigned i = 0; i < SMALL_CORES; i++) {
        struct open_operation *other = &state->running[i];
        uint16_t between;
        if (i == core || other->call == 0 || other->flags & OPEN_APPLIED ||
            !rules_outcome(rules, state->map, other, &between) ||
            !fits(rules, between, &state->running[core], answer, after))
            continue;
        other->flags |= OPEN_APPLIED;
        return true;
    }
    return false;
}

/*
 * Rights that are added need no invalidation where a fault may be spurious: until then translations with
 * fewer are as right as the new ones (Intel SDM volume 3, 4.10.4.3; RISC-V Privileged, 4.2.1).
 */
static uint16_t note_added_rights(struct rules *rules, uint16_t before, uint16_t after,
                                  const struct open_operation *open)
{
    const struct operation_call *call = rules_call_of(rules, open);
    struct mapping old, new;
    struct page_table_state map;
    if (call->kind != CALL_PROTECT || open->flags & OPEN_INVALIDATED ||
        rules->config.context->regime.format->spurious == SPURIOUS_NEVER ||
        !rules_find_in_map(rules, before, call->va, &old) ||
        !rules_find_in_map(rules, after, call->va, &new) ||
        (old.frame.attributes ^ new.frame.attributes) & FRAME_ATTRIBUTES_ALL & ~MAY_BE_ADDED ||
        old.frame.attributes & ~new.frame.attributes &MAY_BE_ADDED)
        return after;
    if (!rules_map_of(rules, after, &map))
        return (uint16_t)rules_fail(rules, rules_no_memory);
    uint64_t kept = word_map_read(&map.states, new.va) | RIGHTS_WERE_ADDED;
    uint16_t number = word_map_write(&map.states, new.va, kept)
                          ? rules_map_number(rules, &map)
                          : (uint16_t)rules_fail(rules, rules_no_memory);
    page_table_state_destroy(&map);
    return number;
}

/* There is room: see rules_may_call. */
static void add_closing(struct closing_window *closing, const struct open_operation *open)
{
    unsigned place = RULES_CLOSING - 1;
    assert(closing[place].tag == 0);
    for (; place > 0 && (closing[place - 1].tag == 0 || closing[place - 1].tag > open->tag); place--)
        closing[place] = closing[place - 1];
    closing[place] = (struct closing_window){.change = open->change, .tag = open->tag, .waits = open->waits};
}

uint32_t rules_returned(struct rules *rules, struct rules_state *state, unsigned core,
                        const struct operation_request *answer)
{
    struct open_operation *open = &state->running[core];
    uint16_t after = state->map, aside;
    bool right;
    if (open->flags & OPEN_APPLIED)
        right = answer->result == PAGETABLE_OK;
    else
        right = fits(rules, state->map, open, answer, &after) ||
                (open->flags & OPEN_OVERLAPPED && fits_after_another(rules, state, core, answer, &after));
    if (!right && open->flags & OPEN_OVERLAPPED && answer->result != PAGETABLE_OK) {
        after = state->map;
        right = fits(rules, open->map, open, answer, &aside);
    }
    if (!right)
        return FINDING(RULE_OPERATION_RESULT);
    if (answer->result == PAGETABLE_OK)
        after = note_added_rights(rules, state->map, after, open);
    if (answer->result == PAGETABLE_OK || open->change == 0)
        state->map = after;
    if (open->flags & OPEN_BEGUN || open->waits != 0)
        add_closing(state->closing[core], open);
    *open = (struct open_operation){0};
    note_versions(rules, state);
    return 0;
}

static bool is_open(const struct closing_window *open, const struct small_state *machine, unsigned core)
{
    const struct small_core *at = &machine->cores[core];
    for (unsigned i = 0; i < at->store_count; i++)
        if (at->stores[i].leaf == 0 && at->stores[i].tag == open->tag)
            return true;
    return open->waits != 0;
}

static void forget_complete(uint8_t *waits, const struct small_state *machine)
{
    for (unsigned bits = *waits; bits != 0; bits &= bits - 1)
        if (machine->invalidations[__builtin_ctz(bits)].what == 0)
            *waits &= (uint8_t) ~(bits & -bits);
}

static bool close_windows(struct closing_window *closing, const struct small_state *machine, unsigned core)
{
    unsigned kept = 0;
    bool closed = false;
    for (unsigned i = 0; i < RULES_CLOSING && closing[i].tag != 0; i++) {
        struct closing_window window = closing[i];
        forget_complete(&window.waits, machine);
        closing[i] = (struct closing_window){0};
        if (is_open(&window, machine, core))
            closing[kept++] = window;
        else
            closed = true;
    }
    return closed;
}

bool rules_close(struct rules *rules, struct rules_state *state, const struct small_state *machine)
{
    bool closed = false;
    for (unsigned core = 0; core < SMALL_CORES; core++) {
        if (state->running[core].waits != 0)
            forget_complete(&state->running[core].waits, machine);
        if (state->closing[core][0].tag != 0 && close_windows(state->closing[core], machine, core))
            closed = true;
    }
    if (closed)
        note_versions(rules, state);
    return closed;
}

bool rules_at_rest(const struct rules_state *state)
{
    for (unsigned core = 0; core < SMALL_CORES; core++)
        if (state->running[core].call != 0 || state->closing[core][0].tag != 0)
            return false;
    return true;
}
