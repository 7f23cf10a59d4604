/*
 * Walks: the positions of the engines of pagetables/walk.h, as numbers.
 *
 * A position is the engine's state with the words that are here of those it wants. What an engine makes of a
 * position and a word depends on nothing else, so it is computed once.
 */
#include <stdlib.h>
#include <string.h>

#include "mmu/invalidation_scope.h"
#include "sim/explore/small_internal.h"

/* ---- one form for equal positions ----------------------------------------------------------------- */

static struct walk_leaf plain_leaf_copy(const struct walk_leaf *from)
{
    struct walk_leaf to;
    memset(&to, 0, sizeof to);
    to.va = from->va;
    to.frame.base = from->frame.base;
    to.frame.attributes = from->frame.attributes;
    to.frame.size_lg2 = from->frame.size_lg2;
    to.rights = from->rights;
    to.rights_when_dirty = from->rights_when_dirty;
    to.stage1_rights = from->stage1_rights;
    to.level = from->level;
    to.stage2_level = from->stage2_level;
    to.stage1_size_lg2 = from->stage1_size_lg2;
    return to;
}

/* Field by field into zeroed memory: padding, and fields that mean nothing now, do not tell positions apart.
 */
static void plain_copy(struct position *to, const struct position *from)
{
    const struct walk_state *walk = &from->walk;
    memset(to, 0, sizeof *to);
    to->walk.regime = walk->regime;
    to->walk.va = walk->va;
    to->walk.level = walk->level;
    to->status = from->status;
    to->context = from->context;
    to->before = from->before;
    to->known = from->known;
    if (from->status == WALK_FAULT) {
        to->walk.fault = walk->fault;
        to->walk.fault_level = walk->fault_level;
        return;
    }
    to->walk.inherited = walk->inherited;
    to->walk.entry = walk->entry;
    to->walk.desired = walk->desired;
    memcpy(to->walk.scratch, walk->scratch, sizeof walk->scratch);
    to->walk.fetches = walk->fetches;
    to->walk.fetch_words = walk->fetch_words;
    to->walk.fetch[0] = walk->fetch[0];
    for (unsigned i = 1; i < walk->fetches; i++)
        to->walk.fetch[i] = walk->fetch[i];
    if (from->status == WALK_UPDATE)
        to->walk.table_update = walk->table_update;
    if (from->status == WALK_LEAF) {
        memcpy(&to->walk.leaf, &(struct walk_leaf){0}, sizeof to->walk.leaf);
        struct walk_leaf leaf = plain_leaf_copy(&walk->leaf);
        memcpy(&to->walk.leaf, &leaf, sizeof leaf);
        to->walk.range = walk->range;
    }
    to->have = from->have;
    memcpy(to->words, from->words, from->have * sizeof from->words[0]);
}

/* ---- numbers and facts ---------------------------------------------------------------------------- */

static const struct position *position_at(const struct small_machine *machine, uint16_t position)
{
    return intern_bytes(machine->positions, position - 1u, NULL);
}

const struct walk_state *small_position_of(const struct small_machine *machine, uint16_t position)
{
    return &position_at(machine, position)->walk;
}

static bool is_nested(const struct small_machine *machine, const struct position *position)
{
    return machine->config.contexts[position->context - 1].two_stage;
}

static uint64_t wanted_pa(const struct small_machine *machine, const struct position *position)
{
    const struct walk_state *walk = &position->walk;
    if (is_nested(machine, position))
        return walk->fetch[0];
    return walk->fetch[position->have / walk->fetch_words] + 8u * (position->have % walk->fetch_words);
}

/* The leaf of a walk as TLBs and accesses have it. */
static uint16_t leaf_number(struct small_machine *machine, const struct position *position)
{
    const struct small_context *context = &machine->config.contexts[position->context - 1];
    struct small_leaf leaf;
    struct walk_leaf plain = plain_leaf_copy(&position->walk.leaf);
    memset(&leaf, 0, sizeof leaf);
    memcpy(&leaf.leaf, &plain, sizeof plain);
    leaf.asid = context->asid;
    leaf.vmid = context->vmid;
    if (!context->two_stage)
        leaf.leaf.stage1_size_lg2 = 0;
    return (uint16_t)number_of(machine, machine->leaves, &leaf, sizeof leaf,
                               "walks find more translations than the explorer can number");
}

static bool note_facts(struct small_machine *machine, const struct position *position, uint32_t number)
{
    if (number <= machine->facts_count)
        return true;
    if (number > machine->facts_capacity) {
        uint32_t capacity = machine->facts_capacity ? 2 * machine->facts_capacity : 256;
        struct position_facts *facts = realloc(machine->facts, capacity * sizeof *facts);
        if (!facts)
            return small_fail(machine, "there is no memory");
        machine->facts = facts;
        machine->facts_capacity = capacity;
    }
    struct position_facts *facts = &machine->facts[number - 1];
    *facts = (struct position_facts){.status = position->status};
    if (position->status == WALK_FETCH)
        facts->pa = wanted_pa(machine, position);
    if (position->status == WALK_LEAF)
        facts->leaf = leaf_number(machine, position);
    machine->facts_count = number;
    return machine->error == NULL;
}

static uint16_t position_number(struct small_machine *machine, const struct position *position)
{
    struct position plain;
    plain_copy(&plain, position);
    /* no memory there: the architecture calls it an external abort */
    if (plain.status == WALK_FETCH && wanted_pa(machine, &plain) > machine->config.memory_bytes - 8) {
        struct position aborted = plain;
        aborted.status = WALK_FAULT;
        aborted.walk.fault = FAULT_EXTERNAL_ABORT;
        aborted.walk.fault_level = plain.walk.level;
        plain_copy(&plain, &aborted);
    }
    uint32_t number = number_of(machine, machine->positions, &plain, sizeof plain,
                                "walks have more positions than the explorer can number");
    return number != 0 && note_facts(machine, &plain, number) ? (uint16_t)number : 0;
}

/* ---- steps ---------------------------------------------------------------------------------------- */

uint16_t walk_started(struct small_machine *machine, uint16_t walk_cache, uint8_t context, uint8_t address)
{
    uint64_t key = remembered_key(WALK_STARTED, walk_cache, (uint32_t)context << 8 | address);
    uint64_t known;
    if (recall(machine, key, &known))
        return (uint16_t)known;
    const struct small_context *at = &machine->config.contexts[context - 1];
    const struct translation_regime *regime = &at->regime;
    const struct walk_format *format = regime->format;
    uint64_t va = small_va_of(machine, address) >> format->page_lg2 << format->page_lg2;
    uint16_t table = format->enter && !at->two_stage ? tables_for(machine, walk_cache, context, va) : 0;
    struct position position = {.context = context};
    memset(&position.walk, 0, sizeof position.walk);
    if (at->two_stage) {
        position.walk.regime = regime;
        position.walk.va = va;
        nested_follow(machine, &position);
    } else if (table != 0) {
        const struct cached_table *cached = intern_bytes(machine->tables, table - 1u, NULL);
        position.status = (uint8_t)format->enter(&position.walk, regime, va, &cached->table);
    } else {
        position.status = (uint8_t)format->start(&position.walk, regime, va);
    }
    return remember(machine, key, position_number(machine, &position));
}

uint16_t walk_read(struct small_machine *machine, uint16_t number, uint8_t value)
{
    uint64_t key = remembered_key(WALK_READ, number, value);
    uint64_t known;
    if (recall(machine, key, &known))
        return (uint16_t)known;
    struct position position = *position_at(machine, number);
    if (position.have == WALK_WORDS_MAX) {
        (void)small_fail(machine,
                         "a walk of two stages reads more than 32 words, which is more than the explorer "
                         "remembers: take formats with fewer levels");
        return 0;
    }
    position.words[position.have++] = small_value_of(machine, value);
    if (is_nested(machine, &position)) {
        nested_follow(machine, &position);
        position.before = position.status == WALK_FETCH ? 0 : number;
    } else if (position.have == position.walk.fetches * position.walk.fetch_words) {
        uint64_t words[WALK_WORDS_MAX];
        memcpy(words, position.words, sizeof words);
        position.status = (uint8_t)position.walk.regime->format->resume(&position.walk, words);
        position.have = 0;
        position.before = position.status == WALK_FETCH ? 0 : number;
    }
    return remember(machine, key, position_number(machine, &position));
}

uint16_t walk_updated(struct small_machine *machine, uint16_t number, bool store)
{
    struct position position = *position_at(machine, number);
    struct walk_update update;
    if (position.status == WALK_LEAF) {
        (void)walk_needs_update(&position.walk, store, &update);
        position.known = 1;
    }
    position.status = (uint8_t)position.walk.regime->format->updated(&position.walk);
    if (position.status == WALK_FETCH)
        position.before = 0;
    return position_number(machine, &position);
}

bool walk_wants_update(const struct small_machine *machine, uint16_t number, bool store,
                       struct walk_update *update)
{
    const struct position *position = position_at(machine, number);
    if (position->status == WALK_UPDATE) {
        *update = position->walk.table_update;
        return true;
    }
    if (position->status != WALK_LEAF || !position->walk.regime->hardware_access)
        return false;
    struct walk_state walk = position->walk;
    return walk_needs_update(&walk, store, update);
}

uint16_t walk_table_of(struct small_machine *machine, uint16_t number)
{
    uint64_t key = remembered_key(WALK_TABLE, number, 0);
    uint64_t known;
    if (recall(machine, key, &known))
        return (uint16_t)known;
    const struct position *position = position_at(machine, number);
    const struct small_context *context = &machine->config.contexts[position->context - 1];
    const struct walk_format *format = context->regime.format;
    struct walk_table found;
    struct cached_table table;
    memset(&table, 0, sizeof table);
    if (position->status != WALK_FETCH || context->two_stage || !format->table ||
        !format->table(&position->walk, &found))
        return remember(machine, key, 0);
    table.table.va = found.va;
    table.table.pa = found.pa;
    table.table.inherited = found.inherited;
    table.table.level = found.level;
    table.table.span_lg2 = found.span_lg2;
    table.asid = context->asid;
    table.vmid = context->vmid;
    return remember(machine, key,
                    (uint16_t)number_of(machine, machine->tables, &table, sizeof table,
                                        "walks read more tables than the explorer can number"));
}

bool walk_is_concerned(struct small_machine *machine, uint16_t number, uint8_t what)
{
    uint64_t key = remembered_key(WALK_CONCERNED, number, what);
    uint64_t known;
    if (recall(machine, key, &known))
        return known != 0;
    const struct position *position = position_at(machine, number);
    const struct small_context *context = &machine->config.contexts[position->context - 1];
    bool updating = position->status == WALK_UPDATE;
    if (context->two_stage)
        return invalidation_concerns_nested_walk(small_invalidation_of(machine, what), context->asid,
                                                 context->vmid);
    /* a walk that has its last word depends on what it depended on when it read that */
    if (position->before != 0)
        position = position_at(machine, position->before);
    bool concerned = invalidation_concerns_walk(small_invalidation_of(machine, what), &position->walk,
                                                updating, context->asid, context->vmid);
    return remember(machine, key, concerned) != 0;
}
