/* From an invalid store to clean: barriers and invalidations. */
#include <stdio.h>
#include <stdlib.h>

#include "sim/protocol/internal.h"

#define UNCLEAN_MAX 65536u

static struct unclean **chain_of(const struct protocol *protocol, uint64_t pa)
{
    return (struct unclean **)&protocol
        ->chains[(pa / ENTRY_BYTES * UINT64_C(0x9e3779b97f4a7c15) >> 40) % CHAINS];
}

struct unclean *unclean_find(const struct protocol *protocol, const struct table *table, uint64_t pa)
{
    struct unclean *unclean = *chain_of(protocol, pa);
    while (unclean && (unclean->pa != pa || unclean->root != table->root || unclean->depth != table->depth))
        unclean = unclean->next;
    return unclean;
}

static bool make_room(struct protocol *protocol)
{
    if (protocol->unclean_count < protocol->unclean_capacity)
        return true;
    if (protocol->unclean_live < protocol->unclean_count / 2) {
        unclean_compact(protocol);
        return true;
    }
    size_t capacity = protocol->unclean_capacity ? protocol->unclean_capacity * 2 : 16;
    struct unclean **grown = realloc(protocol->unclean, capacity * sizeof *grown);
    if (!grown)
        return false;
    protocol->unclean = grown;
    protocol->unclean_capacity = capacity;
    return true;
}

static void set_step(struct protocol *protocol, struct unclean *unclean, enum step step)
{
    protocol->at_step[unclean->agent][unclean->step]--;
    protocol->at_step[unclean->agent][step]++;
    unclean->step = (uint8_t)step;
    unclean->ignored = IGNORED_NOTHING;
}

static bool has_valid_entries(const struct protocol *protocol, const struct table *table)
{
    for (uint64_t pa = table->pa; pa < table->pa + table->bytes; pa += ENTRY_BYTES) {
        enum entry_kind kind = entry_at(protocol, table, pa).kind;
        if (kind == ENTRY_TABLE || kind == ENTRY_LEAF)
            return true;
    }
    return false;
}

static void fill(struct protocol *protocol, struct unclean *unclean, const struct table *table,
                 const struct entry *before)
{
    const struct entry_level *level = level_of(table);
    unsigned span_lg2 = before->kind == ENTRY_LEAF ? before->frame.size_lg2 : level->span_lg2;
    const struct table *child = before->kind == ENTRY_TABLE ? table_below(table, unclean->pa) : NULL;
    unclean->first = entry_va(table, unclean->pa) & ~((UINT64_C(1) << span_lg2) - 1);
    unclean->last = unclean->first + ((UINT64_C(1) << span_lg2) - 1);
    unclean->root = table->root;
    unclean->made = protocol->steps;
    unclean->depth = unclean->below_depth = table->depth;
    unclean->level = level->number;
    unclean->last_level = table->depth + 1u == table->root->is.entries.levels;
    unclean->table = before->kind == ENTRY_TABLE;
    unclean->global = before->kind == ENTRY_LEAF && before->frame.attributes & FRAME_GLOBAL;
    unclean->full = child && has_valid_entries(protocol, child);
}

int unclean_add(struct protocol *protocol, const struct leaving *leaving)
{
    const struct table *table = leaving->table;
    const struct entry before = table->root->is.entries.decode(level_of(table), leaving->old);
    size_t most = protocol->config.unclean_max ? protocol->config.unclean_max : UNCLEAN_MAX;
    if (protocol->unclean_live >= most) {
        protocol->unjudged++;
        return PROTOCOL_FINE;
    }
    struct unclean *unclean = make_room(protocol) ? calloc(1, sizeof *unclean) : NULL;
    if (!unclean)
        return PROTOCOL_NO_MEMORY;
    unclean->pa = unclean->below = leaving->pa;
    unclean->old = leaving->old;
    unclean->agent = (uint8_t)leaving->agent;
    unclean->written = leaving->mark;
    unclean->barrier.at = unclean->invalidated.at = unclean->last_ignored.at = PROTOCOL_NOWHERE;
    unclean->index = protocol->unclean_count++;
    protocol->unclean[unclean->index] = unclean;
    protocol->unclean_live++;
    protocol->at_step[unclean->agent][STEP_WRITTEN]++;
    fill(protocol, unclean, table, &before);
    unclean->next = *chain_of(protocol, unclean->pa);
    *chain_of(protocol, unclean->pa) = unclean;
    if (leaving->below != leaving->pa)
        unclean_abandon(protocol, unclean, leaving->below, leaving->below_depth);
    return PROTOCOL_FINE;
}

static void leave_chain(struct protocol *protocol, struct unclean *unclean)
{
    struct unclean **link = chain_of(protocol, unclean->pa);
    while (*link != unclean)
        link = &(*link)->next;
    *link = unclean->next;
}

void unclean_abandon(struct protocol *protocol, struct unclean *unclean, uint64_t below, unsigned below_depth)
{
    leave_chain(protocol, unclean);
    unclean->below = below;
    unclean->below_depth = below_depth;
    protocol->abandoned++;
}

void unclean_remove(struct protocol *protocol, struct unclean *unclean)
{
    if (unclean->below == unclean->pa)
        leave_chain(protocol, unclean);
    else
        protocol->abandoned--;
    protocol->at_step[unclean->agent][unclean->step]--;
    protocol->unclean[unclean->index] = NULL;
    protocol->unclean_live--;
    free(unclean);
}

void unclean_compact(struct protocol *protocol)
{
    size_t kept = 0;
    for (size_t i = 0; i < protocol->unclean_count; i++)
        if (protocol->unclean[i]) {
            protocol->unclean[kept] = protocol->unclean[i];
            protocol->unclean[kept]->index = kept;
            kept++;
        }
    protocol->unclean_count = kept;
}

static void ignore(struct unclean *unclean, enum ignored reason, struct protocol_mark mark)
{
    unclean->ignored = (uint8_t)reason;
    unclean->last_ignored = mark;
}

static bool may_step(const struct protocol *protocol, unsigned agent, const struct unclean *unclean)
{
    const struct protocol_config *config = &protocol->config;
    return !config->may_step || config->may_step(config->context, agent, unclean->pa, unclean->root->is.pa);
}

/* ---- Barriers ------------------------------------------------------------------------------------ */

static const struct unclean *unclean_in(const struct protocol *protocol, const struct table *table)
{
    for (size_t i = 0; i < protocol->unclean_count; i++) {
        const struct table *in = protocol->unclean[i] ? table_at(protocol, protocol->unclean[i]->pa) : NULL;
        while (in && in != table)
            in = in->parent;
        if (in)
            return protocol->unclean[i];
    }
    return NULL;
}

/* The entry is clean: nothing remembers what it was. */
static int clean(struct protocol *protocol, struct unclean *unclean, unsigned agent,
                 struct protocol_mark mark)
{
    bool removed = unclean->table && unclean->below == unclean->pa;
    struct table *table = removed ? table_of(protocol, unclean->root, unclean->depth, unclean->pa) : NULL;
    struct table *child = table ? table_below(table, unclean->pa) : NULL;
    const struct unclean *in = child && protocol->config.strict ? unclean_in(protocol, child) : NULL;
    const struct protocol_fault fault = {.mark = mark,
                                         .related = in ? in->written : mark,
                                         .pa = in ? in->pa : 0,
                                         .agent = agent,
                                         .rule = PROTOCOL_CHILDREN_UNCLEAN};
    int result =
        in ? protocol_report(protocol, &fault,
                             "the table entry at 0x%llx becomes clean before the entry at 0x%llx below "
                             "it, made invalid at %s%s",
                             (unsigned long long)unclean->pa, (unsigned long long)in->pa,
                             mark_print(protocol, in->written).text, missing_print(protocol, in).text)
           : PROTOCOL_FINE;
    unclean_remove(protocol, unclean);
    if (child)
        table_unlink(protocol, child);
    return result;
}

/* DDI 0487, D8.17: the store must be visible to walks of all cores before the invalidation, so the first
 * barrier is of the inner-shareable domain; that of stores does. The completing one waits for invalidations.
 */
static bool may_be_first(enum barrier_kind kind)
{
    return kind == BARRIER_DSB_ISH || kind == BARRIER_DSB_ISHST;
}

static int barrier_step(struct protocol *protocol, struct unclean *unclean, unsigned agent,
                        enum barrier_kind kind, struct protocol_mark mark)
{
    if (unclean->step == STEP_WRITTEN && may_be_first(kind)) {
        unclean->barrier = mark;
        set_step(protocol, unclean, STEP_BARRIER);
    } else if (unclean->step == STEP_STAGE2_GONE && kind == BARRIER_DSB_ISH) {
        set_step(protocol, unclean, STEP_STAGE2_DONE);
    } else if (unclean->step == STEP_INVALIDATED && kind == BARRIER_DSB_ISH) {
        return clean(protocol, unclean, agent, mark);
    } else if (unclean->step == STEP_WRITTEN || unclean->step == STEP_STAGE2_GONE ||
               unclean->step == STEP_INVALIDATED) {
        ignore(unclean, IGNORED_BARRIER, mark);
    }
    return PROTOCOL_FINE;
}

static bool awaits_barrier(const struct protocol *protocol, unsigned agent)
{
    const uint32_t *at_step = protocol->at_step[agent];
    return at_step[STEP_WRITTEN] || at_step[STEP_STAGE2_GONE] || at_step[STEP_INVALIDATED];
}

/* Entries leave the list on the way, with all that hang below. */
int protocol_barrier_ended(struct protocol *protocol, unsigned agent, enum barrier_kind kind,
                           struct protocol_mark mark)
{
    int result = PROTOCOL_FINE;
    if (kind == BARRIER_ISB || !awaits_barrier(protocol, agent))
        return PROTOCOL_FINE;
    for (size_t i = 0; i < protocol->unclean_count; i++) {
        struct unclean *unclean = protocol->unclean[i];
        if (!unclean || unclean->agent != agent)
            continue;
        if (may_step(protocol, agent, unclean)) {
            int now = barrier_step(protocol, unclean, agent, kind, mark);
            result = result == PROTOCOL_FINE ? now : result;
        } else {
            ignore(unclean, IGNORED_LOCK, mark);
        }
    }
    unclean_compact(protocol);
    return result;
}

/* ---- Invalidations ------------------------------------------------------------------------------- */

static bool meets(const struct protocol_invalidation *what, const struct unclean *unclean)
{
    return !what->by_address || (what->first <= unclean->last && unclean->first <= what->last);
}

static bool names(const struct protocol_invalidation *what, const struct unclean *unclean)
{
    const struct protocol_root *root = &unclean->root->is;
    if (root->regime == REGIME_EL2)
        return what->any_asid || what->asid == root->asid;
    if (!what->any_vmid && what->vmid != root->vmid)
        return false;
    return root->regime == REGIME_STAGE2 || what->any_asid || (unclean->global && what->global) ||
           (!unclean->global && !root->every_asid && what->asid == root->asid);
}

static bool in_regime(const struct protocol_invalidation *what, const struct unclean *unclean)
{
    enum protocol_regime regime = unclean->root->is.regime;
    if (what->el2 != (regime == REGIME_EL2))
        return false;
    return regime == REGIME_STAGE2 || what->stage1;
}

static bool at_level(const struct protocol_invalidation *what, const struct unclean *unclean)
{
    if (what->level_hint != PROTOCOL_ANY_LEVEL && what->level_hint != unclean->level)
        return false;
    return !what->last_level_only || unclean->last_level;
}

/* IGNORED_NOTHING: it drops whatever hardware may hold of the entry, of the stages that it names. */
static enum ignored drops(const struct protocol *protocol, const struct protocol_invalidation *what,
                          const struct unclean *unclean)
{
    if (!what->everywhere)
        return IGNORED_LOCAL;
    if (!in_regime(what, unclean))
        return IGNORED_REGIME;
    if (!names(what, unclean))
        return IGNORED_ID;
    if (unclean->root->is.regime == REGIME_STAGE2 && !what->stage2)
        return IGNORED_NOTHING; /* what combines both stages has no intermediate address: see step_of */
    if (!meets(what, unclean))
        return IGNORED_ADDRESS;
    if (!at_level(what, unclean))
        return IGNORED_LEVEL;
    if (what->leaves_only && unclean->table)
        return IGNORED_LEAVES;
    if (what->by_address && unclean->full && protocol->config.strict)
        return IGNORED_CHILDREN;
    return IGNORED_NOTHING;
}

/* Stage 2 (D8.17.5): entries of stage 2 first, and when that has completed, those that combine both. */
static void invalidation_step(struct protocol *protocol, struct unclean *unclean,
                              const struct protocol_invalidation *what, struct protocol_mark mark)
{
    bool stage2 = unclean->root->is.regime == REGIME_STAGE2;
    if (!stage2 || (what->stage1 && what->stage2)) {
        unclean->invalidated = mark;
        set_step(protocol, unclean, STEP_INVALIDATED);
    } else if (what->stage2 && unclean->step == STEP_BARRIER) {
        unclean->invalidated = mark;
        set_step(protocol, unclean, STEP_STAGE2_GONE);
    } else if (what->stage1 && unclean->step == STEP_STAGE2_DONE && !what->by_address && what->any_asid) {
        unclean->invalidated = mark;
        set_step(protocol, unclean, STEP_INVALIDATED);
    } else if (what->stage1 && unclean->ignored == IGNORED_NOTHING) {
        ignore(unclean, IGNORED_STAGE1, mark);
    }
}

static void meet(struct protocol *protocol, struct unclean *unclean, unsigned agent,
                 const struct protocol_invalidation *what, struct protocol_mark mark)
{
    if (unclean->step == STEP_INVALIDATED)
        return;
    enum ignored reason = drops(protocol, what, unclean);
    if (reason == IGNORED_NOTHING && unclean->agent != agent)
        reason = IGNORED_AGENT;
    else if (reason == IGNORED_NOTHING && !may_step(protocol, agent, unclean))
        reason = IGNORED_LOCK;
    else if (reason == IGNORED_NOTHING && unclean->step == STEP_WRITTEN)
        reason = IGNORED_EARLY;
    if (reason != IGNORED_NOTHING)
        ignore(unclean, reason, mark);
    else
        invalidation_step(protocol, unclean, what, mark);
}

void protocol_invalidated(struct protocol *protocol, unsigned agent, const struct protocol_invalidation *what,
                          struct protocol_mark mark)
{
    for (size_t i = 0; i < protocol->unclean_count; i++)
        if (protocol->unclean[i])
            meet(protocol, protocol->unclean[i], agent, what, mark);
}

/* ---- Words --------------------------------------------------------------------------------------- */

static const char *const reasons[IGNORED_REASONS] = {
    [IGNORED_AGENT] = "was another one's",
    [IGNORED_LOCK] = "came without the lock",
    [IGNORED_EARLY] = "came before a barrier",
    [IGNORED_LOCAL] = "was not broadcast",
    [IGNORED_REGIME] = "is of another regime",
    [IGNORED_ADDRESS] = "is of other addresses",
    [IGNORED_ID] = "is of another identifier",
    [IGNORED_LEVEL] = "is of another level",
    [IGNORED_LEAVES] = "leaves tables in walk caches",
    [IGNORED_CHILDREN] = "by address leaves what is valid below the table",
    [IGNORED_STAGE1] = "drops nothing of stage 2, which must be gone and completed before",
    [IGNORED_BARRIER] = "is not the barrier that is wanted",
};

static const char *const wanted[STEPS] = {
    [STEP_WRITTEN] = "a DSB ISH or ISHST",
    [STEP_BARRIER] = "an invalidation that covers it and reaches every core",
    [STEP_STAGE2_GONE] = "a DSB ISH that completes the invalidation by intermediate address",
    [STEP_STAGE2_DONE] = "an invalidation of all that stage 1 made of it",
    [STEP_INVALIDATED] = "a DSB ISH that completes the invalidation",
};

struct missing_text missing_print(const struct protocol *protocol, const struct unclean *unclean)
{
    struct missing_text missing;
    int length =
        snprintf(missing.text, sizeof missing.text, "; missing is %s, by %s %u", wanted[unclean->step],
                 protocol->config.agent_word, unclean->agent + protocol->config.first_agent);
    if (unclean->ignored != IGNORED_NOTHING && length > 0 && (size_t)length < sizeof missing.text)
        (void)snprintf(missing.text + length, sizeof missing.text - (size_t)length, " (that at %s %s)",
                       mark_print(protocol, unclean->last_ignored).text, reasons[unclean->ignored]);
    return missing;
}
