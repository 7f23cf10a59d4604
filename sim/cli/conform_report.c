#include "sim/cli/conform_report.h"

#include <inttypes.h>

#include "sim/cli/conform_script.h"
#include "sim/cli/format.h"

static const char *const verdicts[] = {
    [CONFORM_HOLDS] = "ok", [CONFORM_FAILED] = "FAILED", [CONFORM_NOT_JUDGED] = "not judged"};

/* ---- Text ---- */

static void print_step(const struct conform_step *step, enum pagetable_result answer, bool here,
                       size_t number, FILE *out)
{
    char attributes[FRAME_ATTRIBUTES_TEXT_BYTES];
    frame_attributes_print(step->attributes, attributes);
    (void)fprintf(out, "      %3zu  %-7s 0x%" PRIx64, number,
                  conform_step_name((enum conform_step_kind)step->kind), step->va);
    if (step->kind == CONFORM_MAP)
        (void)fprintf(out, " to 0x%" PRIx64 ", %s, %s", step->base,
                      format_size(UINT64_C(1) << step->size_lg2).text, attributes);
    else if (step->kind == CONFORM_PROTECT)
        (void)fprintf(out, ", %s", attributes);
    (void)fprintf(out, ": %s%s\n", pagetable_result_name(answer), here ? "     <-- here" : "");
}

/* What differs from the usual circumstances. */
static void print_setting(const struct conform_setting *setting, bool stage2, FILE *out)
{
    if (stage2)
        (void)fprintf(out, "      VMID %u", setting->vmid);
    else
        (void)fprintf(out, "      ASID %u of VMID %u", setting->asid, setting->vmid);
    (void)fprintf(out, "%s%s%s%s\n", setting->every_asid ? ", a table for every ASID" : "",
                  setting->aliasing ? ", frames may be mapped twice" : "",
                  setting->high_tables ? ", tables at high addresses" : "",
                  setting->single_leaves ? ", TLBs hold the entries of a run one by one" : "");
}

static void print_failure(const struct conform_told *told, enum conform_property_id id, FILE *out)
{
    const struct conform_failure *failure = &told->report->result[id].failure;
    const char *why;
    (void)fprintf(out, "      %s\n", failure->what);
    if (failure->nth)
        (void)fprintf(out, "      (%s %" PRIu64 " of that step fails)\n",
                      id == CONFORM_STOPPED ? "call" : "allocation", failure->nth);
    for (size_t i = 0; i < failure->count; i++)
        print_step(&failure->steps[i], failure->answers[i], i == failure->failing, i + 1, out);
    if (failure->failing >= failure->count)
        (void)fprintf(out, "      and then, when the table %s\n",
                      failure->count ? "is emptied or destroyed" : "is used");
    print_setting(&failure->setting, told->options->format->stage2, out);
    (void)fprintf(out, "      %s\n", conform_property_at(id)->source);
    if (!told->script[id][0])
        return;
    bool shows = conform_script_shows(id, &why);
    (void)fprintf(out, "      mmusim run %s%s%s\n", told->script[id],
                  shows ? "" : "    does the same and cannot show it: ", shows ? "" : why);
}

static void print_property(const struct conform_told *told, enum conform_property_id id, FILE *out)
{
    const struct conform_result *result = &told->report->result[id];
    (void)fprintf(out, "%-11s%-18s %9s sequences %10s steps %12s walks   %s\n", verdicts[result->verdict],
                  conform_property_at(id)->name, format_count(result->counts.sequences).text,
                  format_count(result->counts.steps).text, format_count(result->counts.walks).text,
                  conform_property_at(id)->sentence);
    if (result->verdict == CONFORM_FAILED)
        print_failure(told, id, out);
}

static void print_brief(const struct conform_told *told, FILE *out)
{
    struct conform_counts sum = {0};
    for (unsigned id = 0; id < CONFORM_PROPERTIES; id++)
        sum.steps += told->report->result[id].counts.steps;
    (void)fprintf(out, "%-11s%-20s %12s steps\n", "ok", told->options->format->name,
                  format_count(sum.steps).text);
}

void conform_report_print(const struct conform_told *told, bool brief, FILE *out)
{
    const struct conform_report *report = told->report;
    if (brief && report->failed == 0 && !report->ended_early) {
        print_brief(told, out);
        return;
    }
    (void)fprintf(out, "%s, format %s, seed %" PRIu64 ", %u runs\n\n", told->options->table->name,
                  told->options->format->name, told->options->seed, told->options->runs);
    for (unsigned id = 0; id < CONFORM_PROPERTIES; id++)
        print_property(told, (enum conform_property_id)id, out);
    if (report->ended_early)
        (void)fputs("\nThe time was over before all was tried: --runs N tries all, however long it takes.\n",
                    out);
    if (report->failed > 0)
        (void)fprintf(out, "\n%u of %d properties failed\n", report->failed, CONFORM_PROPERTIES);
}

/* ---- JSON ---- */

static void print_json_steps(const struct conform_failure *failure, FILE *out)
{
    (void)fputs("\"steps\": [", out);
    for (size_t i = 0; i < failure->count; i++) {
        const struct conform_step *step = &failure->steps[i];
        char attributes[FRAME_ATTRIBUTES_TEXT_BYTES];
        frame_attributes_print(step->attributes, attributes);
        (void)fprintf(out, "%s{\"kind\": \"%s\", \"va\": \"0x%" PRIx64 "\"", i ? ", " : "",
                      conform_step_name((enum conform_step_kind)step->kind), step->va);
        if (step->kind == CONFORM_MAP)
            (void)fprintf(out, ", \"pa\": \"0x%" PRIx64 "\", \"bytes\": %" PRIu64, step->base,
                          UINT64_C(1) << step->size_lg2);
        if (step->kind == CONFORM_MAP || step->kind == CONFORM_PROTECT)
            (void)fprintf(out, ", \"attributes\": \"%s\"", attributes);
        (void)fprintf(out, ", \"answer\": \"%s\"}", pagetable_result_name(failure->answers[i]));
    }
    (void)fputs("]", out);
}

static void print_json_failure(const struct conform_told *told, enum conform_property_id id, FILE *out)
{
    const struct conform_failure *failure = &told->report->result[id].failure;
    const char *why;
    (void)fputs(",\n   \"failure\": {\"what\": ", out);
    print_json_string(out, failure->what);
    (void)fprintf(out, ", \"step\": %zu, \"nth\": %" PRIu64 ", \"asid\": %u, \"vmid\": %u, ",
                  failure->failing + 1, failure->nth, failure->setting.asid, failure->setting.vmid);
    print_json_steps(failure, out);
    (void)fprintf(
        out, ", \"script_shows_it\": %s, \"script\": ", conform_script_shows(id, &why) ? "true" : "false");
    if (told->script[id][0])
        print_json_string(out, told->script[id]);
    else
        (void)fputs("null", out);
    (void)fputs("}", out);
}

void conform_report_print_json(const struct conform_told *told, FILE *out)
{
    (void)fputs("{\"table\": ", out);
    print_json_string(out, told->options->table->name);
    (void)fputs(", \"format\": ", out);
    print_json_string(out, told->options->format->name);
    (void)fprintf(out,
                  ", \"seed\": %" PRIu64
                  ", \"runs\": %u, \"failed\": %u, \"ended_early\": %s,\n \"properties\": [",
                  told->options->seed, told->options->runs, told->report->failed,
                  told->report->ended_early ? "true" : "false");
    for (unsigned id = 0; id < CONFORM_PROPERTIES; id++) {
        const struct conform_result *result = &told->report->result[id];
        const struct conform_property *property = conform_property_at((enum conform_property_id)id);
        (void)fprintf(out,
                      "%s\n  {\"name\": \"%s\", \"verdict\": \"%s\", \"sequences\": %" PRIu64
                      ", \"steps\": %" PRIu64 ", \"walks\": %" PRIu64 ",\n   \"sentence\": ",
                      id ? "," : "", property->name, verdicts[result->verdict], result->counts.sequences,
                      result->counts.steps, result->counts.walks);
        print_json_string(out, property->sentence);
        (void)fputs(", \"source\": ", out);
        print_json_string(out, property->source);
        if (result->verdict == CONFORM_FAILED)
            print_json_failure(told, (enum conform_property_id)id, out);
        (void)fputs("}", out);
    }
    (void)fputs("]}", out);
}
