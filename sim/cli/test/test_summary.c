#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/cli/summary.h"
#include "sim/cli/test/fake_run.h"

/* A made-up run, and its summary's text so far. */
struct fixture {
    struct made_up_run run;
    char *text;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture)
        return -1;
    make_up_run(&fixture->run);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->text);
    free(fixture);
    return 0;
}

static void print(struct fixture *fixture, void (*summary)(const struct run_outcome *, FILE *))
{
    size_t bytes = 0;
    free(fixture->text);
    FILE *out = open_memstream(&fixture->text, &bytes);
    assert_non_null(out);
    summary(&fixture->run.outcome, out);
    assert_int_equal(fclose(out), 0);
}

/* The line that has this name in its second column, up to its end. */
static void assert_line(const struct fixture *fixture, const char *value, const char *name,
                        const char *derived)
{
    char wanted[256];
    if (derived)
        (void)snprintf(wanted, sizeof wanted, "\n%20s      %-30s # %s\n", value, name, derived);
    else
        (void)snprintf(wanted, sizeof wanted, "\n%20s      %s\n", value, name);
    if (!strstr(fixture->text, wanted))
        fail_msg("no line:%sin:\n%s", wanted, fixture->text);
}

static void assert_has(const struct fixture *fixture, const char *wanted)
{
    if (!strstr(fixture->text, wanted))
        fail_msg("'%s' is not in:\n%s", wanted, fixture->text);
}

static void assert_has_not(const struct fixture *fixture, const char *unwanted)
{
    if (strstr(fixture->text, unwanted))
        fail_msg("'%s' is in:\n%s", unwanted, fixture->text);
}

static void counts_have_their_rates_beside_them(void **state)
{
    struct fixture *fixture = *state;
    print(fixture, summary_print);
    assert_line(fixture, "16,000", "cycles", NULL);
    assert_line(fixture, "4,000", "accesses.translations", "     0.250 a cycle");
    assert_line(fixture, "2,800", "accesses.loads", "    70.000 % of translations");
    assert_line(fixture, "3,600", "l1d.hits", "    90.000 % of look-ups");
    assert_line(fixture, "80", "misses.merged", "    20.000 % of first-level misses");
    assert_line(fixture, "80", "l2.misses", "    25.000 % of look-ups");
    assert_line(fixture, "80", "walker.walks", "    20.000 per 1,000 translations");
    assert_line(fixture, "280", "walker.steps", "     3.500 steps a walk");
    assert_line(fixture, "1,600", "bus.busy_cycles", "    10.000 % of cycles: occupancy");
    assert_line(fixture, "200", "bus.wait_cycles", "     0.250 cycles a request");
    assert_line(fixture, "12", "invalidations.entries_dropped", "     1.500 entries each");
}

static void latencies_have_mean_and_quantiles(void **state)
{
    struct fixture *fixture = *state;
    print(fixture, summary_print);
    assert_line(fixture, "4,040", "walker.cycles", "    50.500 mean, p50 50, p99 60, most 60");
    assert_line(fixture, "352", "invalidations.cycles", "    44.000 mean, p50 44, p99 44, most 44");
}

static void what_did_not_happen_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    print(fixture, summary_print);
    assert_has(fixture, "invalidations.issued");
    assert_has_not(fixture, "l1i.");
    assert_has_not(fixture, "operations.protect");
    assert_has_not(fixture, "walker.unfilled");
    memset(&fixture->run.outcome.total.invalidations, 0, sizeof fixture->run.outcome.total.invalidations);
    print(fixture, summary_print);
    assert_has_not(fixture, "invalidations.");
}

static void an_empty_run_divides_by_nothing(void **state)
{
    struct fixture *fixture = *state;
    memset(&fixture->run.outcome.total, 0, sizeof fixture->run.outcome.total);
    fixture->run.outcome.cycles = 0;
    fixture->run.outcome.host_seconds = 0;
    print(fixture, summary_print);
    assert_has_not(fixture, "nan");
    assert_has_not(fixture, "inf");
    print(fixture, summary_print_json);
    assert_has_not(fixture, "nan");
    assert_has_not(fixture, "inf");
}

static void regions_are_told_apart_if_there_are_several(void **state)
{
    struct fixture *fixture = *state;
    print(fixture, summary_print);
    assert_has(fixture, "\n warmup                      4,000            1,000    90.00%    75.00%");
    assert_has(fixture, "\n measured                   12,000            3,000    90.00%    75.00%");
    fixture->run.outcome.region_count = 1;
    print(fixture, summary_print);
    assert_has_not(fixture, "warmup");
}

static void cores_are_told_apart_if_there_are_several(void **state)
{
    struct fixture *fixture = *state;
    print(fixture, summary_print);
    assert_has(fixture, "\n core ");
    fixture->run.outcome.config.cores = 1;
    print(fixture, summary_print);
    assert_has_not(fixture, "\n core ");
}

static void the_machine_and_the_speed_are_named(void **state)
{
    struct fixture *fixture = *state;
    print(fixture, summary_print);
    assert_has(fixture, " Run of workload.lua, seed 7:\n");
    assert_has(fixture, "2 cores, L1I 48 entries 4-way 1 cycle, L1D 64 entries 4-way 1 cycle, "
                        "L2 1,536 entries 12-way 7 cycles\n");
    assert_has(fixture, "memory 4 GiB at 120 cycles");
    assert_line(fixture, "0.002000", "seconds of the host", "     2.000 M translations/s, 8.000 M cycles/s");
    fixture->run.outcome.lockstep = true;
    print(fixture, summary_print);
    assert_has(fixture, " Run of workload.lua, seed 7, in lock-step:\n");
}

static void add_member(struct fixture *fixture, enum mmu_family_id family, const char *name)
{
    char error[256] = "";
    if (!mmu_member_add(&fixture->run.outcome.config, family, name, error, sizeof error))
        fail_msg("%s", error);
}

static void every_array_of_the_machine_is_named_with_what_is_unusual(void **state)
{
    struct fixture *fixture = *state;
    struct mmu_config *config = &fixture->run.outcome.config;
    print(fixture, summary_print);
    assert_has_not(fixture, "caches:");
    add_member(fixture, MMU_FAMILY_TLB, "l1d_2m");
    add_member(fixture, MMU_FAMILY_TLB, "l3");
    add_member(fixture, MMU_FAMILY_WALK_CACHE, "pde");
    add_member(fixture, MMU_FAMILY_WALK_CACHE, "nested");
    add_member(fixture, MMU_FAMILY_CACHE, "l1");
    add_member(fixture, MMU_FAMILY_CACHE, "l2");
    config->tlbs[1].sizes = UINT64_C(1) << 12 | UINT64_C(1) << 16;
    config->tlbs[2].ports = 2;
    config->tlbs[2].hit_under_miss = false;
    config->tlbs[4].inclusion = TLB_INCLUSION_EXCLUSIVE;
    config->tlbs[4].shared = true;
    config->walk_caches[1].holds = WALK_CACHE_IPA;
    config->caches[1].shared = true;
    print(fixture, summary_print);
    assert_has(fixture, "\n   2 cores, L1I 48 entries 4-way 1 cycle, L1D 64 entries 4-way 1 cycle 4K 64K,\n"
                        "      L1D_2M 64 entries 4-way 1 cycle 2 ports no hit_under_miss, "
                        "L2 1,536 entries 12-way 7 cycles,\n"
                        "      L3 1,536 entries 12-way 7 cycles exclusive shared\n"
                        "   walk caches: pde 32 entries 4-way 1 cycle, nested 32 entries 4-way 1 cycle ipa\n"
                        "   data caches: L1 32 KiB 8-way 4 cycles, L2 1 MiB 16-way 10 cycles shared\n"
                        "   a core has at once: ");
}

static void walkers_of_all_cores_are_told_from_those_of_each(void **state)
{
    struct fixture *fixture = *state;
    print(fixture, summary_print);
    assert_has(fixture, " 4 walks, ");
    fixture->run.outcome.config.walker_shared = true;
    print(fixture, summary_print);
    assert_has(fixture, " 4 walks of all cores together, ");
}

static void the_verdict_is_plain_when_nothing_was_found(void **state)
{
    struct fixture *fixture = *state;
    print(fixture, summary_print);
    assert_has(fixture, "\n refinement: no violation found\n");
    assert_has_not(fixture, "not judged");
}

static void findings_and_what_was_not_judged_are_told(void **state)
{
    struct fixture *fixture = *state;
    struct run_outcome *outcome = &fixture->run.outcome;
    outcome->findings = 3;
    (void)snprintf(outcome->first_finding, sizeof outcome->first_finding, "a load read 0x%x", 42);
    (void)snprintf(outcome->not_judged, sizeof outcome->not_judged, "hits");
    print(fixture, summary_print);
    assert_has(fixture, "\n refinement: 3 findings, the first: a load read 0x2a\n   not judged: hits\n");
    assert_has_not(fixture, "no violation");
}

static void an_unchecked_run_claims_nothing(void **state)
{
    struct fixture *fixture = *state;
    fixture->run.outcome.checked = false;
    print(fixture, summary_print);
    assert_has(fixture, "\n refinement: not checked\n");
    assert_has_not(fixture, "no violation");
}

static void next_commands_have_the_real_file_name_quoted(void **state)
{
    struct fixture *fixture = *state;
    print(fixture, summary_print);
    assert_has(fixture, " record: work load.db (level misses, 1.5 MiB)\n");
    assert_has(fixture, "\n   mmusim check 'work load.db'\n");
    assert_has(fixture, "\n   mmusim query 'work load.db' shootdowns\n");
}

static void without_a_record_nothing_is_proposed(void **state)
{
    struct fixture *fixture = *state;
    fixture->run.outcome.database[0] = '\0';
    print(fixture, summary_print);
    assert_has(fixture, "\n record: none\n");
    assert_has_not(fixture, "mmusim query");
}

static void json_has_every_counter_and_parameter(void **state)
{
    struct fixture *fixture = *state;
    struct mmu_counter counter;
    struct mmu_setting setting;
    char wanted[160];
    print(fixture, summary_print_json);
    for (unsigned i = 0; mmu_counter_at(&fixture->run.outcome.config, i, &counter); i++) {
        (void)snprintf(wanted, sizeof wanted, "\"%s\": %llu", counter.name,
                       (unsigned long long)mmu_counter_get(&fixture->run.outcome.total, &counter));
        assert_has(fixture, wanted);
    }
    for (unsigned i = 0; mmu_setting_at(&fixture->run.outcome.config, i, &setting); i++) {
        char value[48];
        mmu_setting_print(setting.parameter, mmu_setting_get(&fixture->run.outcome.config, &setting), value,
                          sizeof value);
        bool text = setting.parameter->kind == PARAMETER_CHOICE || setting.parameter->kind == PARAMETER_SIZES;
        (void)snprintf(wanted, sizeof wanted, "\"%s\": %s%s%s", setting.name, text ? "\"" : "", value,
                       text ? "\"" : "");
        assert_has(fixture, wanted);
    }
    assert_has(fixture, "\"memory.size\": 4294967296, ");
    assert_has(fixture, "\"walker.merge\": true, ");
    assert_has(fixture, "\"tlb.l2.replacement\": \"lru\", \"tlb.l2.sizes\": \"all\", ");
    assert_has(fixture,
               "\"walk_cycles\": {\"count\": 80, \"mean\": 50.5, \"p50\": 50, \"p99\": 60, \"most\": 60}");
    assert_has(fixture, "\"checked\": true, \"findings\": 0,");
}

int main(void)
{
#define SUMMARY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SUMMARY_TEST(counts_have_their_rates_beside_them),
        SUMMARY_TEST(latencies_have_mean_and_quantiles),
        SUMMARY_TEST(what_did_not_happen_is_left_out),
        SUMMARY_TEST(an_empty_run_divides_by_nothing),
        SUMMARY_TEST(regions_are_told_apart_if_there_are_several),
        SUMMARY_TEST(cores_are_told_apart_if_there_are_several),
        SUMMARY_TEST(the_machine_and_the_speed_are_named),
        SUMMARY_TEST(every_array_of_the_machine_is_named_with_what_is_unusual),
        SUMMARY_TEST(walkers_of_all_cores_are_told_from_those_of_each),
        SUMMARY_TEST(the_verdict_is_plain_when_nothing_was_found),
        SUMMARY_TEST(findings_and_what_was_not_judged_are_told),
        SUMMARY_TEST(an_unchecked_run_claims_nothing),
        SUMMARY_TEST(next_commands_have_the_real_file_name_quoted),
        SUMMARY_TEST(without_a_record_nothing_is_proposed),
        SUMMARY_TEST(json_has_every_counter_and_parameter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
