/*
 * Walks of two stages, in time: what the composition asks for is looked up in walk caches or fetched.
 *
 * Before an intermediate address is walked by stage 2, the caches of whole translations are asked, then those
 * of stage 2's tables, one after the other, each for its latency.
 */
#include "mmu/core.h"

static void go_on(struct core *core, uint32_t index, enum two_stage_status status);

static void keep_fault(struct miss *miss)
{
    miss->fault = miss->nested->fault;
}

/* ---- memory ------------------------------------------------------------------------------------ */

static void request_fetches(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    const struct two_stage_walk *walk = miss->nested;
    struct walk_table table;
    struct walk_leaf stage2;
    bool known = walk_cache_gave(miss, walk->stage);
    if (!known && walk->stage == 1 && two_stage_table1(walk, &table, &stage2))
        walk_cache_add_table(core, WALK_CACHE_TABLES, miss, &table, &stage2);
    if (!known && walk->stage == 2 && two_stage_table2(walk, &table))
        walk_cache_add_table(core, WALK_CACHE_STAGE2_TABLES, miss, &table, NULL);
    miss->state = MISS_WALKING;
    walker_fetch(core, index, walk->fetch, walk->fetches, walk->fetch_words);
}

/* ---- caches ------------------------------------------------------------------------------------ */

/* Asks the caches of a kind, now or after their latency. */
static void ask_caches(struct core *core, uint32_t index, enum walk_cache_holds holds)
{
    struct miss *miss = &core->misses[index];
    miss->state = holds == WALK_CACHE_IPA ? MISS_IPA_CACHE : MISS_STAGE2_CACHE;
    if (core->walk_cache_cycles[holds] > 0)
        core_schedule(core, core->now + core->walk_cache_cycles[holds], CALENDAR_WALKER, index);
    else
        nested_continue(core, index);
}

static void translate(struct core *core, uint32_t index)
{
    bool cacheable = !core->misses[index].nested->walk_only;
    ask_caches(core, index, cacheable ? WALK_CACHE_IPA : WALK_CACHE_STAGE2_TABLES);
}

/* The caches that were asked answer. */
void nested_continue(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    struct two_stage_walk *walk = miss->nested;
    enum walk_cache_holds holds = miss->state == MISS_IPA_CACHE ? WALK_CACHE_IPA : WALK_CACHE_STAGE2_TABLES;
    struct walk_cache_found found = walk_cache_find(core, holds, miss->context, walk->ipa);
    miss->state = MISS_WALKING;
    miss->entered |= (uint8_t)((holds == WALK_CACHE_STAGE2_TABLES && found.cache) << 2);
    if (holds == WALK_CACHE_STAGE2_TABLES)
        go_on(core, index,
              two_stage_walk_stage2(walk, found.cache ? &found.cache->tables[found.slot] : NULL));
    else if (found.cache)
        go_on(core, index, two_stage_answer(walk, &found.cache->leaves[found.slot]));
    else
        ask_caches(core, index, WALK_CACHE_STAGE2_TABLES);
}

/* ---- whose walk it is ------------------------------------------------------------------------- */

/* The access that a walk is told, which stage 1 judges before the output is translated: that of the oldest
 * who waits. A fault that depends on it is no other's: nested_fault_is_of. */
static struct two_stage_access access_of(const struct core *core, const struct miss *miss)
{
    return (struct two_stage_access){.controls = miss->context->regime.controls,
                                     .right = (uint8_t)miss_first_right(core, miss)};
}

static enum two_stage_status start(struct core *core, struct miss *miss)
{
    struct two_stage_access access = access_of(core, miss);
    return two_stage_start(miss->nested, miss->half->two_stage, miss->va, &access);
}

/* Stage 1's refusal of an access is its own; whether stage 2 is asked for the output depends on it, too. */
bool nested_fault_is_of(const struct miss *miss, unsigned right)
{
    const struct two_stage_walk *walk = miss->nested;
    if (!walk || walk->access.right == 0 || walk->access.right == right)
        return true;
    return miss->fault.stage == 1 ? miss->fault.kind != FAULT_PERMISSION : miss->fault.on_table;
}

/* ---- one walk ---------------------------------------------------------------------------------- */

/* As the machine keeps it. */
static void keep_leaf(struct miss *miss)
{
    miss->leaf = miss->nested->leaf;
    uint64_t ipa = miss->nested->ipa - (miss->va - miss->leaf.va);
    miss->stage2_part = ipa | (miss->nested->output.leaf.rights_when_dirty & STAGE2_RIGHTS);
    if (miss->nested->stage1.leaf.frame.attributes & FRAME_WRITABLE)
        miss->leaf.stage1_rights |= STAGE1_WRITABLE;
}

/* Some entry has to change before the leaf is used by a load. */
static bool is_old(struct two_stage_walk *walk)
{
    struct walk_update update;
    return walk_needs_update(&walk->stage1, false, &update) ||
           (walk->output.walked && walk_needs_update(&walk->output.walk, false, &update));
}

/* The leaf as it will be cached; a store that hardware has to prepare for is asked for first. */
static void leaf_found(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    struct two_stage_walk *walk = miss->nested;
    if (miss_is_refused(core, miss, &walk->leaf) && is_old(walk)) {
        keep_leaf(miss);
        walker_refuse(core, index);
        return;
    }
    enum two_stage_status status = two_stage_use(walk, miss_wants_update(core, miss, &walk->leaf));
    if (status != TWO_STAGE_LEAF) {
        go_on(core, index, status);
        return;
    }
    if (walk->fresh)
        walk_cache_add_leaf(core, miss, two_stage_stage2_leaf(walk));
    keep_leaf(miss);
    walker_end(core, index);
}

static void go_on(struct core *core, uint32_t index, enum two_stage_status status)
{
    struct miss *miss = &core->misses[index];
    if (miss->nested->fresh)
        walk_cache_add_leaf(core, miss, two_stage_stage2_leaf(miss->nested));
    switch (status) {
    case TWO_STAGE_TRANSLATE:
        translate(core, index);
        break;
    case TWO_STAGE_FETCH:
        request_fetches(core, index);
        break;
    case TWO_STAGE_UPDATE:
        miss->update = miss->nested->update;
        walker_update(core, index);
        break;
    case TWO_STAGE_LEAF:
        leaf_found(core, index);
        break;
    case TWO_STAGE_FAULT:
        keep_fault(miss);
        walker_end(core, index);
        break;
    }
}

bool nested_request(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    miss->nested = &core->nested[index];
    if (start(core, miss) != TWO_STAGE_FAULT)
        return true;
    keep_fault(miss);
    return false;
}

void nested_begin(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    const struct two_stage_regime *regime = miss->half->two_stage;
    struct walk_cache_found found = walk_cache_find(core, WALK_CACHE_TABLES, miss->context, miss->va);
    miss->state = MISS_WALKING;
    miss->entered = (uint8_t)((found.cache != NULL) << 1);
    if (found.cache) {
        struct two_stage_access access = access_of(core, miss);
        go_on(core, index,
              two_stage_enter(miss->nested, regime, miss->va, &access, &found.cache->tables[found.slot],
                              &found.cache->leaves[found.slot]));
    } else {
        go_on(core, index, start(core, miss));
    }
}

void nested_words(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    go_on(core, index, two_stage_resume(miss->nested, miss->words));
}

void nested_abort(struct core *core, uint32_t index)
{
    go_on(core, index, two_stage_abort(core->misses[index].nested));
}

void nested_updated(struct core *core, uint32_t index, bool done)
{
    struct miss *miss = &core->misses[index];
    go_on(core, index, done ? two_stage_updated(miss->nested) : start(core, miss));
}
