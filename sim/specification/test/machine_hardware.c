/* Translations, caches and accesses of the small machine. */
#include "sim/specification/test/machine.h"

static bool chance(struct machine *machine, unsigned one_in)
{
    return random_below(&machine->random, one_in) == 0;
}

/* ---- Walks ---- */

static void keep_table(struct machine *machine, struct machine_core *core, const struct walk_state *walk)
{
    struct walk_table table;
    if (!machine->config.walk_caches || !walk->regime->format->table ||
        !walk->regime->format->table(walk, &table))
        return;
    struct machine_table *place = &core->tables[random_below(&machine->random, MACHINE_TABLES)];
    for (unsigned i = 0; i < MACHINE_TABLES; i++) /* one for each region */
        if (core->tables[i].used && core->tables[i].space == core->space &&
            core->tables[i].table.va == table.va && core->tables[i].table.span_lg2 == table.span_lg2)
            place = &core->tables[i];
    *place = (struct machine_table){.table = table, .space = core->space, .used = true};
}

/* The walk begins at a table that is cached, or at the root. */
static enum walk_status begin(struct machine *machine, struct machine_core *core,
                              const struct translation_regime *regime, uint64_t va, struct walk_state *walk)
{
    const struct machine_table *best = NULL;
    for (unsigned i = 0; i < MACHINE_TABLES; i++) {
        const struct machine_table *at = &core->tables[i];
        if (at->used && at->space == core->space && walk_table_contains(&at->table, va) &&
            (!best || at->table.span_lg2 < best->table.span_lg2))
            best = at;
    }
    if (best && regime->format->enter && !chance(machine, 4))
        return regime->format->enter(walk, regime, va, &best->table);
    return regime->format->start(walk, regime, va);
}

static bool fetch(const struct machine *machine, const struct walk_state *walk, uint64_t *words)
{
    for (unsigned i = 0; i < walk->fetches; i++)
        for (unsigned word = 0; word < walk->fetch_words; word++)
            if (!machine->reader.read(machine->reader.context, walk->fetch[i] + WORD_BYTES * word, words++))
                return false;
    return true;
}

/* Hardware's compare-exchange. False if it finds another word. */
static bool exchange(struct machine *machine, const struct walk_update *update)
{
    uint64_t word;
    return machine->reader.read(machine->reader.context, update->pa, &word) && word == update->expected &&
           flat_memory_poke(machine->memory, update->pa, update->desired);
}

static enum walk_status translate(struct machine *machine, struct machine_core *core, uint64_t va,
                                  struct walk_state *walk)
{
    const struct translation_regime *regime = &machine->space[core->space].concrete.regime;
    uint64_t words[WALK_WORDS_MAX];
    enum walk_status status = begin(machine, core, regime, va, walk);
    while (status == WALK_FETCH || status == WALK_UPDATE) {
        if (status == WALK_UPDATE) {
            if (!exchange(machine, &walk->table_update))
                return walk_end_with_fault(walk, FAULT_EXTERNAL_ABORT, walk->level);
            status = regime->format->updated(walk);
            continue;
        }
        if (!chance(machine, 3))
            keep_table(machine, core, walk);
        if (!fetch(machine, walk, words))
            return walk_end_with_fault(walk, FAULT_EXTERNAL_ABORT, walk->level);
        status = regime->format->resume(walk, words);
    }
    return status;
}

static void fill(struct machine *machine, struct machine_core *core, const struct walk_leaf *leaf)
{
    const struct tlb_entry entry = {.va = leaf->va,
                                    .pa = leaf->frame.base,
                                    .attributes = leaf->frame.attributes,
                                    .asid = machine->space[core->space].asid,
                                    .vmid = MACHINE_VMID,
                                    .size_lg2 = leaf->frame.size_lg2,
                                    .rights = leaf->rights,
                                    .allowed = leaf->rights_when_dirty,
                                    .global = (leaf->frame.attributes & FRAME_GLOBAL) != 0};
    (void)tlb_fill(&core->tlb, &entry);
}

/* ---- Accesses ---- */

static bool has_right(const struct machine *machine, uint8_t rights, uint32_t attributes,
                      enum access_kind kind, enum privilege privilege)
{
    const struct walk_format *format = machine->config.format;
    return walk_allowed(format, &format->controls, rights, attributes) & ACCESS_RIGHT(privilege, kind);
}

/* The walk's leaf, if it permits the access once hardware has marked its entry. */
static bool use_leaf(struct machine *machine, struct machine_core *core, enum access_kind kind,
                     enum privilege privilege, struct walk_state *walk)
{
    const uint32_t attributes = walk->leaf.frame.attributes;
    struct walk_update update;
    bool permitted = has_right(machine, walk->leaf.rights_when_dirty, attributes, kind, privilege);
    if (permitted && walk_needs_update(walk, kind == ACCESS_STORE, &update)) {
        if (!exchange(machine, &update))
            return false;
        (void)walk->regime->format->updated(walk);
    } else if (!permitted && walk_needs_update(walk, false, &update)) {
        return false; /* of an old entry nothing is cached */
    }
    fill(machine, core, &walk->leaf);
    return has_right(machine, walk->leaf.rights, attributes, kind, privilege);
}

/* Where the access goes, if it is permitted. */
static bool resolve(struct machine *machine, struct machine_core *core, enum access_kind kind,
                    enum privilege privilege, uint64_t va, uint64_t *pa)
{
    const uint32_t slot =
        tlb_lookup(&core->tlb, va, tlb_space(machine->space[core->space].asid, MACHINE_VMID));
    struct walk_state walk;
    if (slot != TLB_NONE) {
        const struct tlb_entry *entry = &core->tlb.entries[slot];
        const uint32_t attributes = (uint32_t)entry->attributes;
        *pa = entry->pa + (va - entry->va);
        if (has_right(machine, entry->rights, attributes, kind, privilege))
            return true;
        if (!has_right(machine, entry->allowed, attributes, kind, privilege))
            return false;
    }
    if (translate(machine, core, va, &walk) != WALK_LEAF)
        return false;
    *pa = walk.leaf.frame.base + (va - walk.leaf.va);
    return use_leaf(machine, core, kind, privilege, &walk);
}

static uint64_t load(const struct machine *machine, const struct machine_core *core, uint64_t pa)
{
    uint64_t value = 0;
    for (unsigned i = core->store_count; i > 0; i--)
        if (core->stores[i - 1].pa == pa)
            return core->stores[i - 1].value;
    return machine->reader.read(machine->reader.context, pa, &value) ? value : 0;
}

static void store(struct machine *machine, unsigned core, uint64_t pa, uint64_t value)
{
    struct machine_core *self = &machine->core[core];
    if (!machine->config.ordering) {
        (void)flat_memory_poke(machine->memory, pa, value);
        return;
    }
    self->stores[self->store_count++] = (struct machine_store){.pa = pa, .value = value};
}

bool machine_access(struct machine *machine, unsigned core, enum access_kind kind, enum privilege privilege,
                    uint64_t va, uint64_t *value)
{
    uint64_t pa;
    if (!resolve(machine, &machine->core[core], kind, privilege, va, &pa))
        return false;
    assert_true(word_map_write(&machine->touched, pa / WORD_BYTES, 1));
    if (kind == ACCESS_STORE)
        store(machine, core, pa, *value);
    else
        *value = load(machine, &machine->core[core], pa);
    return true;
}

bool machine_drain(struct machine *machine, unsigned core)
{
    struct machine_core *self = &machine->core[core];
    if (self->store_count == 0)
        return false;
    (void)flat_memory_poke(machine->memory, self->stores[0].pa, self->stores[0].value);
    self->store_count--;
    for (unsigned i = 0; i < self->store_count; i++)
        self->stores[i] = self->stores[i + 1];
    return true;
}

bool machine_evict(struct machine *machine, unsigned core, unsigned *space, uint64_t *base)
{
    struct tlb *tlb = &machine->core[core].tlb;
    uint32_t first = (uint32_t)random_below(&machine->random, tlb->geometry.entries);
    for (uint32_t i = 0; i < tlb->geometry.entries; i++) {
        uint32_t slot = (first + i) % tlb->geometry.entries;
        if (!tlb_slot_used(tlb, slot))
            continue;
        *base = tlb->entries[slot].va;
        *space = 0;
        for (unsigned j = 0; j < MACHINE_SPACES; j++)
            if (machine->space[j].asid == tlb->entries[slot].asid)
                *space = j;
        tlb_invalidate_slot(tlb, slot);
        return true;
    }
    return false;
}

/* ---- Invalidation ---- */

static void drop_tables(struct machine *machine, struct machine_core *core, const struct invalidation *what)
{
    bool by_va = what->scope == INVALIDATE_VA || what->scope == INVALIDATE_VA_ALL_ASIDS;
    bool by_asid = what->scope == INVALIDATE_VA || what->scope == INVALIDATE_ASID;
    const uint64_t last = what->va + (what->size_bytes ? what->size_bytes - 1 : 0);
    if (by_va && (what->last_level_only || machine->config.format->address_keeps_tables))
        return;
    for (unsigned i = 0; i < MACHINE_TABLES; i++) {
        struct machine_table *at = &core->tables[i];
        bool covers = !by_va || walk_table_contains(&at->table, what->va) ||
                      (what->va <= at->table.va && at->table.va <= last);
        if (at->used && covers && (!by_asid || machine->space[at->space].asid == what->asid))
            at->used = false;
    }
}

static void drop(struct machine *machine, struct machine_core *core, const struct invalidation *what)
{
    bool by_va = what->scope == INVALIDATE_VA || what->scope == INVALIDATE_VA_ALL_ASIDS;
    const struct tlb_selection selection = {
        .va = what->va,
        .last_va = what->va + (what->size_bytes ? what->size_bytes - 1 : 0),
        .asid = what->asid,
        .vmid = what->vmid,
        .by_va = by_va,
        .by_asid = what->scope == INVALIDATE_VA || what->scope == INVALIDATE_ASID,
        .by_vmid = true,
        .global_too = what->scope != INVALIDATE_ASID};
    (void)tlb_invalidate(&core->tlb, &selection, NULL, NULL);
    drop_tables(machine, core, what);
}

/* The oldest invalidation under way arrives, everywhere. */
static void arrive(struct machine *machine)
{
    const struct invalidation what = machine->waiting[0];
    machine->waiting_count--;
    for (unsigned i = 0; i < machine->waiting_count; i++)
        machine->waiting[i] = machine->waiting[i + 1];
    for (unsigned i = 0; i < MACHINE_CORES; i++)
        drop(machine, &machine->core[i], &what);
}

/* ---- What happens unasked ---- */

void machine_speculate(struct machine *machine)
{
    struct machine_core *core = &machine->core[random_below(&machine->random, MACHINE_CORES)];
    const uint64_t va = machine_random_va(machine, 12);
    struct walk_state walk;
    struct walk_update update;
    if (tlb_probe(&core->tlb, va, tlb_space(machine->space[core->space].asid, MACHINE_VMID)) == TLB_NONE &&
        translate(machine, core, va, &walk) == WALK_LEAF && !walk_needs_update(&walk, false, &update))
        fill(machine, core, &walk.leaf);
}

/* At each call of page-table code. Stores of the other cores wait until it has returned. */
static void interfere(struct machine_core *core)
{
    struct machine *machine = core->machine;
    if (!machine->config.interference || !machine->opened)
        return;
    if (machine->waiting_count > 0 && chance(machine, 3))
        arrive(machine);
    if (chance(machine, 3))
        machine_speculate(machine);
    if (chance(machine, 6))
        (void)machine_drain(machine, (unsigned)(core - machine->core));
}

/* ---- The environment of page-table code ---- */

static void drain_all(struct machine_core *core)
{
    const unsigned number = (unsigned)(core - core->machine->core);
    while (machine_drain(core->machine, number)) {
    }
}

static int machine_read(void *context, uint64_t pa, uint64_t *value)
{
    struct machine_core *core = context;
    interfere(core);
    int error = core->machine->flat.operations->read(core->machine->flat.context, pa, value);
    if (error == ENVIRONMENT_OK)
        *value = load(core->machine, core, pa);
    return error;
}

static int machine_write(void *context, uint64_t pa, uint64_t value)
{
    struct machine_core *core = context;
    struct machine *machine = core->machine;
    uint64_t ignored;
    interfere(core);
    if (!machine->config.ordering)
        return machine->flat.operations->write(machine->flat.context, pa, value);
    int error = machine->flat.operations->read(machine->flat.context, pa, &ignored);
    if (error != ENVIRONMENT_OK)
        return error;
    if (core->store_count == MACHINE_STORES)
        (void)machine_drain(machine, (unsigned)(core - machine->core));
    core->stores[core->store_count++] = (struct machine_store){.pa = pa, .value = value, .of_table = true};
    return ENVIRONMENT_OK;
}

static int machine_compare_exchange(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                                    uint64_t *observed)
{
    struct machine_core *core = context;
    interfere(core);
    drain_all(core);
    return core->machine->flat.operations->compare_exchange(core->machine->flat.context, pa, expected,
                                                            desired, observed);
}

static int machine_allocate(void *context, uint64_t size_bytes, uint64_t *pa)
{
    struct machine *machine = ((struct machine_core *)context)->machine;
    int error = machine->flat.operations->allocate_table(machine->flat.context, size_bytes, pa);
    if (error != ENVIRONMENT_OK)
        return error;
    assert_true(machine->block_count < MACHINE_BLOCKS);
    machine->block_space[machine->block_count] = (uint8_t)machine->operating;
    machine->blocks[machine->block_count++] =
        (struct word_range){*pa / WORD_BYTES, (*pa + size_bytes - 1) / WORD_BYTES};
    return error;
}

static int machine_release(void *context, uint64_t pa, uint64_t size_bytes)
{
    struct machine *machine = ((struct machine_core *)context)->machine;
    for (unsigned i = 0; i < machine->block_count; i++)
        if (machine->blocks[i].first == pa / WORD_BYTES) {
            machine->blocks[i] = machine->blocks[--machine->block_count];
            machine->block_space[i] = machine->block_space[machine->block_count];
            break;
        }
    return machine->flat.operations->release_table(machine->flat.context, pa, size_bytes);
}

static void arrive_all(struct machine *machine)
{
    while (machine->waiting_count > 0)
        arrive(machine);
}

static int machine_barrier(void *context, enum barrier_kind kind)
{
    struct machine_core *core = context;
    interfere(core);
    if (kind != BARRIER_ISB && kind != BARRIER_DMB_ISH && kind != BARRIER_DMB_ISHST)
        drain_all(core);
    if (kind == BARRIER_DSB_ISH || kind == BARRIER_DSB_NSH)
        arrive_all(core->machine);
    return ENVIRONMENT_OK;
}

static int machine_invalidate(void *context, const struct invalidation *what)
{
    struct machine *machine = ((struct machine_core *)context)->machine;
    if (machine->waiting_count == MACHINE_WAITING)
        arrive(machine);
    machine->waiting[machine->waiting_count++] = *what;
    interfere(context);
    return ENVIRONMENT_OK;
}

static int machine_complete(void *context)
{
    struct machine *machine = ((struct machine_core *)context)->machine;
    interfere(context);
    arrive_all(machine);
    return ENVIRONMENT_OK;
}

/* A lock is free when the store that freed it is visible, and so are the stores before that. */
static int machine_lock(void *context, uint64_t pa)
{
    struct machine *machine = ((struct machine_core *)context)->machine;
    for (unsigned i = 0; i < MACHINE_CORES; i++)
        drain_all(&machine->core[i]);
    return machine->flat.operations->lock(machine->flat.context, pa);
}

static int machine_unlock(void *context, uint64_t pa)
{
    struct machine *machine = ((struct machine_core *)context)->machine;
    return machine->flat.operations->unlock(machine->flat.context, pa);
}

struct environment machine_environment(struct machine *machine, unsigned core)
{
    static const struct environment_operations operations = {.read = machine_read,
                                                             .write = machine_write,
                                                             .compare_exchange = machine_compare_exchange,
                                                             .allocate_table = machine_allocate,
                                                             .release_table = machine_release,
                                                             .barrier = machine_barrier,
                                                             .invalidate = machine_invalidate,
                                                             .complete = machine_complete,
                                                             .lock = machine_lock,
                                                             .unlock = machine_unlock};
    return (struct environment){.operations = &operations, .context = &machine->core[core]};
}
