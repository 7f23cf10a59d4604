#include "sim/explore/rules.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/explore/intern.h"
#include "sim/explore/memo.h"
#include "sim/specification/invariants.h"
#include "sim/specification/page_table.h"

enum open_flag {
    OPEN_BEGUN = 1,       /* its window has begun */
    OPEN_APPLIED = 2,     /* another operation's answer says that it has taken place */
    OPEN_OVERLAPPED = 4,  /* another ran meanwhile */
    OPEN_INVALIDATED = 8, /* it has issued an invalidation */
};

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
    uint32_t
        kept; /* beside attributes, of what the map keeps: states of entries that hardware does not change */
    const char *error;
    struct pt_constants constants;
    struct intern *maps;     /* struct mapping[] */
    struct intern *changes;  /* struct change; number 0 is none */
    struct intern *versions; /* struct versions */
    struct memo *memo;
};

enum remembered_rule { RULES_OUTCOME, RULES_ACCESS, RULES_ENTRY, RULES_PERMITS };

static uint64_t key_of(enum remembered_rule what, uint64_t a, uint64_t b)
{
    return (uint64_t)what << 60 | a << 28 | b;
}

static uint32_t fail(struct rules *rules, const char *sentence)
{
    if (!rules->error)
        rules->error = sentence;
    return 0;
}

static const char no_memory[] = "the memory that was allowed is used up";

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

/* ---- maps ----------------------------------------------------------------------------------------- */

/* Field by field: padding does not tell maps apart. `kept`: see struct rules. */
static struct mapping plain(const struct mapping *from, uint32_t kept)
{
    struct mapping to;
    memset(&to, 0, sizeof to);
    to.va = from->va;
    to.frame.base = from->frame.base;
    to.frame.attributes = (from->frame.attributes & FRAME_ATTRIBUTES_ALL) | kept;
    to.frame.size_lg2 = from->frame.size_lg2;
    return to;
}

/* The specification's states of entries have what is kept. */
static uint16_t number_of_map(struct rules *rules, const struct page_table_state *map)
{
    const struct mappings *mappings = &map->mappings;
    struct mapping plain_mappings[64];
    if (mappings->count > 64) {
        (void)fail(rules, "more than 64 pages are mapped, which is more than the explorer can number");
        return 0;
    }
    memset(plain_mappings, 0, sizeof plain_mappings);
    for (size_t i = 0; i < mappings->count; i++) {
        uint32_t kept = (uint32_t)word_map_read(&map->states, mappings->at[i].va) & rules->kept;
        struct mapping one = plain(&mappings->at[i], kept);
        memcpy(&plain_mappings[i], &one, sizeof one);
    }
    uint32_t id = intern_add(rules->maps, plain_mappings, mappings->count * sizeof plain_mappings[0]);
    return id < UINT16_MAX ? (uint16_t)id : (uint16_t)fail(rules, no_memory);
}

/* The map as the specification has it. False without memory. */
static bool map_of(const struct rules *rules, uint16_t map, struct page_table_state *state)
{
    size_t bytes;
    const uint8_t *at = intern_bytes(rules->maps, map, &bytes);
    *state = (struct page_table_state){.constants = rules->constants};
    for (size_t i = 0; i < bytes / sizeof(struct mapping); i++) {
        struct mapping one;
        memcpy(&one, at + i * sizeof one, sizeof one);
        struct mapping bare = plain(&one, 0);
        if (!mappings_add(&state->mappings, &bare) ||
            !word_map_write(&state->states, one.va, one.frame.attributes & rules->kept)) {
            page_table_state_destroy(state);
            return false;
        }
    }
    return true;
}

static bool find_in_map(const struct rules *rules, uint16_t map, uint64_t va, struct mapping *found)
{
    size_t bytes;
    const uint8_t *at = intern_bytes(rules->maps, map, &bytes);
    for (size_t i = 0; i < bytes / sizeof *found; i++) {
        memcpy(found, at + i * sizeof *found, sizeof *found);
        if (mapping_contains(found, va))
            return true;
    }
    return false;
}

const struct mapping *rules_mapping(const struct rules *rules, const struct rules_state *state, uint64_t va)
{
    size_t bytes;
    const struct mapping *at = intern_bytes(rules->maps, state->map, &bytes);
    for (size_t i = 0; i < bytes / sizeof *at; i++)
        if (mapping_contains(&at[i], va))
            return &at[i];
    return NULL;
}

/* ---- what an operation does to the map ------------------------------------------------------------ */

/* Does the step, and says what the specification answers. */
static enum result perform(struct page_table_state *map, const struct operation_call *call)
{
    struct map_op map_op = {.vaddr = call->va, .frame = call->frame};
    struct unmap_op unmap_op = {.vaddr = call->va};
    struct protect_op protect_op = {.vaddr = call->va, .attributes = call->attributes};
    struct query_op query_op = {.vaddr = call->va};
    switch (call->kind) {
    case CALL_MAP:
        return page_table_map_step(map, &map_op) ? map_op.result : RESULT_REFUSED;
    case CALL_UNMAP:
        return page_table_unmap_step(map, &unmap_op) ? unmap_op.result : RESULT_REFUSED;
    case CALL_PROTECT:
        return page_table_protect_step(map, &protect_op) ? protect_op.result : RESULT_REFUSED;
    default:
        return page_table_query_step(map, &query_op) ? query_op.result : RESULT_REFUSED;
    }
}

static const struct operation_call *call_of(const struct rules *rules, const struct open_operation *open)
{
    return operation_tree_call_at(rules->config.tree, open->call - 1u);
}

/* The map after a call, and whether it succeeds. */
static bool outcome(struct rules *rules, uint16_t map, const struct open_operation *open, uint16_t *after)
{
    uint64_t key = key_of(RULES_OUTCOME, map, open->call);
    uint64_t known = memo_get(rules->memo, key);
    if (known == MEMO_NONE) {
        struct page_table_state state;
        if (!map_of(rules, map, &state))
            return fail(rules, no_memory);
        enum result result = perform(&state, call_of(rules, open));
        if (result == RESULT_REFUSED)
            (void)fail(rules, no_memory);
        known = (uint64_t)(result == RESULT_OK) << 16 | number_of_map(rules, &state);
        page_table_state_destroy(&state);
        (void)memo_put(rules->memo, key, known);
    }
    *after = (uint16_t)known;
    return known >> 16 != 0;
}

static uint16_t change_of(struct rules *rules, uint16_t map, const struct open_operation *open)
{
    const struct operation_call *call = call_of(rules, open);
    struct change change;
    struct mapping found;
    uint16_t after;
    memset(&change, 0, sizeof change);
    if (call->kind > CALL_PROTECT || !outcome(rules, map, open, &after))
        return 0;
    if (call->kind != CALL_MAP && find_in_map(rules, map, call->va, &found))
        change.before = found;
    if (call->kind != CALL_UNMAP && find_in_map(rules, after, call->va, &found))
        change.after = found;
    uint32_t id = intern_add(rules->changes, &change, sizeof change);
    return id < UINT16_MAX ? (uint16_t)id : (uint16_t)fail(rules, no_memory);
}

static bool overlaps_frame(struct rules *rules, uint16_t map, const struct frame *frame)
{
    struct page_table_state state;
    if (!map_of(rules, map, &state))
        return fail(rules, no_memory);
    bool overlaps = mappings_overlap_pmem(&state.mappings, frame) != NULL;
    page_table_state_destroy(&state);
    return overlaps;
}

bool rules_frame_in_use(struct rules *rules, const struct rules_state *state, uint64_t va,
                        const struct frame *frame)
{
    (void)va;
    if (rules->config.aliasing_allowed || frame->size_lg2 >= 64)
        return false;
    bool in_use = overlaps_frame(rules, state->map, frame);
    for (unsigned i = 0; i < SMALL_CORES && !in_use; i++) {
        uint16_t after;
        in_use = state->running[i].call != 0 && call_of(rules, &state->running[i])->kind == CALL_MAP &&
                 outcome(rules, state->map, &state->running[i], &after) &&
                 overlaps_frame(rules, after, frame);
    }
    return in_use;
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
    state->versions = id < UINT16_MAX ? (uint16_t)id : (uint16_t)fail(rules, no_memory);
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
            outcome(rules, state->map, other, &between))
            change = change_of(rules, between, &state->running[core]);
    }
    return change;
}

void rules_window_opens(struct rules *rules, struct rules_state *state, unsigned core)
{
    struct open_operation *open = &state->running[core];
    if (open->flags & OPEN_BEGUN || open->call == 0)
        return;
    open->flags |= OPEN_BEGUN;
    open->change = change_of(rules, state->map, open);
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
    const struct operation_call *call = call_of(rules, open);
    struct mapping found;
    bool succeeds = outcome(rules, map, open, after);
    switch (answer->result) {
    case PAGETABLE_OK:
        if (call->kind != CALL_QUERY || !succeeds)
            return succeeds;
        if (!find_in_map(rules, map, call->va, &found))
            return false;
        struct mapping one = plain(&found, 0), other = plain(&answer->found, 0);
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
            !outcome(rules, state->map, other, &between) ||
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
    const struct operation_call *call = call_of(rules, open);
    struct mapping old, new;
    struct page_table_state map;
    if (call->kind != CALL_PROTECT || open->flags & OPEN_INVALIDATED ||
        rules->config.context->regime.format->spurious == SPURIOUS_NEVER ||
        !find_in_map(rules, before, call->va, &old) || !find_in_map(rules, after, call->va, &new) ||
        (old.frame.attributes ^ new.frame.attributes) & FRAME_ATTRIBUTES_ALL & ~MAY_BE_ADDED ||
        old.frame.attributes & ~new.frame.attributes &MAY_BE_ADDED)
        return after;
    if (!map_of(rules, after, &map))
        return (uint16_t)fail(rules, no_memory);
    uint64_t kept = word_map_read(&map.states, new.va) | RIGHTS_WERE_ADDED;
    uint16_t number = word_map_write(&map.states, new.va, kept) ? number_of_map(rules, &map)
                                                                : (uint16_t)fail(rules, no_memory);
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

static const struct change *change_at(const struct rules *rules, uint16_t change)
{
    return intern_bytes(rules->changes, change, NULL);
}

static bool covers(const struct mapping *mapping, uint64_t va)
{
    return mapping->frame.size_lg2 != 0 && mapping_contains(mapping, va);
}

/* Every mapping that may hold at the address; false of `next` ends. */
typedef bool (*version_visitor)(void *context, const struct mapping *mapping);
static void visit_versions(const struct rules *rules, uint32_t number, uint64_t va, version_visitor next,
                           void *context)
{
    const struct versions *versions = intern_bytes(rules->versions, number, NULL);
    struct mapping found;
    if (find_in_map(rules, versions->map, va, &found) && !next(context, &found))
        return;
    for (unsigned i = 0; i < CHANGES_MAX && versions->changes[i] != 0; i++) {
        const struct change *change = change_at(rules, versions->changes[i]);
        if ((covers(&change->before, va) && !next(context, &change->before)) ||
            (covers(&change->after, va) && !next(context, &change->after)))
            return;
    }
}

bool rules_touches(struct rules *rules, const struct rules_state *state, unsigned core, uint64_t va)
{
    for (unsigned i = 0; i <= RULES_CLOSING; i++) {
        uint16_t open = i < RULES_CLOSING ? state->closing[core][i].change : state->running[core].change;
        if (open != 0 &&
            (covers(&change_at(rules, open)->before, va) || covers(&change_at(rules, open)->after, va)))
            return true;
    }
    return false;
}

/* ---- verdicts ------------------------------------------------------------------------------------- */

struct weighing {
    const struct rules *rules;
    const struct walk_leaf *leaf;
    uint8_t right; /* the access's; 0: none */
    bool any;      /* some version maps the address */
    bool same;     /* some is what the leaf says */
    bool permits;  /* and permits the access */
    bool forbids;
};

/* Entries that software keeps old permit nothing, clean ones no stores: sim/README.md. */
static uint8_t rights_of(const struct rules *rules, uint32_t attributes)
{
    const uint32_t known = attributes & (FRAME_ATTRIBUTES_ALL | FRAME_CLEAN);
    return attributes & FRAME_OLD ? 0 : rules->config.context->regime.format->rights(known);
}

/* Whether a translation is what the mapping stands for, or what it stood for before rights were added. */
static bool is_same(const struct rules *rules, const struct mapping *mapping, const struct walk_leaf *leaf)
{
    const uint32_t wants = mapping->frame.attributes & FRAME_ATTRIBUTES_ALL;
    const uint32_t has = leaf->frame.attributes & FRAME_ATTRIBUTES_ALL;
    if (mapping->va != leaf->va || mapping->frame.base != leaf->frame.base ||
        mapping->frame.size_lg2 != leaf->frame.size_lg2 ||
        leaf->rights_when_dirty & ~rights_of(rules, mapping->frame.attributes & ~(uint32_t)FRAME_OLD))
        return false;
    return has == wants || (mapping->frame.attributes & RIGHTS_WERE_ADDED &&
                            ((has ^ wants) & ~MAY_BE_ADDED) == 0 && (has & ~wants) == 0);
}

static uint8_t allowed_of(const struct rules *rules, uint32_t attributes)
{
    const struct translation_regime *regime = &rules->config.context->regime;
    return walk_allowed(regime->format, &regime->controls, rights_of(rules, attributes), attributes);
}

static bool weigh(void *context, const struct mapping *mapping)
{
    struct weighing *weighing = context;
    const struct walk_leaf *leaf = weighing->leaf;
    bool permits = (allowed_of(weighing->rules, mapping->frame.attributes) & weighing->right) != 0;
    weighing->any = true;
    weighing->forbids = weighing->forbids || !permits;
    if (!leaf)
        return true;
    if (!is_same(weighing->rules, mapping, leaf))
        return true;
    weighing->same = true;
    weighing->permits = weighing->permits || permits;
    return true;
}

/* Whether the translation was right at some time: some change took it away, or made it. */
static bool was_right(const struct rules *rules, const struct walk_leaf *leaf)
{
    struct weighing weighing = {.rules = rules, .leaf = leaf};
    for (uint32_t i = 1; i < intern_count(rules->changes); i++) {
        const struct change *change = change_at(rules, (uint16_t)i);
        if (change->before.frame.size_lg2 != 0)
            (void)weigh(&weighing, &change->before);
    }
    return weighing.same;
}

static uint32_t weigh_use(struct rules *rules, uint32_t versions, uint16_t number, uint8_t right, bool entry)
{
    const struct walk_leaf *leaf = &small_leaf_of(rules->config.machine, number)->leaf;
    struct weighing weighing = {.rules = rules, .leaf = leaf, .right = right};
    visit_versions(rules, versions, leaf->va, weigh, &weighing);
    if (weighing.same && (entry || weighing.permits))
        return 0;
    if (weighing.same)
        return FINDING(RULE_FORBIDDEN_ACCESS);
    if (was_right(rules, leaf))
        return entry ? FINDING(RULE_STALE_ENTRY) : FINDING(RULE_STALE_TRANSLATION);
    return weighing.any ? FINDING(RULE_WRONG_FRAME) : FINDING(RULE_NEVER_MAPPED);
}

static uint32_t judge_use(struct rules *rules, const struct rules_state *state, uint16_t leaf, uint8_t right,
                          bool entry)
{
    const struct small_leaf *found = small_leaf_of(rules->config.machine, leaf);
    const struct small_context *own = rules->config.context;
    if (found->asid != own->asid || found->vmid != own->vmid)
        return 0;
    uint32_t versions = state->versions;
    uint64_t key = key_of(entry ? RULES_ENTRY : RULES_ACCESS, versions, (uint64_t)leaf << 8 | right);
    uint64_t known = memo_get(rules->memo, key);
    if (known != MEMO_NONE)
        return (uint32_t)known;
    uint32_t finding = weigh_use(rules, versions, leaf, right, entry);
    (void)memo_put(rules->memo, key, finding);
    return finding;
}

uint32_t rules_judge_access(struct rules *rules, const struct rules_state *state, uint16_t leaf,
                            enum access_kind kind, enum privilege privilege)
{
    return judge_use(rules, state, leaf, ACCESS_RIGHT(privilege, kind), false);
}

uint32_t rules_judge_entry(struct rules *rules, const struct rules_state *state, uint16_t leaf)
{
    return judge_use(rules, state, leaf, 0, true);
}

bool rules_must_permit(struct rules *rules, const struct rules_state *state, uint64_t va,
                       enum access_kind kind, enum privilege privilege)
{
    uint8_t address;
    if (!small_address(rules->config.machine, va, &address))
        return false;
    uint32_t versions = state->versions;
    uint8_t right = ACCESS_RIGHT(privilege, kind);
    uint64_t key = key_of(RULES_PERMITS, versions, (uint64_t)address << 8 | right);
    uint64_t known = memo_get(rules->memo, key);
    if (known != MEMO_NONE)
        return known != 0;
    struct weighing weighing = {.rules = rules, .right = right};
    visit_versions(rules, versions, va, weigh, &weighing);
    bool must = weighing.any && !weighing.forbids;
    for (unsigned core = 0; must && core < SMALL_CORES; core++)
        must = !rules_touches(rules, state, core, va);
    (void)memo_put(rules->memo, key, must);
    return must;
}

/* ---- the table at rest ---------------------------------------------------------------------------- */

struct reading {
    const struct rules *rules;
    const struct small_state *state;
};

static bool read_word(void *context, uint64_t pa, uint64_t *value)
{
    const struct reading *reading = context;
    const struct small_machine *machine = reading->rules->config.machine;
    if (pa > reading->rules->config.memory_bytes - 8)
        return false;
    *value = small_value_of(machine, small_memory_at(machine, reading->state, pa));
    return true;
}

struct counting {
    uint64_t base;
    uint64_t reached;
    bool wrong;
};

static bool count_block(void *context, uint64_t pa, uint64_t size_bytes)
{
    struct counting *counting = context;
    for (uint64_t at = 0; at < size_bytes; at += 4096) {
        uint64_t unit = (pa + at - counting->base) / 4096;
        if (pa < counting->base || unit >= 64)
            counting->wrong = true;
        else
            counting->reached |= UINT64_C(1) << unit;
    }
    return true;
}

static bool stands_for(struct rules *rules, const struct s1_page_table *view, uint16_t map)
{
    struct page_table_state state;
    if (!map_of(rules, map, &state))
        return fail(rules, no_memory);
    bool equal = mappings_equal(&view->interpretation, &state.mappings);
    page_table_state_destroy(&state);
    return equal;
}

uint32_t rules_judge_view(struct rules *rules, const struct rules_state *state,
                          const struct small_state *machine, uint32_t block, uint64_t tables_base,
                          uint64_t allocated)
{
    struct reading reading = {rules, machine};
    const struct pagetable_class *table = rules->config.table;
    struct concrete_table concrete = {.table = table,
                                      .state = operation_tree_state(rules->config.tree, block),
                                      .regime = rules->config.context->regime,
                                      .memory = {read_word, &reading}};
    struct s1_page_table view = {0};
    enum pagetable_result result = view_page_table(&concrete, &view);
    bool stands = result == PAGETABLE_OK && stands_for(rules, &view, state->map);
    s1_page_table_destroy(&view);
    if (result == PAGETABLE_NO_MEMORY)
        return fail(rules, no_memory);
    if (!page_table_invariants(&concrete, NULL))
        return FINDING(RULE_TABLE_INVARIANT);
    if (!stands)
        return FINDING(RULE_VIEW_DIFFERS);
    struct counting counting = {.base = tables_base};
    if (!table->blocks)
        return 0;
    if (table->blocks(concrete.state, &concrete.memory, count_block, &counting) != PAGETABLE_OK ||
        counting.wrong || counting.reached != allocated)
        return FINDING(RULE_LOST_TABLE);
    return 0;
}
