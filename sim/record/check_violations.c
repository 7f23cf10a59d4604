/* The rules in SQL: what they find, and the events that led there. */
#include "sim/record/check_parts.h"
#include "sim/record/sql.h"

void check_find_violations(struct check *check)
{
    /* what is evaluated aside has no rows here */
    check_execute(
        check, "DROP VIEW temp.rule_counters_add_up;"
               "CREATE TEMP TABLE rule_counters_add_up AS SELECT * FROM rule_incomplete_invalidation LIMIT 0;"
               "CREATE TEMP TABLE found AS SELECT * FROM violations");
}

static void print_unjudged(struct check *check)
{
    sqlite3_stmt *rows = check_prepare(check, "SELECT rule, judged, why FROM judged WHERE why IS NOT NULL");
    while (check_next_row(check, rows))
        (void)fprintf(check->out, "%s: %s: %s\n",
                      sqlite3_column_int(rows, 1) ? "judged in part" : "not judged", check_text(rows, 0),
                      check_text(rows, 2));
}

static void print_story(struct check *check, sqlite3_stmt *violation)
{
    /* columns of `found` that name what the story is about; story.sql has parameters of the same names */
    static const char *const names[] = {":event",        ":operation", ":walk",    ":entry",
                                        ":invalidation", ":made_by",   ":ended_by"};
    sqlite3_stmt *rows = check_prepare(check, record_sql_story[0].text);
    for (size_t i = 0; i < sizeof names / sizeof *names && check->code == SQLITE_OK; i++) {
        int parameter = sqlite3_bind_parameter_index(rows, names[i]);
        check->code = sqlite3_bind_value(rows, parameter, sqlite3_column_value(violation, (int)i));
    }
    while (check_next_row(check, rows))
        (void)fprintf(check->out, "    %12s  core %-2s  %s\n", check_text(rows, 0), check_text(rows, 1),
                      check_text(rows, 2));
}

static void print_violations(struct check *check)
{
    sqlite3_stmt *rows = check_prepare(
        check,
        "SELECT event, operation, walk, entry, invalidation,"
        " (SELECT m.map_operation FROM mapping_windows m WHERE m.mapping = found.mapping),"
        " (SELECT m.remove_operation FROM mapping_windows m WHERE m.mapping = found.mapping), rule, "
        "IFNULL('cycle ' || cycle, ''),"
        " IFNULL('core ' || core, ''), IFNULL('space ' || space, ''), IIF(va IS NULL, '', printf('0x%x', "
        "va)),"
        " explanation FROM temp.found ORDER BY found.cycle, found.event, found.rule");
    while (check_next_row(check, rows)) {
        if ((unsigned long)check->violations++ >= check->stories)
            continue;
        (void)fprintf(check->out, "\n%s:", check_text(rows, 7));
        for (int i = 8; i <= 11; i++)
            if (check_text(rows, i)[0])
                (void)fprintf(check->out, " %s", check_text(rows, i));
        (void)fprintf(check->out, "\n    %s\n", check_text(rows, 12));
        print_story(check, rows);
    }
}

static void print_counts(struct check *check)
{
    if (check->code != SQLITE_OK)
        return; /* nothing was judged: that is told, and not that nothing was found */
    if (check->violations == 0) {
        (void)fprintf(check->out, "no violations\n");
        return;
    }
    (void)fprintf(check->out, "\n%lld violations\n", check->violations);
    sqlite3_stmt *rows =
        check_prepare(check, "SELECT rule, COUNT(*) FROM temp.found GROUP BY rule ORDER BY rule");
    while (check_next_row(check, rows))
        (void)fprintf(check->out, "%12s  %s\n", check_text(rows, 1), check_text(rows, 0));
    if ((unsigned long)check->violations > check->stories)
        (void)fprintf(check->out, "the first %lu are told above; all: query violations\n", check->stories);
}

void check_tell_violations(struct check *check)
{
    print_unjudged(check);
    print_violations(check);
    print_counts(check);
}
