#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pagetables/plugin_load.h"
#include "sim/cli/conform_report.h"
#include "sim/cli/conform_script.h"
#include "sim/cli/verb.h"
#include "sim/nearest.h"

#define RUNS        100
#define RUNS_OF_ALL 20 /* of each format, when all of them are tried */
#define SECONDS     9  /* of one format, unless --runs says that it may take longer */
#define NAMES_MAX   512

static const struct cli_option conform_options[] = {
    {"format", "NAME", "the format, or 'all' that the table can be made with; otherwise its own", 0},
    {"seed", "N", "where random sequences come from; otherwise 1", 0},
    {"runs", "N", "random sequences of each kind; otherwise 100, or as many as take about 10 seconds", 0},
    {"script", "FILE.lua", "write the script of the first failure here, and no others", 0},
    {"force", NULL, "replace scripts that are already there", 'f'},
    {"json", NULL, "one JSON object for each format, as an array", 0},
    {0},
};

struct conformance {
    const struct cli_call *call;
    struct loaded_plugin *plugin; /* NULL: a built-in table */
    char table[PATH_MAX];         /* as scripts name it */
    struct conform_options options;
    bool runs_given;
    bool all;
    struct timespec begin;
    struct conform_told told;
    unsigned formats;
    bool found;
    bool script_written; /* the one of --script */
};

/* ---- What is asked for ---- */

static bool refuse_table(const struct cli_call *call, const char *name)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    if (strchr(name, '/')) {
        cli_say(call->err, "%s: %s; a plug-in, a shared object, would be right", name, strerror(errno));
        return false;
    }
    for (unsigned i = 0; count < NAMES_MAX && pagetable_class_at(i); i++)
        names[count++] = pagetable_class_at(i)->name;
    const char *nearest = nearest_name(name, names, count);
    cli_say(call->err, "there is no page table '%s'%s%s; a plug-in is named by its path", name,
            nearest ? ", the nearest is " : "", nearest ? nearest : "");
    return false;
}

/* A built-in table by its name, or a plug-in by its path. */
static bool find_table(struct conformance *conformance)
{
    const char *name = conformance->call->arguments[0];
    char error[600];
    conformance->options.table = pagetable_class_find(name);
    if (conformance->options.table) {
        (void)snprintf(conformance->table, sizeof conformance->table, "%s", name);
        return true;
    }
    if (!realpath(name, conformance->table))
        return refuse_table(conformance->call, name);
    conformance->plugin = plugin_load(conformance->table, error, sizeof error);
    if (!conformance->plugin) {
        cli_say(conformance->call->err, "%s", error);
        return false;
    }
    conformance->options.table = conformance->plugin->table;
    return true;
}

static bool parse(struct conformance *conformance)
{
    const struct cli_call *call = conformance->call;
    uint64_t seed = 1, runs = 0;
    const char *format = cli_value(call, "format");
    conformance->all = format && strcmp(format, "all") == 0;
    conformance->runs_given = cli_given(call, "runs");
    if (!cli_number(call, "seed", 0, INT64_MAX, &seed) || !cli_number(call, "runs", 0, 1000000, &runs))
        return false;
    if (!conformance->runs_given)
        runs = conformance->all ? RUNS_OF_ALL : RUNS;
    conformance->options.seed = seed;
    conformance->options.runs = (unsigned)runs;
    return find_table(conformance);
}

/* ---- Scripts ---- */

static bool write_script(struct conformance *conformance, enum conform_property_id id, const char *path)
{
    const struct cli_call *call = conformance->call;
    const struct conform_script script = {.options = &conformance->options,
                                          .id = id,
                                          .failure = &conformance->told.report->result[id].failure,
                                          .table = conformance->table,
                                          .command = call->command_line};
    FILE *file = fopen(path, cli_given(call, "force") ? "w" : "wx");
    if (!file) {
        cli_say(call->err, "'%s' cannot be written: %s%s", path, strerror(errno),
                errno == EEXIST ? "; --force replaces it" : "");
        return false;
    }
    conform_script_print(&script, file);
    bool written = !ferror(file);
    if (fclose(file) != 0 || !written) {
        cli_say(call->err, "'%s' could not be written: %s", path, strerror(errno));
        return false;
    }
    (void)snprintf(conformance->told.script[id], sizeof conformance->told.script[id], "%s", path);
    return true;
}

/* One for each property that failed, or the first one where the user wants it. */
static bool write_scripts(struct conformance *conformance)
{
    const char *wanted = cli_value(conformance->call, "script");
    char path[PATH_MAX];
    for (unsigned id = 0; id < CONFORM_PROPERTIES; id++) {
        if (conformance->told.report->result[id].verdict != CONFORM_FAILED ||
            (wanted && conformance->script_written))
            continue;
        (void)snprintf(path, sizeof path, "%s%s%s-%s.lua", conformance->options.table->name,
                       conformance->all ? "-" : "", conformance->all ? conformance->options.format->name : "",
                       conform_property_at((enum conform_property_id)id)->name);
        if (!write_script(conformance, (enum conform_property_id)id, wanted ? wanted : path))
            return false;
        conformance->script_written = true;
    }
    return true;
}

/* ---- Runs ---- */

static bool go_on(void *context)
{
    const struct conformance *conformance = context;
    struct timespec now;
    return conformance->runs_given || clock_gettime(CLOCK_MONOTONIC, &now) != 0 ||
           now.tv_sec - conformance->begin.tv_sec < SECONDS;
}

static bool print_report(struct conformance *conformance)
{
    FILE *out = conformance->call->out;
    if (!cli_given(conformance->call, "json")) {
        conform_report_print(&conformance->told, conformance->all, out);
        return true;
    }
    (void)fputs(conformance->formats > 1 ? ",\n" : "[", out);
    conform_report_print_json(&conformance->told, out);
    return true;
}

static int run_format(struct conformance *conformance, const struct walk_format *format,
                      const struct entry_format *entries)
{
    struct conform_report report;
    conformance->options.format = format;
    conformance->options.entries = entries;
    conformance->options.go_on = go_on;
    conformance->options.context = conformance;
    conformance->formats++;
    memset(&conformance->told, 0, sizeof conformance->told);
    conformance->told.options = &conformance->options;
    conformance->told.report = &report;
    if (clock_gettime(CLOCK_MONOTONIC, &conformance->begin) != 0 ||
        !conform_run(&conformance->options, &report))
        return cli_refuse(conformance->call, "there is not enough memory");
    conformance->found |= report.failed > 0;
    bool written = write_scripts(conformance);
    (void)print_report(conformance);
    (void)fflush(conformance->call->out);
    conform_report_free(&report);
    return written ? CLI_FINE : CLI_MISUSE;
}

static int run_all(struct conformance *conformance)
{
    const struct pagetable_class *table = conformance->options.table;
    const struct walk_format *format;
    int status = CLI_FINE;
    for (unsigned i = 0; status == CLI_FINE && (format = walk_format_at(i)) != NULL; i++)
        if (table->accepts(format, entry_format_of(format)))
            status = run_format(conformance, format, entry_format_of(format));
    const struct loaded_plugin *plugin = conformance->plugin;
    if (status == CLI_FINE && plugin && plugin->format)
        status = run_format(conformance, plugin->format, plugin->entries);
    return status;
}

static int run_one(struct conformance *conformance)
{
    const struct cli_call *call = conformance->call;
    const struct pagetable_class *table = conformance->options.table;
    const char *name = cli_value(call, "format");
    const struct entry_format *entries;
    const struct walk_format *format =
        plugin_format_find(conformance->plugin, name ? name : table->default_format, &entries);
    if (!format)
        return cli_refuse(call, "there is no format '%s'; 'mmusim list formats' names all",
                          name ? name : table->default_format);
    if (!table->accepts(format, entries))
        return cli_refuse(call, "the page table '%s' cannot be made with the format '%s'", table->name,
                          format->name);
    return run_format(conformance, format, entries);
}

static int run_conform(const struct cli_call *call)
{
    struct conformance *conformance = calloc(1, sizeof *conformance);
    if (!conformance)
        return cli_refuse(call, "there is not enough memory");
    conformance->call = call;
    int status = CLI_MISUSE;
    if (parse(conformance))
        status = conformance->all ? run_all(conformance) : run_one(conformance);
    if (status == CLI_FINE && cli_given(call, "json"))
        (void)fputs("]\n", call->out);
    if (status == CLI_FINE && conformance->found)
        status = CLI_FOUND;
    plugin_unload(conformance->plugin);
    free(conformance);
    return status;
}

const struct cli_verb verb_conform = {
    .name = "conform",
    .arguments = "TABLE|LIB.so",
    .needed = "a page table",
    .summary = "Try a page table against its contract, and make small what breaks it",
    .details =
        "TABLE is a name of 'mmusim list tables', LIB.so the path of a plug-in. Thousands of sequences of\n"
        "operations are compared with the abstract map, with hardware's reading of memory, and with what\n"
        "another core's walks may see and hold; memory and the machine fail at every point.\n"
        "A property that fails is told with a minimal sequence, and a script that performs it is written to\n"
        "TABLE-PROPERTY.lua in the current folder. Exit status 1 says that some property failed.\n",
    .least = 1,
    .most = 1,
    .options = conform_options,
    .run = run_conform,
};
