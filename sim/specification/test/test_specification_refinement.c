/*
 * Refinement: each page table, with the TLB arrays and the walk engines, in random steps. After every step
 * the machine is viewed as an extended state, that as a low-level state, that as a high-level state: on each
 * level it must be a step that the specification allows, and the invariants must hold. A right table never
 * fails; of each that has a bug planted, a step is found that breaks the rule which the bug is about.
 *
 * MMUSIM_SEED is the first seed, MMUSIM_RUNS how many there are of each table and format.
 */
#include <inttypes.h>
#include <string.h>

#include "pagetables/plugin_load.h"
#include "sim/specification/test/trial.h"

#define RUNS     4
#define ATTEMPTS 60 /* to find the step that shows a bug */

static unsigned runs(void)
{
    const char *text = getenv("MMUSIM_RUNS");
    return text ? (unsigned)strtoul(text, NULL, 0) : RUNS;
}

static bool is_planted(const struct pagetable_class *table)
{
    return strstr(table->summary, "PLANTED") != NULL;
}

/* Random runs of a table must hold. */
static void assert_refines(const struct pagetable_class *table, const struct walk_format *format)
{
    static struct trial trial;
    const uint64_t first = random_begin(table->name).state;
    for (uint64_t seed = first; seed < first + runs(); seed++) {
        const struct machine_config config = trial_config(table, format, seed);
        if (!trial_run(&trial, &config, seed))
            fail_msg("%s, %s, MMUSIM_SEED=%" PRIu64 ", step %u (%s): %s: %s", table->name, format->name, seed,
                     trial.step, trial.what, trial.violation.rule, trial.violation.text);
    }
}

static void every_right_table_refines_the_specification(void **state)
{
    const struct pagetable_class *table;
    (void)state;
    for (unsigned i = 0; (table = pagetable_class_at(i)) != NULL; i++)
        if (!is_planted(table))
            assert_refines(table, walk_format_find(table->default_format));
}

static void radix_does_so_with_every_kind_of_format(void **state)
{
    static const char *const formats[] = {"vmsa-16k-47", "sv39", "x86-64-48"};
    (void)state;
    for (unsigned i = 0; i < sizeof formats / sizeof *formats; i++) {
        const struct walk_format *format = walk_format_find(formats[i]);
        assert_non_null(format);
        assert_refines(pagetable_class_find("radix"), format);
    }
}

/* Some run of the table breaks the rule. */
static void assert_breaks(const struct pagetable_class *table, const char *rule)
{
    static struct trial trial;
    const struct walk_format *format = walk_format_find(table->default_format);
    const uint64_t first = random_begin(table->name).state;
    for (uint64_t seed = first; seed < first + ATTEMPTS; seed++) {
        struct machine_config config = trial_config(table, format, seed);
        config.ordering = true;
        if (!trial_run(&trial, &config, seed) && strcmp(trial.violation.rule, rule) == 0)
            return;
    }
    fail_msg("no run of %s breaks %s", table->name, rule);
}

static void assert_caught(const char *name, const char *rule)
{
    assert_breaks(pagetable_class_find(name), rule);
}

static void forgotten_invalidations_leave_stale_entries(void **state)
{
    (void)state;
    assert_caught("radix-forgets-invalidation", "low_level.unmap");
    assert_caught("radix-forgets-invalidation", "low_level.protect");
}

static void forgotten_barriers_leave_tables_unchanged(void **state)
{
    (void)state;
    assert_caught("radix-forgets-barrier", "page_table.map");
}

static void forgotten_tables_stay_in_walk_caches(void **state)
{
    (void)state;
    assert_caught("radix-forgets-tables", "extended.unmap");
}

/* Those that the conformance kit is tested with, where the bug is one of what the specification speaks of. */
static void every_broken_plug_in_breaks_its_rule(void **state)
{
    static const struct {
        const char *name;
        const char *rule;
    } broken[] = {
        {"large-query", "page_table.query"},  {"overlap-unmaps", "page_table.map"},
        {"executable", "page_table.map"},     {"attributes", "page_table.map"},
        {"unmap-answer", "page_table.unmap"}, {"no-wait", "low_level.unmap"},
        {"asid", "low_level.unmap"},          {"global", "low_level.unmap"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof broken / sizeof *broken; i++) {
        char path[512];
        char error[256];
        (void)snprintf(path, sizeof path, "%s/broken-%s.so", BROKEN_FOLDER, broken[i].name);
        struct loaded_plugin *plugin = plugin_load(path, error, sizeof error);
        if (!plugin)
            fail_msg("%s", error);
        assert_breaks(plugin->table, broken[i].rule);
        plugin_unload(plugin);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_right_table_refines_the_specification),
        cmocka_unit_test(radix_does_so_with_every_kind_of_format),
        cmocka_unit_test(forgotten_invalidations_leave_stale_entries),
        cmocka_unit_test(forgotten_barriers_leave_tables_unchanged),
        cmocka_unit_test(forgotten_tables_stay_in_walk_caches),
        cmocka_unit_test(every_broken_plug_in_breaks_its_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
