/* The story for people, and the same as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/record/explain.h"
#include "sim/record/table.h"

/* Lines of events before and after the moment; what is further away is counted. */
#define LINES_BEFORE 44
#define LINES_AFTER  14

struct printer {
    sqlite3 *database;
    FILE *out;
    int code; /* of SQLite: the first failure stays */
};

static sqlite3_stmt *ask(struct printer *printer, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (printer->code == SQLITE_OK)
        printer->code = sqlite3_prepare_v2(printer->database, sql, -1, &statement, NULL);
    return statement;
}

/* True while there are rows; at the end or on failure the statement is gone. */
static bool next_row(struct printer *printer, sqlite3_stmt *statement)
{
    if (printer->code == SQLITE_OK) {
        int code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            return true;
        if (code != SQLITE_DONE)
            printer->code = code;
    }
    (void)sqlite3_finalize(statement); /* repeats the code of the last step */
    return false;
}

static const char *text_of(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

/* Each row of a query that makes whole lines. */
static void print_lines(struct printer *printer, const char *sql)
{
    sqlite3_stmt *rows = ask(printer, sql);
    while (next_row(printer, rows))
        (void)fprintf(printer->out, "%s\n", text_of(rows, 0));
}

/* ---- State ---- */

static void print_head(struct printer *printer)
{
    print_lines(
        printer,
        "SELECT printf('0x%x of space %d (%s, %s, ASID %d%s) in cycle %d', p.address, p.space, s.page_table,"
        " s.format, s.asid, IIF(s.vmid, ', VMID ' || s.vmid, ''), p.cycle)"
        " FROM page p JOIN spaces s ON s.space = p.space");
    /* one line a rule: the violation that is nearest to the moment, and how many there are */
    print_lines(
        printer,
        "WITH near AS (SELECT b.*, COUNT(*) OVER rule AS many, MIN(b.cycle) OVER rule AS first,"
        " MAX(b.cycle) OVER rule AS last,"
        " ROW_NUMBER() OVER (PARTITION BY b.rule, b.judge ORDER BY abs(b.cycle - p.cycle), b.cycle) AS place,"
        " DENSE_RANK() OVER (PARTITION BY b.rule ORDER BY b.judge) AS judges"
        " FROM broken b JOIN page p WINDOW rule AS (PARTITION BY b.rule, b.judge))"
        "SELECT printf('  %s: %s%s', rule, explanation, IIF(many = 1, '',"
        " printf(' (one of %d of this page, in cycles %d to %d)', many, first, last)))"
        " FROM near WHERE place = 1 AND judges = 1 ORDER BY first, rule");
}

static void print_map(struct printer *printer)
{
    (void)fprintf(printer->out, "\nThe abstract map\n");
    print_lines(printer, "SELECT printf('  %d earlier of this address left out (--all tells "
                         "them)', MIN(number) - 1)"
                         " FROM lives HAVING MIN(number) > 1");
    print_lines(printer,
                "SELECT printf('  0x%x -> 0x%x, 2^%d bytes, %s: %s', l.va, l.pa, l.size_lg2, "
                "n.attributes_text, l.at_the_moment)"
                " || char(10) || printf('    %s, operation %d of core %d: there %s',"
                " IIF(o.kind = 0, 'map', 'protect'), o.operation, o.core,"
                " IIF(l.must_from IS l.may_from, printf('from cycle %d on', l.may_from), printf('possibly "
                "from cycle %d, %s', l.may_from,"
                " IFNULL(printf('certainly after cycle %d', l.must_from), 'never certainly'))))"
                " || IIF(r.operation IS NULL, char(10) || '    never ended',"
                " printf('%s    %s, operation %d of core %d: there certainly before cycle %d, %s', char(10),"
                " IIF(r.kind = 1, 'unmap', 'protect'), r.operation, r.core, l.must_until,"
                " IFNULL(printf('possibly until cycle %d', l.may_until), 'possibly ever after: the operation "
                "did not end')))"
                " FROM lives l JOIN operations o ON o.operation = l.map_operation"
                " LEFT JOIN operations r ON r.operation = l.remove_operation"
                " LEFT JOIN attribute_names n ON n.attributes = l.attributes ORDER BY l.number");
    print_lines(printer,
                "SELECT '  it never had a mapping of this address' WHERE NOT EXISTS (SELECT 1 FROM lives)");
    print_lines(printer, "SELECT printf('  %d later of this address left out (--all tells "
                         "them)', held - MAX(number))"
                         " FROM lives HAVING held > MAX(number)");
}

static void print_table(struct printer *printer, const struct explain_walk *walk)
{
    (void)fprintf(printer->out, "\nThe table, as a walk would have read memory\n");
    /* Of two stages, the second one's reading of stage 1's tables is told unfolded alone. */
    print_lines(printer,
                "SELECT printf('  %slevel %d  %s0x%-12x  ', IIF(w.stage = 2, 'stage 2, ', ''), w.level,"
                " IIF(w.ipa IS NULL, '', printf('ipa 0x%x = ', w.ipa)), w.pa)"
                " || IIF(w.value IS NULL, 'not known', printf('0x%016x  %s', w.value, w.source))"
                " FROM words w JOIN page p"
                " WHERE p.unfolded OR p.stage2 IS NULL OR w.stage = 1 OR w.value IS NULL ORDER BY w.place");
    (void)fprintf(printer->out, "  it ends with %s\n", walk->result);
}

static void print_caches(struct printer *printer)
{
    (void)fprintf(printer->out, "\nTLBs and walk caches at the moment\n");
    print_lines(printer, "SELECT printf('  core %d  %-4s ', core, title) || IIF(there,"
                         " printf(' entry %d: %s; %s; %s; %s', entry, held, filled, hits, ended),"
                         " printf(' nothing now; before, entry %d: %s, %s', entry, held, ended))"
                         " FROM held_at_the_moment ORDER BY core, tlb, holds, fill_cycle");
    print_lines(printer, "SELECT '  no TLB and no walk cache had anything of it yet'"
                         " WHERE NOT EXISTS (SELECT 1 FROM held_at_the_moment)");
}

/* ---- Events ---- */

/*
 * The lines that are printed. Between two that are never folded, those with the same `fold` are one run: of
 * more than two, the first and the last are printed, which says how many are between. Lines far from the
 * moment are left out.
 */
static const char *const choose_events =
    "CREATE TEMP TABLE chosen AS"
    " WITH kinds AS (SELECT s.rowid AS number, s.cycle, s.event, s.core, s.text, s.cycle > p.cycle AS after,"
    "                       IIF(s.cycle = p.cycle OR p.unfolded, NULL, s.fold) AS fold"
    "                FROM story s, page p WHERE s.cycle IS NOT NULL),"
    " parted AS (SELECT *, SUM(fold IS NULL) OVER (ORDER BY cycle, event, number ROWS UNBOUNDED PRECEDING) "
    "AS part FROM kinds),"
    " runs_of AS (SELECT *, COUNT(*) OVER run AS many,"
    "                    ROW_NUMBER() OVER (run ORDER BY cycle, event, number) AS nth"
    "             FROM parted WINDOW run AS (PARTITION BY part, fold, after)),"
    " lines AS (SELECT cycle, event, number, core, after,"
    "                  IIF(fold IS NULL OR nth = 1 OR many < 3, '', printf('... %d more like it, then: ', "
    "many - 2)) || text AS text"
    "           FROM runs_of WHERE fold IS NULL OR nth = 1 OR nth = many),"
    " placed AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY after ORDER BY cycle, event, number) AS place,"
    "                   COUNT(*) OVER (PARTITION BY after) AS places FROM lines)"
    " SELECT cycle, event, number, core, text FROM placed, (SELECT unfolded FROM page)"
    " WHERE unfolded OR IIF(after, place <= :after, place > places - :before)";

static void choose(struct printer *printer)
{
    sqlite3_stmt *statement = ask(printer, choose_events);
    if (printer->code == SQLITE_OK)
        printer->code =
            sqlite3_bind_int(statement, sqlite3_bind_parameter_index(statement, ":after"), LINES_AFTER);
    if (printer->code == SQLITE_OK)
        printer->code =
            sqlite3_bind_int(statement, sqlite3_bind_parameter_index(statement, ":before"), LINES_BEFORE);
    while (next_row(printer, statement))
        ; /* it has none */
}

static void print_left_out(struct printer *printer, bool after)
{
    print_lines(printer, after ? "SELECT printf('                   %d more until cycle %d are left out "
                                 "(--all tells them)', COUNT(*),"
                                 " MAX(s.cycle)) FROM story s, page p WHERE s.cycle > IFNULL((SELECT "
                                 "MAX(cycle) FROM chosen), p.cycle)"
                                 " HAVING COUNT(*) > 0"
                               : "SELECT printf('                   %d since cycle %d are left out (--all "
                                 "tells them)', COUNT(*),"
                                 " MIN(s.cycle)) FROM story s WHERE s.cycle < (SELECT MIN(cycle) FROM "
                                 "chosen) HAVING COUNT(*) > 0");
}

static void print_moment(struct printer *printer, sqlite3_int64 moment)
{
    (void)fprintf(printer->out, ">> %12lld  -------- the moment --------\n", (long long)moment);
}

static void print_events(struct printer *printer)
{
    sqlite3_int64 moment = 0;
    bool passed = false;
    sqlite3_stmt *page = ask(printer, "SELECT cycle FROM page");
    while (next_row(printer, page))
        moment = sqlite3_column_int64(page, 0);
    (void)fprintf(printer->out, "\nWhat happened\n");
    choose(printer);
    print_left_out(printer, false);
    sqlite3_stmt *rows = ask(printer, "SELECT cycle, core, text FROM chosen ORDER BY cycle, event, number");
    while (next_row(printer, rows)) {
        sqlite3_int64 cycle = sqlite3_column_int64(rows, 0);
        if (cycle >= moment && !passed)
            print_moment(printer, moment);
        passed = cycle >= moment;
        (void)fprintf(printer->out, "%s %12lld  core %-2s  %s\n", cycle == moment ? ">>" : "  ",
                      (long long)cycle, text_of(rows, 1), text_of(rows, 2));
    }
    if (!passed)
        print_moment(printer, moment);
    print_left_out(printer, true);
}

int explain_print(sqlite3 *database, const struct explain_walk *walk, FILE *out)
{
    struct printer printer = {.database = database, .out = out};
    print_head(&printer);
    print_map(&printer);
    print_table(&printer, walk);
    print_caches(&printer);
    print_events(&printer);
    return printer.code;
}

/* ---- JSON ---- */

static void print_member(struct printer *printer, const char *name, const char *sql)
{
    (void)fprintf(printer->out, ",\n\"%s\": ", name);
    sqlite3_stmt *rows = ask(printer, sql);
    if (printer->code == SQLITE_OK)
        printer->code = table_print(rows, RECORD_JSON, printer->out);
    (void)sqlite3_finalize(rows); /* repeats the code of the last step */
}

int explain_print_json(sqlite3 *database, const struct explain_walk *walk, FILE *out)
{
    struct printer printer = {.database = database, .out = out};
    (void)fputc('{', out);
    print_lines(&printer, "SELECT printf('\"va\": \"0x%x\", \"space\": %d, \"cycle\": %d, \"page\": "
                          "\"0x%x\"', address, space, cycle, va)"
                          " FROM page");
    print_member(&printer, "violations",
                 "SELECT judge, rule, cycle, core, printf('0x%x', va) AS va, explanation FROM broken ORDER "
                 "BY cycle, rule");
    print_member(&printer, "mappings",
                 "SELECT printf('0x%x', va) AS va, printf('0x%x', pa) AS pa, 1 << size_lg2 AS page_bytes, "
                 "attributes_text AS"
                 " attributes, map_operation, remove_operation, may_from, must_from, must_until, may_until, "
                 "at_the_moment"
                 " FROM lives l LEFT JOIN attribute_names n USING (attributes) ORDER BY number");
    print_member(
        &printer, "table",
        "SELECT stage, level, IIF(ipa IS NULL, NULL, printf('0x%x', ipa)) AS ipa, printf('0x%x', pa) AS pa,"
        " IIF(value IS NULL, NULL, printf('0x%016x', value)) AS value, source FROM words ORDER BY place");
    (void)fprintf(out, ",\n\"table_result\": \"%s\"", walk->result); /* plain words */
    print_member(
        &printer, "caches",
        "SELECT core, title AS array, entry, there, held, filled, hits, ended FROM held_at_the_moment"
        " ORDER BY core, tlb, holds, fill_cycle");
    print_member(
        &printer, "events",
        "SELECT cycle, core, what, text FROM story WHERE cycle IS NOT NULL ORDER BY cycle, event, rowid");
    return printer.code;
}
