#include "pagetables/test/fixture.h"

#include <string.h>

#include "pagetables/test/protocol.h"

void fixture_open(struct fixture *fixture, const struct pagetable_class *table)
{
    fixture_open_format(fixture, table, &vmsa_4k_48);
}

void fixture_open_format(struct fixture *fixture, const struct pagetable_class *table,
                         const struct walk_format *format)
{
    const struct flat_memory_config memory = {
        .physical_bytes = 8 * GIB, .tables_base = TABLES_BASE, .tables_bytes = TABLES_BYTES};
    const struct pagetable_config config = {.format = format, .asid = FIXTURE_ASID, .vmid = FIXTURE_VMID};
    fixture->table = table;
    fixture->memory = flat_memory_create(&memory);
    assert_non_null(fixture->memory);
    fixture->environment = flat_memory_environment(fixture->memory);
    fixture->reader = flat_memory_reader(fixture->memory);
    fixture->expected = abstract_map_create();
    assert_non_null(fixture->expected);
    assert_true(table->state_bytes <= sizeof fixture->state);
    assert_int_equal(table->create(&fixture->state, &fixture->environment, &config), PAGETABLE_OK);
    const struct translation_regime regime = {
        .format = format, .root = table->root(&fixture->state), .physical_size_lg2 = 48};
    fixture->regime = interpret_regime(&regime);
    flat_memory_log_clear(fixture->memory);
}

void fixture_close(struct fixture *fixture)
{
    assert_int_equal(fixture->table->destroy(&fixture->state, &fixture->environment), PAGETABLE_OK);
    assert_int_equal(flat_memory_tables(fixture->memory), 0);
    assert_int_equal(flat_memory_locks(fixture->memory), 0);
    flat_memory_destroy(fixture->memory);
    abstract_map_destroy(fixture->expected);
}

struct frame frame_of(uint64_t base, unsigned size_lg2, const char *attributes)
{
    struct frame frame = {.base = base, .size_lg2 = (uint8_t)size_lg2};
    assert_true(frame_attributes_parse(attributes, &frame.attributes));
    return frame;
}

enum pagetable_result fixture_map(struct fixture *fixture, uint64_t va, struct frame frame)
{
    flat_memory_log_clear(fixture->memory);
    enum pagetable_result result = fixture->table->map(&fixture->state, &fixture->environment, va, &frame);
    const struct mapping mapping = {.va = va, .frame = frame};
    if (result == PAGETABLE_OK)
        assert_int_equal(abstract_map_insert(fixture->expected, &mapping), PAGETABLE_OK);
    return result;
}

enum pagetable_result fixture_unmap(struct fixture *fixture, uint64_t va)
{
    flat_memory_log_clear(fixture->memory);
    enum pagetable_result result = fixture->table->unmap(&fixture->state, &fixture->environment, va);
    if (result == PAGETABLE_OK)
        assert_int_equal(abstract_map_remove(fixture->expected, va, NULL), PAGETABLE_OK);
    return result;
}

enum pagetable_result fixture_protect(struct fixture *fixture, uint64_t va, const char *attributes)
{
    uint32_t wanted = 0;
    assert_true(frame_attributes_parse(attributes, &wanted));
    flat_memory_log_clear(fixture->memory);
    enum pagetable_result result =
        fixture->table->protect(&fixture->state, &fixture->environment, va, wanted);
    if (result == PAGETABLE_OK)
        assert_int_equal(abstract_map_protect(fixture->expected, va, wanted), PAGETABLE_OK);
    return result;
}

bool fixture_is_entry(const void *fixture, uint64_t pa)
{
    const struct radix *radix = &((const struct fixture *)fixture)->state;
    /* All tables of this format have 4 KiB: without counts anywhere, else the others than the root at the
     * lower half of 8 KiB. */
    return radix->keeps_tables || pa - radix->root < 4 * KIB || !(pa & 4 * KIB);
}

uint64_t fixture_peek(const struct fixture *fixture, uint64_t pa)
{
    uint64_t word = 0;
    assert_true(fixture->reader.read(fixture->reader.context, pa, &word));
    return word;
}

unsigned fixture_tables_to(const struct fixture *fixture, uint64_t va, uint64_t table[ENTRY_LEVELS_MAX])
{
    const struct entry_format *format = fixture->state.format;
    unsigned tables = 0;
    table[tables++] = fixture->state.root;
    while (entry_has_depth(format, tables)) {
        const struct entry_level *level = &format->level[tables - 1];
        uint64_t word = fixture_peek(fixture, table[tables - 1] + entry_index(level, va) * ENTRY_BYTES);
        struct entry entry = format->decode(level, word);
        if (entry.kind != ENTRY_TABLE)
            break;
        table[tables++] = entry.table;
    }
    return tables;
}

void fixture_describe(const struct fixture *fixture, uint64_t va, unsigned size_lg2,
                      struct protocol_operation *operation)
{
    *operation = (struct protocol_operation){.va = va,
                                             .bytes = UINT64_C(1) << size_lg2,
                                             .asid = FIXTURE_ASID,
                                             .vmid = FIXTURE_VMID,
                                             .stage2 = fixture->regime.format->stage2,
                                             .is_entry = fixture_is_entry,
                                             .context = fixture};
    if (size_lg2 == 16 || size_lg2 == 25)
        operation->entry_bytes = operation->bytes / 16;
}

/* Compares mappings, as they come, with the abstract map from its beginning. */
struct comparison {
    const struct walk_format *format;
    const struct abstract_map *expected;
    uint64_t next;
    size_t seen;
    bool equal;
};

/* A clean page has no stores yet; that is no part of the mapping. */
static bool has_rights_of(const struct walk_format *format, const struct walk_leaf *leaf, uint32_t attributes)
{
    return leaf->rights == format->rights(attributes) ||
           leaf->rights == format->rights(attributes | FRAME_CLEAN);
}

static bool compare(void *context, const struct mapping *mapping, const struct walk_leaf *leaf)
{
    struct comparison *comparison = context;
    struct mapping wanted;
    comparison->equal = abstract_map_next(comparison->expected, comparison->next, &wanted) &&
                        wanted.va == mapping->va && wanted.frame.base == mapping->frame.base &&
                        wanted.frame.size_lg2 == mapping->frame.size_lg2 &&
                        wanted.frame.attributes == mapping->frame.attributes &&
                        has_rights_of(comparison->format, leaf, wanted.frame.attributes);
    comparison->next = mapping->va + 1;
    comparison->seen++;
    return comparison->equal;
}

bool view_equals(const struct fixture *fixture, const struct memory_reader *reader,
                 const struct abstract_map *expected)
{
    struct comparison comparison = {.format = fixture->regime.format, .expected = expected, .equal = true};
    const struct interpret_visitor visitor = {.mapping = compare, .context = &comparison};
    struct interpret_counts counts;
    enum pagetable_result result =
        interpret(fixture->table, &fixture->state, &fixture->regime, reader, &visitor, &counts);
    return result == PAGETABLE_OK && comparison.equal && counts.unconfirmed == 0 &&
           comparison.seen == abstract_map_count(expected);
}

static bool count_block(void *context, uint64_t pa, uint64_t size_bytes)
{
    size_t *blocks = context;
    assert_int_equal(pa & (size_bytes - 1), 0);
    (*blocks)++;
    return true;
}

/* What the table says that it reaches is all that it was given. */
static void assert_nothing_lost(const struct fixture *fixture)
{
    size_t blocks = 0;
    if (!fixture->table->blocks)
        return;
    assert_int_equal(fixture->table->blocks(&fixture->state, &fixture->reader, count_block, &blocks),
                     PAGETABLE_OK);
    assert_int_equal(blocks, flat_memory_tables(fixture->memory));
}

void fixture_assert_map(const struct fixture *fixture)
{
    char reason[200] = "";
    enum pagetable_result result =
        fixture->table->invariants(&fixture->state, &fixture->reader, reason, sizeof reason);
    assert_string_equal(reason, "");
    assert_int_equal(result, PAGETABLE_OK);
    assert_true(view_equals(fixture, &fixture->reader, fixture->expected));
}

void fixture_assert_view(const struct fixture *fixture)
{
    fixture_assert_map(fixture);
    assert_nothing_lost(fixture);
}

/* ---- random operations ---- */

static void random_operation(struct fixture *fixture, const struct fixture_mix *mix,
                             struct random_stream *stream, bool shrinks)
{
    static const unsigned sizes_lg2[] = {12, 12, 12, 12, 21, 30};
    static const char *const attributes[] = {"rw-u", "r-xu", "rw-g", "rw-d"};
    unsigned size_lg2 = sizes_lg2[random_below(stream, 6)];
    uint64_t place = random_below(stream, mix->pages) << 12 >> size_lg2 << size_lg2;
    uint64_t va = place + (random_below(stream, 3) << 30);
    struct mapping found, queried;
    bool base = abstract_map_find(fixture->expected, va, &found) && found.va == va;
    bool free = !abstract_map_overlaps_va(fixture->expected, va, UINT64_C(1) << size_lg2, NULL);
    switch (random_below(stream, shrinks ? 7 : 3)) {
    case 0:
        assert_int_equal(fixture_protect(fixture, va, attributes[random_below(stream, 4)]),
                         base ? PAGETABLE_OK : PAGETABLE_NOT_MAPPED);
        break;
    case 1:
    case 2:
        assert_int_equal(fixture_map(fixture, va, frame_of(mix->frames_follow ? place : 0, size_lg2, "rw-u")),
                         free ? PAGETABLE_OK : PAGETABLE_OVERLAP);
        break;
    default:
        assert_int_equal(fixture_unmap(fixture, va), base ? PAGETABLE_OK : PAGETABLE_NOT_MAPPED);
    }
    bool there = abstract_map_find(fixture->expected, va | 0xfff, &found);
    assert_int_equal(fixture->table->query(&fixture->state, &fixture->environment, va | 0xfff, &queried),
                     there ? PAGETABLE_OK : PAGETABLE_NOT_MAPPED);
    assert_true(!there || (queried.va == found.va && queried.frame.base == found.frame.base &&
                           queried.frame.size_lg2 == found.frame.size_lg2 &&
                           queried.frame.attributes == found.frame.attributes));
}

void fixture_random_operations(struct fixture *fixture, const struct fixture_mix *mix)
{
    struct random_stream stream = random_begin("random operations");
    for (unsigned number = 0; number < 6000; number++) {
        random_operation(fixture, mix, &stream, number / mix->wave % 2);
        if (number % 16 == 0)
            fixture_assert_view(fixture);
    }
}
