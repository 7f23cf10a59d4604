#include "sim/cli/trace_info.h"

#include <inttypes.h>
#include <string.h>

#include "sim/cli/format.h"

static void print_kind(const struct trace_kind_info *kind, const char *name, FILE *out)
{
    (void)fprintf(out, " %-12s %16s %16s %12s %12s  0x%012" PRIx64 " to 0x%012" PRIx64 "\n", name,
                  format_count(kind->records).text, format_count(kind->bytes).text,
                  format_count(kind->pages).text, format_count(kind->page_crossings).text, kind->lowest_va,
                  kind->highest_va);
}

static void print_count(uint64_t count, const char *text, FILE *out)
{
    (void)fprintf(out, "%20s      %s\n", format_count(count).text, text);
}

static void print_instructions(const struct trace_facts *facts, FILE *out)
{
    if (facts->first_count == 0)
        return;
    (void)fputs("\n first instructions:\n", out);
    for (unsigned i = 0; i < facts->first_count; i++) {
        const struct instruction *instruction = &facts->first[i];
        (void)fprintf(out, "   0x%012" PRIx64 "  %s\n", instruction->pc, instruction->text);
    }
}

void trace_facts_print(const struct trace_facts *facts, FILE *out)
{
    const struct trace_info *info = &facts->info;
    bool compressed = strcmp(info->compression, "none") != 0;
    (void)fprintf(out, "\n Trace %s: %s, %s%s, %s\n\n", facts->path, trace_format_name(info->format),
                  compressed ? "compressed with " : "not compressed", compressed ? info->compression : "",
                  info->architecture);
    print_count(info->records, "records", out);
    print_count(info->pages, "pages of 4 KiB", out);
    print_count(info->data_pages, "pages of data", out);
    print_count(info->instructions_with_bytes, "instructions with their bytes", out);
    print_count(info->accesses_with_pa, "accesses with their physical address", out);
    if (info->accesses_before_instruction > 0)
        print_count(info->accesses_before_instruction, "accesses before the first instruction", out);
    (void)fprintf(out, "\n %-12s %16s %16s %12s %12s  %s\n", "kind", "records", "bytes", "pages", "crossing",
                  "addresses");
    for (int kind = 0; kind < TRACE_RECORD_KINDS; kind++)
        if (info->kinds[kind].records > 0)
            print_kind(&info->kinds[kind], trace_record_kind_name((enum trace_record_kind)kind), out);
    print_instructions(facts, out);
    (void)fputc('\n', out);
}

static void print_member(FILE *out, const char *name, uint64_t value)
{
    (void)fprintf(out, ",\n  \"%s\": %" PRIu64, name, value);
}

static void print_kind_json(const struct trace_kind_info *kind, const char *name, FILE *out)
{
    (void)fprintf(out,
                  "\"%s\": {\"records\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"pages\": %" PRIu64
                  ", \"page_crossings\": %" PRIu64,
                  name, kind->records, kind->bytes, kind->pages, kind->page_crossings);
    if (kind->records > 0)
        (void)fprintf(out,
                      ", \"first_va\": \"0x%" PRIx64 "\", \"last_va\": \"0x%" PRIx64
                      "\", \"lowest_va\": \"0x%" PRIx64 "\", \"highest_va\": \"0x%" PRIx64 "\"",
                      kind->first_va, kind->last_va, kind->lowest_va, kind->highest_va);
    (void)fputc('}', out);
}

static void print_instructions_json(const struct trace_facts *facts, FILE *out)
{
    (void)fputs(",\n  \"first_instructions\": [", out);
    for (unsigned i = 0; i < facts->first_count; i++) {
        (void)fprintf(out, "%s{\"pc\": \"0x%" PRIx64 "\", \"text\": ", i ? ", " : "", facts->first[i].pc);
        print_json_string(out, facts->first[i].text);
        (void)fputc('}', out);
    }
    (void)fputc(']', out);
}

void trace_facts_print_json(const struct trace_facts *facts, FILE *out)
{
    const struct trace_info *info = &facts->info;
    (void)fputs("{\n  \"file\": ", out);
    print_json_string(out, facts->path);
    (void)fprintf(out, ",\n  \"format\": \"%s\",\n  \"compression\": \"%s\",\n  \"architecture\": \"%s\"",
                  trace_format_name(info->format), info->compression, info->architecture);
    print_member(out, "records", info->records);
    print_member(out, "lines", info->lines);
    print_member(out, "pages", info->pages);
    print_member(out, "data_pages", info->data_pages);
    print_member(out, "instructions_with_bytes", info->instructions_with_bytes);
    print_member(out, "accesses_with_pa", info->accesses_with_pa);
    print_member(out, "accesses_before_instruction", info->accesses_before_instruction);
    (void)fputs(",\n  \"kinds\": {", out);
    for (int kind = 0; kind < TRACE_RECORD_KINDS; kind++) {
        (void)fputs(kind ? ",\n    " : "\n    ", out);
        print_kind_json(&info->kinds[kind], trace_record_kind_name((enum trace_record_kind)kind), out);
    }
    (void)fputc('}', out);
    print_instructions_json(facts, out);
    (void)fputs("\n}\n", out);
}
