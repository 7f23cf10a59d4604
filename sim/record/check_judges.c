/* The checker in C, over the record and along with the run, and whether the judges agree. */
#include "sim/record/check_parts.h"

/* Columns as in `checker_findings`. */
static const char *const heard_table =
    "CREATE TEMP TABLE heard (rule TEXT, cycle INTEGER, core INTEGER, space INTEGER, va INTEGER, text TEXT)";

/* NULL for 0, as the recorder does. */
static int bind_id(sqlite3_stmt *row, int parameter, uint64_t id)
{
    return id ? sqlite3_bind_int64(row, parameter, (sqlite3_int64)id) : sqlite3_bind_null(row, parameter);
}

static void keep_finding(struct check *check, sqlite3_stmt *row, const struct judge_finding *finding)
{
    const char *rule = judge_rule_name((enum judge_rule)finding->rule);
    int codes = sqlite3_bind_text(row, 1, rule, -1, SQLITE_STATIC);
    codes |= finding->cycle == EVENT_NEVER ? sqlite3_bind_null(row, 2)
                                           : sqlite3_bind_int64(row, 2, (sqlite3_int64)finding->cycle);
    codes |= bind_id(row, 3, finding->core == JUDGE_NO_CORE ? 0 : finding->core + UINT64_C(1));
    codes |= bind_id(row, 4, finding->space);
    codes |= sqlite3_bind_int64(row, 5, (sqlite3_int64)finding->va);
    codes |= sqlite3_bind_text(row, 6, finding->text, -1, SQLITE_STATIC);
    if (codes != SQLITE_OK)
        check->code = SQLITE_NOMEM;
    else if (sqlite3_step(row) != SQLITE_DONE || sqlite3_reset(row) != SQLITE_OK)
        check->code = sqlite3_errcode(check->database);
}

void check_hear(struct check *check)
{
    const struct judge_finding *finding;
    check_execute(check, heard_table);
    sqlite3_stmt *row = check_prepare(check, "INSERT INTO temp.heard VALUES (?,?,?,?,?,?)");
    for (size_t i = 0; check->aside.judging.judge && check->code == SQLITE_OK &&
                       (finding = judge_finding_at(check->aside.judging.judge, i));
         i++)
        keep_finding(check, row, finding);
    (void)sqlite3_finalize(row); /* repeats the code of the last step */
}

static long long heard_findings(const struct check *check)
{
    return check->aside.judging.judge ? (long long)judge_count_all(check->aside.judging.judge) : 0;
}

/* What the checker that ran along has to say. */
struct along {
    bool checked;
    long long findings; /* all */
    long long kept;     /* rows of checker_findings */
};

static struct along read_along(struct check *check)
{
    struct along along = {0};
    sqlite3_stmt *facts =
        check_prepare(check, "SELECT checked, (SELECT COUNT(*) FROM checker_findings), findings FROM runs");
    while (check_next_row(check, facts)) {
        along.kept = sqlite3_column_int64(facts, 1);
        along.findings = sqlite3_column_int64(facts, 2);
        if (along.findings < along.kept)
            along.findings = along.kept;
        along.checked = sqlite3_column_int(facts, 0) || along.kept > 0;
    }
    return along;
}

static void print_heard(struct check *check)
{
    const struct judging *judging = &check->aside.judging;
    if (!judging->judge) {
        (void)fprintf(check->out, "the checker has not judged the record: %s\n", judging->error.text);
        return;
    }
    for (unsigned i = 0; i < JUDGE_UNJUDGED; i++)
        if (judge_unjudged(judging->judge, (enum judge_unjudged)i))
            (void)fprintf(check->out, "not judged by the checker: %s (%llu)\n",
                          judge_unjudged_text((enum judge_unjudged)i),
                          (unsigned long long)judge_unjudged(judging->judge, (enum judge_unjudged)i));
    if (!judging->whole) {
        check->differences++;
        (void)fprintf(check->out, "the checker could not go on after %llu events of the record: %s\n",
                      (unsigned long long)judging->events, judging->error.text);
    }
}

/* The checker's findings, where SQL found nothing of the rule. */
static void print_findings(struct check *check)
{
    sqlite3_stmt *rows = check_prepare(
        check,
        "SELECT rule, IFNULL(' cycle ' || cycle, '') || IFNULL(' core ' || core, '')"
        " || IFNULL(' space ' || space, '') || IIF(va IS NULL, '', printf(' 0x%x', va)), text FROM temp.heard"
        " WHERE rule NOT IN (SELECT rule FROM temp.found) ORDER BY rowid");
    for (unsigned long told = 0; check_next_row(check, rows); told++)
        if (told < check->stories)
            (void)fprintf(check->out, "checker: %s:%s\n    %s\n", check_text(rows, 0), check_text(rows, 1),
                          check_text(rows, 2));
}

void check_tell_findings(struct check *check)
{
    print_heard(check);
    print_findings(check);
}

/* Finding by finding: over the record the checker hears what it heard along with the run. */
static const char *const along_comparison =
    "WITH said AS (SELECT rule, SUM(along) AS along, SUM(1 - along) AS heard"
    "              FROM (SELECT 1 AS along, rule, cycle, core, space, va, text FROM checker_findings"
    "                    UNION ALL SELECT 0, * FROM temp.heard)"
    "              GROUP BY rule, cycle, core, space, va, text)"
    " SELECT rule, SUM(MAX(along - heard, 0)) AS along_only, SUM(MAX(heard - along, 0)) * ? AS heard_only"
    " FROM said GROUP BY rule HAVING along_only + heard_only > 0";

static void compare_with_along(struct check *check, const struct along *along)
{
    long long differences = check->differences;
    sqlite3_stmt *rows = check_prepare(check, along_comparison);
    if (check->code == SQLITE_OK) /* what it did not keep is no difference */
        check->code = sqlite3_bind_int(rows, 1, along->kept == along->findings);
    while (check_next_row(check, rows)) {
        check->differences++;
        (void)fprintf(
            check->out,
            "the checker differs from itself: %s: %s findings only when it ran along, %s only over the "
            "record\n",
            check_text(rows, 0), check_text(rows, 1), check_text(rows, 2));
    }
    if (check->differences == differences && along->findings != heard_findings(check)) {
        check->differences++;
        (void)fprintf(
            check->out,
            "the checker differs from itself: %lld findings when it ran along, %lld over the record\n",
            along->findings, heard_findings(check));
    }
}

/* Of the protocol of Arm tables both judges tell the first store that breaks it in each space. */
#define PROTOCOL_RULES_LIST                                                                                  \
    "('changed_without_break', 'made_before_clean', 'write_below_unclean', 'table_twice')"

/*
 * What both judges can know: a page, by the base of the mapping that holds the address; of the protocol's
 * rules the address of the entry and the cycle of the store.
 */
static const char *const page_comparison =
    "CREATE TEMP TABLE compared (rule TEXT, sql_only INTEGER, checker_only INTEGER, both INTEGER);"
    "CREATE TEMP VIEW pages AS"
    " SELECT 'sql' AS judge, rule, space, va, cycle FROM found"
    " UNION ALL SELECT 'checker', rule, space, va, cycle FROM heard;"
    "INSERT INTO temp.compared"
    " WITH keyed AS (SELECT judge, rule, space, NULL AS cycle,"
    "                IFNULL((SELECT MIN(m.va) FROM mapping_windows m"
    "                        WHERE m.space = p.space AND p.va BETWEEN m.va AND m.last_va), p.va & ~4095) AS "
    "page"
    "                FROM pages p WHERE rule NOT IN " PROTOCOL_RULES_LIST "                UNION ALL"
    "                SELECT judge, rule, space, cycle, va FROM pages WHERE rule IN " PROTOCOL_RULES_LIST "),"
    " sides AS (SELECT rule, MAX(judge = 'sql') AS sql, MAX(judge = 'checker') AS checker FROM keyed"
    "           GROUP BY rule, space, page, cycle)"
    " SELECT rule, SUM(sql AND NOT checker), SUM(checker AND NOT sql), SUM(sql AND checker) FROM sides GROUP "
    "BY rule";

/*
 * Only rules that both judges have, and that this record lets SQL judge. What a checker that did not keep all
 * of its findings lacks is no difference.
 */
static const char *const page_differences =
    "SELECT c.rule, c.sql_only * ?, c.checker_only, c.both FROM temp.compared c LEFT JOIN judged j USING "
    "(rule)"
    " WHERE IFNULL(j.judged, 1) AND c.rule NOT IN ('counters_add_up', 'incomplete_invalidation')"
    " AND c.sql_only * ? + c.checker_only > 0";

static void compare_with_sql(struct check *check)
{
    size_t kept = judge_findings(check->aside.judging.judge);
    bool all = heard_findings(check) == (long long)kept;
    if (!all)
        (void)fprintf(check->out, "the checker kept %zu of its %lld findings: only these are compared\n",
                      kept, heard_findings(check));
    check_execute(check, page_comparison);
    sqlite3_stmt *rows = check_prepare(check, page_differences);
    for (int i = 1; i <= 2 && check->code == SQLITE_OK; i++)
        check->code = sqlite3_bind_int(rows, i, all);
    while (check_next_row(check, rows)) {
        check->differences++;
        (void)fprintf(check->out,
                      "the judges differ: %s: %s pages by SQL alone, %s by the checker alone, %s by both\n",
                      check_text(rows, 0), check_text(rows, 1), check_text(rows, 2), check_text(rows, 3));
    }
}

void check_compare_judges(struct check *check)
{
    const struct along along = read_along(check);
    long long heard = heard_findings(check);
    check->findings = along.findings > heard ? along.findings : heard;
    if (!check->aside.judging.judge) {
        (void)fprintf(check->out, "SQL alone has judged\n");
        return;
    }
    if (check->aside.judging.whole && along.checked)
        compare_with_along(check, &along);
    if (check->aside.judging.whole)
        compare_with_sql(check);
    if (check->differences == 0 && check->code == SQLITE_OK)
        (void)fprintf(check->out, "the judges agree%s\n", along.checked ? "" : "; no checker ran along");
}
