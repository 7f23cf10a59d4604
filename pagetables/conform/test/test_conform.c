/* The conformance kit finds nothing in the tables of this folder, and in each broken one what is wrong with
 * it. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pagetables/conform/conform.h"
#include "pagetables/plugin_load.h"

#define RUNS 1

static unsigned number_of(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text ? (unsigned)strtoul(text, NULL, 0) : otherwise;
}

/* Whether a property did not fail yet. */
struct wish {
    const struct conform_report *report;
    enum conform_property_id id;
};

static bool holds_yet(void *context)
{
    const struct wish *wish = context;
    return wish->report->result[wish->id].verdict != CONFORM_FAILED;
}

/* Until this property fails; CONFORM_PROPERTIES: to the end. */
static void run(const struct pagetable_class *table, const struct walk_format *format,
                enum conform_property_id until, struct conform_report *report)
{
    struct wish wish = {report, until};
    const struct conform_options options = {.table = table,
                                            .format = format,
                                            .entries = entry_format_of(format),
                                            .seed = number_of("MMUSIM_SEED", 1),
                                            .runs = number_of("MMUSIM_RUNS", RUNS),
                                            .go_on = until < CONFORM_PROPERTIES ? holds_yet : NULL,
                                            .context = &wish};
    printf("%s, %s: MMUSIM_SEED=%" PRIu64 "\n", table->name, format->name, options.seed);
    assert_true(conform_run(&options, report));
}

/* ---- Right tables ---- */

static void assert_conforms(const struct pagetable_class *table, const struct walk_format *format)
{
    struct conform_report report;
    run(table, format, CONFORM_PROPERTIES, &report);
    for (unsigned id = 0; id < CONFORM_PROPERTIES; id++)
        if (report.result[id].verdict == CONFORM_FAILED)
            fail_msg("%s, %s: %s: %s", table->name, format->name,
                     conform_property_at((enum conform_property_id)id)->name, report.result[id].failure.what);
    conform_report_free(&report);
}

static bool is_planted(const struct pagetable_class *table)
{
    return strncmp(table->summary, "PLANTED BUG", 11) == 0;
}

/* The long test: every table with every format. */
static bool has_time(void)
{
    return number_of("MMUSIM_CONFORM_ALL", 0) != 0;
}

static void good_every_table_conforms_with_its_default_format(void **state)
{
    const struct pagetable_class *table;
    for (unsigned i = 0; (table = pagetable_class_at(i)) != NULL; i++)
        if (!is_planted(table))
            assert_conforms(table, walk_format_find(table->default_format));
}

/* One of each family: signed addresses, stage 2, other granules, other rules of stores and invalidations. */
static void good_radix_conforms_with_formats_of_each_family(void **state)
{
    static const char *const formats[] = {"vmsa-s2-4k-39", "vmsa-16k-36-high", "sv39x4", "x86-64-48",
                                          "ept-48"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const struct walk_format *format = walk_format_find(formats[i]);
        if (!format)
            fail_msg("there is no format %s", formats[i]);
        assert_conforms(pagetable_class_find("radix"), format);
    }
}

static void good_every_table_conforms_with_every_format(void **state)
{
    const struct pagetable_class *table;
    const struct walk_format *format;
    if (!has_time())
        skip();
    for (unsigned i = 0; (table = pagetable_class_at(i)) != NULL; i++)
        for (unsigned j = 0; !is_planted(table) && (format = walk_format_at(j)) != NULL; j++)
            if (table->accepts(format, entry_format_of(format)))
                assert_conforms(table, format);
}

/* ---- Broken tables ---- */

struct broken_row {
    const char *name;
    enum conform_property_id found_by;
};

static const struct broken_row rows[] = {
    {"overlap-code", CONFORM_OVERLAP},
    {"leak-on-failure", CONFORM_NO_MEMORY},
    {"early-release", CONFORM_RELEASES},
    {"asid", CONFORM_IDENTIFIERS},
    {"global", CONFORM_GLOBALS},
    {"link-first", CONFORM_WALKS},
    {"large-query", CONFORM_QUERY},
    {"invariants", CONFORM_DAMAGE},
    {"overlap-unmaps", CONFORM_UNCHANGED},
    {"late-read", CONFORM_OWN_MEMORY},
    {"stop", CONFORM_STOPPED},
    {"no-wait", CONFORM_STALE},
    {"self-pointer", CONFORM_DETERMINISM},
    {"no-break", CONFORM_BREAK},
    {"executable", CONFORM_VIEW},
    {"leak", CONFORM_LEAKS},
    {"keeps", CONFORM_EMPTY_TABLES},
    {"unmap-answer", CONFORM_RESULTS},
    {"attributes", CONFORM_ATTRIBUTES},
    {"blocks", CONFORM_LEAKS},
};

/* The failure of a table that has exactly this wrong, in few steps. */
static void assert_found(const struct pagetable_class *table, enum conform_property_id id)
{
    struct conform_report report;
    const struct walk_format *format = walk_format_find(table->default_format);
    run(table, format, id, &report);
    const struct conform_result *result = &report.result[id];
    const char *property = conform_property_at(id)->name;
    if (result->verdict != CONFORM_FAILED)
        fail_msg("%s: nothing is wrong with \"%s\"", table->name, property);
    size_t limit = strcmp(table->default_format, "hashed-48") == 0 ? 400 : 4;
    if (result->failure.count > limit)
        fail_msg("%s: \"%s\" takes %zu steps", table->name, property, result->failure.count);
    assert_true(result->failure.what[0] != '\0');
    conform_report_free(&report);
}

static void bad_each_broken_table_is_found_by_the_property_meant_for_it(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[600], error[600];
        (void)snprintf(path, sizeof path, "%s/broken-%s.so", BROKEN_FOLDER, rows[i].name);
        struct loaded_plugin *plugin = plugin_load(path, error, sizeof error);
        if (!plugin) {
            fail_msg("%s", error);
            return;
        }
        assert_found(plugin->table, rows[i].found_by);
        plugin_unload(plugin);
    }
}

static void bad_planted_tables_are_found(void **state)
{
    assert_found(pagetable_class_find("radix-forgets-invalidation"), CONFORM_STALE);
    assert_found(pagetable_class_find("radix-forgets-barrier"), CONFORM_STALE);
    assert_found(pagetable_class_find("radix-forgets-tables"), CONFORM_RELEASES);
    assert_found(pagetable_class_find("radix-forgets-break"), CONFORM_BREAK);
}

/* ---- Reports ---- */

static void good_the_same_seed_gives_the_same_report(void **state)
{
    struct conform_report one, other;
    const struct pagetable_class *table = pagetable_class_find("radix-forgets-barrier");
    const struct walk_format *format = walk_format_find(table->default_format);
    run(table, format, CONFORM_STALE, &one);
    run(table, format, CONFORM_STALE, &other);
    assert_true(one.failed > 0);
    assert_int_equal(one.failed, other.failed);
    for (unsigned id = 0; id < CONFORM_PROPERTIES; id++) {
        assert_int_equal(one.result[id].verdict, other.result[id].verdict);
        assert_int_equal(one.result[id].counts.steps, other.result[id].counts.steps);
        assert_int_equal(one.result[id].counts.walks, other.result[id].counts.walks);
        assert_string_equal(one.result[id].failure.what, other.result[id].failure.what);
    }
    conform_report_free(&one);
    conform_report_free(&other);
}

static bool never(void *context)
{
    return false;
}

static void good_a_run_without_time_says_so_and_judges_nothing(void **state)
{
    struct conform_report report;
    const struct conform_options options = {.table = pagetable_class_find("radix"),
                                            .format = walk_format_find("vmsa-4k-48"),
                                            .entries = entry_format_of(walk_format_find("vmsa-4k-48")),
                                            .go_on = never};
    assert_true(conform_run(&options, &report));
    assert_true(report.ended_early);
    assert_int_equal(report.failed, 0);
    for (unsigned id = 0; id < CONFORM_PROPERTIES; id++)
        assert_int_equal(report.result[id].verdict, CONFORM_NOT_JUDGED);
    conform_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_every_table_conforms_with_its_default_format),
        cmocka_unit_test(good_radix_conforms_with_formats_of_each_family),
        cmocka_unit_test(good_every_table_conforms_with_every_format),
        cmocka_unit_test(bad_each_broken_table_is_found_by_the_property_meant_for_it),
        cmocka_unit_test(bad_planted_tables_are_found),
        cmocka_unit_test(good_the_same_seed_gives_the_same_report),
        cmocka_unit_test(good_a_run_without_time_says_so_and_judges_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
