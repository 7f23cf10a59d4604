/*
 * The machine's description: each parameter's default is fine, and what lies outside its range is refused
 * with a sentence that names it.
 */
#include <inttypes.h>

#include "mmu/test/machine_fixture.h"

static void the_defaults_are_a_machine(void **state)
{
    struct mmu_config config;
    char error[256] = "";
    (void)state;
    mmu_config_defaults(&config);
    if (!mmu_config_check(&config, error, sizeof error))
        fail_msg("%s", error);
    struct machine *machine = machine_create(&config, error, sizeof error);
    assert_non_null(machine);
    assert_memory_equal(machine_config(machine), &config, sizeof config);
    machine_destroy(machine);
}

static void every_member_has_exactly_one_parameter(void **state)
{
    struct mmu_config config;
    const struct mmu_parameter *parameter;
    unsigned count = 0;
    (void)state;
    memset(&config, 0xff, sizeof config);
    for (; (parameter = mmu_parameter_at(count)); count++) {
        assert_int_equal(mmu_parameter_get(&config, parameter), UINT64_MAX); /* nobody set it before */
        mmu_parameter_set(&config, parameter, count);
        assert_int_equal(mmu_parameter_get(&config, parameter), count);
    }
    assert_int_equal(count * sizeof(uint64_t), sizeof config);
}

static void parameters_are_found_by_their_names(void **state)
{
    const struct mmu_parameter *parameter;
    (void)state;
    for (unsigned i = 0; (parameter = mmu_parameter_at(i)); i++) {
        assert_ptr_equal(mmu_parameter_find(parameter->name), parameter);
        assert_true(*parameter->text != 0);
        assert_true(parameter->least <= parameter->standard && parameter->standard <= parameter->most);
    }
    assert_null(mmu_parameter_find("tlb.l1d.size"));
    assert_string_equal(mmu_parameter_unit(mmu_parameter_find("memory.latency")), "cycles");
    assert_string_equal(mmu_parameter_unit(mmu_parameter_find("memory.size")), "bytes");
    assert_string_equal(mmu_parameter_unit(mmu_parameter_find("cores")), "");
}

/* The sentence for one parameter at a value, all others at their defaults. */
static void refused(const struct mmu_parameter *parameter, uint64_t value)
{
    struct mmu_config config;
    char error[256] = "", wanted[256];
    const char *unit = mmu_parameter_unit(parameter);
    mmu_config_defaults(&config);
    mmu_parameter_set(&config, parameter, value);
    assert_false(mmu_config_check(&config, error, sizeof error));
    snprintf(wanted, sizeof wanted, "%s is %" PRIu64 "; it must be from %" PRIu64 " to %" PRIu64 "%s%s",
             parameter->name, value, parameter->least, parameter->most, *unit ? " " : "", unit);
    assert_string_equal(error, wanted);
    assert_null(machine_create(&config, error, sizeof error));
    assert_string_equal(error, wanted);
}

static void what_is_out_of_range_is_named_with_its_range(void **state)
{
    const struct mmu_parameter *parameter;
    (void)state;
    for (unsigned i = 0; (parameter = mmu_parameter_at(i)); i++) {
        if (parameter->least > 0)
            refused(parameter, parameter->least - 1);
        refused(parameter, parameter->most + 1);
    }
}

/* Ways divide the entries, so those two are moved together. */
static void the_ends_of_every_range_are_fine(void **state)
{
    const struct mmu_parameter *parameter;
    char error[256];
    (void)state;
    for (unsigned i = 0; (parameter = mmu_parameter_at(i)); i++)
        for (unsigned end = 0; end < 2; end++) {
            struct mmu_config config;
            mmu_config_defaults(&config);
            config.l1i.ways = config.l1d.ways = config.l2.ways = 1;
            mmu_parameter_set(&config, parameter, end ? parameter->most : parameter->least);
            if (strstr(parameter->name, ".ways"))
                config.l1i.entries = config.l1d.entries = config.l2.entries =
                    end ? parameter->most : parameter->least;
            if (strstr(parameter->name, ".ways") && end)
                config.l1i.ways = config.l1d.ways = config.l2.ways = parameter->most;
            if (!mmu_config_check(&config, error, sizeof error))
                fail_msg("%s", error);
        }
}

static void ways_divide_entries(void **state)
{
    struct mmu_config config;
    char error[256];
    (void)state;
    mmu_config_defaults(&config);
    config.l2 = (struct tlb_config){12, 12, 7};
    assert_true(mmu_config_check(&config, error, sizeof error));
    config.l2.entries = 13;
    assert_false(mmu_config_check(&config, error, sizeof error));
    assert_string_equal(error, "tlb.l2: 13 entries cannot be split into 12 ways; the entries must be a "
                               "multiple of the ways");
    config.l2.entries = 6;
    assert_false(mmu_config_check(&config, error, sizeof error));
}

static void memory_is_whole_pages(void **state)
{
    struct mmu_config config;
    char error[256];
    (void)state;
    mmu_config_defaults(&config);
    config.memory_bytes = UINT64_C(1) << 20;
    assert_true(mmu_config_check(&config, error, sizeof error));
    config.memory_bytes++;
    assert_false(mmu_config_check(&config, error, sizeof error));
    assert_string_equal(error, "memory.size is 1048577 bytes; it must be a multiple of 4096");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_a_machine),
        cmocka_unit_test(every_member_has_exactly_one_parameter),
        cmocka_unit_test(parameters_are_found_by_their_names),
        cmocka_unit_test(what_is_out_of_range_is_named_with_its_range),
        cmocka_unit_test(the_ends_of_every_range_are_fine),
        cmocka_unit_test(ways_divide_entries),
        cmocka_unit_test(memory_is_whole_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
