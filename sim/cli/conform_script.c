#include "sim/cli/conform_script.h"

#include <inttypes.h>
#include <string.h>

#include "sim/cli/format.h"

#define MEMORY_LEAST   UINT64_C(0x1000000)
#define SMALLEST_BLOCK UINT64_C(0x1000)

/* ---- What a machine can show ---- */

/* Two cores: what one of them may see and hold. */
static bool is_watched(enum conform_property_id id)
{
    return id == CONFORM_WALKS || id == CONFORM_STALE || id == CONFORM_GLOBALS || id == CONFORM_IDENTIFIERS ||
           id == CONFORM_RELEASES || id == CONFORM_BREAK;
}

bool conform_script_shows(enum conform_property_id id, const char **why)
{
    static const char *const reasons[CONFORM_PROPERTIES] = {
        [CONFORM_PRECONDITIONS] = "the machine's own checks come before the table's",
        [CONFORM_INVARIANTS] = "scripts do not ask for the table's own check",
        [CONFORM_DAMAGE] = "scripts do not ask for the table's own check",
        [CONFORM_STOPPED] = "no script goes on when the machine stops",
        [CONFORM_OWN_MEMORY] = "the machine lets page-table code touch any memory",
        [CONFORM_DETERMINISM] = "a script has no copy of a page table",
        [CONFORM_MANY] = "the sequence is too long",
    };
    *why = reasons[id];
    return *why == NULL;
}

/* ---- Data ---- */

struct attributes_text {
    char text[FRAME_ATTRIBUTES_TEXT_BYTES];
};

static struct attributes_text text_of(uint32_t attributes)
{
    struct attributes_text text;
    frame_attributes_print(attributes, text.text);
    return text;
}

/* Lua has no escapes for what page-table names and paths are made of but these two. */
static void print_lua_string(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static uint64_t memory_bytes(const struct conform_failure *failure)
{
    uint64_t bytes = MEMORY_LEAST;
    for (size_t i = 0; i < failure->count; i++) {
        const struct conform_step *step = &failure->steps[i];
        uint64_t end = step->base + (UINT64_C(1) << step->size_lg2);
        while (step->kind == CONFORM_MAP && bytes < end)
            bytes *= 2;
    }
    return bytes;
}

static const char *ordering_of(const struct walk_format *format)
{
    if (strncmp(format->name, "x86", 3) == 0 || strncmp(format->name, "ept", 3) == 0)
        return "x86";
    return strncmp(format->name, "sv", 2) == 0 ? "riscv" : "arm";
}

static void print_machine(const struct conform_script *script, FILE *out)
{
    bool watched = is_watched(script->id);
    (void)fprintf(out, "local MACHINE = {\n  cores = %d, record = \"%s\", ordering = \"%s\",\n",
                  watched ? 2 : 1, watched ? "misses" : "counters", ordering_of(script->options->format));
    (void)fprintf(out, "  memory = { size = \"%s\" },\n", format_size(memory_bytes(script->failure)).text);
    if (watched)
        (void)fputs("  store_buffer = { drain = 3000 }, walk_cache = { tables = { entries = 64 } },\n", out);
    (void)fputs("}\n", out);
}

static void print_space(const struct conform_script *script, FILE *out)
{
    const struct conform_setting *setting = &script->failure->setting;
    const struct walk_format *format = script->options->format;
    (void)fputs("local SPACE = { table = ", out);
    print_lua_string(out, script->table);
    (void)fputs(", format = ", out);
    print_lua_string(out, format->name);
    if (format->stage2)
        (void)fprintf(out, ", vmid = %u", setting->vmid);
    else
        (void)fprintf(out, ", asid = %u", setting->asid);
    (void)fprintf(out, "%s }\n", setting->aliasing || is_watched(script->id) ? ", aliasing = true" : "");
}

static void print_step(const struct conform_step *step, enum pagetable_result answer, FILE *out)
{
    (void)fprintf(out, "  { kind = \"%s\", va = 0x%" PRIx64,
                  conform_step_name((enum conform_step_kind)step->kind), step->va);
    if (step->kind == CONFORM_MAP)
        (void)fprintf(out, ", pa = 0x%" PRIx64 ", size = \"%s\"", step->base,
                      format_size(UINT64_C(1) << step->size_lg2).text);
    if (step->kind == CONFORM_MAP || step->kind == CONFORM_PROTECT)
        (void)fprintf(out, ", attributes = \"%s\", mapped = \"%s\"", text_of(step->attributes).text,
                      text_of(step->attributes & ~FRAME_STATE_ALL).text);
    (void)fprintf(out, ", answer = \"%s\" },\n", pagetable_result_name(answer));
}

static void print_steps(const struct conform_failure *failure, FILE *out)
{
    (void)fputs("local STEPS = {                                     -- and what each should answer\n", out);
    for (size_t i = 0; i < failure->count; i++)
        print_step(&failure->steps[i], failure->answers[i], out);
    (void)fputs("}\n", out);
}

/* ---- What is particular to one or two cores ---- */

static void print_sequence_data(const struct conform_script *script, FILE *out)
{
    const struct conform_failure *failure = script->failure;
    size_t starved =
        script->id == CONFORM_NO_MEMORY && failure->failing < failure->count ? failure->failing + 1 : 0;
    (void)fprintf(
        out, "local STARVED = %zu                                    -- the step without memory; 0: none\n",
        starved);
    if (failure->table_bytes)
        (void)fprintf(
            out, "local BLOCK = \"%s\"                                    -- what a table takes\n",
            format_size(failure->table_bytes < SMALLEST_BLOCK ? SMALLEST_BLOCK : failure->table_bytes).text);
    else
        (void)fputs("local BLOCK = \"4K\"\n", out);
    (void)fprintf(out, "local COUNT_TABLES = %s\n", script->id == CONFORM_EMPTY_TABLES ? "true" : "false");
}

/* Every address that the sequence names, and the last one of each page. */
static void print_addresses(const struct conform_script *script, FILE *out)
{
    const struct conform_failure *failure = script->failure;
    (void)fputs("local ADDRESSES = {", out);
    for (size_t i = 0; i < failure->count; i++) {
        const struct conform_step *step = &failure->steps[i];
        if (step->kind == CONFORM_MAP)
            (void)fprintf(out, " 0x%" PRIx64 ", 0x%" PRIx64 ",", step->va,
                          step->va + (UINT64_C(1) << step->size_lg2) - 8);
    }
    (void)fputs(" }\n", out);
}

static void print_watched_data(const struct conform_script *script, FILE *out)
{
    const struct walk_format *format = script->options->format;
    print_addresses(script, out);
    if (script->id != CONFORM_RELEASES) {
        (void)fputs("local REUSE, SMALLEST, PLAIN\n", out);
        return;
    }
    /* An address of another table of the last level, with the same place in it. */
    (void)fprintf(out, "local REUSE, SMALLEST, PLAIN = 0x%" PRIx64 ", \"%s\", \"%s\"\n",
                  UINT64_C(1) << (2 * format->page_lg2 - 3),
                  format_size(UINT64_C(1) << format->page_lg2).text, format->stage2 ? "rw-" : "rw-u");
}

static const char *body_of(const char *name)
{
    for (const struct conform_text *text = conform_text_scripts; text->name; text++)
        if (strcmp(text->name, name) == 0)
            return text->text;
    return "";
}

/* ---- The whole ---- */

static void print_head(const struct conform_script *script, FILE *out)
{
    const struct conform_property *property = conform_property_at(script->id);
    const char *why;
    (void)fprintf(out, "-- %s with format %s breaks \"%s\":\n--   %s\n--   (%s).\n--\n",
                  script->options->table->name, script->options->format->name, property->name,
                  property->sentence, property->source);
    (void)fprintf(out, "-- %s, at step %zu of %zu.\n", script->failure->what, script->failure->failing + 1,
                  script->failure->count);
    if (!conform_script_shows(script->id, &why))
        (void)fprintf(
            out, "-- This script performs the sequence, but the failure shows in the kit alone: %s.\n", why);
    else if (is_watched(script->id))
        (void)fputs(
            "-- The second core uses the pages all the time; the checker that runs along finds what it must "
            "not see or hold.\n"
            "-- The timing is a guess: the kit knows all of them, this script some.\n",
            out);
    (void)fprintf(out, "--\n-- Found by: %s\n\n", script->command);
}

void conform_script_print(const struct conform_script *script, FILE *out)
{
    bool watched = is_watched(script->id);
    print_head(script, out);
    print_machine(script, out);
    print_space(script, out);
    print_steps(script->failure, out);
    if (watched)
        print_watched_data(script, out);
    else
        print_sequence_data(script, out);
    (void)fputc('\n', out);
    (void)fputs(body_of(watched ? "watched" : "sequence"), out);
}
