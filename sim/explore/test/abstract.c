#include "sim/explore/test/abstract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sim/explore/small_internal.h"

struct reading {
    const struct small_machine *machine;
    const struct small_state *state;
};

static bool read_word(void *context, uint64_t pa, uint64_t *value)
{
    const struct reading *reading = context;
    if (pa > small_machine_config(reading->machine)->memory_bytes - WORD_BYTES)
        return false;
    *value = small_value_of(reading->machine, small_memory_at(reading->machine, reading->state, pa));
    return true;
}

static bool is_of_tables(const struct abstraction *abstraction, uint64_t pa)
{
    const uint64_t base = abstraction->exploration->config.tables_base;
    return pa >= base && pa - base < EXPLORATION_TABLE_UNITS * UINT64_C(4096);
}

/* What tables do not lie in. */
static void view_memory(const struct abstraction *abstraction, const struct small_state *state,
                        struct extended_state *abstract)
{
    const struct small_machine *machine = abstraction->exploration->machine;
    abstract->mem.ub = small_machine_config(machine)->memory_bytes / WORD_BYTES;
    for (unsigned word = 1; word <= small_words(machine); word++) {
        uint64_t pa = small_pa_of(machine, (uint8_t)word);
        uint64_t value = small_value_of(machine, state->memory[word - 1]);
        if (!is_of_tables(abstraction, pa))
            assert_true(word_map_write(&abstract->mem.words, pa / WORD_BYTES, value));
    }
}

static void view_table(const struct abstraction *abstraction, const struct small_state *state,
                       const struct explored *explored, struct extended_space *space)
{
    const struct exploration *exploration = abstraction->exploration;
    struct reading reading = {exploration->machine, state};
    const struct concrete_table concrete = {
        .table = exploration->config.table,
        .state = operation_tree_state(exploration->tree, explored->block),
        .regime = small_machine_config(exploration->machine)->contexts[0].regime,
        .memory = {read_word, &reading}};
    assert_int_equal(view_page_table(&concrete, &space->pt), PAGETABLE_OK);
    space->pt.states.count = 0; /* entries have no state here */
    for (unsigned i = 0; i < ABSTRACT_PAGES; i++)
        assert_true(view_walk_tables(&concrete, abstraction->pages[i], &space->tables));
}

static void view_core(const struct small_machine *machine, const struct small_core *core,
                      struct extended_core *abstract)
{
    uint16_t leaves[SMALL_TLB_ENTRIES];
    unsigned count = small_tlb_leaves(machine, core->tlb, leaves, SMALL_TLB_ENTRIES);
    for (unsigned i = 0; i < count; i++) {
        const struct walk_leaf *leaf = &small_leaf_of(machine, leaves[i])->leaf;
        const struct mapping entry = {.va = leaf->va, .frame = leaf->frame};
        bool global = leaf->frame.attributes & FRAME_GLOBAL;
        assert_true(mappings_add(global ? &abstract->global : &abstract->tlb[0], &entry));
    }
    const struct array_contents *tables = contents_of(machine, core->walk_cache);
    for (unsigned i = 0; i < SMALL_TLB_ENTRIES && tables->items[i] != 0; i++) {
        const struct cached_table *cached = intern_bytes(machine->tables, tables->items[i] - 1u, NULL);
        assert_true(walk_tables_add(&abstract->tables[0], &cached->table));
    }
    for (unsigned i = 0; i < core->store_count; i++)
        if (core->stores[i].leaf != 0)
            abstract->pending[abstract->pending_count++] =
                (struct pending_store){.pidx = small_pa_of(machine, core->stores[i].word) / WORD_BYTES,
                                       .value = small_value_of(machine, core->stores[i].value)};
}

void abstract_state(const struct abstraction *abstraction, const struct small_state *state,
                    const struct explored *explored, struct extended_state *abstract)
{
    const struct exploration *exploration = abstraction->exploration;
    const struct small_config *machine = small_machine_config(exploration->machine);
    abstract->cores = machine->cores;
    abstract->spaces = 1;
    abstract->arch = pt_arch_of(machine->contexts[0].regime.format, exploration->config.table->lacks_sizes);
    abstract->extensions.set = EXTENSION_PROTECT | EXTENSION_ANSWERS | EXTENSION_REFUSALS | EXTENSION_FILLS |
                               EXTENSION_SPECULATION | EXTENSION_CORES | EXTENSION_TAGS | EXTENSION_ORDERING |
                               EXTENSION_WALK_CACHES;
    view_memory(abstraction, state, abstract);
    view_table(abstraction, state, explored, &abstract->space[0]);
    for (unsigned core = 0; core < machine->cores; core++)
        view_core(exploration->machine, &state->cores[core], &abstract->core[core]);
}
