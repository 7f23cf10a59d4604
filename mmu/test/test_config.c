/*
 * The machine's description: each parameter's default is fine, what lies outside its range is refused with a
 * sentence that names it, and members of the families come and go by their names.
 */
#include <inttypes.h>

#include "mmu/test/machine_fixture.h"

/* Three TLBs, one walk cache and two data caches: each family has members. */
static void make_full(struct mmu_config *config)
{
    char error[256] = "";
    mmu_config_defaults(config);
    if (!mmu_member_add(config, MMU_FAMILY_WALK_CACHE, "pde", error, sizeof error) ||
        !mmu_member_add(config, MMU_FAMILY_CACHE, "l1", error, sizeof error) ||
        !mmu_member_add(config, MMU_FAMILY_CACHE, "l2", error, sizeof error))
        fail_msg("%s", error);
}

static void add_tlb(struct mmu_config *config, const char *name)
{
    char error[256] = "";
    if (!mmu_member_add(config, MMU_FAMILY_TLB, name, error, sizeof error))
        fail_msg("%s", error);
}

static struct tlb_config *tlb_named(struct mmu_config *config, const char *name)
{
    for (uint64_t i = 0; i < config->tlb_count; i++)
        if (strcmp(config->tlbs[i].name, name) == 0)
            return &config->tlbs[i];
    fail_msg("there is no tlb.%s", name);
    return NULL;
}

static void assert_fine(const struct mmu_config *config)
{
    char error[256] = "";
    if (!mmu_config_check(config, error, sizeof error))
        fail_msg("%s", error);
}

static void assert_refused(const struct mmu_config *config, const char *wanted)
{
    char error[256] = "";
    assert_false(mmu_config_check(config, error, sizeof error));
    assert_string_equal(error, wanted);
}

/* ---- parameters --------------------------------------------------------------------------------- */

static void the_defaults_are_a_machine(void **state)
{
    struct mmu_config config;
    char error[256] = "";
    (void)state;
    mmu_config_defaults(&config);
    assert_fine(&config);
    struct machine *machine = machine_create(&config, error, sizeof error);
    assert_non_null(machine);
    assert_memory_equal(machine_config(machine), &config, sizeof config);
    machine_destroy(machine);
    make_full(&config);
    assert_fine(&config);
}

/* But names, levels, sides and counts, which come from the members' names. */
static void every_member_has_exactly_one_parameter(void **state)
{
    struct mmu_config config;
    struct mmu_setting setting;
    uint64_t count = 0;
    (void)state;
    make_full(&config);
    for (; mmu_setting_at(&config, (unsigned)count, &setting); count++)
        mmu_setting_set(&config, &setting, UINT64_MAX);
    for (unsigned i = 0; mmu_setting_at(&config, i, &setting); i++) {
        assert_int_equal(mmu_setting_get(&config, &setting), UINT64_MAX); /* nobody set it before */
        mmu_setting_set(&config, &setting, i);
        assert_int_equal(mmu_setting_get(&config, &setting), i);
    }
    size_t singles = offsetof(struct mmu_config, tlb_count);
    size_t tlb = sizeof(struct tlb_config) - offsetof(struct tlb_config, entries);
    size_t walk_cache = sizeof(struct walk_cache_config) - offsetof(struct walk_cache_config, holds);
    size_t cache = sizeof(struct cache_config) - offsetof(struct cache_config, size_bytes);
    assert_int_equal(count * sizeof(uint64_t), singles + 3 * tlb + walk_cache + 2 * cache);
}

static void check_row(const struct mmu_parameter *parameter)
{
    assert_true(*parameter->text != 0);
    assert_true(parameter->least <= parameter->most);
    assert_true((parameter->kind == PARAMETER_CHOICE) == (parameter->choices != NULL));
    assert_true(parameter->standard >= parameter->least);
    assert_true(parameter->standard <= parameter->most || parameter->kind == PARAMETER_SIZES);
    for (uint64_t i = 0; parameter->choices && i <= parameter->most; i++)
        if (!strstr(parameter->text, parameter->choices[i]))
            fail_msg("the text of %s does not name %s", parameter->name, parameter->choices[i]);
}

static void parameters_are_found_by_their_names(void **state)
{
    const struct mmu_parameter *parameter;
    struct mmu_config config;
    struct mmu_setting setting, found;
    (void)state;
    for (unsigned i = 0; (parameter = mmu_parameter_at(i)); i++) {
        assert_ptr_equal(mmu_parameter_find(parameter->name), parameter);
        check_row(parameter);
    }
    make_full(&config);
    for (unsigned i = 0; mmu_setting_at(&config, i, &setting); i++) {
        assert_true(mmu_setting_find(&config, setting.name, &found));
        assert_int_equal(found.offset, setting.offset);
        check_row(found.parameter);
    }
    assert_true(mmu_setting_find(&config, "cache.l2.size", &found));
    assert_int_equal(mmu_setting_get(&config, &found), config.caches[1].size_bytes);
    assert_false(mmu_setting_find(&config, "tlb.l1d.size", &found));
    assert_false(mmu_setting_find(&config, "cache.l3.size", &found));
    assert_null(mmu_parameter_find("tlb.l1d.entries"));
    assert_string_equal(mmu_parameter_unit(mmu_parameter_find("memory.latency")), "cycles");
    assert_string_equal(mmu_parameter_unit(mmu_parameter_find("memory.size")), "bytes");
    assert_string_equal(mmu_parameter_unit(mmu_parameter_find("cores")), "");
}

/* ---- ranges ------------------------------------------------------------------------------------- */

static bool is_number(const struct mmu_parameter *parameter)
{
    return parameter->kind == PARAMETER_COUNT || parameter->kind == PARAMETER_BYTES ||
           parameter->kind == PARAMETER_CYCLES;
}

/* The sentence for one setting at a value, all others at their defaults. */
static void refused(unsigned index, uint64_t value)
{
    struct mmu_config config;
    struct mmu_setting setting;
    char error[256] = "", wanted[256];
    make_full(&config);
    assert_true(mmu_setting_at(&config, index, &setting));
    const struct mmu_parameter *parameter = setting.parameter;
    const char *unit = mmu_parameter_unit(parameter);
    mmu_setting_set(&config, &setting, value);
    assert_false(mmu_config_check(&config, error, sizeof error));
    snprintf(wanted, sizeof wanted, "%s is %" PRIu64 "; it must be from %" PRIu64 " to %" PRIu64 "%s%s",
             setting.name, value, parameter->least, parameter->most, *unit ? " " : "", unit);
    if (is_number(parameter))
        assert_string_equal(error, wanted);
    assert_memory_equal(error, setting.name, strlen(setting.name));
    assert_null(machine_create(&config, error, sizeof error));
    assert_memory_equal(error, setting.name, strlen(setting.name));
}

static void what_is_out_of_range_is_named_with_its_range(void **state)
{
    struct mmu_config config;
    struct mmu_setting setting;
    (void)state;
    make_full(&config);
    for (unsigned i = 0; mmu_setting_at(&config, i, &setting); i++) {
        if (setting.parameter->least > 0)
            refused(i, setting.parameter->least - 1);
        refused(i, setting.parameter->most + 1);
    }
}

/* What must fit the rest of the machine is tested below. */
static bool stands_alone(const char *name)
{
    static const char *const others[] = {".ways", ".inclusion", ".shared", "cache.l1.size", "cache.l2.size"};
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
        if (strstr(name, others[i]) && strncmp(name, "walker", 6) != 0)
            return false;
    return true;
}

static void the_ends_of_every_range_are_fine(void **state)
{
    struct mmu_config config;
    struct mmu_setting setting;
    (void)state;
    make_full(&config);
    for (unsigned i = 0; mmu_setting_at(&config, i, &setting); i++)
        for (unsigned end = 0; end < 2 && stands_alone(setting.name); end++) {
            make_full(&config);
            for (uint64_t j = 0; j < config.tlb_count; j++)
                config.tlbs[j].ways = 1;
            config.walk_caches[0].ways = 1;
            mmu_setting_set(&config, &setting, end ? setting.parameter->most : setting.parameter->least);
            assert_fine(&config);
        }
}

static void a_choice_is_one_of_its_names(void **state)
{
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    config.bus_arbitration = BUS_FIXED_PRIORITY;
    assert_fine(&config);
    config.bus_arbitration = BUS_ARBITRATIONS;
    assert_refused(&config, "bus.arbitration is 3; it must be \"oldest\", \"round-robin\" or \"priority\"");
}

static void a_switch_is_false_or_true(void **state)
{
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    config.walker_shared = true;
    assert_fine(&config);
    config.walker_shared = 2;
    assert_refused(&config, "walker.shared is 2; it must be false or true");
}

static void sizes_are_powers_of_two_and_not_none(void **state)
{
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    config.tlbs[0].sizes = UINT64_C(1) << 12 | UINT64_C(1) << 21;
    assert_fine(&config);
    config.tlbs[0].sizes = 0;
    assert_refused(&config, "tlb.l1i.sizes is empty; it must be \"all\", or powers of two from 4K to 512T");
    config.tlbs[0].sizes = UINT64_C(1) << 11 | UINT64_C(1) << 12;
    assert_refused(&config, "tlb.l1i.sizes is 2K 4K; it must be \"all\", or powers of two from 4K to 512T");
}

static void powers_of_two_are_that(void **state)
{
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    config.bus_width_bytes = 16;
    config.cache_line_bytes = 128;
    assert_fine(&config);
    config.bus_width_bytes = 24;
    assert_refused(&config, "bus.width is 24 bytes; it must be a power of two");
    config.bus_width_bytes = 16;
    config.cache_line_bytes = 96;
    assert_refused(&config, "cache.line is 96 bytes; it must be a power of two");
}

static void ways_divide_entries(void **state)
{
    struct mmu_config config;
    (void)state;
    make_full(&config);
    tlb_named(&config, "l2")->entries = 12;
    assert_fine(&config);
    tlb_named(&config, "l2")->entries = 13;
    assert_refused(&config, "tlb.l2: 13 entries cannot be split into 12 ways; the entries must be a "
                            "multiple of the ways");
    tlb_named(&config, "l2")->entries = 6;
    assert_refused(&config, "tlb.l2: 6 entries cannot be split into 12 ways; the entries must be a multiple "
                            "of the ways");
    make_full(&config);
    config.walk_caches[0].ways = 5;
    assert_refused(&config, "walk_cache.pde: 32 entries cannot be split into 5 ways; the entries must be a "
                            "multiple of the ways");
}

static void a_cache_is_whole_sets(void **state)
{
    struct mmu_config config;
    (void)state;
    make_full(&config);
    config.caches[0].size_bytes = 8 * 64;
    assert_fine(&config);
    config.caches[0].size_bytes = 9 * 64;
    assert_refused(&config, "cache.l1.size is 576 bytes; it must be a multiple of 8 ways of 64-byte lines, "
                            "512 bytes");
    config.caches[0].size_bytes = 4 * 64;
    assert_refused(&config, "cache.l1.size is 256 bytes; it must be a multiple of 8 ways of 64-byte lines, "
                            "512 bytes");
    config.caches[0].size_bytes = UINT64_C(1) << 30;
    assert_refused(&config, "cache.l1.size is 1073741824 bytes; with lines of 64 bytes it must be at most "
                            "67108864 bytes");
}

static void memory_is_whole_pages(void **state)
{
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    config.memory_bytes = UINT64_C(1) << 20;
    assert_fine(&config);
    config.memory_bytes++;
    assert_refused(&config, "memory.size is 1048577 bytes; it must be a multiple of 4096");
}

/* ---- members ------------------------------------------------------------------------------------ */

static void the_standard_tlbs_have_standards_of_their_own(void **state)
{
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    assert_int_equal(config.tlb_count, 3);
    assert_int_equal(config.walk_cache_count, 0);
    assert_int_equal(config.cache_count, 0);
    assert_int_equal(tlb_named(&config, "l1i")->entries, 48);
    assert_int_equal(tlb_named(&config, "l1d")->entries, 64);
    assert_int_equal(tlb_named(&config, "l2")->entries, 1536);
    assert_int_equal(tlb_named(&config, "l2")->ways, 12);
    assert_int_equal(tlb_named(&config, "l2")->latency_cycles, 7);
    assert_int_equal(tlb_named(&config, "l2")->sizes, TLB_ALL_PAGE_SIZES);
    assert_true(tlb_named(&config, "l2")->hit_under_miss);
}

static void a_name_says_where_a_tlb_stands(void **state)
{
    static const struct {
        const char *name;
        uint64_t level, side;
    } rows[] = {{"l1", 1, TLB_SIDE_BOTH},        {"l1i_2m", 1, TLB_SIDE_INSTRUCTION},
                {"l2d", 2, TLB_SIDE_DATA},       {"l3_1g", 3, TLB_SIDE_BOTH},
                {"l8d_0", 8, TLB_SIDE_DATA},     {"l2_abcdefghijkl", 2, TLB_SIDE_BOTH},
                {"l4i", 4, TLB_SIDE_INSTRUCTION}};
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        add_tlb(&config, rows[i].name);
        const struct tlb_config *tlb = tlb_named(&config, rows[i].name);
        assert_int_equal(tlb->level, rows[i].level);
        assert_int_equal(tlb->side, rows[i].side);
        assert_int_equal(tlb->entries, rows[i].level == 1 ? 64 : 1536);
    }
}

static void names_that_mean_nothing_are_refused(void **state)
{
    static const struct {
        enum mmu_family_id family;
        const char *name;
    } rows[] = {
        {MMU_FAMILY_TLB, ""},           {MMU_FAMILY_TLB, "l"},          {MMU_FAMILY_TLB, "l0"},
        {MMU_FAMILY_TLB, "l9"},         {MMU_FAMILY_TLB, "l1x"},        {MMU_FAMILY_TLB, "l1d_"},
        {MMU_FAMILY_TLB, "l1d_a_b"},    {MMU_FAMILY_TLB, "l1d_2M"},     {MMU_FAMILY_TLB, "L1D"},
        {MMU_FAMILY_TLB, "l12"},        {MMU_FAMILY_TLB, "l1id"},       {MMU_FAMILY_TLB, "l2_abcdefghijklm"},
        {MMU_FAMILY_WALK_CACHE, ""},    {MMU_FAMILY_WALK_CACHE, "2m"},  {MMU_FAMILY_WALK_CACHE, "_a"},
        {MMU_FAMILY_WALK_CACHE, "a b"}, {MMU_FAMILY_WALK_CACHE, "PDE"}, {MMU_FAMILY_CACHE, "l5"},
        {MMU_FAMILY_CACHE, "l1d"},      {MMU_FAMILY_CACHE, "l0"},
    };
    struct mmu_config config, before;
    char error[256], wanted[256];
    (void)state;
    mmu_config_defaults(&config);
    before = config;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct mmu_family *family = mmu_family_at(rows[i].family);
        assert_false(mmu_member_add(&config, rows[i].family, rows[i].name, error, sizeof error));
        snprintf(wanted, sizeof wanted, "%s.%s is no name of a member; names are %s", family->name,
                 rows[i].name, family->names);
        assert_string_equal(error, wanted);
    }
    assert_memory_equal(&config, &before, sizeof config);
}

static void tlbs_stand_by_level_and_then_as_they_were_made(void **state)
{
    static const char *const made[] = {"l3", "l1d_2m", "l2_1g", "l1i_2m", "l1d"};
    static const char *const wanted[] = {"l1i", "l1d", "l1d_2m", "l1i_2m", "l2", "l2_1g", "l3"};
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    for (unsigned i = 0; i < sizeof made / sizeof *made; i++)
        add_tlb(&config, made[i]);
    assert_int_equal(config.tlb_count, sizeof wanted / sizeof *wanted);
    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_string_equal(config.tlbs[i].name, wanted[i]);
}

static void a_member_that_is_there_keeps_its_settings(void **state)
{
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    tlb_named(&config, "l1d")->entries = 32;
    add_tlb(&config, "l1d");
    assert_int_equal(config.tlb_count, 3);
    assert_int_equal(tlb_named(&config, "l1d")->entries, 32);
}

static void what_is_removed_leaves_nothing(void **state)
{
    struct mmu_config config, before;
    (void)state;
    mmu_config_defaults(&config);
    before = config;
    add_tlb(&config, "l1d_2m");
    assert_true(mmu_member_remove(&config, MMU_FAMILY_TLB, "l1d_2m"));
    assert_memory_equal(&config, &before, sizeof config);
    assert_false(mmu_member_remove(&config, MMU_FAMILY_TLB, "l1d_2m"));
    assert_false(mmu_member_remove(&config, MMU_FAMILY_CACHE, "l1"));
    assert_memory_equal(&config, &before, sizeof config);
    assert_true(mmu_member_remove(&config, MMU_FAMILY_TLB, "l2"));
    assert_int_equal(config.tlb_count, 2);
    assert_fine(&config);
}

static void there_is_room_for_so_many(void **state)
{
    struct mmu_config config, before;
    char error[256], name[MMU_NAME_BYTES];
    (void)state;
    mmu_config_defaults(&config);
    for (unsigned i = 3; i < MMU_TLBS_MAX; i++) {
        snprintf(name, sizeof name, "l%u_%u", 2 + i / 7, i); /* seven a level */
        add_tlb(&config, name);
    }
    assert_fine(&config);
    before = config;
    assert_false(mmu_member_add(&config, MMU_FAMILY_TLB, "l3", error, sizeof error));
    assert_string_equal(error, "tlb.l3 is one too many; a machine has at most 24 of them");
    assert_memory_equal(&config, &before, sizeof config);
}

/* ---- levels ------------------------------------------------------------------------------------- */

static void levels_begin_with_one_for_each_side(void **state)
{
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    assert_true(mmu_member_remove(&config, MMU_FAMILY_TLB, "l2"));
    assert_true(mmu_member_remove(&config, MMU_FAMILY_TLB, "l1d"));
    assert_refused(&config, "no TLB of level 1 serves data; there must be tlb.l1d, or tlb.l1 for both sides");
    assert_true(mmu_member_remove(&config, MMU_FAMILY_TLB, "l1i"));
    assert_refused(&config, "no TLB of level 1 serves instructions; there must be tlb.l1i, or tlb.l1 for "
                            "both sides");
    add_tlb(&config, "l1");
    assert_fine(&config);
}

static void levels_have_no_gap(void **state)
{
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    add_tlb(&config, "l3");
    assert_fine(&config);
    assert_true(mmu_member_remove(&config, MMU_FAMILY_TLB, "l2"));
    assert_refused(&config, "tlb.l3 is of level 3, but no TLB of level 2 serves instructions; levels begin "
                            "with 1 and have no gap");
    add_tlb(&config, "l2i");
    assert_refused(&config, "tlb.l3 is of level 3, but no TLB of level 2 serves data; levels begin with 1 "
                            "and have no gap");
    add_tlb(&config, "l2d");
    assert_fine(&config);
}

static void a_level_is_split_or_unified(void **state)
{
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    add_tlb(&config, "l1d_2m");
    add_tlb(&config, "l2_1g");
    assert_fine(&config);
    add_tlb(&config, "l1_1g");
    assert_refused(&config, "tlb.l1d_2m and tlb.l1_1g are both of level 1; a level has either TLBs "
                            "for instructions and for data, or TLBs for both");
}

static void inclusion_is_a_matter_of_whole_levels_from_the_second(void **state)
{
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    add_tlb(&config, "l2_1g");
    tlb_named(&config, "l2")->inclusion = TLB_INCLUSION_EXCLUSIVE;
    assert_refused(&config, "tlb.l2 and tlb.l2_1g are both of level 2; all TLBs of a level must have the "
                            "same inclusion");
    tlb_named(&config, "l2_1g")->inclusion = TLB_INCLUSION_EXCLUSIVE;
    assert_fine(&config);
    tlb_named(&config, "l1d")->inclusion = TLB_INCLUSION_INCLUSIVE;
    assert_refused(&config, "tlb.l1d.inclusion must be \"neither\": nothing is in front of level 1");
}

static void sharing_is_a_matter_of_whole_levels_from_the_second(void **state)
{
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    add_tlb(&config, "l2_1g");
    tlb_named(&config, "l2_1g")->shared = true;
    assert_refused(&config, "tlb.l2 and tlb.l2_1g are both of level 2; all TLBs of a level must be shared, "
                            "or none");
    tlb_named(&config, "l2")->shared = true;
    assert_fine(&config);
    add_tlb(&config, "l3");
    assert_refused(&config, "tlb.l3 is each core's own behind tlb.l2_1g, which is shared; it must be "
                            "shared, too");
    tlb_named(&config, "l3")->shared = true;
    assert_fine(&config);
    tlb_named(&config, "l1i")->shared = true;
    assert_refused(&config, "tlb.l1i.shared is true; TLBs of level 1 must be each core's own");
}

static void data_caches_follow_each_other(void **state)
{
    struct mmu_config config;
    char error[256];
    (void)state;
    make_full(&config);
    config.caches[1].shared = true;
    assert_fine(&config);
    assert_true(mmu_member_add(&config, MMU_FAMILY_CACHE, "l3", error, sizeof error));
    assert_refused(&config, "cache.l3 is each core's own behind cache.l2, which is shared; it must be "
                            "shared, too");
    config.caches[2].shared = true;
    assert_fine(&config);
    config.caches[0].shared = true;
    assert_refused(&config, "cache.l1.shared is true; caches of level 1 must be each core's own");
    assert_true(mmu_member_remove(&config, MMU_FAMILY_CACHE, "l1"));
    assert_refused(&config, "cache.l2 is there, but no cache.l1; levels begin with 1 and have no gap");
}

/* ---- values as texts ---------------------------------------------------------------------------- */

static void values_are_printed_as_a_script_writes_them(void **state)
{
    static const struct {
        const char *name;
        uint64_t value;
        const char *text;
    } rows[] = {
        {"cores", 4, "4"},
        {"memory.size", 65536, "65536"},
        {"walker.merge", 1, "true"},
        {"walker.shared", 0, "false"},
        {"ordering", ORDERING_RISCV, "riscv"},
        {"shootdown.targets", SHOOTDOWN_RAN, "ran"},
        {"tlb.l1d.sizes", TLB_ALL_PAGE_SIZES, "all"},
        {"tlb.l1d.sizes", UINT64_C(1) << 12, "4K"},
        {"tlb.l1d.sizes", UINT64_C(1) << 16 | UINT64_C(1) << 21 | UINT64_C(1) << 39, "64K 2M 512G"},
    };
    struct mmu_config config;
    struct mmu_setting setting;
    char text[MMU_VALUE_BYTES];
    (void)state;
    mmu_config_defaults(&config);
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(mmu_setting_find(&config, rows[i].name, &setting));
        mmu_setting_print(setting.parameter, rows[i].value, text, sizeof text);
        assert_string_equal(text, rows[i].text);
    }
}

static void the_longest_value_has_room(void **state)
{
    struct mmu_config config;
    struct mmu_setting setting;
    char text[2 * MMU_VALUE_BYTES];
    (void)state;
    mmu_config_defaults(&config);
    assert_true(mmu_setting_find(&config, "tlb.l1d.sizes", &setting));
    mmu_setting_print(setting.parameter, TLB_ALL_PAGE_SIZES - 1, text, sizeof text);
    assert_true(strlen(text) < MMU_VALUE_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_a_machine),
        cmocka_unit_test(every_member_has_exactly_one_parameter),
        cmocka_unit_test(parameters_are_found_by_their_names),
        cmocka_unit_test(what_is_out_of_range_is_named_with_its_range),
        cmocka_unit_test(the_ends_of_every_range_are_fine),
        cmocka_unit_test(a_choice_is_one_of_its_names),
        cmocka_unit_test(a_switch_is_false_or_true),
        cmocka_unit_test(sizes_are_powers_of_two_and_not_none),
        cmocka_unit_test(powers_of_two_are_that),
        cmocka_unit_test(ways_divide_entries),
        cmocka_unit_test(a_cache_is_whole_sets),
        cmocka_unit_test(memory_is_whole_pages),
        cmocka_unit_test(the_standard_tlbs_have_standards_of_their_own),
        cmocka_unit_test(a_name_says_where_a_tlb_stands),
        cmocka_unit_test(names_that_mean_nothing_are_refused),
        cmocka_unit_test(tlbs_stand_by_level_and_then_as_they_were_made),
        cmocka_unit_test(a_member_that_is_there_keeps_its_settings),
        cmocka_unit_test(what_is_removed_leaves_nothing),
        cmocka_unit_test(there_is_room_for_so_many),
        cmocka_unit_test(levels_begin_with_one_for_each_side),
        cmocka_unit_test(levels_have_no_gap),
        cmocka_unit_test(a_level_is_split_or_unified),
        cmocka_unit_test(inclusion_is_a_matter_of_whole_levels_from_the_second),
        cmocka_unit_test(sharing_is_a_matter_of_whole_levels_from_the_second),
        cmocka_unit_test(data_caches_follow_each_other),
        cmocka_unit_test(values_are_printed_as_a_script_writes_them),
        cmocka_unit_test(the_longest_value_has_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
