#include "sim/specification/test/machine.h"

#include <stdlib.h>

#define TABLES_BASE  (UINT64_C(1) << 20)
#define TABLES_BYTES (UINT64_C(4) << 20)

static void open_space(struct machine *machine, unsigned number)
{
    struct machine_space *space = &machine->space[number];
    const struct pagetable_class *table = machine->config.table;
    const struct environment environment = machine_environment(machine, 0);
    machine->operating = number;
    *space = (struct machine_space){.asid = (uint16_t)(number + 5),
                                    .block = malloc(table->state_bytes),
                                    .mappings = abstract_map_create()};
    assert_true(space->block && space->mappings);
    const struct pagetable_config config = {.format = machine->config.format,
                                            .asid = space->asid,
                                            .vmid = MACHINE_VMID,
                                            .entries = entry_format_of(machine->config.format)};
    assert_int_equal(table->create(space->block, &environment, &config), PAGETABLE_OK);
    space->blocks_of_empty = machine_blocks(machine, number);
    while (machine_drain(machine, 0)) { /* nobody walks a table before its creation is visible */
    }
    space->concrete = (struct concrete_table){.table = table,
                                              .state = space->block,
                                              .regime = {.format = machine->config.format,
                                                         .root = table->root(space->block),
                                                         .physical_size_lg2 = 48,
                                                         .hardware_access = machine->config.hardware_access,
                                                         .hardware_dirty = machine->config.hardware_dirty,
                                                         .contiguous = true,
                                                         .controls = machine->config.format->controls},
                                              .memory = machine->reader};
}

void machine_open(struct machine *machine, const struct machine_config *config, uint64_t seed)
{
    const struct flat_memory_config memory = {
        .physical_bytes = MACHINE_PHYSICAL_BYTES, .tables_base = TABLES_BASE, .tables_bytes = TABLES_BYTES};
    const struct tlb_geometry geometry = {.entries = 8, .ways = 2, .replacement = TLB_LRU};
    const char *why = NULL;
    *machine = (struct machine){.config = *config, .random = {seed}};
    machine->memory = flat_memory_create(&memory);
    assert_non_null(machine->memory);
    machine->flat = flat_memory_environment(machine->memory);
    machine->reader = flat_memory_reader(machine->memory);
    for (unsigned i = 0; i < MACHINE_CORES; i++) {
        machine->core[i].machine = machine;
        assert_true(tlb_init(&machine->core[i].tlb, &geometry, &why));
    }
    for (unsigned i = 0; i < MACHINE_SPACES; i++)
        open_space(machine, i);
    machine->opened = true;
}

void machine_close(struct machine *machine)
{
    for (unsigned i = 0; i < MACHINE_SPACES; i++) {
        free(machine->space[i].block);
        abstract_map_destroy(machine->space[i].mappings);
    }
    for (unsigned i = 0; i < MACHINE_CORES; i++)
        tlb_destroy(&machine->core[i].tlb);
    word_map_destroy(&machine->touched);
    flat_memory_destroy(machine->memory);
}

/* ---- Software ---- */

static struct pagetable_checked checked(struct machine *machine, unsigned space)
{
    machine->operating = space;
    return (struct pagetable_checked){.table = machine->config.table,
                                      .state = machine->space[space].block,
                                      .format = machine->config.format,
                                      .physical_bytes = MACHINE_PHYSICAL_BYTES,
                                      .aliasing_allowed = machine->config.aliasing,
                                      .mappings = machine->space[space].mappings};
}

enum pagetable_result machine_map(struct machine *machine, unsigned core, unsigned space, uint64_t va,
                                  const struct frame *frame)
{
    const struct pagetable_checked table = checked(machine, space);
    const struct environment environment = machine_environment(machine, core);
    const struct mapping mapping = {.va = va, .frame = *frame};
    enum pagetable_result result = pagetable_checked_map(&table, &environment, va, frame);
    if (result == PAGETABLE_OK)
        (void)abstract_map_insert(machine->space[space].mappings, &mapping);
    flat_memory_log_clear(machine->memory);
    return result;
}

enum pagetable_result machine_unmap(struct machine *machine, unsigned core, unsigned space, uint64_t va)
{
    const struct pagetable_checked table = checked(machine, space);
    const struct environment environment = machine_environment(machine, core);
    enum pagetable_result result = pagetable_checked_unmap(&table, &environment, va);
    if (result == PAGETABLE_OK)
        (void)abstract_map_remove(machine->space[space].mappings, va, NULL);
    flat_memory_log_clear(machine->memory);
    return result;
}

enum pagetable_result machine_protect(struct machine *machine, unsigned core, unsigned space, uint64_t va,
                                      uint32_t attributes)
{
    const struct pagetable_checked table = checked(machine, space);
    const struct environment environment = machine_environment(machine, core);
    enum pagetable_result result = pagetable_checked_protect(&table, &environment, va, attributes);
    if (result == PAGETABLE_OK)
        (void)abstract_map_protect(machine->space[space].mappings, va, attributes);
    flat_memory_log_clear(machine->memory);
    return result;
}

enum pagetable_result machine_query(struct machine *machine, unsigned core, unsigned space, uint64_t va,
                                    struct mapping *found)
{
    const struct pagetable_checked table = checked(machine, space);
    const struct environment environment = machine_environment(machine, core);
    enum pagetable_result result = pagetable_checked_query(&table, &environment, va, found);
    flat_memory_log_clear(machine->memory);
    return result;
}

/* Neighbours in a table and across tables, at both ends of what the format reaches. */
uint64_t machine_random_va(struct machine *machine, unsigned size_lg2)
{
    const unsigned va_bits = machine->config.format->va_bits;
    const uint64_t top = va_bits < 64 ? UINT64_C(1) << va_bits : 0;
    uint64_t va = random_below(&machine->random, 2) ? top - (UINT64_C(2) << 30) : 0;
    va += (random_below(&machine->random, 2) << 30) + (random_below(&machine->random, 2) << 21) +
          (random_below(&machine->random, 3) << 12);
    return walk_format_extend(machine->config.format, va & ~((UINT64_C(1) << size_lg2) - 1));
}

/* ---- The view ---- */

unsigned machine_blocks(const struct machine *machine, unsigned space)
{
    unsigned blocks = 0;
    for (unsigned i = 0; i < machine->block_count; i++)
        blocks += machine->block_space[i] == space;
    return blocks;
}

/* The words of a block as one number: FNV-1a by words. */
static uint64_t digest(const struct memory_reader *memory, const struct word_range *block)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (uint64_t index = block->first; index <= block->last; index++) {
        uint64_t value = 0;
        (void)memory->read(memory->context, index * WORD_BYTES, &value);
        hash = (hash ^ value) * UINT64_C(0x100000001b3);
    }
    return hash | 1;
}

static void view_space(const struct machine *machine, unsigned number, struct extended_space *view)
{
    const struct concrete_table *concrete = &machine->space[number].concrete;
    assert_int_equal(view_page_table(concrete, &view->pt), PAGETABLE_OK);
    view->pt.words.count = 0;
    for (unsigned i = 0; i < machine->block_count; i++)
        if (machine->block_space[i] == number)
            assert_true(word_map_write(&view->pt.words, machine->blocks[i].first,
                                       digest(&machine->reader, &machine->blocks[i])));
    view->tables.count = 0;
    for (size_t i = 0; i < view->pt.interpretation.count; i++)
        assert_true(view_walk_tables(concrete, view->pt.interpretation.at[i].va, &view->tables));
    for (unsigned core = 0; core < MACHINE_CORES; core++)
        for (unsigned i = 0; i < MACHINE_TABLES; i++) {
            const struct machine_table *cached = &machine->core[core].tables[i];
            if (cached->used && cached->space == number)
                assert_true(view_walk_tables(concrete, cached->table.va, &view->tables));
        }
}

static void view_tlb(const struct machine *machine, const struct machine_core *core,
                     struct extended_core *view)
{
    for (unsigned i = 0; i < EXTENDED_SPACES; i++)
        view->tlb[i].count = view->tables[i].count = 0;
    view->global.count = 0;
    for (uint32_t slot = 0; slot < core->tlb.geometry.entries; slot++) {
        const struct tlb_entry *entry = &core->tlb.entries[slot];
        const struct mapping mapping = {.va = entry->va,
                                        .frame = {.base = entry->pa,
                                                  .attributes = (uint32_t)entry->attributes,
                                                  .size_lg2 = entry->size_lg2}};
        struct mappings *part = &view->global;
        if (!tlb_slot_used(&core->tlb, slot))
            continue;
        for (unsigned i = 0; i < MACHINE_SPACES && !entry->global; i++)
            if (machine->space[i].asid == entry->asid)
                part = &view->tlb[i];
        assert_true(mappings_add(part, &mapping));
    }
}

static void view_core(const struct machine *machine, unsigned number, struct extended_core *view)
{
    const struct machine_core *core = &machine->core[number];
    view->space = core->space;
    view->controls = machine->config.format->controls;
    view_tlb(machine, core, view);
    for (unsigned i = 0; i < MACHINE_TABLES; i++)
        if (core->tables[i].used)
            assert_true(walk_tables_add(&view->tables[core->tables[i].space], &core->tables[i].table));
    view->pending_count = 0;
    for (unsigned i = 0; i < core->store_count; i++)
        if (!core->stores[i].of_table)
            view->pending[view->pending_count++] =
                (struct pending_store){core->stores[i].pa / WORD_BYTES, core->stores[i].value};
}

void machine_view(const struct machine *machine, uint32_t extensions, struct extended_state *view)
{
    view->mem.lb = 0;
    view->mem.ub = MACHINE_PHYSICAL_BYTES / WORD_BYTES;
    view->mem.words.count = 0;
    for (size_t i = 0; i < machine->touched.count; i++)
        assert_true(view_words(&machine->reader, machine->touched.at[i].index * WORD_BYTES, WORD_BYTES,
                               &view->mem.words));
    view->cores = MACHINE_CORES;
    view->spaces = MACHINE_SPACES;
    for (unsigned i = 0; i < MACHINE_SPACES; i++)
        view_space(machine, i, &view->space[i]);
    for (unsigned i = 0; i < MACHINE_CORES; i++)
        view_core(machine, i, &view->core[i]);
    view->arch = pt_arch_of(machine->config.format, machine->config.table->lacks_sizes);
    view->extensions = (struct extensions){.set = extensions,
                                           .format = machine->config.format,
                                           .controls = machine->config.format->controls,
                                           .hardware_access = machine->config.hardware_access,
                                           .hardware_dirty = machine->config.hardware_dirty};
    if (machine->config.aliasing)
        view->extensions.set |= EXTENSION_ALIASES;
    else
        view->extensions.set &= ~(uint32_t)EXTENSION_ALIASES;
}
