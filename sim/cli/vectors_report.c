#include "sim/cli/vectors_report.h"

#include <inttypes.h>
#include <string.h>

#include "sim/cli/format.h"

const char *vectors_verdict_name(enum vectors_verdict verdict)
{
    static const char *const names[VECTORS_VERDICTS] = {"agrees", "differs", "excluded", "unsupported"};
    return names[verdict];
}

void vectors_report_file(void *context, const struct vectors_file *file)
{
    struct vectors_report *report = context;
    if (report->json) {
        vectors_report_file_json(report, file);
        return;
    }
    if (file->kind == NULL) {
        (void)fprintf(report->files, "%s: left alone, it has no columns 'id' and 'image'\n", file->path);
        return;
    }
    (void)fprintf(report->files, "%s: %zu rows of kind %s", file->path, file->rows, file->kind->name);
    for (unsigned i = 0; i < file->ignored; i++)
        (void)fprintf(report->files, "%s %s", i > 0 ? "," : "; not looked at:", file->ignored_column[i]);
    (void)fputc('\n', report->files);
}

/* ---- rows ---- */

static const char *shown(const char *text)
{
    return *text != '\0' ? text : "(nothing)";
}

static void print_question(const struct vectors_outcome *outcome, FILE *out)
{
    const char *const *asks = outcome->kind->asks;
    (void)fputs("   ", out);
    for (unsigned i = 0; asks[i] != NULL; i++)
        (void)fprintf(out, " %s %s", asks[i], shown(vectors_text(outcome->row, asks[i])));
    (void)fputc('\n', out);
}

static void print_column(const struct vectors_compared *compared, FILE *out)
{
    if (compared->why_open != NULL)
        (void)fprintf(out, "    %-12s expected %s, open: %s\n", compared->column, shown(compared->expected),
                      compared->why_open);
    else if (compared->differs)
        (void)fprintf(out, "    %-12s expected %s, ours %s\n", compared->column, shown(compared->expected),
                      shown(compared->ours));
    else
        (void)fprintf(out, "    %-12s %s\n", compared->column, shown(compared->ours));
}

static void print_step(const struct vectors_step *step, FILE *out)
{
    if (step->write)
        (void)fprintf(out, "    writes 0x%010" PRIx64 ": %" PRIx64 ", was %" PRIx64 "\n", step->pa,
                      step->value, step->before);
    else
        (void)fprintf(out, "    reads  0x%010" PRIx64 ": %" PRIx64 "\n", step->pa, step->value);
}

static void print_row(const struct vectors_report *report, const struct vectors_outcome *outcome)
{
    FILE *out = report->rows;
    (void)fprintf(out, "%s:%u: id %s, image %s %s%s%s\n", outcome->path, outcome->line, outcome->id,
                  outcome->image, vectors_verdict_name(outcome->verdict), outcome->why != NULL ? ": " : "",
                  outcome->why != NULL ? outcome->why : "");
    print_question(outcome, out);
    for (unsigned i = 0; i < outcome->columns; i++)
        if (report->id != NULL || outcome->compared[i].differs)
            print_column(&outcome->compared[i], out);
    for (unsigned i = 0; report->id != NULL && i < outcome->steps; i++)
        print_step(&outcome->step[i], out);
}

bool vectors_report_row(void *context, const struct vectors_outcome *outcome)
{
    struct vectors_report *report = context;
    if (report->id != NULL && strcmp(report->id, outcome->id) != 0)
        return true;
    report->out_of_memory = !vectors_summary_add(&report->summary, outcome);
    if (report->id == NULL && (outcome->verdict != VECTORS_DIFFERS || report->rows_told == report->limit))
        return !report->out_of_memory;
    if (report->json)
        vectors_report_row_json(report, outcome);
    else
        print_row(report, outcome);
    report->rows_told++;
    return !report->out_of_memory;
}

/* ---- the end ---- */

static void print_reason(const struct vectors_reason *reason, FILE *out)
{
    const char *what = reason->column != NULL ? "column left open" : vectors_verdict_name(reason->verdict);
    (void)fprintf(out, "%s, kind %s%s%s: %lu rows: %s", what, reason->kind->name,
                  reason->column != NULL ? ", " : "", reason->column != NULL ? reason->column : "",
                  reason->rows, reason->why);
    if (reason->agree_nevertheless > 0)
        (void)fprintf(out, " (%lu of them agree nevertheless)", reason->agree_nevertheless);
    (void)fputc('\n', out);
}

void vectors_report_end(const struct vectors_report *report, FILE *out)
{
    const struct vectors_summary *summary = &report->summary;
    unsigned long untold = summary->rows[VECTORS_DIFFERS] - report->rows_told;
    if (report->id == NULL && untold > 0)
        (void)fprintf(out, "%lu more %s; --rows all shows every one\n", untold,
                      untold == 1 ? "row differs" : "rows differ");
    for (size_t i = 0; i < summary->reasons; i++)
        print_reason(&summary->reason[i], out);
    (void)fprintf(out,
                  "%lu rows agree (%lu with a column left open), %lu differ, %lu excluded, %lu unsupported\n",
                  summary->rows[VECTORS_AGREES], summary->open_rows, summary->rows[VECTORS_DIFFERS],
                  summary->rows[VECTORS_EXCLUDED], summary->rows[VECTORS_UNSUPPORTED]);
}
