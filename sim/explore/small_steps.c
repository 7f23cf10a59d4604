/*
 * The steps that hardware may take next, each as a state of its own.
 */
#include <string.h>

#include "sim/explore/small_internal.h"

struct stepping {
    struct small_machine *machine;
    const struct small_state *from;
    const struct small_visitor *visitor;
    struct small_state next;
};

static bool tell(struct stepping *stepping, enum small_step step, unsigned core, unsigned index,
                 unsigned detail)
{
    const struct small_label label = {(uint8_t)step, (uint8_t)core, (uint8_t)index, (uint8_t)detail};
    if (stepping->machine->error)
        return false;
    return stepping->visitor->step(stepping->visitor->context, label, &stepping->next);
}

static struct small_core *begin(struct stepping *stepping, unsigned core)
{
    stepping->next = *stepping->from;
    return &stepping->next.cores[core];
}

/* ---- invalidations -------------------------------------------------------------------------------- */

/* What a core still has under way that these invalidations wait for. */
static unsigned unsettled(const struct small_core *core)
{
    unsigned bits = core->to_drop;
    for (unsigned i = 0; i < SMALL_WALKS; i++)
        bits |= core->walks[i].settle;
    for (unsigned i = 0; i < SMALL_ACCESSES; i++)
        bits |= core->accesses[i].settle;
    for (unsigned i = 0; i < core->store_count; i++)
        bits |= core->stores[i].settle;
    return bits;
}

/* The core acknowledges what nothing of it holds up any more. A later acknowledgement would show nothing new:
 * who waits for it can wait longer all the same. */
void small_settle(struct small_state *state, unsigned core)
{
    struct small_core *at = &state->cores[core];
    unsigned answered = at->to_answer & ~unsettled(at);
    at->to_answer &= (uint8_t)~answered;
    for (; answered != 0; answered &= answered - 1) {
        struct small_invalidation *invalidation = &state->invalidations[__builtin_ctz(answered)];
        invalidation->missing &= (uint8_t) ~(1u << core);
        if (invalidation->missing == 0)
            *invalidation = (struct small_invalidation){0};
    }
}

static void catch_users(struct small_machine *machine, struct small_core *core, uint8_t what, uint8_t bit)
{
    for (unsigned i = 0; i < SMALL_WALKS; i++)
        if (core->walks[i].position != 0 && walk_is_concerned(machine, core->walks[i].position, what))
            core->walks[i].settle |= bit;
    for (unsigned i = 0; i < SMALL_ACCESSES; i++)
        if (core->accesses[i].state == ACCESS_TRANSLATED &&
            leaf_is_concerned(machine, core->accesses[i].leaf, what))
            core->accesses[i].settle |= bit;
    for (unsigned i = 0; i < core->store_count; i++)
        if (leaf_is_concerned(machine, core->stores[i].leaf, what))
            core->stores[i].settle |= bit;
}

static bool is_walked_for(const struct small_core *core, unsigned index)
{
    for (unsigned i = 0; i < SMALL_WALKS; i++)
        if (core->walks[i].position != 0 && core->walks[i].access == index + 1)
            return true;
    return false;
}

/* A handler begins where the program stands, and ends when nothing of the program is under way. An access
 * that only waits for its turn may as well come after it. */
static void catch_everything(struct small_core *core, uint8_t bit)
{
    for (unsigned i = 0; i < SMALL_ACCESSES; i++)
        if (core->accesses[i].state > ACCESS_ISSUED || is_walked_for(core, i))
            core->accesses[i].settle |= bit;
    for (unsigned i = 0; i < core->store_count; i++)
        core->stores[i].settle |= bit;
}

static bool drops(struct stepping *stepping, unsigned core)
{
    unsigned left = stepping->from->cores[core].to_drop;
    for (; left != 0; left &= left - 1) {
        unsigned place = (unsigned)__builtin_ctz(left);
        uint8_t bit = (uint8_t)(1u << place), what = stepping->from->invalidations[place].what;
        struct small_core *at = begin(stepping, core);
        at->tlb = tlb_dropped(stepping->machine, at->tlb, what);
        at->walk_cache = tables_dropped(stepping->machine, at->walk_cache, what);
        fault_dropped(stepping->machine, at, what);
        at->to_drop &= (uint8_t)~bit;
        at->to_answer |= bit;
        catch_users(stepping->machine, at, what, bit);
        const struct small_invalidation *sent = &stepping->from->invalidations[place];
        if (sent->how & SENT_BY_INTERRUPT && sent->issuer != core)
            catch_everything(at, bit);
        small_settle(&stepping->next, core);
        if (!tell(stepping, STEP_DROP, core, place, 0))
            return false;
    }
    return true;
}

/* ---- the store buffer ----------------------------------------------------------------------------- */

static bool may_drain(const struct small_config *config, const struct small_core *core, unsigned index)
{
    if (index > 0 && (!config->stores_pass_stores || core->stores[index].barrier != core->stores[0].barrier))
        return false;
    for (unsigned i = 0; i < index; i++)
        if (core->stores[i].word == core->stores[index].word)
            return false;
    return true;
}

static void take_out(struct small_core *core, unsigned index)
{
    for (unsigned i = index; i + 1 < core->store_count; i++)
        core->stores[i] = core->stores[i + 1];
    core->stores[--core->store_count] = (struct small_store){0};
    uint8_t passed = core->store_count > 0 ? core->stores[0].barrier : core->barriers;
    core->barriers = (uint8_t)(core->barriers - passed);
    for (unsigned i = 0; i < core->store_count; i++)
        core->stores[i].barrier = (uint8_t)(core->stores[i].barrier - passed);
}

static bool drains(struct stepping *stepping, unsigned core)
{
    const struct small_core *from = &stepping->from->cores[core];
    for (unsigned i = 0; i < from->store_count; i++) {
        if (!may_drain(&stepping->machine->config, from, i))
            continue;
        struct small_core *at = begin(stepping, core);
        stepping->next.memory[from->stores[i].word - 1] = from->stores[i].value;
        take_out(at, i);
        small_settle(&stepping->next, core);
        if (!tell(stepping, STEP_DRAIN, core, i, 0))
            return false;
    }
    return true;
}

/* ---- walks ---------------------------------------------------------------------------------------- */

static unsigned idle_walker(const struct small_machine *machine, const struct small_core *core)
{
    unsigned i = 0;
    while (i < machine->config.walks && core->walks[i].position != 0)
        i++;
    return i;
}

static bool begins(struct stepping *stepping, unsigned core, uint8_t address, unsigned index)
{
    struct small_core *at = begin(stepping, core);
    unsigned walker = idle_walker(stepping->machine, at);
    uint16_t position = walk_started(stepping->machine, at->walk_cache, at->context, address);
    if (position == 0)
        return false;
    at->walks[walker] =
        (struct small_walk){.position = position,
                            .context = at->context,
                            .access = index < SMALL_ACCESSES ? (uint8_t)(index + 1) : (uint8_t)0};
    return tell(stepping, STEP_WALK_BEGINS, core, index, 0);
}

/* Unasked only where the TLB has nothing: else it drops that first, which it may at any time. */
static bool begin_unasked(struct stepping *stepping, unsigned core)
{
    const struct small_core *from = &stepping->from->cores[core];
    const struct small_context *context = &stepping->machine->config.contexts[from->context - 1];
    for (unsigned page = 0; page < context->page_count; page++) {
        uint8_t address;
        if (!small_address(stepping->machine, context->pages[page], &address))
            return false;
        if (tlb_matching(stepping->machine, from->tlb, from->context, address) == 0 &&
            !begins(stepping, core, address, SMALL_ACCESSES + page))
            return false;
    }
    return true;
}

/* Where entries go at any time, one that is in the way has gone before, or nothing is put there: what an
 * array holds may stay as long as it likes. */
static bool takes_another(const struct small_machine *machine, uint16_t contents, unsigned entries)
{
    uint16_t held[SMALL_TLB_ENTRIES];
    return !machine->config.evicts || small_tlb_leaves(machine, contents, held, SMALL_TLB_ENTRIES) < entries;
}

static bool read_word(struct stepping *stepping, unsigned core, unsigned walker)
{
    struct small_core *at = begin(stepping, core);
    struct small_machine *machine = stepping->machine;
    struct small_walk *walk = &at->walks[walker];
    uint64_t pa = machine->facts[walk->position - 1].pa;
    /* x86 walks see the core's own stores (SDM volume 3, 4.10.4); others read memory */
    uint8_t value = machine->config.ordering == ORDERING_X86
                        ? small_core_reads(machine, stepping->from, core, pa)
                        : small_memory_at(machine, stepping->from, pa);
    walk->position = walk_read(machine, walk->position, value);
    if (walk->position == 0)
        return false;
    uint16_t table =
        machine->has_walk_cache && walk->settle == 0 ? walk_table_of(machine, walk->position) : 0;
    if (table != 0 && takes_another(machine, at->walk_cache, machine->config.walk_cache_entries))
        at->walk_cache = tables_filled(machine, at->walk_cache, table);
    return tell(stepping, STEP_WALK_READS, core, walker, 0);
}

static bool update(struct stepping *stepping, unsigned core, unsigned walker,
                   const struct walk_update *update, bool store)
{
    struct small_core *at = begin(stepping, core);
    struct small_machine *machine = stepping->machine;
    struct small_walk *walk = &at->walks[walker];
    uint8_t held = small_memory_at(machine, stepping->from, update->pa);
    if (small_value_of(machine, held) == update->expected) {
        if (!small_poke(machine, &stepping->next, update->pa, update->desired))
            return false;
        walk->position = walk_updated(machine, walk->position, store);
    } else { /* it has changed: the walk begins again */
        uint8_t address;
        if (!small_address(machine, small_position_of(machine, walk->position)->va, &address))
            return false;
        walk->position = walk_started(machine, at->walk_cache, walk->context, address);
    }
    return walk->position != 0 && tell(stepping, STEP_WALK_UPDATES, core, walker, 0);
}

/* Whether a leaf allows an access, once hardware has made it dirty. */
static bool allows(const struct small_machine *machine, unsigned context, const struct walk_leaf *leaf,
                   const struct small_access *access, bool when_dirty)
{
    const struct translation_regime *regime = &machine->config.contexts[context].regime;
    uint8_t rights = when_dirty ? leaf->rights_when_dirty : leaf->rights;
    return walk_allowed(regime->format, &regime->controls, rights, leaf->frame.attributes) &
           ACCESS_RIGHT(access->privilege, access->kind);
}

static void answer_access(struct small_machine *machine, unsigned context, struct small_access *access,
                          uint16_t leaf, uint8_t settle)
{
    const struct walk_leaf *found = &small_leaf_of(machine, leaf)->leaf;
    if (allows(machine, context, found, access, true)) {
        access->state = ACCESS_TRANSLATED;
        access->leaf = leaf;
        access->settle |= settle;
        return;
    }
    access->state = ACCESS_FAULTED;
    access->fault = FAULT_PERMISSION;
    access->level = found->level;
    access->leaf = leaf;
}

/* The entry that the walk found fills the TLB, unless an invalidation caught the walk. */
static void fill(struct small_machine *machine, struct small_core *core, uint16_t leaf)
{
    if (machine->has_tlb && takes_another(machine, core->tlb, machine->config.tlb_entries))
        core->tlb = tlb_filled(machine, core->tlb, leaf);
}

static bool end_walk(struct stepping *stepping, unsigned core, unsigned walker)
{
    struct small_core *at = begin(stepping, core);
    struct small_machine *machine = stepping->machine;
    struct small_walk walk = at->walks[walker];
    const struct position_facts *facts = &machine->facts[walk.position - 1];
    struct small_access *access = walk.access != 0 ? &at->accesses[walk.access - 1] : NULL;
    at->walks[walker] = (struct small_walk){0};
    if (facts->status == WALK_LEAF) {
        if (walk.settle == 0)
            fill(machine, at, facts->leaf);
        if (access)
            answer_access(machine, walk.context - 1u, access, facts->leaf, walk.settle);
    } else {
        fault_kept(machine, at, &walk);
    }
    if (facts->status != WALK_LEAF && access) {
        const struct walk_state *state = small_position_of(machine, walk.position);
        access->state = ACCESS_FAULTED;
        access->fault = state->fault;
        access->level = state->fault_level;
    }
    small_settle(&stepping->next, core);
    return tell(stepping, STEP_WALK_ENDS, core, walker, 0);
}

static bool walk_goes_on(struct stepping *stepping, unsigned core, unsigned walker)
{
    const struct small_machine *machine = stepping->machine;
    const struct small_core *from = &stepping->from->cores[core];
    const struct small_walk *walk = &from->walks[walker];
    const struct small_access *access = walk->access != 0 ? &from->accesses[walk->access - 1] : NULL;
    const struct position_facts *facts = &machine->facts[walk->position - 1];
    struct walk_update change;
    if (facts->status == WALK_FETCH)
        return read_word(stepping, core, walker);
    bool store = access && access->kind == ACCESS_STORE;
    bool used = facts->status != WALK_LEAF || !access ||
                allows(machine, walk->context - 1u, &small_leaf_of(machine, facts->leaf)->leaf, access, true);
    if (used && walk_wants_update(machine, walk->position, store, &change))
        return update(stepping, core, walker, &change, store);
    return end_walk(stepping, core, walker);
}

/* ---- hits and evictions --------------------------------------------------------------------------- */

/* A hit on an entry that has to become dirty first is none: the access walks. */
static bool hit(struct stepping *stepping, unsigned core, unsigned index, uint16_t leaf)
{
    struct small_machine *machine = stepping->machine;
    struct small_core *at = begin(stepping, core);
    struct small_access *access = &at->accesses[index];
    const struct walk_leaf *found = &small_leaf_of(machine, leaf)->leaf;
    if (!allows(machine, at->context - 1u, found, access, false) &&
        allows(machine, at->context - 1u, found, access, true))
        return true;
    at->tlb = tlb_used(machine, at->tlb, leaf);
    answer_access(machine, at->context - 1u, access, leaf, 0);
    return tell(stepping, STEP_HIT, core, index, (unsigned)leaf & UINT8_MAX);
}

/* Until it is invalidated, though the entry may be valid by now. */
static bool meets(struct stepping *stepping, unsigned core, unsigned index)
{
    struct small_core *at = begin(stepping, core);
    struct small_access *access = &at->accesses[index];
    access->state = ACCESS_FAULTED;
    access->fault = FAULT_TRANSLATION;
    access->level = at->fault_level;
    return tell(stepping, STEP_MEETS, core, index, 0);
}

static bool translates(struct stepping *stepping, unsigned core, unsigned index)
{
    const struct small_core *from = &stepping->from->cores[core];
    const struct small_access *access = &from->accesses[index];
    if (access->state != ACCESS_ISSUED || from->context == 0 || is_walked_for(from, index))
        return true;
    if (fault_meets(stepping->machine, from, access) && !meets(stepping, core, index))
        return false;
    uint16_t matches = tlb_matching(stepping->machine, from->tlb, from->context, access->address);
    uint16_t leaves[SMALL_TLB_ENTRIES];
    unsigned count = small_tlb_leaves(stepping->machine, matches, leaves, SMALL_TLB_ENTRIES);
    for (unsigned i = 0; i < count; i++)
        if (!hit(stepping, core, index, leaves[i]))
            return false;
    return idle_walker(stepping->machine, from) == stepping->machine->config.walks ||
           begins(stepping, core, access->address, index);
}

static bool evicts(struct stepping *stepping, unsigned core)
{
    const struct small_core *from = &stepping->from->cores[core];
    struct small_machine *machine = stepping->machine;
    uint16_t items[SMALL_TLB_ENTRIES];
    unsigned entries = small_tlb_leaves(machine, from->tlb, items, SMALL_TLB_ENTRIES);
    unsigned tables = small_tlb_leaves(machine, from->walk_cache, items, SMALL_TLB_ENTRIES);
    for (unsigned i = 0; i < entries + tables; i++) {
        struct small_core *at = begin(stepping, core);
        if (i < entries)
            at->tlb = tlb_evicted(machine, at->tlb, i);
        else
            at->walk_cache = tlb_evicted(machine, at->walk_cache, i - entries);
        if (!tell(stepping, STEP_EVICT, core, i < entries ? i : i - entries, i >= entries))
            return false;
    }
    if (from->fault_address != 0) {
        fault_forgotten(begin(stepping, core));
        return tell(stepping, STEP_EVICT, core, 0, 2);
    }
    return true;
}

bool small_steps(struct small_machine *machine, const struct small_state *state,
                 const struct small_visitor *visitor)
{
    struct stepping stepping = {.machine = machine, .from = state, .visitor = visitor};
    for (unsigned core = 0; core < machine->config.cores; core++) {
        const struct small_core *at = &state->cores[core];
        if (!drains(&stepping, core) || !drops(&stepping, core))
            return false;
        for (unsigned i = 0; i < machine->config.walks; i++)
            if (at->walks[i].position != 0 && !walk_goes_on(&stepping, core, i))
                return false;
        for (unsigned i = 0; i < SMALL_ACCESSES; i++)
            if (!translates(&stepping, core, i))
                return false;
        if (machine->config.evicts && !evicts(&stepping, core))
            return false;
        if (machine->config.speculates && at->context != 0 && machine->has_tlb &&
            idle_walker(machine, at) < machine->config.walks && !begin_unasked(&stepping, core))
            return false;
    }
    return machine->error == NULL;
}
