/* A walk that begins at a table which an earlier walk read ends exactly as the whole walk does: random
 * tables, random addresses. */
#include "pagetables/ept.h"
#include "pagetables/riscv.h"
#include "pagetables/test/fixture.h"
#include "pagetables/test/random.h"
#include "pagetables/x86.h"

#define TABLES_A_LEVEL 4
#define TABLE_BASE     MIB
#define ROUNDS         4
#define WALKS          2000

static struct random_stream stream;

/* The engine of all VMSAv8-64 formats, of which pagetables_vmsa_formats enters tables of every one, and that
 * of x86-64 and EPT, and that of RISC-V. */
static const struct walk_format *const formats[] = {&vmsa_4k_48, &vmsa_4k_39, &vmsa_s2_4k_48, &vmsa_s2_4k_39,
                                                    &x86_64_48,  &x86_64_57,  &ept_48,        &ept_57,
                                                    &riscv_sv39, &riscv_sv57, &riscv_sv39x4,  &riscv_sv57x4};

#define FORMATS (sizeof formats / sizeof *formats)

struct forest {
    struct flat_memory *memory;
    struct memory_reader reader;
    struct translation_regime regime;
};

static uint64_t table_at(unsigned depth, uint64_t which)
{
    return TABLE_BASE + (depth * TABLES_A_LEVEL + which) * 4 * KIB;
}

/* Bits that have a meaning, mostly few, sometimes many. */
static uint64_t random_bits(void)
{
    uint64_t bits = random_next(&stream) & random_next(&stream);
    if (random_below(&stream, 4))
        bits &= random_next(&stream) & random_next(&stream) & random_next(&stream);
    return bits & UINT64_C(0xfff0000000000ffe);
}

static uint64_t random_leaf(const struct entry_format *entries, const struct entry_level *level)
{
    struct frame frame = {.size_lg2 = level->span_lg2};
    uint64_t word;
    do {
        frame.attributes = (uint32_t)random_next(&stream) & (FRAME_ATTRIBUTES_ALL | FRAME_STATE_ALL);
        frame.base = random_next(&stream) % (UINT64_C(1) << 38) >> level->span_lg2 << level->span_lg2;
    } while (!entries->encode_leaf(level, &frame, &word));
    return word;
}

/* Mostly tables below, some leaves, some garbage. */
static uint64_t random_word(const struct entry_format *entries, unsigned depth)
{
    const struct entry_level *level = &entries->level[depth];
    uint64_t choice = random_below(&stream, 16);
    if (choice == 0)
        return random_bits(); /* not present, mostly */
    if (choice < 12 && entry_has_depth(entries, depth + 1))
        return entries->encode_table(table_at(depth + 1, random_below(&stream, TABLES_A_LEVEL))) ^
               random_bits();
    if (!level->leaf)
        return random_next(&stream);
    return random_leaf(entries, level) ^ random_bits();
}

static void grow_forest(struct forest *forest, const struct walk_format *format)
{
    uint64_t flags = random_next(&stream);
    for (unsigned depth = 0; depth < format->levels; depth++)
        for (uint64_t word = 0; word < TABLES_A_LEVEL * 512u; word++)
            assert_true(flat_memory_poke(forest->memory, table_at(depth, 0) + 8 * word,
                                         random_word(entry_format_of(format), depth)));
    forest->regime = (struct translation_regime){.format = format,
                                                 .root = table_at(0, 0),
                                                 .physical_size_lg2 = flags & 1 ? 36 : 48,
                                                 .hardware_access = flags & 2,
                                                 .hardware_dirty = flags & 4,
                                                 .contiguous = flags & 8,
                                                 .execute_by_privilege = flags & 16};
}

/* The tables that a walk reads, the root excepted. */
struct trail {
    struct walk_table table[ENTRY_LEVELS_MAX];
    unsigned tables;
    unsigned fetches;
};

static enum walk_status finish(const struct forest *forest, struct walk_state *walk, enum walk_status status,
                               struct trail *trail)
{
    *trail = (struct trail){.tables = 0};
    while (status == WALK_FETCH || status == WALK_UPDATE) {
        uint64_t word = 0;
        if (status == WALK_UPDATE) {
            status = walk->regime->format->updated(walk);
            continue;
        }
        trail->tables += walk->regime->format->table(walk, &trail->table[trail->tables]);
        trail->fetches++;
        (void)forest->reader.read(forest->reader.context, walk->fetch[0], &word);
        status = walk->regime->format->resume(walk, &word);
    }
    return status;
}

static enum walk_status whole_walk(const struct forest *forest, uint64_t va, struct walk_state *walk,
                                   struct trail *trail)
{
    const struct walk_format *format = forest->regime.format;
    return finish(forest, walk, format->start(walk, &forest->regime, va), trail);
}

static void assert_same(const struct walk_state *one, const struct walk_state *other, enum walk_status status)
{
    if (status == WALK_FAULT) {
        assert_int_equal(one->fault, other->fault);
        assert_int_equal(one->fault_level, other->fault_level);
        return;
    }
    assert_int_equal(one->leaf.va, other->leaf.va);
    assert_int_equal(one->leaf.frame.base, other->leaf.frame.base);
    assert_int_equal(one->leaf.frame.attributes, other->leaf.frame.attributes);
    assert_int_equal(one->leaf.frame.size_lg2, other->leaf.frame.size_lg2);
    assert_int_equal(one->leaf.rights, other->leaf.rights);
    assert_int_equal(one->leaf.rights_when_dirty, other->leaf.rights_when_dirty);
    assert_int_equal(one->leaf.level, other->leaf.level);
}

/* How many tables stand above those of a level. */
static unsigned depth_of(const struct walk_format *format, unsigned level)
{
    const struct entry_format *entries = entry_format_of(format);
    unsigned depth = 0;
    while (entry_has_depth(entries, depth) && entries->level[depth].number != level)
        depth++;
    return depth;
}

/* Any address of the table's region, translated both ways. */
static void enter_and_compare(const struct forest *forest, const struct walk_table *table, uint64_t va)
{
    struct walk_state whole;
    struct walk_state entered;
    struct trail whole_trail;
    struct trail entered_trail;
    enum walk_status wanted = whole_walk(forest, va, &whole, &whole_trail);
    enum walk_status status = forest->regime.format->enter(&entered, &forest->regime, va, table);
    status = finish(forest, &entered, status, &entered_trail);
    assert_int_equal(status, wanted);
    assert_same(&entered, &whole, wanted);
    unsigned skipped = depth_of(forest->regime.format, table->level);
    assert_int_equal(entered_trail.fetches, whole_trail.fetches - skipped);
}

static unsigned compare_walks(const struct forest *forest)
{
    unsigned entered = 0;
    for (unsigned i = 0; i < WALKS; i++) {
        uint64_t va = walk_format_extend(forest->regime.format, random_next(&stream));
        struct walk_state walk;
        struct trail trail;
        (void)whole_walk(forest, va, &walk, &trail);
        for (unsigned t = 0; t < trail.tables; t++, entered++) {
            const struct walk_table *table = &trail.table[t];
            uint64_t in_region = (UINT64_C(1) << table->span_lg2) - 1;
            uint64_t other = table->va | (random_next(&stream) & in_region);
            assert_true(walk_table_contains(table, va));
            assert_true(walk_table_contains(table, other));
            assert_false(walk_table_contains(table, table->va + in_region + 1));
            enter_and_compare(forest, table, va);
            enter_and_compare(forest, table, other);
        }
    }
    return entered;
}

static void good_a_walk_entered_anywhere_ends_as_the_whole_one(void **state)
{
    const struct flat_memory_config config = {
        .physical_bytes = GIB, .tables_base = 512 * MIB, .tables_bytes = MIB};
    stream = random_begin("entered walks");
    for (unsigned i = 0; i < FORMATS; i++) {
        for (unsigned round = 0; round < ROUNDS; round++) {
            struct forest forest = {.memory = flat_memory_create(&config)};
            assert_non_null(forest.memory);
            forest.reader = flat_memory_reader(forest.memory);
            grow_forest(&forest, formats[i]);
            assert_true(compare_walks(&forest) > WALKS / 8);
            flat_memory_destroy(forest.memory);
        }
    }
}

static void good_the_root_is_no_table_to_enter(void **state)
{
    for (unsigned i = 0; i < FORMATS; i++) {
        const struct walk_format *format = formats[i];
        const struct translation_regime regime = {
            .format = format, .root = TABLE_BASE, .physical_size_lg2 = 48};
        struct walk_state walk;
        struct walk_table table;
        assert_int_equal(format->start(&walk, &regime, 0x123456), WALK_FETCH);
        assert_false(format->table(&walk, &table));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_a_walk_entered_anywhere_ends_as_the_whole_one),
        cmocka_unit_test(good_the_root_is_no_table_to_enter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
