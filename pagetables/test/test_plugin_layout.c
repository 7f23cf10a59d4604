/*
 * The binary interface of plug-ins, version 1: where every member lies, and what every enumerator is.
 * Plug-ins that are built stay as they are, so none of this may change. The compiler refuses this file when
 *
 * - a member moves: new members go to the end of their struct,
 * - a struct changes its size that plug-ins make, hand over by value or have in others: it is as it is
 * (FROZEN),
 * - an enumerator is renumbered: new ones go to the end.
 *
 * Whoever adds a member or an enumerator adds its row. Where that does not do, MMUSIM_PLUGIN_VERSION is
 * raised, this file says the new layout, and older plug-ins are refused.
 *
 * Of ABIs in which pointers have 64 bits and enumerations 32.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagetables/plugin.h"

#define AT(type, member, offset)                                                                             \
    _Static_assert(offsetof(struct type, member) == (offset), #type "." #member " has moved")
#define FROZEN(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type " has another size")
#define NUMBER(name, value) _Static_assert((name) == (value), #name " has another value")
#define AN_INT(type)        _Static_assert(sizeof(enum type) == sizeof(int), #type " has another size")

AT(frame, base, 0);
AT(frame, attributes, 8);
AT(frame, size_lg2, 12);
FROZEN(frame, 16);

AT(mapping, va, 0);
AT(mapping, frame, 8);
FROZEN(mapping, 24);

AT(access_controls, flags, 0);
AT(access_controls, key_rights, 4);
FROZEN(access_controls, 8);

AT(translation_regime, format, 0);
AT(translation_regime, root, 8);
AT(translation_regime, physical_size_lg2, 16);
AT(translation_regime, hardware_access, 17);
AT(translation_regime, hardware_dirty, 18);
AT(translation_regime, contiguous, 19);
AT(translation_regime, execute_by_privilege, 20);
AT(translation_regime, controls, 24);
AT(translation_regime, features, 32);

AT(walk_leaf, va, 0);
AT(walk_leaf, frame, 8);
AT(walk_leaf, rights, 24);
AT(walk_leaf, rights_when_dirty, 25);
AT(walk_leaf, stage1_rights, 26);
AT(walk_leaf, level, 27);
AT(walk_leaf, stage2_level, 28);
AT(walk_leaf, stage1_size_lg2, 29);
FROZEN(walk_leaf, 32);

AT(walk_table, va, 0);
AT(walk_table, pa, 8);
AT(walk_table, inherited, 16);
AT(walk_table, level, 24);
AT(walk_table, span_lg2, 25);
FROZEN(walk_table, 32);

AT(walk_update, pa, 0);
AT(walk_update, expected, 8);
AT(walk_update, desired, 16);
FROZEN(walk_update, 24);

AT(walk_range, va, 0);
AT(walk_range, bytes, 8);
AT(walk_range, pa, 16);
FROZEN(walk_range, 24);

AT(walk_state, regime, 0);
AT(walk_state, va, 8);
AT(walk_state, leaf, 16);
AT(walk_state, inherited, 48);
AT(walk_state, entry, 56);
AT(walk_state, desired, 64);
AT(walk_state, scratch, 72);
AT(walk_state, fetches, 104);
AT(walk_state, fetch_words, 105);
AT(walk_state, level, 106);
AT(walk_state, fault, 107);
AT(walk_state, fault_level, 108);
AT(walk_state, fetch, 112);
AT(walk_state, table_update, 208);
AT(walk_state, range, 232);

AT(fault_cause, va, 0);
AT(fault_cause, ipa, 8);
AT(fault_cause, kind, 16);
AT(fault_cause, level, 17);
AT(fault_cause, stage, 18);
AT(fault_cause, access, 19);
AT(fault_cause, privilege, 20);
AT(fault_cause, two_stage, 21);
AT(fault_cause, on_table, 22);
AT(fault_cause, table_store, 23);
AT(fault_cause, rights, 24);
AT(fault_cause, attributes, 28);
AT(fault_cause, controls, 32);
AT(fault_cause, features, 40);

AT(fault_report, address, 0);
AT(fault_report, ipa, 8);
AT(fault_report, code, 16);
AT(fault_report, instruction, 24);
AT(fault_report, vector, 32);
AT(fault_report, status, 33);

AT(walk_format, struct_bytes, 0);
AT(walk_format, name, 8);
AT(walk_format, summary, 16);
AT(walk_format, stage2, 24);
AT(walk_format, levels, 25);
AT(walk_format, va_bits, 26);
AT(walk_format, va_form, 27);
AT(walk_format, page_lg2, 28);
AT(walk_format, frame_sizes, 29);
AT(walk_format, frame_size_lg2, 30);
AT(walk_format, numbers, 40);
AT(walk_format, start, 48);
AT(walk_format, resume, 56);
AT(walk_format, rights, 64);
AT(walk_format, table, 72);
AT(walk_format, enter, 80);
AT(walk_format, update, 88);
AT(walk_format, updated, 96);
AT(walk_format, allowed, 104);
AT(walk_format, report, 112);
AT(walk_format, controls, 120);
AT(walk_format, updates_before_output, 128);
AT(walk_format, table_accesses_store, 129);
AT(walk_format, ranges, 130);
AT(walk_format, address_keeps_tables, 131);
AT(walk_format, spurious, 132);
AT(walk_format, updates, 133);
AT(walk_format, tag_bits, 134);
AT(walk_format, refuses_table, 136);
AT(walk_format, stage1_memory_type, 144);
AT(walk_format, invalidated_whole, 145);

AT(entry_level, number, 0);
AT(entry_level, span_lg2, 1);
AT(entry_level, index_bits, 2);
AT(entry_level, leaf, 3);
AT(entry_level, run_lg2, 4);
AT(entry_level, run_step, 8);
FROZEN(entry_level, 16);

AT(entry, kind, 0);
AT(entry, table, 8);
AT(entry, frame, 16);
FROZEN(entry, 32);

AT(entry_format, struct_bytes, 0);
AT(entry_format, levels, 4);
AT(entry_format, level, 8);
AT(entry_format, encode_leaf, 88);
AT(entry_format, encode_table, 96);
AT(entry_format, table_hardware_bits, 104);
AT(entry_format, decode, 112);
AT(entry_format, must_break, 120);
AT(entry_format, after_store, 128);

AT(invalidation, va, 0);
AT(invalidation, size_bytes, 8);
AT(invalidation, asid, 16);
AT(invalidation, vmid, 18);
AT(invalidation, scope, 20);
AT(invalidation, broadcast, 24);
AT(invalidation, last_level_only, 25);
FROZEN(invalidation, 32);

AT(environment_operations, read, 0);
AT(environment_operations, write, 8);
AT(environment_operations, compare_exchange, 16);
AT(environment_operations, allocate_table, 24);
AT(environment_operations, release_table, 32);
AT(environment_operations, barrier, 40);
AT(environment_operations, invalidate, 48);
AT(environment_operations, complete, 56);
AT(environment_operations, lock, 64);
AT(environment_operations, unlock, 72);

AT(environment, operations, 0);
AT(environment, context, 8);

AT(pagetable_config, format, 0);
AT(pagetable_config, asid, 8);
AT(pagetable_config, vmid, 10);
AT(pagetable_config, every_asid, 12);
AT(pagetable_config, entries, 16);

AT(memory_reader, read, 0);
AT(memory_reader, context, 8);

AT(pagetable_class, abi_version, 0);
AT(pagetable_class, struct_bytes, 4);
AT(pagetable_class, name, 8);
AT(pagetable_class, summary, 16);
AT(pagetable_class, state_bytes, 24);
AT(pagetable_class, releases_empty_tables, 28);
AT(pagetable_class, create, 32);
AT(pagetable_class, destroy, 40);
AT(pagetable_class, map, 48);
AT(pagetable_class, unmap, 56);
AT(pagetable_class, protect, 64);
AT(pagetable_class, query, 72);
AT(pagetable_class, root, 80);
AT(pagetable_class, enumerate, 88);
AT(pagetable_class, invariants, 96);
AT(pagetable_class, default_format, 104);
AT(pagetable_class, accepts, 112);
AT(pagetable_class, lacks_sizes, 120);
AT(pagetable_class, blocks, 128);

AT(mmusim_plugin, version, 0);
AT(mmusim_plugin, struct_bytes, 4);
AT(mmusim_plugin, table, 8);
AT(mmusim_plugin, format, 16);
AT(mmusim_plugin, entries, 24);

AN_INT(frame_attribute);
NUMBER(FRAME_READABLE, 1);
NUMBER(FRAME_WRITABLE, 2);
NUMBER(FRAME_EXECUTABLE, 4);
NUMBER(FRAME_USER, 8);
NUMBER(FRAME_GLOBAL, 16);
NUMBER(FRAME_DEVICE, 32);
NUMBER(FRAME_CLEAN, 64);
NUMBER(FRAME_OLD, 128);
NUMBER(FRAME_NONCACHEABLE, 256);

AN_INT(access_kind);
NUMBER(ACCESS_LOAD, 0);
NUMBER(ACCESS_STORE, 1);
NUMBER(ACCESS_FETCH, 2);

AN_INT(privilege);
NUMBER(PRIVILEGE_USER, 0);
NUMBER(PRIVILEGE_KERNEL, 1);

AN_INT(fault_kind);
NUMBER(FAULT_NONE, 0);
NUMBER(FAULT_TRANSLATION, 1);
NUMBER(FAULT_ACCESS_FLAG, 2);
NUMBER(FAULT_PERMISSION, 3);
NUMBER(FAULT_ADDRESS_SIZE, 4);
NUMBER(FAULT_EXTERNAL_ABORT, 5);
NUMBER(FAULT_TLB_CONFLICT, 6);
NUMBER(FAULT_RESERVED, 7);
NUMBER(FAULT_NONCANONICAL, 8);

AN_INT(access_control);
NUMBER(CONTROL_PAN, 1);
NUMBER(CONTROL_SUM, 2);
NUMBER(CONTROL_MXR, 4);
NUMBER(CONTROL_WP, 8);
NUMBER(CONTROL_SMEP, 16);
NUMBER(CONTROL_SMAP, 32);
NUMBER(CONTROL_AC, 64);
NUMBER(CONTROL_PKE, 128);

AN_INT(spurious_faults);
NUMBER(SPURIOUS_NEVER, 0);
NUMBER(SPURIOUS_ONCE, 1);
NUMBER(SPURIOUS_UNTIL_FENCE, 2);

AN_INT(hardware_updates);
NUMBER(UPDATES_CHOSEN, 0);
NUMBER(UPDATES_TOGETHER, 1);
NUMBER(UPDATES_ALWAYS, 2);

AN_INT(walk_status);
NUMBER(WALK_FETCH, 0);
NUMBER(WALK_LEAF, 1);
NUMBER(WALK_FAULT, 2);
NUMBER(WALK_UPDATE, 3);

AN_INT(va_form);
NUMBER(VA_LOW, 0);
NUMBER(VA_HIGH, 1);
NUMBER(VA_SIGNED, 2);

AN_INT(entry_kind);
NUMBER(ENTRY_INVALID, 0);
NUMBER(ENTRY_TABLE, 1);
NUMBER(ENTRY_LEAF, 2);
NUMBER(ENTRY_RESERVED, 3);

AN_INT(environment_error);
NUMBER(ENVIRONMENT_OK, 0);
NUMBER(ENVIRONMENT_NO_MEMORY, -1);
NUMBER(ENVIRONMENT_BAD_ADDRESS, -2);
NUMBER(ENVIRONMENT_STOPPED, -3);

AN_INT(barrier_kind);
NUMBER(BARRIER_DSB_ISH, 0);
NUMBER(BARRIER_DSB_NSH, 1);
NUMBER(BARRIER_DSB_ISHST, 2);
NUMBER(BARRIER_ISB, 3);
NUMBER(BARRIER_DMB_ISH, 4);
NUMBER(BARRIER_DMB_ISHST, 5);
NUMBER(BARRIER_FENCE, 6);

AN_INT(invalidation_scope);
NUMBER(INVALIDATE_VA, 0);
NUMBER(INVALIDATE_VA_ALL_ASIDS, 1);
NUMBER(INVALIDATE_ASID, 2);
NUMBER(INVALIDATE_ALL, 3);
NUMBER(INVALIDATE_IPA, 4);
NUMBER(INVALIDATE_VMID, 5);

AN_INT(pagetable_result);
NUMBER(PAGETABLE_OK, 0);
NUMBER(PAGETABLE_OVERLAP, 1);
NUMBER(PAGETABLE_NOT_MAPPED, 2);
NUMBER(PAGETABLE_NO_MEMORY, 3);
NUMBER(PAGETABLE_UNSUPPORTED, 4);
NUMBER(PAGETABLE_ENVIRONMENT, 5);
NUMBER(PAGETABLE_CORRUPT, 6);
NUMBER(PAGETABLE_UNALIGNED, 7);
NUMBER(PAGETABLE_BAD_SIZE, 8);
NUMBER(PAGETABLE_OUT_OF_RANGE, 9);
NUMBER(PAGETABLE_FRAME_IN_USE, 10);

NUMBER(ACCESS_RIGHTS_ALL, 63);
NUMBER(WALK_FETCHES_MAX, 12);
NUMBER(WALK_FETCH_WORDS_MAX, 8);
NUMBER(WALK_WORDS_MAX, 32);
NUMBER(ENTRY_LEVELS_MAX, 5);
NUMBER(ENTRY_BYTES, 8);
NUMBER(FRAME_KEY_SHIFT, 9);
NUMBER(FRAME_KEYS, 16);
NUMBER(FRAME_STATE_ALL, 192);
NUMBER(PAGETABLE_ABI_VERSION, 1);
NUMBER(MMUSIM_PLUGIN_VERSION, 1);

/* Structs that the program makes and plug-ins read, and those that begin with their size, may have grown. */
static void structs_have_at_least_the_size_of_version_1(void **context)
{
    assert_true(sizeof(struct translation_regime) >= 40);
    assert_true(sizeof(struct walk_state) >= 256);
    assert_true(sizeof(struct fault_cause) >= 48);
    assert_true(sizeof(struct fault_report) >= 40);
    assert_true(sizeof(struct walk_format) >= 152);
    assert_true(sizeof(struct entry_format) >= 136);
    assert_true(sizeof(struct environment_operations) >= 80);
    assert_true(sizeof(struct environment) >= 16);
    assert_true(sizeof(struct pagetable_config) >= 24);
    assert_true(sizeof(struct memory_reader) >= 16);
    assert_true(sizeof(struct pagetable_class) >= 128);
    assert_true(sizeof(struct mmusim_plugin) >= 32);
}

/* The sizes come first, so that they are found in a struct of any version. */
static void sizes_stand_where_every_version_finds_them(void **context)
{
    const struct mmusim_plugin plugin = {.version = 1, .struct_bytes = 2};
    const struct walk_format format = {.struct_bytes = 3};
    const struct entry_format entries = {.struct_bytes = 4};
    const struct pagetable_class table = {.abi_version = 5, .struct_bytes = 6};
    assert_int_equal(((const uint32_t *)(const void *)&plugin)[0], 1);
    assert_int_equal(((const uint32_t *)(const void *)&plugin)[1], 2);
    assert_int_equal(((const uint32_t *)(const void *)&format)[0], 3);
    assert_int_equal(((const uint32_t *)(const void *)&entries)[0], 4);
    assert_int_equal(((const uint32_t *)(const void *)&table)[0], 5);
    assert_int_equal(((const uint32_t *)(const void *)&table)[1], 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structs_have_at_least_the_size_of_version_1),
        cmocka_unit_test(sizes_stand_where_every_version_finds_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
