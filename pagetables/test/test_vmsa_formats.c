/* Every format of VMSAv8-64: first levels, frame sizes, entries, and walks of random tables. What the manual
 * says (DDI 0487 L.b, D8.2.8, D8.2.9, D8.3.1.2, D8.7.1) is written out here, not computed. */
#include "pagetables/test/fixture.h"
#include "pagetables/test/random.h"

#include <stdio.h>
#include <string.h>

static struct random_stream stream;
static struct fixture fixture;

/* ---- The manual's tables ---- */

struct granule {
    const char *name;
    unsigned page_lg2;
    unsigned entries_lg2; /* of a table that is a page */
    unsigned span_lg2[4]; /* by level: the lowest address bit that its index has */
    unsigned sizes;
    unsigned size_lg2[5];             /* of frames */
    unsigned sizes_by_first_level[4]; /* how many of them, where a level's runs fit */
    unsigned largest_run_bits;        /* runs of blocks need so many address bits */
    unsigned blocks_from;             /* the first level that has blocks; the last is 2 */
};

static const struct granule granules[] = {
    {"4k", 12, 9, {39, 30, 21, 12}, 5, {12, 16, 21, 25, 30}, {5, 5, 4, 0}, 25, 1},
    {"16k", 14, 11, {47, 36, 25, 14}, 4, {14, 21, 25, 30}, {4, 4, 4, 2}, 30, 2},
    {"64k", 16, 13, {0, 42, 29, 16}, 4, {16, 21, 29, 34}, {0, 4, 4, 2}, 34, 2},
};

#define GRANULES (sizeof granules / sizeof *granules)

/* Stage 1: TnSZ from `least` to `most` begins at `level`. */
static const struct {
    unsigned granule, least, most, level;
} stage1_levels[] = {
    {0, 16, 24, 0}, {0, 25, 33, 1}, {0, 34, 39, 2}, {1, 16, 16, 0}, {1, 17, 27, 1},
    {1, 28, 38, 2}, {1, 39, 39, 3}, {2, 16, 21, 1}, {2, 22, 34, 2}, {2, 35, 39, 3},
};

/* Stage 2, by level to begin at: T0SZ of roots that are one table, and of those that are several. */
static const struct {
    unsigned granule, level, least, most, least_of_several, most_of_several;
} stage2_levels[] = {
    {0, 0, 16, 24, 1, 0},   {0, 1, 25, 33, 21, 24}, {0, 2, 34, 39, 30, 33},
    {1, 1, 17, 27, 16, 16}, {1, 2, 28, 38, 24, 27}, {1, 3, 39, 39, 35, 38},
    {2, 1, 16, 21, 1, 0},   {2, 2, 22, 34, 18, 21}, {2, 3, 35, 39, 31, 34},
};

#define STAGE1_LEVELS (sizeof stage1_levels / sizeof *stage1_levels)
#define STAGE2_LEVELS (sizeof stage2_levels / sizeof *stage2_levels)

static const struct walk_format *format_of(const char *stage, const struct granule *granule, unsigned size,
                                           const char *suffix)
{
    char name[64];
    (void)snprintf(name, sizeof name, "vmsa-%s%s-%u%s", stage, granule->name, 64 - size, suffix);
    const struct walk_format *format = walk_format_find(name);
    if (!format)
        fail_msg("there is no %s", name);
    return format;
}

/* The walk of an address begins with this entry of the root. */
static void assert_begins(const struct walk_format *format, uint64_t va, unsigned level, uint64_t index)
{
    const struct translation_regime regime = {
        .format = format, .root = UINT64_C(1) << 40, .physical_size_lg2 = 48};
    struct walk_state walk;
    assert_int_equal(format->start(&walk, &regime, va), WALK_FETCH);
    assert_int_equal(walk.level, level);
    assert_int_equal(walk.fetches, 1);
    assert_int_equal(walk.fetch[0], regime.root + 8 * index);
}

static void assert_outside(const struct walk_format *format, uint64_t va)
{
    const struct translation_regime regime = {.format = format, .root = 1 * MIB, .physical_size_lg2 = 48};
    struct walk_state walk;
    assert_int_equal(format->start(&walk, &regime, va), WALK_FAULT);
    assert_int_equal(walk.fault, FAULT_TRANSLATION);
    assert_int_equal(walk.fault_level, 0);
    assert_false(walk_format_reaches(format, va, 1));
}

static void check_shape(const struct walk_format *format, const struct granule *granule, unsigned size,
                        unsigned level)
{
    unsigned bits = 64 - size;
    uint64_t last = (UINT64_C(1) << bits) - 1;
    bool high = strstr(format->name, "-high") != NULL;
    const struct entry_format *entries = entry_format_of(format);
    assert_int_equal(format->va_form, high ? VA_HIGH : VA_LOW);
    assert_int_equal(format->va_bits, bits);
    assert_int_equal(format->page_lg2, granule->page_lg2);
    assert_int_equal(format->levels, 4 - level);
    assert_int_equal(entries->levels, 4 - level);
    assert_begins(format, high ? ~last : 0, level, 0);
    assert_begins(format, high ? UINT64_MAX : last, level, last >> granule->span_lg2[level]);
    assert_outside(format, high ? ~last - 1 : last + 1);
    assert_outside(format, high ? 0 : UINT64_MAX);
    for (unsigned depth = 0; depth < entries->levels; depth++) {
        const struct entry_level *numbers = &entries->level[depth];
        assert_int_equal(numbers->number, level + depth);
        assert_int_equal(numbers->span_lg2, granule->span_lg2[level + depth]);
        assert_int_equal(numbers->index_bits,
                         depth == 0 ? bits - granule->span_lg2[level] : granule->entries_lg2);
    }
}

static void good_stage_1_begins_where_the_manual_says(void **state)
{
    static const struct {
        const char *stage, *suffix;
    } names[] = {{"", ""}, {"", "-high"}, {"el2-", ""}};
    unsigned checked = 0;
    for (unsigned row = 0; row < STAGE1_LEVELS; row++) {
        const struct granule *granule = &granules[stage1_levels[row].granule];
        for (unsigned size = stage1_levels[row].least; size <= stage1_levels[row].most; size++)
            for (unsigned i = 0; i < 3; i++, checked++)
                check_shape(format_of(names[i].stage, granule, size, names[i].suffix), granule, size,
                            stage1_levels[row].level);
    }
    assert_int_equal(checked, 3 * 3 * 24);
}

static void good_stage_2_begins_where_the_manual_says(void **state)
{
    unsigned checked = 0;
    for (unsigned row = 0; row < STAGE2_LEVELS; row++) {
        const struct granule *granule = &granules[stage2_levels[row].granule];
        unsigned level = stage2_levels[row].level;
        for (unsigned size = stage2_levels[row].least; size <= stage2_levels[row].most; size++, checked++)
            check_shape(format_of("s2-", granule, size, ""), granule, size, level);
        for (unsigned size = stage2_levels[row].least_of_several; size <= stage2_levels[row].most_of_several;
             size++, checked++) {
            const struct walk_format *format = format_of("s2-", granule, size, "-concatenated");
            check_shape(format, granule, size, level);
            unsigned tables_lg2 = entry_format_of(format)->level[0].index_bits - granule->entries_lg2;
            assert_in_range(tables_lg2, 1, 4); /* 2 to 16 tables */
        }
    }
    assert_int_equal(checked, 71 + 25);
    unsigned formats = 0;
    for (unsigned i = 0; walk_format_at(i); i++)
        formats += strncmp(walk_format_at(i)->name, "vmsa-", 5) == 0;
    assert_int_equal(formats, 3 * 3 * 24 + checked); /* and there are no others */
}

static void bad_sizes_and_roots_that_the_manual_has_not_are_no_formats(void **state)
{
    static const char *const names[] = {
        "vmsa-4k-24",
        "vmsa-4k-49",
        "vmsa-8k-48",
        "vmsa-s2-16k-48",
        "vmsa-s2-4k-30-concatenated",
        "vmsa-s2-4k-35-concatenated",
        "vmsa-s2-4k-44-concatenated",
        "vmsa-s2-64k-47-concatenated",
        "vmsa-4k-40-concatenated",
        "vmsa-el2-4k-48-high",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_null(walk_format_find(names[i]));
}

/* ---- All formats ---- */

static bool is_vmsa(const struct walk_format *format)
{
    return strncmp(format->name, "vmsa-", 5) == 0;
}

static const struct granule *granule_of(const struct walk_format *format)
{
    for (size_t i = 0; i < GRANULES; i++)
        if (granules[i].page_lg2 == format->page_lg2)
            return &granules[i];
    fail_msg("%s has pages that no granule has", format->name);
    return NULL;
}

static void for_every_format(void (*check)(const struct walk_format *format))
{
    const struct walk_format *format;
    for (unsigned i = 0; (format = walk_format_at(i)); i++)
        if (is_vmsa(format))
            check(format);
}

static void check_sizes(const struct walk_format *format)
{
    const struct granule *granule = granule_of(format);
    const struct entry_format *entries = entry_format_of(format);
    unsigned sizes = granule->sizes_by_first_level[entries->level[0].number];
    if (granule->page_lg2 != 12 && sizes == 4 && format->va_bits < granule->largest_run_bits)
        sizes = 3;
    if (format->frame_sizes != sizes)
        fail_msg("%s has %u frame sizes, should have %u", format->name, format->frame_sizes, sizes);
    for (unsigned i = 0; i < sizes; i++) {
        assert_int_equal(format->frame_size_lg2[i], granule->size_lg2[i]);
        assert_true(format->frame_size_lg2[i] <= format->va_bits);
    }
}

static void good_frame_sizes_are_pages_blocks_and_runs_that_fit(void **state)
{
    for_every_format(check_sizes);
}

/* What pagetables/vmsa.h says of attributes, written down once more. */
static bool is_expressible(const struct walk_format *format, uint32_t attributes)
{
    bool el2 = strncmp(format->name, "vmsa-el2-", 9) == 0;
    if (attributes & FRAME_KEY_ALL || (attributes & FRAME_CLEAN && !(attributes & FRAME_WRITABLE)) ||
        (attributes & FRAME_DEVICE && attributes & FRAME_NONCACHEABLE))
        return false;
    if (format->stage2)
        return !(attributes & (FRAME_USER | FRAME_GLOBAL));
    if (el2 && (attributes & FRAME_USER || !(attributes & FRAME_GLOBAL)))
        return false;
    return attributes & FRAME_READABLE;
}

static void check_leaf(const struct walk_format *format, const struct entry_level *level,
                       const struct frame *frame)
{
    const struct entry_format *entries = entry_format_of(format);
    uint64_t word;
    bool encoded = entries->encode_leaf(level, frame, &word);
    assert_int_equal(encoded, is_expressible(format, frame->attributes));
    assert_int_equal(format->rights(frame->attributes) != 0,
                     encoded && frame->attributes & (FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE) &&
                         (frame->attributes & (FRAME_READABLE | FRAME_EXECUTABLE | FRAME_CLEAN)) !=
                             FRAME_CLEAN);
    if (!encoded)
        return;
    struct entry entry = entries->decode(level, word);
    if (entry.kind != ENTRY_LEAF || entry.frame.base != frame->base ||
        entry.frame.size_lg2 != frame->size_lg2 || entry.frame.attributes != frame->attributes)
        fail_msg("%s: 0x%" PRIx64 " with attributes 0x%x, as 0x%" PRIx64 ", is another frame", format->name,
                 frame->base, frame->attributes, word);
    uint64_t stored = entries->after_store(word);
    struct entry after = entries->decode(level, stored);
    assert_int_equal(after.frame.attributes, frame->attributes & ~FRAME_STATE_ALL);
}

static void check_entries(const struct walk_format *format)
{
    const struct entry_format *entries = entry_format_of(format);
    unsigned leaves = 0;
    for (unsigned depth = 0; depth < entries->levels; depth++) {
        const struct entry_level *level = &entries->level[depth];
        for (unsigned i = 0; i < format->frame_sizes; i++) {
            unsigned size_lg2 = format->frame_size_lg2[i];
            bool here = level->leaf && (size_lg2 == level->span_lg2 ||
                                        (level->run_lg2 && size_lg2 == entry_run_span_lg2(level)));
            struct frame frame = {.size_lg2 = (uint8_t)size_lg2,
                                  .base = (UINT64_C(0xa5a5a5a5a5a5) >> size_lg2) << size_lg2};
            uint64_t word;
            leaves += here;
            frame.attributes = FRAME_READABLE | (format->stage2 ? 0 : FRAME_GLOBAL);
            assert_int_equal(entries->encode_leaf(level, &frame, &word), here);
            for (frame.attributes = 0; here && frame.attributes < FRAME_KEY(2); frame.attributes++)
                check_leaf(format, level, &frame);
        }
    }
    assert_int_equal(leaves, format->frame_sizes); /* each size is one of exactly one level */
    uint64_t table = UINT64_C(0x5a5a5a000000);
    for (unsigned depth = 0; depth + 1 < entries->levels; depth++) {
        struct entry entry = entries->decode(&entries->level[depth], entries->encode_table(table));
        assert_int_equal(entry.kind, ENTRY_TABLE);
        assert_int_equal(entry.table, table);
    }
}

static void good_every_expressible_frame_decodes_to_itself_at_its_level(void **state)
{
    for_every_format(check_entries);
}

/* D8.3, table D8-48: bits 1:0 are 01, a block at the levels that have them and reserved at the others, which
 * is a translation fault of that level. */
static void check_blocks(const struct walk_format *format)
{
    const uint64_t block = UINT64_C(0x800000000401); /* AF; stage 2: no rights, and yet a leaf */
    const struct granule *granule = granule_of(format);
    const struct entry_format *entries = entry_format_of(format);
    const struct translation_regime regime = {.format = format, .physical_size_lg2 = 48};
    for (unsigned depth = 0; depth < entries->levels; depth++) {
        const struct entry_level *level = &entries->level[depth];
        const struct walk_table table = {.pa = 0, .level = level->number, .span_lg2 = 63};
        struct walk_state walk;
        bool is_block = level->number >= granule->blocks_from && level->number < 3;
        assert_int_equal(format->enter(&walk, &regime, walk_format_extend(format, 0), &table), WALK_FETCH);
        assert_int_equal(format->resume(&walk, &block), is_block ? WALK_LEAF : WALK_FAULT);
        assert_int_equal(entries->decode(level, block).kind, is_block ? ENTRY_LEAF : ENTRY_RESERVED);
        if (is_block) {
            assert_int_equal(walk.leaf.frame.size_lg2, granule->span_lg2[level->number]);
            continue;
        }
        assert_int_equal(walk.fault, FAULT_TRANSLATION);
        assert_int_equal(walk.fault_level, level->number);
    }
}

static void bad_blocks_at_levels_without_blocks_are_translation_faults(void **state)
{
    for_every_format(check_blocks);
}

/* ---- Walks of what radix writes ---- */

static uint32_t random_attributes(const struct walk_format *format)
{
    uint32_t attributes;
    do
        attributes =
            (uint32_t)random_next(&stream) & (FRAME_ATTRIBUTES_ALL | FRAME_STATE_ALL) & ~FRAME_KEY_ALL;
    while (!is_expressible(format, attributes));
    return attributes;
}

/* Few places, so that tables are shared and fill up: both ends of the address space, and somewhere. */
static uint64_t random_page(const struct walk_format *format, unsigned size_lg2)
{
    unsigned bits = format->va_bits;
    const uint64_t places[] = {0, (UINT64_C(1) << bits) - 1, UINT64_C(1) << (bits - 1)};
    uint64_t va = places[random_below(&stream, 3)] ^ (random_below(&stream, 3) << size_lg2);
    return walk_format_extend(format, va & ~((UINT64_C(1) << size_lg2) - 1));
}

/* A walk that begins at any table on the way ends as the whole one does. */
static void check_entered(uint64_t va, const struct walk_state *whole, enum walk_status wanted)
{
    const struct walk_format *format = fixture.regime.format;
    struct walk_state walk;
    struct walk_state entered;
    struct walk_table table;
    enum walk_status status = format->start(&walk, &fixture.regime, va);
    while (status == WALK_FETCH) {
        uint64_t word = fixture_peek(&fixture, walk.fetch[0]);
        if (format->table(&walk, &table)) {
            assert_true(walk_table_contains(&table, va));
            enum walk_status end = format->enter(&entered, &fixture.regime, va, &table);
            assert_int_equal(end, WALK_FETCH);
            while (end == WALK_FETCH) {
                uint64_t entry = fixture_peek(&fixture, entered.fetch[0]);
                end = format->resume(&entered, &entry);
            }
            assert_int_equal(end, wanted);
            assert_int_equal(entered.fetch[0], whole->fetch[0]);
            assert_int_equal(entered.leaf.rights, whole->leaf.rights);
        }
        status = format->resume(&walk, &word);
    }
    assert_int_equal(status, wanted);
}

static void check_walk(uint64_t va)
{
    struct mapping mapping;
    struct walk_state walk;
    memset(&walk, 0, sizeof walk);
    bool mapped = abstract_map_find(fixture.expected, va, &mapping);
    enum walk_status status = interpret_address(&fixture.regime, &fixture.reader, va, &walk);
    assert_int_equal(status, mapped ? WALK_LEAF : WALK_FAULT);
    if (mapped) {
        assert_int_equal(walk.leaf.va, mapping.va);
        assert_int_equal(walk.leaf.frame.base, mapping.frame.base);
        assert_int_equal(walk.leaf.frame.size_lg2, mapping.frame.size_lg2);
        assert_int_equal(walk.leaf.frame.attributes, mapping.frame.attributes);
        check_entered(va, &walk, status);
    }
}

static void map_one(const struct walk_format *format, unsigned size_lg2)
{
    const struct frame frame = {.base = random_below(&stream, UINT64_C(1) << (48 - size_lg2)) << size_lg2,
                                .size_lg2 = (uint8_t)size_lg2,
                                .attributes = random_attributes(format)};
    uint64_t va = random_page(format, size_lg2);
    bool overlaps = abstract_map_overlaps_va(fixture.expected, va, frame_size_bytes(&frame), NULL);
    assert_int_equal(fixture_map(&fixture, va, frame), overlaps ? PAGETABLE_OVERLAP : PAGETABLE_OK);
    check_walk(va);
    check_walk(va + frame_size_bytes(&frame) - 1);
    check_walk(va ^ frame_size_bytes(&frame));
}

static void unmap_one(const struct walk_format *format, unsigned size_lg2)
{
    uint64_t va = random_page(format, size_lg2);
    struct mapping mapping;
    bool mapped = abstract_map_find(fixture.expected, va, &mapping) && mapping.va == va;
    assert_int_equal(fixture_unmap(&fixture, va), mapped ? PAGETABLE_OK : PAGETABLE_NOT_MAPPED);
    check_walk(va);
}

static void run_on(const struct walk_format *format)
{
    fixture_open_format(&fixture, &pagetable_radix, format);
    for (unsigned i = 0; i < 3; i++)
        for (unsigned size = 0; size < format->frame_sizes; size++)
            map_one(format, format->frame_size_lg2[size]);
    check_walk(walk_format_extend(format, random_next(&stream)));
    fixture_assert_view(&fixture);
    for (unsigned i = 0; i < 3; i++)
        for (unsigned size = 0; size < format->frame_sizes; size++)
            unmap_one(format, format->frame_size_lg2[size]);
    fixture_assert_view(&fixture);
    fixture_close(&fixture);
}

static void good_walks_read_what_radix_writes(void **state)
{
    stream = random_begin("all formats");
    for_every_format(run_on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_stage_1_begins_where_the_manual_says),
        cmocka_unit_test(good_stage_2_begins_where_the_manual_says),
        cmocka_unit_test(bad_sizes_and_roots_that_the_manual_has_not_are_no_formats),
        cmocka_unit_test(good_frame_sizes_are_pages_blocks_and_runs_that_fit),
        cmocka_unit_test(good_every_expressible_frame_decodes_to_itself_at_its_level),
        cmocka_unit_test(bad_blocks_at_levels_without_blocks_are_translation_faults),
        cmocka_unit_test(good_walks_read_what_radix_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
