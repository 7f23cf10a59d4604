#include "pagetables/test/fixture.h"

/* ---- Entries ---- */

static const struct entry_level *level(unsigned number)
{
    return &vmsa_4k_48_entries.level[number];
}

static uint64_t leaf_word(unsigned number, uint64_t base, const char *attributes)
{
    struct frame frame = frame_of(base, level(number)->span_lg2, attributes);
    uint64_t word = 0;
    assert_true(vmsa_4k_48_entries.encode_leaf(level(number), &frame, &word));
    return word;
}

static void good_every_expressible_frame_decodes_to_itself(void **state)
{
    for (unsigned number = 1; number <= 3; number++) {
        for (uint32_t attributes = 0; attributes < FRAME_DEVICE << 1; attributes++) {
            struct frame frame = {.base = UINT64_C(0xfedcc0000000),
                                  .attributes = attributes,
                                  .size_lg2 = level(number)->span_lg2};
            uint64_t word;
            if (!(attributes & FRAME_READABLE))
                continue;
            assert_true(vmsa_4k_48_entries.encode_leaf(level(number), &frame, &word));
            struct entry entry = vmsa_4k_48_entries.decode(level(number), word);
            assert_int_equal(entry.kind, ENTRY_LEAF);
            assert_int_equal(entry.frame.base, frame.base);
            assert_int_equal(entry.frame.attributes, frame.attributes);
            assert_int_equal(entry.frame.size_lg2, frame.size_lg2);
        }
    }
}

static void bad_frames_that_the_format_cannot_express_are_refused(void **state)
{
    const struct frame frames[] = {
        {.base = 0x1000, .attributes = FRAME_WRITABLE | FRAME_USER, .size_lg2 = 12}, /* not readable */
        {.base = 0x1000, .attributes = FRAME_READABLE | 1u << 6, .size_lg2 = 12},    /* no such attribute */
        {.base = 0x1000, .attributes = FRAME_READABLE, .size_lg2 = 13},              /* no such size */
        {.base = 0x1800, .attributes = FRAME_READABLE, .size_lg2 = 12},              /* not aligned */
        {.base = UINT64_C(1) << 48, .attributes = FRAME_READABLE, .size_lg2 = 12},   /* beyond bit 47 */
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        uint64_t word;
        assert_false(vmsa_4k_48_entries.encode_leaf(level(3), &frames[i], &word));
    }
}

/* The bits are spelled out here from the manual's tables D8-50 and D8-52, not taken from the header. */
static void good_entries_have_the_bits_of_the_manual(void **state)
{
    /* kernel rw, not global: valid page, AttrIndx 0, AP 00, SH 11, AF, nG, PXN, UXN */
    assert_int_equal(leaf_word(3, 0x12345000, "rw-"), UINT64_C(0x0060000012345f03));
    /* user rw: AP[1] */
    assert_int_equal(leaf_word(3, 0x12345000, "rw-u"), UINT64_C(0x0060000012345f43));
    /* user rx, global: AP 11, UXN clear, nG clear */
    assert_int_equal(leaf_word(3, 0x12345000, "r-xug"), UINT64_C(0x00200000123457c3));
    /* kernel rx, 2 MiB block: bit 1 clear, AP 10, PXN clear */
    assert_int_equal(leaf_word(2, 0x12200000, "r-x"), UINT64_C(0x0040000012200f81));
    /* device, 1 GiB block: AttrIndx 1, SH 10 */
    assert_int_equal(leaf_word(1, 0x40000000, "rw-d"), UINT64_C(0x0060000040000e05));
    assert_int_equal(vmsa_4k_48_entries.encode_table(0x12345000), 0x12345003);
}

static void good_words_are_told_apart_by_level(void **state)
{
    assert_int_equal(vmsa_4k_48_entries.decode(level(0), 0x1003).kind, ENTRY_TABLE);
    assert_int_equal(vmsa_4k_48_entries.decode(level(2), 0x1003).kind, ENTRY_TABLE);
    assert_int_equal(vmsa_4k_48_entries.decode(level(3), 0x1003).kind, ENTRY_LEAF);
    assert_int_equal(vmsa_4k_48_entries.decode(level(2), 0x1001).kind, ENTRY_LEAF);
    assert_int_equal(vmsa_4k_48_entries.decode(level(2), 0x1002).kind, ENTRY_INVALID);
}

static void bad_a_block_at_level_0_and_a_page_without_bit_1_are_reserved(void **state)
{
    assert_int_equal(vmsa_4k_48_entries.decode(level(0), 0x1001).kind, ENTRY_RESERVED);
    assert_int_equal(vmsa_4k_48_entries.decode(level(3), 0x1001).kind, ENTRY_RESERVED);
}

static void good_a_change_of_rights_needs_no_break(void **state)
{
    assert_false(vmsa_4k_48_entries.must_break(leaf_word(3, 0x1000, "r--"), leaf_word(3, 0x1000, "rwxu")));
}

static void bad_a_change_of_memory_type_global_or_address_needs_a_break(void **state)
{
    uint64_t word = leaf_word(3, 0x1000, "rw-");
    assert_true(vmsa_4k_48_entries.must_break(word, leaf_word(3, 0x1000, "rw-d")));
    assert_true(vmsa_4k_48_entries.must_break(word, leaf_word(3, 0x1000, "rw-g")));
    assert_true(vmsa_4k_48_entries.must_break(leaf_word(3, 0x1000, "rw-g"), word));
    assert_true(vmsa_4k_48_entries.must_break(word, leaf_word(3, 0x2000, "rw-")));
}

/* ---- The walk: four tables at fixed places, and one leaf ---- */

#define ROOT    UINT64_C(0x10000)
#define VA      (3 * (UINT64_C(1) << 39) + 5 * GIB + 14 * MIB + 36 * KIB)
#define L0_SLOT (ROOT + UINT64_C(3) * 8)
#define L1_SLOT (UINT64_C(0x11000) + UINT64_C(5) * 8)
#define L2_SLOT (UINT64_C(0x12000) + UINT64_C(7) * 8)
#define L3_SLOT (UINT64_C(0x13000) + UINT64_C(9) * 8)

struct walked {
    struct flat_memory *memory;
    struct memory_reader reader;
    struct translation_regime regime;
    struct walk_state walk;
};

static void open_walk(struct walked *walked)
{
    const struct flat_memory_config config = {
        .physical_bytes = 16 * MIB, .tables_base = 8 * MIB, .tables_bytes = MIB};
    walked->memory = flat_memory_create(&config);
    assert_non_null(walked->memory);
    walked->reader = flat_memory_reader(walked->memory);
    walked->regime =
        (struct translation_regime){.format = &vmsa_4k_48, .root = ROOT, .physical_size_lg2 = 40};
    assert_true(flat_memory_poke(walked->memory, L0_SLOT, 0x11003));
    assert_true(flat_memory_poke(walked->memory, L1_SLOT, 0x12003));
    assert_true(flat_memory_poke(walked->memory, L2_SLOT, 0x13003));
    assert_true(flat_memory_poke(walked->memory, L3_SLOT, leaf_word(3, 0x5000, "rw-u")));
}

static void close_walk(struct walked *walked)
{
    flat_memory_destroy(walked->memory);
}

static enum walk_status walk(struct walked *walked, uint64_t va)
{
    return interpret_address(&walked->regime, &walked->reader, va, &walked->walk);
}

/* The result of the walk of VA when one word of it is another. */
static enum walk_status walk_with(struct walked *walked, uint64_t slot, uint64_t word)
{
    assert_true(flat_memory_poke(walked->memory, slot, word));
    return walk(walked, VA);
}

static void assert_fault(const struct walked *walked, enum fault_kind kind, unsigned fault_level)
{
    assert_int_equal(walked->walk.fault, kind);
    assert_int_equal(walked->walk.fault_level, fault_level);
}

static void good_a_walk_asks_for_one_entry_of_each_level(void **state)
{
    static const uint64_t slots[] = {L0_SLOT, L1_SLOT, L2_SLOT, L3_SLOT};
    struct walked walked;
    open_walk(&walked);
    enum walk_status status = vmsa_4k_48.start(&walked.walk, &walked.regime, VA + 0x123);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t word;
        assert_int_equal(status, WALK_FETCH);
        assert_int_equal(walked.walk.fetches, 1);
        assert_int_equal(walked.walk.level, i);
        assert_int_equal(walked.walk.fetch[0], slots[i]);
        assert_true(walked.reader.read(walked.reader.context, slots[i], &word));
        status = vmsa_4k_48.resume(&walked.walk, &word);
    }
    assert_int_equal(status, WALK_LEAF);
    assert_int_equal(walked.walk.leaf.va, VA);
    assert_int_equal(walked.walk.leaf.frame.base, 0x5000);
    assert_int_equal(walked.walk.leaf.frame.size_lg2, 12);
    assert_int_equal(walked.walk.leaf.level, 3);
    assert_int_equal(walked.walk.leaf.frame.attributes, FRAME_READABLE | FRAME_WRITABLE | FRAME_USER);
    close_walk(&walked);
}

static void good_a_walk_can_be_copied_halfway(void **state)
{
    struct walked walked;
    open_walk(&walked);
    uint64_t word = 0x11003;
    assert_int_equal(vmsa_4k_48.start(&walked.walk, &walked.regime, VA), WALK_FETCH);
    assert_int_equal(vmsa_4k_48.resume(&walked.walk, &word), WALK_FETCH);
    struct walk_state copy = walked.walk;
    uint64_t invalid = 0;
    assert_int_equal(vmsa_4k_48.resume(&walked.walk, &invalid), WALK_FAULT);
    word = 0x12003;
    assert_int_equal(vmsa_4k_48.resume(&copy, &word), WALK_FETCH);
    assert_int_equal(copy.fetch[0], L2_SLOT);
    close_walk(&walked);
}

static void good_blocks_end_a_walk_at_levels_1_and_2(void **state)
{
    struct walked walked;
    open_walk(&walked);
    assert_int_equal(walk_with(&walked, L2_SLOT, leaf_word(2, 0x200000, "r--")), WALK_LEAF);
    assert_int_equal(walked.walk.leaf.level, 2);
    assert_int_equal(walked.walk.leaf.va, VA & ~(2 * MIB - 1));
    assert_int_equal(walked.walk.leaf.frame.size_lg2, 21);
    assert_int_equal(walk_with(&walked, L1_SLOT, leaf_word(1, GIB, "r--")), WALK_LEAF);
    assert_int_equal(walked.walk.leaf.level, 1);
    assert_int_equal(walked.walk.leaf.frame.base, GIB);
    close_walk(&walked);
}

static void bad_a_block_at_level_0_is_a_translation_fault(void **state)
{
    struct walked walked;
    open_walk(&walked);
    assert_int_equal(walk_with(&walked, L0_SLOT, 0x401), WALK_FAULT);
    assert_fault(&walked, FAULT_TRANSLATION, 0);
    close_walk(&walked);
}

static void bad_an_invalid_entry_is_a_translation_fault_of_its_level(void **state)
{
    static const uint64_t slots[] = {L0_SLOT, L1_SLOT, L2_SLOT, L3_SLOT};
    for (unsigned i = 0; i < 4; i++) {
        struct walked walked;
        open_walk(&walked);
        assert_int_equal(walk_with(&walked, slots[i], ~UINT64_C(1)), WALK_FAULT);
        assert_fault(&walked, FAULT_TRANSLATION, i);
        close_walk(&walked);
    }
}

static void bad_a_page_without_bit_1_is_a_translation_fault(void **state)
{
    struct walked walked;
    open_walk(&walked);
    assert_int_equal(walk_with(&walked, L3_SLOT, leaf_word(3, 0x5000, "rw-") & ~UINT64_C(2)), WALK_FAULT);
    assert_fault(&walked, FAULT_TRANSLATION, 3);
    close_walk(&walked);
}

static void bad_a_clear_access_flag_is_a_fault_of_its_level(void **state)
{
    struct walked walked;
    open_walk(&walked);
    assert_int_equal(walk_with(&walked, L3_SLOT, leaf_word(3, 0x5000, "rw-") & ~VMSA_AF), WALK_FAULT);
    assert_fault(&walked, FAULT_ACCESS_FLAG, 3);
    assert_int_equal(walk_with(&walked, L2_SLOT, leaf_word(2, 0x200000, "rw-") & ~VMSA_AF), WALK_FAULT);
    assert_fault(&walked, FAULT_ACCESS_FLAG, 2);
    close_walk(&walked);
}

static void good_the_highest_address_of_the_configured_size_is_reached(void **state)
{
    struct walked walked;
    open_walk(&walked);
    uint64_t last = (UINT64_C(1) << 40) - 4 * KIB;
    assert_int_equal(walk_with(&walked, L3_SLOT, leaf_word(3, last, "rw-")), WALK_LEAF);
    assert_int_equal(walked.walk.leaf.frame.base, last);
    close_walk(&walked);
}

static void bad_addresses_beyond_the_configured_size_fault_where_they_stand(void **state)
{
    const uint64_t beyond = UINT64_C(1) << 40;
    struct walked walked;
    open_walk(&walked);
    /* before the access flag is looked at */
    assert_int_equal(walk_with(&walked, L3_SLOT, leaf_word(3, beyond, "rw-") & ~VMSA_AF), WALK_FAULT);
    assert_fault(&walked, FAULT_ADDRESS_SIZE, 3);
    assert_int_equal(walk_with(&walked, L2_SLOT, beyond | 3), WALK_FAULT);
    assert_fault(&walked, FAULT_ADDRESS_SIZE, 2);
    walked.regime.root = beyond;
    assert_int_equal(vmsa_4k_48.start(&walked.walk, &walked.regime, VA), WALK_FAULT);
    assert_fault(&walked, FAULT_ADDRESS_SIZE, 0);
    close_walk(&walked);
}

static void good_the_highest_virtual_address_is_walked(void **state)
{
    struct walked walked;
    open_walk(&walked);
    assert_int_equal(vmsa_4k_48.start(&walked.walk, &walked.regime, (UINT64_C(1) << 48) - 1), WALK_FETCH);
    assert_int_equal(walked.walk.fetch[0], ROOT + UINT64_C(511) * 8);
    close_walk(&walked);
}

static void bad_a_virtual_address_beyond_48_bits_faults_without_a_fetch(void **state)
{
    struct walked walked;
    open_walk(&walked);
    assert_int_equal(vmsa_4k_48.start(&walked.walk, &walked.regime, UINT64_C(1) << 48), WALK_FAULT);
    assert_fault(&walked, FAULT_TRANSLATION, 0);
    assert_int_equal(walked.walk.fetches, 0);
    assert_int_equal(vmsa_4k_48.start(&walked.walk, &walked.regime, UINT64_MAX), WALK_FAULT);
    assert_fault(&walked, FAULT_TRANSLATION, 0);
    close_walk(&walked);
}

static void bad_a_table_where_there_is_no_memory_is_an_external_abort(void **state)
{
    struct walked walked;
    open_walk(&walked);
    assert_int_equal(walk_with(&walked, L1_SLOT, 64 * MIB | 3), WALK_FAULT);
    assert_fault(&walked, FAULT_EXTERNAL_ABORT, 2);
    close_walk(&walked);
}

/* ---- Rights ---- */

#define UL ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD)
#define US ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE)
#define UF ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH)
#define KL ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD)
#define KS ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE)
#define KF ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH)

static void good_attributes_allow_what_they_say(void **state)
{
    static const struct {
        const char *attributes;
        unsigned rights;
    } rows[] = {
        {"r--", KL},
        {"rw-", KL | KS},
        {"r-x", KL | KF},
        {"rwx", KL | KS | KF},
        {"r--u", KL | UL},
        {"rw-u", KL | KS | UL | US},
        {"r-xu", KL | UL | UF},
        {"rwxu", KL | KS | UL | US | UF},
        {"rw-gd", KL | KS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct walked walked;
        open_walk(&walked);
        assert_int_equal(walk_with(&walked, L3_SLOT, leaf_word(3, 0x5000, rows[i].attributes)), WALK_LEAF);
        assert_int_equal(walked.walk.leaf.rights, rows[i].rights);
        assert_int_equal(vmsa_4k_48.rights(walked.walk.leaf.frame.attributes), rows[i].rights);
        close_walk(&walked);
    }
}

static void bad_attributes_that_cannot_be_written_allow_nothing(void **state)
{
    assert_int_equal(vmsa_4k_48.rights(FRAME_WRITABLE | FRAME_USER), 0);
}

/* AP[2:1], PXN and UXN in all combinations, with the manual's tables D8-63 and rules RBDFT, LWPVL, VWLLR. */
static void good_rights_are_exact_for_every_leaf(void **state)
{
    for (unsigned i = 0; i < 16; i++) {
        bool user = i & 1;
        bool read_only = i & 2;
        bool pxn = i & 4;
        bool uxn = i & 8;
        uint64_t word = 0x5000 | VMSA_AF | 3 | (user ? UINT64_C(1) << 6 : 0) |
                        (read_only ? UINT64_C(1) << 7 : 0) | (pxn ? UINT64_C(1) << 53 : 0) |
                        (uxn ? UINT64_C(1) << 54 : 0);
        unsigned rights = KL | (read_only ? 0 : KS) | (user ? UL : 0) | (user && !read_only ? US : 0) |
                          (uxn ? 0 : UF) | (pxn || (user && !read_only) ? 0 : KF);
        struct walked walked;
        open_walk(&walked);
        assert_int_equal(walk_with(&walked, L3_SLOT, word), WALK_LEAF);
        assert_int_equal(walked.walk.leaf.rights, rights);
        close_walk(&walked);
    }
}

static void good_user_may_execute_what_it_cannot_read(void **state)
{
    struct walked walked;
    open_walk(&walked);
    uint64_t word = 0x5000 | VMSA_AF | VMSA_PXN | 3;
    assert_int_equal(walk_with(&walked, L3_SLOT, word), WALK_LEAF);
    assert_int_equal(walked.walk.leaf.rights & (UL | US | UF), UF);
    close_walk(&walked);
}

static void bad_kernel_never_executes_what_user_may_write(void **state)
{
    struct walked walked;
    open_walk(&walked);
    uint64_t word = 0x5000 | VMSA_AF | VMSA_AP_USER | 3;
    assert_int_equal(walk_with(&walked, L3_SLOT, word), WALK_LEAF);
    assert_int_equal(walked.walk.leaf.rights & KF, 0);
    /* unless a table takes the write away */
    assert_int_equal(walk_with(&walked, L1_SLOT, 0x12003 | VMSA_AP_TABLE_NOSTORE), WALK_LEAF);
    assert_int_equal(walked.walk.leaf.rights & KF, KF);
    close_walk(&walked);
}

static void good_tables_restrict_everything_below_them(void **state)
{
    static const struct {
        uint64_t bits;
        unsigned allowed;
    } rows[] = {
        {0, KL | KS | KF | UF},
        {VMSA_AP_TABLE_NOSTORE, KL | KF | UF},
        {VMSA_UXN_TABLE, KL | KS | KF},
        {VMSA_PXN_TABLE, KL | KS | UF},
        {VMSA_PXN_TABLE | VMSA_UXN_TABLE | VMSA_AP_TABLE_NOSTORE, KL},
    };
    static const uint64_t slots[] = {L0_SLOT, L1_SLOT, L2_SLOT};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t j = 0; j < 3; j++) {
            struct walked walked;
            uint64_t table;
            open_walk(&walked);
            assert_true(flat_memory_poke(walked.memory, L3_SLOT, 0x5000 | VMSA_AF | 3));
            assert_true(walked.reader.read(walked.reader.context, slots[j], &table));
            assert_int_equal(walk_with(&walked, slots[j], table | rows[i].bits), WALK_LEAF);
            assert_int_equal(walked.walk.leaf.rights, rows[i].allowed);
            close_walk(&walked);
        }
    }
}

static void good_a_table_hides_user_data_from_user(void **state)
{
    struct walked walked;
    open_walk(&walked);
    assert_int_equal(walk_with(&walked, L0_SLOT, 0x11003 | VMSA_AP_TABLE_NOUSER), WALK_LEAF);
    assert_int_equal(walked.walk.leaf.rights, KL | KS);
    assert_int_equal(walked.walk.leaf.frame.attributes, FRAME_READABLE | FRAME_WRITABLE);
    close_walk(&walked);
}

static void bad_what_one_walk_inherited_is_not_in_the_next(void **state)
{
    struct walked walked;
    open_walk(&walked);
    assert_int_equal(walk_with(&walked, L0_SLOT, 0x11003 | VMSA_AP_TABLE_NOUSER), WALK_LEAF);
    assert_int_equal(walk_with(&walked, L0_SLOT, 0x11003), WALK_LEAF);
    assert_int_equal(walked.walk.leaf.rights, KL | KS | UL | US);
    close_walk(&walked);
}

static void good_the_contiguous_bit_and_low_block_address_bits_change_nothing(void **state)
{
    struct walked walked;
    open_walk(&walked);
    uint64_t word = leaf_word(2, 0x200000, "rw-") | VMSA_CONTIGUOUS | 0x1f000;
    assert_int_equal(walk_with(&walked, L2_SLOT, word), WALK_LEAF);
    assert_int_equal(walked.walk.leaf.frame.base, 0x200000);
    assert_int_equal(walked.walk.leaf.frame.size_lg2, 21);
    close_walk(&walked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_every_expressible_frame_decodes_to_itself),
        cmocka_unit_test(bad_frames_that_the_format_cannot_express_are_refused),
        cmocka_unit_test(good_entries_have_the_bits_of_the_manual),
        cmocka_unit_test(good_words_are_told_apart_by_level),
        cmocka_unit_test(bad_a_block_at_level_0_and_a_page_without_bit_1_are_reserved),
        cmocka_unit_test(good_a_change_of_rights_needs_no_break),
        cmocka_unit_test(bad_a_change_of_memory_type_global_or_address_needs_a_break),
        cmocka_unit_test(good_a_walk_asks_for_one_entry_of_each_level),
        cmocka_unit_test(good_a_walk_can_be_copied_halfway),
        cmocka_unit_test(good_blocks_end_a_walk_at_levels_1_and_2),
        cmocka_unit_test(bad_a_block_at_level_0_is_a_translation_fault),
        cmocka_unit_test(bad_an_invalid_entry_is_a_translation_fault_of_its_level),
        cmocka_unit_test(bad_a_page_without_bit_1_is_a_translation_fault),
        cmocka_unit_test(bad_a_clear_access_flag_is_a_fault_of_its_level),
        cmocka_unit_test(good_the_highest_address_of_the_configured_size_is_reached),
        cmocka_unit_test(bad_addresses_beyond_the_configured_size_fault_where_they_stand),
        cmocka_unit_test(good_the_highest_virtual_address_is_walked),
        cmocka_unit_test(bad_a_virtual_address_beyond_48_bits_faults_without_a_fetch),
        cmocka_unit_test(bad_a_table_where_there_is_no_memory_is_an_external_abort),
        cmocka_unit_test(good_attributes_allow_what_they_say),
        cmocka_unit_test(bad_attributes_that_cannot_be_written_allow_nothing),
        cmocka_unit_test(good_rights_are_exact_for_every_leaf),
        cmocka_unit_test(good_user_may_execute_what_it_cannot_read),
        cmocka_unit_test(bad_kernel_never_executes_what_user_may_write),
        cmocka_unit_test(good_tables_restrict_everything_below_them),
        cmocka_unit_test(good_a_table_hides_user_data_from_user),
        cmocka_unit_test(bad_what_one_walk_inherited_is_not_in_the_next),
        cmocka_unit_test(good_the_contiguous_bit_and_low_block_address_bits_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
