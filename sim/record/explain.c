/* Which story is told, of which the parts are in explain_walk.c and explain_print.c. */
#include "sim/record/explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum { EXIT_FINE = 0, EXIT_MISUSE = 2 };

struct explanation {
    sqlite3 *database;
    const struct explain_options *options;
    FILE *out, *err;
    struct explain_focus focus;
    int code; /* of SQLite: the first failure stays */
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct explanation *explanation, const char *format,
                                                         ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(explanation->err, "'%s': ", explanation->options->path);
    (void)vfprintf(explanation->err, format, arguments);
    (void)fputc('\n', explanation->err);
    va_end(arguments);
    return false;
}

static sqlite3_stmt *ask(struct explanation *explanation, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (explanation->code == SQLITE_OK)
        explanation->code = sqlite3_prepare_v2(explanation->database, sql, -1, &statement, NULL);
    return statement;
}

/* Binds what the statement has of the focus' names. */
static void bind_focus(struct explanation *explanation, sqlite3_stmt *statement)
{
    const struct explain_focus *focus = &explanation->focus;
    const struct {
        const char *name;
        int64_t value;
    } values[] = {{":va", (int64_t)focus->va},
                  {":cycle", (int64_t)focus->cycle},
                  {":space", focus->space},
                  {":core", focus->core},
                  {":unfolded", focus->unfolded}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int parameter = sqlite3_bind_parameter_index(statement, values[i].name);
        if (parameter > 0 && explanation->code == SQLITE_OK)
            explanation->code = sqlite3_bind_int64(statement, parameter, values[i].value);
    }
}

static bool next_row(struct explanation *explanation, sqlite3_stmt *statement)
{
    if (explanation->code == SQLITE_OK) {
        int code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            return true;
        if (code != SQLITE_DONE)
            explanation->code = code;
    }
    (void)sqlite3_finalize(statement); /* repeats the code of the last step */
    return false;
}

/* The first row's integers; false if there is none. */
static bool ask_row(struct explanation *explanation, const char *sql, int64_t *values, int count)
{
    bool found = false;
    sqlite3_stmt *rows = ask(explanation, sql);
    bind_focus(explanation, rows);
    while (next_row(explanation, rows)) {
        for (int i = 0; i < count && !found; i++)
            values[i] = sqlite3_column_int64(rows, i);
        found = true;
    }
    return found;
}

/* ---- What the story is about ---- */

static bool check_record(struct explanation *explanation)
{
    int64_t level = 0;
    (void)ask_row(explanation, "SELECT level FROM runs", &level, 1);
    if (explanation->code == SQLITE_OK && level == 0)
        return refuse(
            explanation,
            "recorded at level counters, which has no events to tell of; run it with --record misses or all");
    return explanation->code == SQLITE_OK;
}

/*
 * Some rules name what an entry of a table covers, where nothing need be mapped: the story is then that of
 * the operation which wrote in that cycle.
 */
static void prefer_operation(struct explanation *explanation)
{
    int64_t va;
    if (ask_row(explanation,
                "SELECT o.va FROM entry_writes w JOIN operations o USING (operation)"
                " WHERE :cycle IN (w.issue_cycle, w.visible_cycle) AND o.space = :space AND o.va <> :va"
                " AND NOT EXISTS (SELECT 1 FROM mapping_windows m WHERE m.space = :space AND :va BETWEEN "
                "m.va AND m.last_va)"
                " LIMIT 1",
                &va, 1))
        explanation->focus.va = (uint64_t)va;
}

/* The first violation: by the checker that ran along, or else by SQL. With :va, of the page that holds it. */
static bool first_violation(struct explanation *explanation, bool of_va)
{
    static const char *const judges[] = {"checker_findings", "violations"};
    for (size_t i = 0; i < sizeof judges / sizeof *judges; i++) {
        int64_t values[3];
        char *sql = sqlite3_mprintf(
            "SELECT space, va, cycle FROM %s v WHERE space IS NOT NULL AND va IS NOT NULL AND cycle IS NOT "
            "NULL"
            " AND (:core = 0 OR core = :core) AND (:space = 0 OR space = :space)%s ORDER BY cycle LIMIT 1",
            judges[i],
            of_va ? " AND (va & ~4095 = :va & ~4095 OR EXISTS (SELECT 1 FROM mapping_windows m WHERE m.space "
                    "= v.space"
                    " AND v.va BETWEEN m.va AND m.last_va AND :va BETWEEN m.va AND m.last_va))"
                  : "");
        if (!sql) {
            explanation->code = SQLITE_NOMEM;
            return false;
        }
        bool found = ask_row(explanation, sql, values, 3);
        sqlite3_free(sql);
        if (found) {
            explanation->focus.space = values[0];
            explanation->focus.cycle = (uint64_t)values[2];
            if (!of_va) {
                explanation->focus.va = (uint64_t)values[1];
                prefer_operation(explanation);
            }
            return true;
        }
    }
    return false;
}

/* Spaces that have to do with the address: those that mapped it, or else those in which it was used. CROSS
 * JOIN keeps the order: where some mapped it, no table of uses is read. */
static const char *const spaces_of_address =
    "WITH RECURSIVE sizes (size_lg2) AS (SELECT 0 UNION ALL SELECT size_lg2 + 1 FROM sizes WHERE size_lg2 < "
    "62),"
    " mapped AS MATERIALIZED (SELECT DISTINCT m.space FROM sizes z CROSS JOIN spaces s CROSS JOIN "
    "mapping_windows m"
    "            ON m.space = s.space AND m.va = :va & ~((1 << z.size_lg2) - 1) AND m.size_lg2 = z.size_lg2),"
    " unmapped AS (SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM mapped)),"
    " used AS (SELECT space FROM unmapped CROSS JOIN operations WHERE va & ~4095 = :va & ~4095"
    "          UNION SELECT space FROM unmapped CROSS JOIN walks WHERE va & ~4095 = :va & ~4095"
    "          UNION SELECT space FROM unmapped CROSS JOIN translations WHERE va & ~4095 = :va & ~4095)"
    " SELECT COUNT(*), MIN(space), group_concat(space, ', ') FROM"
    " (SELECT space FROM mapped UNION ALL SELECT space FROM used WHERE space IS NOT NULL)";

static bool choose_space(struct explanation *explanation)
{
    int64_t count = 0;
    char names[128] = "";
    sqlite3_stmt *rows = ask(explanation, spaces_of_address);
    bind_focus(explanation, rows);
    while (next_row(explanation, rows)) {
        count = sqlite3_column_int64(rows, 0);
        explanation->focus.space = sqlite3_column_int64(rows, 1);
        (void)snprintf(names, sizeof names, "%s", count ? (const char *)sqlite3_column_text(rows, 2) : "");
    }
    if (explanation->code != SQLITE_OK || count == 1)
        return explanation->code == SQLITE_OK;
    if (count == 0)
        return refuse(explanation, "no address space of this run has mapped or used 0x%" PRIx64,
                      explanation->focus.va);
    return refuse(explanation, "0x%" PRIx64 " is an address of the spaces %s: choose one with --space",
                  explanation->focus.va, names);
}

static bool check_space(struct explanation *explanation)
{
    int64_t values[2] = {0};
    bool found = ask_row(explanation, "SELECT MAX(space = :space), MAX(space) FROM spaces", values, 2);
    if (explanation->code != SQLITE_OK || (found && values[0]))
        return explanation->code == SQLITE_OK;
    return refuse(explanation, "there is no space %" PRId64 "; the run has %" PRId64,
                  explanation->focus.space, values[1]);
}

/* Events are numbered in the order of cycles: the last row of each table is its latest. */
static bool check_cycle(struct explanation *explanation)
{
    int64_t last = 0;
    (void)ask_row(explanation,
                  "SELECT MAX(IFNULL((SELECT cycle FROM translations ORDER BY event DESC LIMIT 1), 0),"
                  " IFNULL((SELECT cycle FROM walks ORDER BY event DESC LIMIT 1), 0),"
                  " IFNULL((SELECT MAX(end_cycle) FROM operations), 0),"
                  " IFNULL((SELECT cycle FROM tlb_entries ORDER BY event DESC LIMIT 1), 0),"
                  " IFNULL((SELECT MAX(cycle) FROM contexts), 0))",
                  &last, 1);
    if (explanation->code != SQLITE_OK || explanation->focus.cycle <= (uint64_t)last)
        return explanation->code == SQLITE_OK;
    return refuse(explanation,
                  "cycle %" PRIu64 " is after the end of the run, whose last event is in cycle %" PRId64,
                  explanation->focus.cycle, last);
}

/* EXPLAIN_NOTHING: there is nothing to explain, which has been told. */
enum choice { EXPLAIN_CHOSEN, EXPLAIN_NOTHING, EXPLAIN_REFUSED };

static enum choice choose(struct explanation *explanation)
{
    const struct explain_options *options = explanation->options;
    if (!check_record(explanation) || (options->space && !check_space(explanation)))
        return EXPLAIN_REFUSED;
    if (!options->va_given) {
        if (first_violation(explanation, false))
            return EXPLAIN_CHOSEN;
        if (explanation->code == SQLITE_OK)
            (void)fprintf(explanation->out,
                          "no violation names an address: --va and --cycle choose what to explain\n");
        return explanation->code == SQLITE_OK ? EXPLAIN_NOTHING : EXPLAIN_REFUSED;
    }
    if (!options->cycle_given && first_violation(explanation, true))
        return EXPLAIN_CHOSEN;
    if (explanation->code == SQLITE_OK && !options->space && !choose_space(explanation))
        return EXPLAIN_REFUSED;
    if (explanation->code == SQLITE_OK && !options->cycle_given) {
        (void)refuse(explanation, "no violation names 0x%" PRIx64 ": --cycle chooses the moment",
                     explanation->focus.va);
        return EXPLAIN_REFUSED;
    }
    return check_cycle(explanation) ? EXPLAIN_CHOSEN : EXPLAIN_REFUSED;
}

/* ---- Telling ---- */

static void perform(struct explanation *explanation, const char *sql)
{
    if (explanation->code == SQLITE_OK)
        explanation->code = sqlite3_exec(explanation->database, sql, NULL, NULL, NULL);
}

/* The events of each operation on the page: a join would read every operation's (explain/operation.sql). */
static void tell_operations(struct explanation *explanation)
{
    sqlite3_stmt *acts = ask(explanation, "SELECT operation FROM acts");
    sqlite3_stmt *events = ask(explanation, explain_sql("operation"));
    while (next_row(explanation, acts)) {
        int code = sqlite3_bind_int64(events, 1, sqlite3_column_int64(acts, 0));
        if (code == SQLITE_OK && (code = sqlite3_step(events)) == SQLITE_DONE)
            code = SQLITE_OK;
        (void)sqlite3_reset(events); /* its code is known */
        explanation->code = code;
    }
    (void)sqlite3_finalize(events); /* its code is known */
}

static const char *const forget =
    "DROP TABLE IF EXISTS temp.chosen; DROP TABLE IF EXISTS temp.walked; DROP TABLE IF EXISTS temp.dropped;"
    "DROP TABLE IF EXISTS temp.held_at_the_moment; DROP TABLE IF EXISTS temp.holdings; DROP TABLE IF EXISTS "
    "temp.broken;"
    "DROP TABLE IF EXISTS temp.story; DROP TABLE IF EXISTS temp.words; DROP TABLE IF EXISTS temp.acts;"
    "DROP TABLE IF EXISTS temp.moment; DROP TABLE IF EXISTS temp.page; DROP TABLE IF EXISTS temp.lives; DROP "
    "TABLE IF EXISTS temp.focus;"
    "CREATE TEMP TABLE focus (space INTEGER, va INTEGER, cycle INTEGER, core INTEGER, unfolded INTEGER)";

static void tell(struct explanation *explanation)
{
    struct explain_walk walk;
    perform(explanation, forget);
    (void)ask_row(explanation, "INSERT INTO focus VALUES (:space, :va, :cycle, NULLIF(:core, 0), :unfolded)",
                  NULL, 0);
    perform(explanation, explain_sql("focus"));
    if (explanation->code == SQLITE_OK)
        explanation->code = explain_walk_table(explanation->database, &walk);
    perform(explanation, explain_sql("caches"));
    tell_operations(explanation);
    perform(explanation, explain_sql("events"));
    if (explanation->code == SQLITE_OK)
        explanation->code = explanation->options->json
                                ? explain_print_json(explanation->database, &walk, explanation->out)
                                : explain_print(explanation->database, &walk, explanation->out);
}

/* The intermediate address: what the mapping of the moment leads to, or else what stage 2 last refused. */
static const char *const second_stage =
    "SELECT p.stage2, i.ipa FROM page p JOIN"
    " (SELECT 0 AS place, l.pa + (q.address - l.va) AS ipa FROM lives l, page q WHERE l.of_the_moment"
    "  UNION ALL SELECT 1 + abs(w.cycle - q.cycle), w.fault_ipa FROM page q JOIN walks w"
    "  ON w.space = q.space AND w.va BETWEEN q.va AND q.last_va AND w.fault_ipa IS NOT NULL) i"
    " WHERE p.stage2 IS NOT NULL ORDER BY i.place LIMIT 1";

static void tell_all(struct explanation *explanation)
{
    int64_t values[2];
    bool json = explanation->options->json;
    tell(explanation);
    if (explanation->code == SQLITE_OK && ask_row(explanation, second_stage, values, 2)) {
        explanation->focus.space = values[0];
        explanation->focus.va = (uint64_t)values[1];
        (void)fprintf(explanation->out, "%s", json ? ",\n\"second_stage\": " : "\nTHE SECOND STAGE\n\n");
        tell(explanation);
        (void)fputs(json ? "}\n" : "", explanation->out);
    }
    (void)fputs(json ? "}\n" : "", explanation->out);
}

static int explain(struct explanation *explanation)
{
    enum choice choice = choose(explanation);
    if (choice == EXPLAIN_CHOSEN)
        tell_all(explanation);
    if (explanation->code != SQLITE_OK) {
        (void)refuse(explanation, "cannot be read: %s", sqlite3_errmsg(explanation->database));
        return EXIT_MISUSE;
    }
    if (choice == EXPLAIN_REFUSED)
        return EXIT_MISUSE;
    if (fflush(explanation->out) != 0 || ferror(explanation->out)) {
        (void)fprintf(explanation->err, "the story could not be written: the output is full or closed\n");
        return EXIT_MISUSE;
    }
    return EXIT_FINE;
}

int record_explain(const struct explain_options *options, FILE *out, FILE *err)
{
    struct record_error error;
    bool complete;
    struct explanation explanation = {.options = options,
                                      .out = out,
                                      .err = err,
                                      .focus = {.va = options->va,
                                                .cycle = options->cycle,
                                                .space = options->space,
                                                .core = options->core,
                                                .unfolded = options->unfolded}};
    explanation.database = record_database_open(options->path, &complete, &error);
    if (!explanation.database) {
        (void)fprintf(err, "%s\n", error.text);
        return EXIT_MISUSE;
    }
    int status = EXIT_MISUSE;
    if (complete)
        status = explain(&explanation);
    else
        (void)refuse(&explanation, "of a run that did not finish, which cannot be explained: run it again");
    record_database_close(explanation.database);
    return status;
}

bool record_first_violation(const char *path, struct explain_options *found)
{
    struct record_error error;
    bool complete;
    struct explanation explanation = {.options = found};
    *found = (struct explain_options){.path = path};
    explanation.database = record_database_open(path, &complete, &error);
    if (!explanation.database)
        return false;
    int64_t values[3];
    bool any =
        ask_row(&explanation,
                "SELECT space, va, cycle FROM checker_findings"
                " WHERE space IS NOT NULL AND va IS NOT NULL AND cycle IS NOT NULL ORDER BY cycle LIMIT 1",
                values, 3);
    if (any) {
        explanation.focus.space = found->space = values[0];
        explanation.focus.va = (uint64_t)values[1];
        explanation.focus.cycle = found->cycle = (uint64_t)values[2];
        prefer_operation(&explanation);
        found->va = explanation.focus.va;
    }
    record_database_close(explanation.database);
    return any;
}
