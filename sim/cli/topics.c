#include "sim/cli/topics.h"
#include "sim/accepted_formats.h"
#include "sim/controls.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mmu/config.h"
#include "mmu/counters.h"
#include "mmu/stream.h"
#include "pagetables/pagetable.h"
#include "pagetables/walk.h"
#include "sim/cli/format.h"
#include "sim/judge/judge.h"
#include "sim/nearest.h"
#include "sim/presets.h"
#include "sim/record/database.h"
#include "traces/trace.h"

/* What a row of the parameters is about. */
struct parameter_row {
    char name[MMU_SETTING_NAME_BYTES]; /* as in a script, with a star for the member */
    const struct mmu_parameter *parameter;
    const struct mmu_family *family; /* a row that says what its members are */
};

/* The single ones, then each family with its own. */
static bool find_parameter_row(size_t index, struct parameter_row *row)
{
    const struct mmu_family *family;
    size_t at = 0;
    *row = (struct parameter_row){.parameter = mmu_parameter_at((unsigned)index)};
    if (row->parameter) {
        (void)snprintf(row->name, sizeof row->name, "%s", row->parameter->name);
        return true;
    }
    while (mmu_parameter_at((unsigned)at))
        at++;
    for (unsigned i = 0; (family = mmu_family_at(i)); at += family->parameter_count + 1, i++) {
        if (index - at > family->parameter_count)
            continue;
        if (index > at)
            row->parameter = &family->parameters[index - at - 1];
        else
            row->family = family;
        (void)snprintf(row->name, sizeof row->name, "%s.*%s%s", family->name, index > at ? "." : "",
                       index > at ? row->parameter->name : "");
        return true;
    }
    return false;
}

/* A number for programs; for people as in a script. */
static void parameter_cell(struct listing_cell *cell, const struct mmu_parameter *parameter, uint64_t value)
{
    char text[MMU_VALUE_BYTES];
    mmu_setting_print(parameter, value, text, sizeof text);
    bool number = parameter->kind == PARAMETER_COUNT || parameter->kind == PARAMETER_CYCLES;
    if (number || parameter->kind == PARAMETER_BYTES)
        listing_count(cell, value);
    if (!number)
        listing_text(cell, parameter->kind == PARAMETER_BYTES ? format_size(value).text : text);
}

static void standard_members(struct listing_cell *cell, const struct mmu_family *family)
{
    struct mmu_config config;
    mmu_config_defaults(&config);
    for (uint64_t i = 0; family == mmu_family_at(MMU_FAMILY_TLB) && i < config.tlb_count; i++) {
        size_t length = strlen(cell->text);
        (void)snprintf(cell->text + length, sizeof cell->text - length, "%s%s", i ? " " : "",
                       config.tlbs[i].name);
    }
}

static bool parameter_row(const void *context, size_t index, struct listing_cell *cells)
{
    struct parameter_row row;
    if (!find_parameter_row(index, &row))
        return false;
    listing_text(&cells[0], row.name);
    if (row.family) {
        standard_members(&cells[1], row.family);
        listing_text(&cells[5], row.family->text);
        return true;
    }
    parameter_cell(&cells[1], row.parameter, row.parameter->standard);
    if (row.parameter->kind != PARAMETER_CHOICE && row.parameter->kind != PARAMETER_SWITCH) {
        parameter_cell(&cells[2], row.parameter, row.parameter->least);
        parameter_cell(&cells[3], row.parameter, row.parameter->most);
    }
    listing_text(&cells[4], mmu_parameter_unit(row.parameter));
    listing_text(&cells[5], row.parameter->text);
    return true;
}

/* "l1d 64+4+32": the entries of all arrays of a level and side; nothing if there is none. */
static void append_tlbs(char *text, size_t text_bytes, const struct mmu_config *config, uint64_t level,
                        enum tlb_side side)
{
    static const char *const sides[TLB_SIDES] = {"i", "d", ""};
    const char *join = NULL;
    for (uint64_t i = 0; i < config->tlb_count; i++) {
        const struct tlb_config *tlb = &config->tlbs[i];
        size_t length = strlen(text);
        if (tlb->level != level || tlb->side != (uint64_t)side)
            continue;
        if (join)
            (void)snprintf(text + length, text_bytes - length, "%s%" PRIu64, join, tlb->entries);
        else
            (void)snprintf(text + length, text_bytes - length, "%sl%" PRIu64 "%s %" PRIu64,
                           length ? ", " : "", level, sides[side], tlb->entries);
        join = "+";
    }
}

static void tlbs_cell(struct listing_cell *cell, const struct mmu_config *config)
{
    for (uint64_t level = 1; level <= MMU_TLB_LEVELS_MAX; level++)
        for (int side = 0; side < TLB_SIDES; side++)
            append_tlbs(cell->text, sizeof cell->text, config, level, (enum tlb_side)side);
}

/* The default machine, then the presets. */
static bool machine_row(const void *context, size_t index, struct listing_cell *cells)
{
    struct mmu_config config;
    struct preset_reading reading = {
        .summary = "every parameter at its default, which 'mmusim list parameters' says"};
    const char *name = index == 0 ? "default" : preset_text_machines[index - 1].name;
    if (!name)
        return false;
    mmu_config_defaults(&config);
    bool fine = index == 0 || preset_read(name, &config, &reading);
    listing_text(&cells[0], name);
    listing_count(&cells[1], config.cores);
    tlbs_cell(&cells[2], &config);
    listing_text(&cells[3], fine ? reading.summary : reading.error);
    return true;
}

static bool table_row(const void *context, size_t index, struct listing_cell *cells)
{
    const struct pagetable_class *table = pagetable_class_at((unsigned)index);
    if (!table)
        return false;
    listing_text(&cells[0], table->name);
    listing_text(&cells[1], table->releases_empty_tables ? "yes" : "no");
    listing_text(&cells[2], table->default_format);
    accepted_formats_print(table, cells[3].text, sizeof cells[3].text);
    listing_text(&cells[4], table->summary);
    return true;
}

static void sizes_cell(struct listing_cell *cell, const struct walk_format *format)
{
    for (unsigned i = 0; i < format->frame_sizes; i++) {
        size_t length = strlen(cell->text);
        (void)snprintf(cell->text + length, sizeof cell->text - length, "%s%s", i ? " " : "",
                       format_size(UINT64_C(1) << format->frame_size_lg2[i]).text);
    }
}

static bool format_row(const void *context, size_t index, struct listing_cell *cells)
{
    const struct walk_format *format = walk_format_at((unsigned)index);
    if (!format)
        return false;
    listing_text(&cells[0], format->name);
    listing_count(&cells[1], format->levels);
    listing_count(&cells[2], format->va_bits);
    sizes_cell(&cells[3], format);
    controls_of_format_print(controls_of_format(format), cells[4].text, sizeof cells[4].text);
    listing_text(&cells[5], format->summary);
    return true;
}

/* ---- Families of formats, for people ---- */

/* A text that names its format's address bits, with other letters in their place: "vmsa-4k-*". The text as it
 * is if it does not name them. */
static void replace_bits(const char *text, const struct walk_format *format, const char *with, char *out,
                         size_t out_bytes)
{
    char bits[8];
    (void)snprintf(bits, sizeof bits, "%u", format->va_bits);
    const char *at = strstr(text, bits);
    size_t before = at ? (size_t)(at - text) : strlen(text);
    (void)snprintf(out, out_bytes, "%.*s%s%s", (int)before, text, at ? with : "",
                   at ? at + strlen(bits) : "");
}

static bool is_next_of_family(const struct walk_format *format, const struct walk_format *next)
{
    char name[LISTING_TEXT_BYTES];
    char next_name[LISTING_TEXT_BYTES];
    replace_bits(format->name, format, "*", name, sizeof name);
    replace_bits(next->name, next, "*", next_name, sizeof next_name);
    return next->va_bits == format->va_bits + 1 && strcmp(name, next_name) == 0;
}

/* Formats that follow each other and differ by one bit of address from each to the next. */
static bool find_family(size_t index, const struct walk_format **first, const struct walk_format **last)
{
    const struct walk_format *next = walk_format_at(0);
    for (unsigned at = 1; next; index--) {
        *first = next;
        do {
            *last = next;
            next = walk_format_at(at++);
        } while (next && is_next_of_family(*last, next));
        if (index == 0)
            return true;
    }
    return false;
}

static void range_cell(struct listing_cell *cell, unsigned first, unsigned last)
{
    if (first == last)
        listing_count(cell, first);
    else
        (void)snprintf(cell->text, sizeof cell->text, "%u..%u", first, last);
}

static bool format_family_row(const void *context, size_t index, struct listing_cell *cells)
{
    const struct walk_format *first;
    const struct walk_format *last;
    char bits[16];
    if (!find_family(index, &first, &last))
        return false;
    if (first == last)
        (void)snprintf(bits, sizeof bits, "%u", first->va_bits);
    else
        (void)snprintf(bits, sizeof bits, "%u..%u", first->va_bits, last->va_bits);
    replace_bits(last->name, last, bits, cells[0].text, sizeof cells[0].text);
    range_cell(&cells[1], first->levels, last->levels);
    range_cell(&cells[2], first->va_bits, last->va_bits);
    sizes_cell(&cells[3], last);
    controls_of_format_print(controls_of_format(last), cells[4].text, sizeof cells[4].text);
    replace_bits(last->summary, last, bits, cells[5].text, sizeof cells[5].text);
    return true;
}

static bool stream_row(const void *context, size_t index, struct listing_cell *cells)
{
    static const char *const texts[STREAM_PATTERNS] = {
        [STREAM_SEQUENTIAL] = "from the base upwards, and again from the base at the end of the region",
        [STREAM_STRIDE] = "with any distance, modulo the region",
        [STREAM_UNIFORM] = "uniformly random places of the region",
        [STREAM_ZIPF] = "pages by rank with probability ~ 1 / rank^skew",
        [STREAM_CHASE] = "one random cycle through all lines of the region, each access after the other",
    };
    if (index >= STREAM_PATTERNS)
        return false;
    listing_text(&cells[0], stream_pattern_name((enum stream_pattern)index));
    listing_text(&cells[1], texts[index]);
    return true;
}

static bool trace_row(const void *context, size_t index, struct listing_cell *cells)
{
    static const char *const texts[TRACE_FORMATS] = {
        [TRACE_LACKEY] = "of valgrind --tool=lackey --trace-mem=yes",
        [TRACE_MTRACE] = "of the QEMU plug-in in traces/capture, with the bytes of instructions",
    };
    if (index + 1 >= TRACE_FORMATS) /* 0 is the unknown one */
        return false;
    listing_text(&cells[0], trace_format_name((enum trace_format)(index + 1)));
    listing_text(&cells[1], texts[index + 1]);
    return true;
}

static bool counter_row(const void *context, size_t index, struct listing_cell *cells)
{
    struct mmu_config config;
    struct mmu_counter counter;
    mmu_config_defaults(&config);
    if (!mmu_counter_at(&config, (unsigned)index, &counter))
        return false;
    listing_text(&cells[0], counter.name);
    listing_text(&cells[1], counter.text);
    return true;
}

static bool rule_row(const void *context, size_t index, struct listing_cell *cells)
{
    if (index >= JUDGE_RULES)
        return false;
    listing_text(&cells[0], judge_rule_name((enum judge_rule)index));
    listing_text(&cells[1], judge_rule_text((enum judge_rule)index));
    return true;
}

/* One line of record_list_views: a name, spaces, a text. */
static bool view_row(const void *context, size_t index, struct listing_cell *cells)
{
    const char *line = context;
    for (size_t i = 0; i < index && *line; i++) {
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    if (!*line)
        return false;
    size_t name = strcspn(line, " \n");
    size_t text = name + strspn(line + name, " ");
    (void)snprintf(cells[0].text, sizeof cells[0].text, "%.*s", (int)name, line);
    (void)snprintf(cells[1].text, sizeof cells[1].text, "%.*s", (int)strcspn(line + text, "\n"), line + text);
    return true;
}

struct topic {
    const char *name;
    const char *text;
    struct listing listing;
};

static const struct topic topics[] = {
    {"machines",
     "machines that a script can begin with: machine { preset = \"cortex-a53\" }",
     {{"name", "cores", "tlbs", "description"}, machine_row, NULL}},
    {"parameters",
     "what describes a machine: names as in a script, defaults, ranges",
     {{"name", "default", "least", "most", "unit", "description"}, parameter_row, NULL}},
    {"tables",
     "page tables",
     {{"name", "releases_empty_tables", "default_format", "formats", "description"}, table_row, NULL}},
    {"formats",
     "formats of page-table entries, with the hardware that walks them; 25..48 is any of these numbers",
     {{"name", "levels", "va_bits", "page_sizes", "controls", "description"}, format_family_row, NULL}},
    {"streams", "patterns of accesses", {{"name", "description"}, stream_row, NULL}},
    {"traces",
     "formats of traces; each may be compressed with gzip, xz or zstd",
     {{"name", "description"}, trace_row, NULL}},
    {"counters",
     "what is counted for each core and region; of TLBs and levels, the default machine's",
     {{"name", "description"}, counter_row, NULL}},
    {"views", "views of a record, for 'mmusim query'", {{"name", "description"}, view_row, NULL}},
    {"rules", "rules of refinement that the checker judges by", {{"name", "description"}, rule_row, NULL}},
};

#define TOPICS (sizeof topics / sizeof *topics)

static bool topic_row(const void *context, size_t index, struct listing_cell *cells)
{
    if (index >= TOPICS)
        return false;
    listing_text(&cells[0], topics[index].name);
    listing_text(&cells[1], topics[index].text);
    return true;
}

void topics_print(enum cli_format format, FILE *out)
{
    const struct listing listing = {{"topic", "description"}, topic_row, NULL};
    listing_print(&listing, format, out);
}

static int print_views(struct listing listing, enum cli_format format, FILE *out, FILE *err)
{
    struct cli_capture capture;
    if (!cli_capture_open(&capture, err))
        return CLI_MISUSE;
    int status = record_list_views(capture.stream);
    char *text = cli_capture_close(&capture, err);
    if (!text || status != CLI_FINE) {
        free(text);
        return CLI_MISUSE;
    }
    listing.context = text;
    listing_print(&listing, format, out);
    free(text);
    return CLI_FINE;
}

static int refuse_topic(const char *name, FILE *err)
{
    const char *names[TOPICS];
    for (size_t i = 0; i < TOPICS; i++)
        names[i] = topics[i].name;
    const char *nearest = nearest_name(name, names, TOPICS);
    if (nearest)
        cli_say(err, "'%s' cannot be listed; the nearest is '%s'", name, nearest);
    else
        cli_say(err, "'%s' cannot be listed; 'mmusim list' says what can", name);
    return CLI_MISUSE;
}

int topic_print(const char *name, enum cli_format format, FILE *out, FILE *err)
{
    for (size_t i = 0; i < TOPICS; i++) {
        if (strcmp(name, topics[i].name) != 0)
            continue;
        struct listing listing = topics[i].listing;
        if (listing.row == view_row)
            return print_views(listing, format, out, err);
        if (listing.row == format_family_row && format != CLI_TEXT)
            listing.row = format_row; /* programs want each by its name */
        listing_print(&listing, format, out);
        return CLI_FINE;
    }
    return refuse_topic(name, err);
}
