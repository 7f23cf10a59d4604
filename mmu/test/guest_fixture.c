#include "mmu/test/guest_fixture.h"

uint64_t guest_ipa(unsigned page)
{
    return GUEST_PAGES + (page ^ 5u) * FIXTURE_PAGE;
}

/* ---- reading the tables ------------------------------------------------------------------------- */

static bool peek(void *context, uint64_t pa, uint64_t *value)
{
    return machine_peek(context, pa, value);
}

/* Walks one stage until it wants the entry of a level; its address in that stage's own memory. */
static uint64_t entry_of(const struct translation_regime *regime, const struct memory_reader *memory,
                         uint64_t address, unsigned level)
{
    struct walk_state walk;
    enum walk_status status = regime->format->start(&walk, regime, address);
    while (status == WALK_UPDATE || (status == WALK_FETCH && walk.level != level)) {
        uint64_t word;
        assert_true(memory->read(memory->context, walk.fetch[0], &word));
        status = status == WALK_FETCH ? regime->format->resume(&walk, &word) : regime->format->updated(&walk);
    }
    assert_int_equal(status, WALK_FETCH);
    return walk.fetch[0];
}

uint64_t guest_stage2_entry(const struct fixture *fixture, uint64_t ipa, unsigned level)
{
    const struct memory_reader memory = {peek, fixture->machine};
    return entry_of(&fixture->guest->stage2, &memory, ipa, level);
}

static uint64_t stage1_entry_ipa(const struct fixture *fixture, uint64_t va, unsigned level)
{
    const struct memory_reader memory = {peek, fixture->machine};
    struct guest_reader reader = {&fixture->guest->stage2, &memory};
    const struct memory_reader by_ipa = guest_memory_reader(&reader);
    return entry_of(&fixture->contexts[0].regime, &by_ipa, va, level);
}

uint64_t guest_stage1_table_ipa(const struct fixture *fixture, uint64_t va, unsigned level)
{
    return stage1_entry_ipa(fixture, va, level) & ~(FIXTURE_PAGE - 1);
}

/* Where stage 2 leads, read off its leaf. */
static uint64_t translate(const struct fixture *fixture, uint64_t ipa)
{
    const struct memory_reader memory = {peek, fixture->machine};
    const struct translation_regime *regime = &fixture->guest->stage2;
    struct walk_state walk;
    enum walk_status status = regime->format->start(&walk, regime, ipa);
    while (status == WALK_FETCH || status == WALK_UPDATE) {
        uint64_t word;
        assert_true(memory.read(memory.context, walk.fetch[0], &word));
        status = status == WALK_FETCH ? regime->format->resume(&walk, &word) : regime->format->updated(&walk);
    }
    assert_int_equal(status, WALK_LEAF);
    return walk.leaf.frame.base + (ipa - walk.leaf.va);
}

uint64_t guest_stage1_entry(const struct fixture *fixture, uint64_t va, unsigned level)
{
    return translate(fixture, stage1_entry_ipa(fixture, va, level));
}

/* ---- making them -------------------------------------------------------------------------------- */

static const struct pagetable_class *radix(void)
{
    return pagetable_class_find("radix");
}

static void *make_table(const struct environment *environment, const struct pagetable_config *config)
{
    void *state = calloc(1, radix()->state_bytes);
    assert_non_null(state);
    assert_int_equal(radix()->create(state, environment, config), PAGETABLE_OK);
    return state;
}

void guest_map_stage2(struct fixture *fixture, uint64_t ipa, const struct frame *frame)
{
    struct environment environment = setup_environment(&fixture->setup);
    assert_int_equal(radix()->map(fixture->guest->stage2_table, &environment, ipa, frame), PAGETABLE_OK);
}

void guest_map_stage1(struct fixture *fixture, uint64_t va, const struct frame *frame)
{
    struct environment environment = guest_environment(&fixture->guest->environment);
    assert_int_equal(radix()->map(fixture->table, &environment, va, frame), PAGETABLE_OK);
}

static uint64_t new_frame(struct fixture *fixture)
{
    uint64_t pa;
    assert_true(frame_allocate(&fixture->allocator, 12, &pa));
    return pa;
}

static void map_table_pages(struct fixture *fixture)
{
    for (unsigned i = 0; i < GUEST_TABLE_PAGES; i++) {
        const struct frame frame = {
            .base = new_frame(fixture), .attributes = FRAME_READABLE | FRAME_WRITABLE, .size_lg2 = 12};
        /* every other one first comes from the middle, so that neighbours are none in memory */
        unsigned page = i % 2 ? GUEST_TABLE_PAGES / 2 + i / 2 : i / 2;
        guest_map_stage2(fixture, GUEST_TABLES + page * FIXTURE_PAGE, &frame);
    }
}

static void map_page(struct fixture *fixture, unsigned page)
{
    bool updates = fixture->guest->config.updates;
    struct frame first = {.base = guest_ipa(page), .attributes = FRAME_READABLE | FRAME_USER, .size_lg2 = 12};
    struct frame second = {
        .base = new_frame(fixture), .attributes = FRAME_READABLE | FRAME_EXECUTABLE, .size_lg2 = 12};
    first.attributes |= page % 4 != 0 ? FRAME_WRITABLE : 0;
    first.attributes |= page % 3 == 0 ? FRAME_EXECUTABLE : 0;
    first.attributes |= page % 8 == 1 ? FRAME_GLOBAL : 0;
    first.attributes |= updates && page % 4 == 2 ? FRAME_CLEAN : 0;
    first.attributes |= updates && page % 5 == 3 ? FRAME_OLD : 0;
    second.attributes |= page % 7 != 6 ? FRAME_WRITABLE : 0;
    second.attributes |= updates && page % 3 == 1 && page % 7 != 6 ? FRAME_CLEAN : 0;
    second.attributes |= updates && page % 5 == 2 ? FRAME_OLD : 0;
    guest_map_stage2(fixture, guest_ipa(page), &second);
    guest_map_stage1(fixture, fixture_va(page), &first);
}

/* Large pages of stage 1; of stage 2 they are of the same size, or smaller and every other one read-only. */
static void map_large(struct fixture *fixture, uint64_t va, uint64_t ipa, unsigned lg2, unsigned second_lg2)
{
    bool whole = second_lg2 == lg2;
    const uint32_t attributes = FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE;
    struct frame first = {.base = ipa, .attributes = attributes | FRAME_USER, .size_lg2 = (uint8_t)lg2};
    struct frame second = {.size_lg2 = (uint8_t)second_lg2};
    if (!fixture_has_size(fixture->contexts[0].regime.format, lg2))
        first.size_lg2 = 12;
    if (!fixture_has_size(fixture->guest->stage2.format, second_lg2))
        second.size_lg2 = (uint8_t)(second_lg2 = 12);
    for (uint64_t offset = 0; offset >> lg2 == 0;
         offset += frame_size_bytes(&first), first.base = ipa + offset)
        guest_map_stage1(fixture, va + offset, &first);
    for (uint64_t offset = 0; offset >> lg2 == 0; offset += UINT64_C(1) << second_lg2) {
        bool writable = whole || offset >> second_lg2 & 1;
        second.attributes = writable ? attributes : attributes & ~(uint32_t)FRAME_WRITABLE;
        assert_true(frame_allocate(&fixture->allocator, second_lg2, &second.base));
        guest_map_stage2(fixture, ipa + offset, &second);
    }
}

static void map_large_pages(struct fixture *fixture)
{
    const struct walk_format *format = fixture->contexts[0].regime.format;
    for (unsigned i = 0; i < FIXTURE_RUNS; i++) {
        uint64_t va = FIXTURE_RUN_BASE + i * FIXTURE_RUN;
        map_large(fixture, va, GUEST_RUNS + i * FIXTURE_RUN, 16, i ? 16 : 12);
        fixture->run_entries[i] = guest_stage1_entry(fixture, va, fixture_level(format, 12));
    }
    for (unsigned i = 0; i < FIXTURE_BLOCKS; i++) {
        uint64_t va = FIXTURE_BLOCK_BASE + i * FIXTURE_BLOCK;
        map_large(fixture, va, GUEST_BLOCKS + i * FIXTURE_BLOCK, 21, i ? 21 : 16);
        fixture->block_entries[i] = guest_stage1_entry(fixture, va, fixture_level(format, 21));
    }
}

static struct translation_regime regime_of(const char *format, uint64_t root, bool updates)
{
    return (struct translation_regime){.format = walk_format_find(format),
                                       .root = root,
                                       .physical_size_lg2 = 48,
                                       .hardware_access = updates,
                                       .hardware_dirty = updates,
                                       .contiguous = true};
}

static void make_stage2(struct fixture *fixture, const struct guest_config *config)
{
    struct guest *guest = fixture->guest;
    struct environment environment = setup_environment(&fixture->setup);
    const struct pagetable_config table = {.format = walk_format_find(config->stage2), .vmid = GUEST_VMID};
    guest->stage2_table = make_table(&environment, &table);
    guest->stage2 = regime_of(config->stage2, radix()->root(guest->stage2_table), config->updates);
    map_table_pages(fixture);
}

static void make_stage1(struct fixture *fixture, const struct guest_config *config)
{
    struct guest *guest = fixture->guest;
    const struct pagetable_config table = {
        .format = walk_format_find(config->stage1), .asid = 1, .vmid = GUEST_VMID};
    uint64_t tables_end = GUEST_TABLES + GUEST_TABLE_PAGES * FIXTURE_PAGE;
    frame_allocator_init(&guest->tables, tables_end, GUEST_TABLES);
    guest->environment = (struct guest_environment){.host = setup_environment(&fixture->setup),
                                                    .clear = setup_clear_page,
                                                    .stage2 = guest->stage2,
                                                    .memory = {peek, fixture->machine},
                                                    .tables = &guest->tables,
                                                    .fault_ipa = GUEST_NO_FAULT};
    struct environment environment = guest_environment(&guest->environment);
    fixture->table = make_table(&environment, &table);
    for (unsigned i = 0; i < 2; i++) {
        struct address_context *context = &fixture->contexts[i];
        *context = (struct address_context){
            .regime = regime_of(config->stage1, radix()->root(fixture->table), config->updates),
            .two_stage = &guest->stages[i],
            .space = i + 1,
            .asid = (uint16_t)(i + 1),
            .vmid = GUEST_VMID};
        guest->stages[i] = (struct two_stage_regime){&context->regime, &guest->stage2};
    }
}

void fixture_open_guest(struct fixture *fixture, const struct mmu_config *config,
                        enum observation observation, const struct guest_config *guest)
{
    fixture_begin(fixture, config, observation);
    fixture->guest = calloc(1, sizeof *fixture->guest);
    assert_non_null(fixture->guest);
    fixture->guest->config = *guest;
    make_stage2(fixture, guest);
    make_stage1(fixture, guest);
    for (unsigned i = 0; i < FIXTURE_PAGES; i++)
        map_page(fixture, i);
    map_large_pages(fixture);
    const struct walk_format *first = fixture->contexts[0].regime.format,
                             *second = fixture->guest->stage2.format;
    fixture_toggles(fixture, first);
    for (unsigned i = 0; i < FIXTURE_PAGES; i++) {
        fixture->entries[i] = guest_stage1_entry(fixture, fixture_va(i), fixture_level(first, 12));
        fixture->guest->entries[i] = guest_stage2_entry(fixture, guest_ipa(i), fixture_level(second, 12));
    }
}

void guest_close(struct guest *guest)
{
    if (!guest)
        return;
    frame_allocator_destroy(&guest->tables);
    free(guest->stage2_table);
    free(guest);
}

void rig_open_guest(struct rig *rig, const struct guest_config *guest)
{
    fixture_open_guest(&rig->fixture, &rig->config, OBSERVE_ALL, guest);
}

/* ---- drawing ------------------------------------------------------------------------------------ */

static void draw_walk_cache(uint64_t *state, struct mmu_config *config, const char *name,
                            enum walk_cache_holds holds)
{
    char error[256];
    if (draw_below(state, 2) || !mmu_member_add(config, MMU_FAMILY_WALK_CACHE, name, error, sizeof error))
        return;
    struct walk_cache_config *cache = &config->walk_caches[config->walk_cache_count - 1];
    cache->holds = holds;
    cache->ways = 1 + draw_below(state, 2);
    cache->entries = cache->ways * (1 + draw_below(state, 6));
    cache->latency_cycles = draw_below(state, 4);
}

/* In every other run: which stages there are, and walk caches of some kinds. */
static bool draw_guest(uint64_t *state, struct mmu_config *config, struct guest_config *guest)
{
    static const char *const stages[][2] = {
        {"vmsa-4k-48", "vmsa-s2-4k-48"},
        {"vmsa-4k-39", "vmsa-s2-4k-48"},
        {"vmsa-4k-48", "vmsa-s2-4k-39"},
        {"vmsa-4k-39", "vmsa-s2-4k-39"},
        {"sv39", "sv39x4"},
        {"sv48", "sv39x4"},
        {"sv39", "sv48x4"},
        {"x86-64-48", "ept-48"},
    };
    if (draw_below(state, 2))
        return false;
    const char *const *drawn = stages[draw_below(state, sizeof stages / sizeof *stages)];
    guest->stage1 = drawn[0];
    guest->stage2 = drawn[1];
    guest->updates = draw_below(state, 2);
    draw_walk_cache(state, config, "first", WALK_CACHE_TABLES);
    draw_walk_cache(state, config, "second", WALK_CACHE_STAGE2_TABLES);
    draw_walk_cache(state, config, "whole", WALK_CACHE_IPA);
    return true;
}

static void draw_guest_invalidation(uint64_t *state, struct invalidation *what)
{
    unsigned page = (unsigned)((what->va - FIXTURE_BASE) / FIXTURE_PAGE) % FIXTURE_PAGES;
    what->vmid = draw_below(state, 8) ? GUEST_VMID : 0;
    if (what->scope == INVALIDATE_IPA)
        what->va = guest_ipa(page);
}

/* The script owns the lists of its interrupts. */
static void draw_guest_list(uint64_t *state, struct script *script, const struct core_operation *interrupt)
{
    struct invalidation *list = &script->lists[interrupt->list - script->lists];
    for (uint32_t i = 0; i < interrupt->list_count; i++)
        draw_guest_invalidation(state, &list[i]);
}

/* The same page's entry of stage 2, once in three times. */
static void draw_guest_write(uint64_t *state, const struct fixture *fixture, struct core_operation *write)
{
    unsigned page = 0;
    while (page < FIXTURE_PAGES && fixture->entries[page] != write->address)
        page++;
    if (page == FIXTURE_PAGES || draw_below(state, 3))
        return;
    uint64_t old = 0;
    assert_true(machine_peek(fixture->machine, fixture->guest->entries[page], &old));
    write->address = fixture->guest->entries[page];
    write->value = write->value ? old : 0;
}

/* A script that was drawn for one stage: its invalidations become the guest's, or stage 2's, and some of its
 * remappings change stage 2. */
static void draw_guest_script(uint64_t *state, const struct fixture *fixture, struct script *script)
{
    for (unsigned i = 0; i < script->count; i++) {
        struct core_operation *operation = &script->steps[i].operation;
        if (operation->kind == CORE_INVALIDATE)
            draw_guest_invalidation(state, &operation->invalidation);
        else if (operation->kind == CORE_INTERRUPT)
            draw_guest_list(state, script, operation);
        else if (operation->kind == CORE_WRITE)
            draw_guest_write(state, fixture, operation);
    }
}

static void draw_tables(uint64_t *state, struct fixture *fixture, const struct mmu_config *config,
                        enum observation observation)
{
    static const char *const formats[] = {"vmsa-4k-48", "vmsa-4k-48", "vmsa-4k-48",
                                          "sv39",       "sv48",       "x86-64-48"};
    const char *format = formats[draw_below(state, sizeof formats / sizeof *formats)];
    fixture_open_as(fixture, config, observation, format, draw_below(state, 3) == 0);
}

void draw_run(uint64_t *state, enum observation observation, unsigned steps, struct fixture *fixture,
              struct script *scripts)
{
    struct mmu_config config;
    struct guest_config guest;
    draw_config(state, &config);
    bool two_stages = draw_guest(state, &config, &guest);
    if (two_stages)
        fixture_open_guest(fixture, &config, observation, &guest);
    else
        draw_tables(state, fixture, &config, observation);
    for (unsigned i = 0; i < config.cores; i++) {
        draw_script(state, fixture, steps, i, &scripts[i]);
        if (two_stages)
            draw_guest_script(state, fixture, &scripts[i]);
    }
    draw_format(state, fixture, scripts);
}
