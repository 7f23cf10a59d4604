#include <inttypes.h>

#include "sim/cli/format.h"
#include "sim/cli/vectors_report.h"

static void print_text(FILE *out, const char *name, const char *text)
{
    (void)fprintf(out, ", \"%s\": ", name);
    if (text != NULL)
        print_json_string(out, text);
    else
        (void)fputs("null", out);
}

void vectors_report_file_json(struct vectors_report *report, const struct vectors_file *file)
{
    FILE *out = report->files;
    (void)fprintf(out, "%s{\"rows\": %zu", report->files_told++ > 0 ? ",\n    " : "\n    ",
                  file->kind != NULL ? file->rows : 0);
    print_text(out, "file", file->path);
    print_text(out, "kind", file->kind != NULL ? file->kind->name : NULL);
    (void)fputs(", \"not_looked_at\": [", out);
    for (unsigned i = 0; i < file->ignored; i++) {
        (void)fputs(i > 0 ? ", " : "", out);
        print_json_string(out, file->ignored_column[i]);
    }
    (void)fputs("]}", out);
}

static void print_column(const struct vectors_compared *compared, FILE *out)
{
    print_json_string(out, compared->column);
    (void)fprintf(out, ": {\"differs\": %s", compared->differs ? "true" : "false");
    print_text(out, "expected", compared->expected);
    print_text(out, "ours", compared->ours);
    print_text(out, "open", compared->why_open);
    (void)fputc('}', out);
}

static void print_step(const struct vectors_step *step, FILE *out)
{
    (void)fprintf(out, "{\"step\": \"%s\", \"pa\": \"0x%" PRIx64 "\", \"value\": \"0x%" PRIx64 "\"",
                  step->write ? "write" : "read", step->pa, step->value);
    if (step->write)
        (void)fprintf(out, ", \"before\": \"0x%" PRIx64 "\"", step->before);
    (void)fputc('}', out);
}

static void print_question(const struct vectors_outcome *outcome, FILE *out)
{
    (void)fputs(", \"question\": {", out);
    for (unsigned i = 0; outcome->kind->asks[i] != NULL; i++) {
        (void)fputs(i > 0 ? ", " : "", out);
        print_json_string(out, outcome->kind->asks[i]);
        (void)fputs(": ", out);
        print_json_string(out, vectors_text(outcome->row, outcome->kind->asks[i]));
    }
    (void)fputc('}', out);
}

void vectors_report_row_json(struct vectors_report *report, const struct vectors_outcome *outcome)
{
    FILE *out = report->rows;
    const char *before = "\n      ";
    (void)fprintf(out, "%s{\"line\": %u", report->rows_told > 0 ? ",\n    " : "\n    ", outcome->line);
    print_text(out, "file", outcome->path);
    print_text(out, "id", outcome->id);
    print_text(out, "image", outcome->image);
    print_text(out, "kind", outcome->kind->name);
    print_text(out, "verdict", vectors_verdict_name(outcome->verdict));
    print_text(out, "why", outcome->why);
    print_question(outcome, out);
    (void)fputs(", \"columns\": {", out);
    for (unsigned i = 0; i < outcome->columns; i++) {
        (void)fputs(i > 0 ? ",\n      " : before, out);
        print_column(&outcome->compared[i], out);
    }
    (void)fputs("}, \"steps\": [", out);
    for (unsigned i = 0; i < outcome->steps; i++) {
        (void)fputs(i > 0 ? ",\n      " : before, out);
        print_step(&outcome->step[i], out);
    }
    (void)fputs("]}", out);
}

static void print_reason(const struct vectors_reason *reason, FILE *out)
{
    (void)fprintf(out, "{\"rows\": %lu, \"agree_nevertheless\": %lu", reason->rows,
                  reason->agree_nevertheless);
    print_text(out, "what", reason->column != NULL ? "open" : vectors_verdict_name(reason->verdict));
    print_text(out, "kind", reason->kind->name);
    print_text(out, "column", reason->column);
    print_text(out, "why", reason->why);
    (void)fputc('}', out);
}

void vectors_report_end_json(const struct vectors_report *report, const char *files, const char *rows,
                             FILE *out)
{
    const struct vectors_summary *summary = &report->summary;
    (void)fprintf(out, "{\n  \"files\": [%s],\n  \"rows\": [%s],\n  \"reasons\": [", files, rows);
    for (size_t i = 0; i < summary->reasons; i++) {
        (void)fputs(i > 0 ? ",\n    " : "\n    ", out);
        print_reason(&summary->reason[i], out);
    }
    (void)fprintf(out,
                  "],\n  \"agree\": %lu,\n  \"differ\": %lu,\n  \"excluded\": %lu,\n  \"unsupported\": %lu,\n"
                  "  \"with_a_column_left_open\": %lu\n}\n",
                  summary->rows[VECTORS_AGREES], summary->rows[VECTORS_DIFFERS],
                  summary->rows[VECTORS_EXCLUDED], summary->rows[VECTORS_UNSUPPORTED], summary->open_rows);
}
