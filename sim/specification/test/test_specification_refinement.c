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

#define RUNS     3
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
        if (!trial_run(&trial, &config, seed, false))
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

/* ---- The seed to the letter ---- */

/* Hardware that always fills and never speculates: no extension of hardware is needed. */
static void a_plain_machine_refines_the_seeds_own_text(void **state)
{
    static struct trial trial;
    const struct pagetable_class *table;
    const uint64_t first = random_begin("plain").state;
    (void)state;
    for (unsigned i = 0; (table = pagetable_class_at(i)) != NULL; i++) {
        const struct walk_format *format = walk_format_find(table->default_format);
        for (uint64_t seed = first; !is_planted(table) && seed < first + runs(); seed++) {
            const struct machine_config config = {.table = table, .format = format, .aliasing = seed & 1};
            if (!trial_run(&trial, &config, seed, true))
                fail_msg("%s, MMUSIM_SEED=%" PRIu64 ", step %u (%s): %s: %s", table->name, seed, trial.step,
                         trial.what, trial.violation.rule, trial.violation.text);
        }
    }
}

/* ---- All short histories ---- */

#define CHOICES 11
#define DEPTH   3

/* A small page inside a large one: the one excludes the other. */
static bool take(struct trial *trial, unsigned choice)
{
    const uint64_t small = 0x1000;
    const uint64_t large = 0;
    const uint32_t writes = attributes_of("rw-u");
    const uint32_t reads = attributes_of("r--u");
    const struct frame frames[] = {{UINT64_C(1) << 24, writes, 12},
                                   {(UINT64_C(1) << 24) + 0x1000, reads, 12},
                                   {UINT64_C(1) << 25, writes, 21}};
    const struct trial_access accesses[] = {{ACCESS_LOAD, PRIVILEGE_USER, small, 0},
                                            {ACCESS_STORE, PRIVILEGE_USER, small + 8, 1},
                                            {ACCESS_STORE, PRIVILEGE_USER, 0x3000, 2}};
    if (choice < 3)
        return trial_map(trial, 0, 0, choice == 2 ? large : small, &frames[choice]);
    if (choice < 5)
        return trial_unmap(trial, 0, 0, choice == 3 ? small : large);
    if (choice < 7)
        return trial_protect(trial, 0, 0, choice == 5 ? small : large, reads);
    return choice < 10 ? trial_access(trial, 0, &accesses[choice - 7]) : trial_evict(trial, 0);
}

/* The history with this number: its digits are the choices. */
static void assert_history(const struct pagetable_class *table, unsigned number, unsigned depth)
{
    static struct trial trial;
    const struct machine_config config = {
        .table = table, .format = walk_format_find(table->default_format), .aliasing = true};
    trial_open(&trial, &config, 1, true);
    for (unsigned i = 0; i < depth; i++, number /= CHOICES) {
        trial_next(&trial);
        if (!take(&trial, number % CHOICES) || !trial_invariants_hold(&trial))
            fail_msg("%s, step %u of a history (%s): %s: %s", table->name, i, trial.what,
                     trial.violation.rule, trial.violation.text);
    }
    trial_close(&trial);
}

static void every_short_history_is_allowed(void **state)
{
    const struct pagetable_class *table;
    (void)state;
    for (unsigned i = 0; (table = pagetable_class_at(i)) != NULL; i++) {
        const unsigned depth = i == 0 ? DEPTH : DEPTH - 1;
        unsigned histories = 1;
        for (unsigned j = 0; j < depth; j++)
            histories *= CHOICES;
        for (unsigned number = 0; !is_planted(table) && number < histories; number++)
            assert_history(table, number, depth);
    }
}

/* ---- Tables that are wrong ---- */

/* Some run of the table breaks the rule. */
static void assert_breaks(const struct pagetable_class *table, const char *rule)
{
    static struct trial trial;
    const struct walk_format *format = walk_format_find(table->default_format);
    const uint64_t first = random_begin(table->name).state;
    for (uint64_t seed = first; seed < first + ATTEMPTS; seed++) {
        struct machine_config config = trial_config(table, format, seed);
        config.ordering = true;
        if (!trial_run(&trial, &config, seed, false) && strcmp(trial.violation.rule, rule) == 0)
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
        {"large-query", "page_table.query"},
        {"overlap-unmaps", "page_table.map"},
        {"executable", "page_table.map"},
        {"attributes", "page_table.map"},
        {"unmap-answer", "page_table.unmap"},
        {"no-wait", "low_level.unmap"},
        {"asid", "low_level.unmap"},
        {"global", "low_level.unmap"},
        {"keeps", "empty_tables_are_released"},
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
        cmocka_unit_test(a_plain_machine_refines_the_seeds_own_text),
        cmocka_unit_test(every_short_history_is_allowed),
        cmocka_unit_test(forgotten_invalidations_leave_stale_entries),
        cmocka_unit_test(forgotten_barriers_leave_tables_unchanged),
        cmocka_unit_test(forgotten_tables_stay_in_walk_caches),
        cmocka_unit_test(every_broken_plug_in_breaks_its_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
