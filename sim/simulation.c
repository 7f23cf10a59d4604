#include "sim/simulation.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "sim/instructions.h"
#include "sim/plugin_list.h"
#include "sim/shootdown.h"
#include "sim/space.h"
#include "sim/space_view.h"
#include "sim/version.h"

/* Address 0 is never a frame. */
#define RESERVED_BYTES 4096

bool simulation_fail(struct simulation *simulation, const char *format, ...)
{
    if (simulation->error[0] != '\0')
        return false; /* the first reason is the one that matters */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(simulation->error, sizeof simulation->error, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- opening ------------------------------------------------------------------------------------ */

static void default_output(const struct run_options *options, char *path, size_t path_bytes)
{
    const char *slash = strrchr(options->script, '/');
    const char *name = slash ? slash + 1 : options->script;
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".lua") == 0)
        length -= 4;
    snprintf(path, path_bytes, "%.*s.db", (int)length, name);
}

/* The machine's settings as texts. */
struct setting_texts {
    struct record_setting *settings; /* the caller frees */
    struct setting_text {
        char name[MMU_SETTING_NAME_BYTES];
        char value[MMU_VALUE_BYTES];
    } * texts; /* the caller frees */
    size_t count;
};

/* The machine's settings, then its preset, if it has one. */
static bool write_settings(const struct simulation_config *simulation, struct setting_texts *all)
{
    const struct mmu_config *config = &simulation->machine;
    struct mmu_setting setting;
    all->count = 0;
    while (mmu_setting_at(config, (unsigned)all->count, &setting))
        all->count++;
    all->settings = calloc(all->count + 3, sizeof *all->settings);
    all->texts = calloc(all->count + 3, sizeof *all->texts);
    for (size_t i = 0; all->settings && all->texts && mmu_setting_at(config, (unsigned)i, &setting); i++) {
        struct setting_text *text = &all->texts[i];
        memcpy(text->name, setting.name, sizeof text->name);
        mmu_setting_print(setting.parameter, mmu_setting_get(config, &setting), text->value,
                          sizeof text->value);
        all->settings[i] = (struct record_setting){text->name, text->value};
    }
    if (all->settings && simulation->preset)
        all->settings[all->count++] = (struct record_setting){"preset", simulation->preset};
    if (all->settings && simulation->format)
        all->settings[all->count++] = (struct record_setting){"format", simulation->format};
    if (all->settings && all->texts && simulation->asid_bits >= 0) {
        struct setting_text *text = &all->texts[all->count];
        snprintf(text->value, sizeof text->value, "%d", simulation->asid_bits);
        all->settings[all->count++] = (struct record_setting){"asid_bits", text->value};
    }
    return all->settings && all->texts;
}

static bool open_recorder(struct simulation *simulation, const struct simulation_config *config)
{
    struct setting_texts texts;
    struct record_error error = {.text = "out of memory"};
    bool written = write_settings(config, &texts);
    struct recorder_config recorder = {.path = simulation->outcome->database,
                                       .overwrite = config->options->overwrite,
                                       .level = simulation->level,
                                       .checked = config->check,
                                       .seed = config->machine.seed,
                                       .host_started_unix = (int64_t)time(NULL),
                                       .program_version = mmusim_version(),
                                       .script_path = config->options->script,
                                       .script_text = config->script_text,
                                       .command_line = config->options->command_line,
                                       .arrays = simulation->arrays.record,
                                       .array_count = simulation->arrays.count,
                                       .settings = texts.settings,
                                       .setting_count = texts.count};
    if (written)
        simulation->recorder = recorder_open(&recorder, &error);
    free(texts.settings);
    free(texts.texts);
    return simulation->recorder || simulation_fail(simulation, "%s", error.text);
}

static bool open_record(struct simulation *simulation, const struct simulation_config *config)
{
    struct run_outcome *outcome = simulation->outcome;
    snprintf(outcome->record, sizeof outcome->record, "%s", config->record);
    if (strcmp(config->record, "none") == 0)
        return true;
    if (!record_level_parse(config->record, &simulation->level))
        return simulation_fail(simulation,
                               "record is \"%s\"; it must be \"none\", \"counters\", \"misses\" or \"all\"",
                               config->record);
    if (config->options->output)
        snprintf(outcome->database, sizeof outcome->database, "%s", config->options->output);
    else
        default_output(config->options, outcome->database, sizeof outcome->database);
    return open_recorder(simulation, config);
}

/* Entries of a space that is switched out outlive its unmaps. */
static bool lazy_shootdown(const struct mmu_config *config)
{
    return config->invalidation_scheme == INVALIDATION_INTERRUPT &&
           config->shootdown_targets == SHOOTDOWN_ACTIVE;
}

static bool open_judge(struct simulation *simulation, const struct simulation_config *config,
                       bool every_access)
{
    if (!config->check)
        return true;
    struct judge_config judge = {
        .memory_bytes = config->machine.memory_bytes,
        .arrays = simulation->arrays.judge,
        .array_count = simulation->arrays.count,
        .lazy = lazy_shootdown(&config->machine),
        .cores = config->machine.cores,
        .by_interrupt = config->machine.invalidation_scheme == INVALIDATION_INTERRUPT,
        .single_entries = config->machine.adversary_period_cycles > 0 && config->machine.adversary_split,
        .own_stores = config->machine.ordering == ORDERING_X86,
        .values = every_access,
        .every_access = every_access};
    simulation->judge = judge_create(&judge);
    simulation->outcome->checked = true;
    return simulation->judge || simulation_fail(simulation, "out of memory");
}

static bool observe(struct simulation *simulation, bool every_access)
{
    struct mmu_observer observer;
    bool observed = true;
    if (simulation->judge) {
        observer = judge_observer(simulation->judge);
        observed = machine_observe(simulation->machine, &observer, every_access);
    }
    simulation->recorder_observes = simulation->recorder && simulation->level != RECORD_COUNTERS;
    if (observed && simulation->recorder_observes) {
        observer = recorder_observer(simulation->recorder);
        observed = machine_observe(simulation->machine, &observer, every_access);
    }
    return observed || simulation_fail(simulation, "too many observers");
}

static void tell_region(struct simulation *simulation, unsigned core)
{
    struct run_outcome *outcome = simulation->outcome;
    struct mmu_event event = {
        .kind = EVENT_REGION,
        .as.region = {outcome->regions[outcome->region_count - 1].name, outcome->region_count - 1}};
    simulation_emit(simulation, core, &event);
}

static void begin_region(struct simulation *simulation, unsigned core, const char *name)
{
    struct run_outcome *outcome = simulation->outcome;
    struct run_region *region = &outcome->regions[outcome->region_count++];
    snprintf(region->name, sizeof region->name, "%s", name);
    region->begin_cycle = machine_now(simulation->machine, core);
    tell_region(simulation, core);
}

bool simulation_open(struct simulation *simulation, const struct simulation_config *config,
                     struct run_outcome *outcome)
{
    char error[256];
    memset(simulation, 0, sizeof *simulation);
    simulation->outcome = outcome;
    simulation->watch = config->options->watch;
    outcome->config = config->machine;
    array_list_init(&simulation->arrays, &config->machine);
    outcome->lockstep = config->options->lockstep;
    snprintf(outcome->script, sizeof outcome->script, "%s", config->options->script);
    outcome->cores = calloc(config->machine.cores, sizeof *outcome->cores);
    outcome->regions = calloc(RUN_REGIONS_MAX, sizeof *outcome->regions);
    simulation->instructions = instruction_table_create();
    simulation->shootdowns = calloc(config->machine.cores, sizeof *simulation->shootdowns);
    if (!outcome->cores || !outcome->regions || !simulation->instructions || !simulation->shootdowns)
        return simulation_fail(simulation, "out of memory");
    simulation->machine = machine_create(&config->machine, error, sizeof error);
    if (!simulation->machine)
        return simulation_fail(simulation, "%s", error);
    frame_allocator_init(&simulation->frames, config->machine.memory_bytes, RESERVED_BYTES);
    if (!open_record(simulation, config))
        return false;
    const struct run_watch *watch = config->options->watch;
    bool every_access =
        (simulation->recorder && simulation->level == RECORD_ALL) || (watch && watch->every_access);
    if (!open_judge(simulation, config, every_access) || !observe(simulation, every_access))
        return false;
    simulation->host =
        program_host_create(simulation->machine, config->options->lockstep ? HOST_LOCKSTEP : HOST_FAST);
    if (!simulation->host)
        return simulation_fail(simulation, "a process can have one machine, and there was one already");
    begin_region(simulation, 0, "run");
    return true;
}

/* ---- running ------------------------------------------------------------------------------------ */

bool simulation_add_program(struct simulation *simulation, unsigned core, program_body body, void *context)
{
    uint64_t bit = UINT64_C(1) << core;
    if (simulation->living & bit)
        return simulation_fail(simulation, "core %u has a program already", core + 1);
    simulation->living |= bit;
    program_host_add(simulation->host, core, body, context);
    return true;
}

const struct core_result *simulation_do(struct simulation *simulation, unsigned core,
                                        const struct core_operation *operation)
{
    return program_host_do(simulation->host, core, operation);
}

void simulation_emit(struct simulation *simulation, unsigned core, struct mmu_event *event)
{
    machine_emit(simulation->machine, core, event);
    if (!simulation->recorder || simulation->recorder_observes)
        return;
    event->cycle = machine_now(simulation->machine, core);
    event->core = (uint8_t)core;
    if (event->kind != EVENT_SPACE && event->kind != EVENT_REGION)
        return;
    if (recorder_event(simulation->recorder, event) != RECORD_OK)
        simulation_fail(simulation, "%s", recorder_error(simulation->recorder));
}

const char *simulation_keep_text(struct simulation *simulation, const char *text)
{
    struct simulation_text *kept = simulation->texts;
    while (kept && strcmp(kept->text, text) != 0)
        kept = kept->next;
    if (kept)
        return kept->text;
    size_t text_bytes = strlen(text) + 1;
    kept = malloc(sizeof *kept + text_bytes);
    if (!kept) {
        simulation_fail(simulation, "out of memory");
        return NULL;
    }
    memcpy(kept->text, text, text_bytes);
    kept->next = simulation->texts;
    simulation->texts = kept;
    return kept->text;
}

static void release_meeting(struct simulation *simulation, struct meeting *meeting, uint64_t cycle,
                            unsigned last)
{
    for (uint64_t left = meeting->waiting; left; left &= left - 1) {
        unsigned core = (unsigned)__builtin_ctzll(left);
        if (core != last)
            machine_unpark(simulation->machine, core, cycle);
    }
    meeting->name[0] = '\0';
    meeting->waiting = 0;
}

static struct meeting *find_meeting(struct simulation *simulation, const char *name)
{
    struct meeting *free = NULL;
    for (unsigned i = 0; i < SIMULATION_MEETINGS; i++) {
        struct meeting *meeting = &simulation->meetings[i];
        if (meeting->waiting == 0)
            free = free ? free : meeting;
        else if (strcmp(meeting->name, name) == 0)
            return meeting;
    }
    /* Each waiting program is at one barrier, so that there are never more names than cores. */
    snprintf(free->name, sizeof free->name, "%s", name);
    return free;
}

bool simulation_meet(struct simulation *simulation, unsigned core, const char *name, const char *place)
{
    snprintf(simulation->places[core], PLACE_BYTES, "%s", place);
    struct meeting *meeting = find_meeting(simulation, name);
    struct core_operation park = {.kind = CORE_PARK};
    struct core_operation pass = {.kind = CORE_WAIT, .cycles = 1};
    meeting->waiting |= UINT64_C(1) << core;
    bool last = meeting->waiting == simulation->living;
    if (last) {
        release_meeting(simulation, meeting, machine_now(simulation->machine, core) + 1, core);
        machine_rest(simulation->machine, core, machine_now(simulation->machine, core) + 1);
    }
    return simulation_do(simulation, core, last ? &pass : &park) != NULL;
}

void simulation_program_ends(struct simulation *simulation, unsigned core)
{
    struct core_operation quiet = {.kind = CORE_QUIET};
    if (!program_host_stopping(simulation->host) && !machine_quiet(simulation->machine, core))
        (void)simulation_do(simulation, core, &quiet);
    simulation->living &= ~(UINT64_C(1) << core);
    if (program_host_stopping(simulation->host))
        return; /* nobody goes on, and who waited where is still to be told */
    for (unsigned i = 0; i < SIMULATION_MEETINGS; i++) {
        struct meeting *meeting = &simulation->meetings[i];
        if (meeting->waiting != 0 && meeting->waiting == simulation->living)
            release_meeting(simulation, meeting, machine_now(simulation->machine, core) + 1, UINT32_MAX);
    }
}

/* Who waits where; begins with a place in the script, if one is known. */
static const char *describe_meetings(const struct simulation *simulation, char *text, size_t text_bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < SIMULATION_MEETINGS; i++) {
        const struct meeting *meeting = &simulation->meetings[i];
        for (uint64_t left = meeting->waiting; left && used + 320 < text_bytes; left &= left - 1) {
            unsigned core = (unsigned)__builtin_ctzll(left);
            used += (size_t)snprintf(text + used, text_bytes - used, "%s%score %u waits at barrier \"%s\"",
                                     used ? ", " : "", simulation->places[core], core + 1, meeting->name);
        }
    }
    return text;
}

static double host_seconds(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ? (double)now.tv_sec + (double)now.tv_nsec * 1e-9 : 0;
}

bool simulation_run(struct simulation *simulation)
{
    char text[SIMULATION_ERROR_BYTES - 64];
    double start = host_seconds();
    if (!simulation->host) /* the script caught the error of its machine, and went on without it */
        return simulation_fail(simulation, "the machine could not be made");
    simulation->running = true;
    enum machine_status status = program_host_run(simulation->host);
    simulation->outcome->host_seconds = host_seconds() - start;
    if (simulation->error[0] != '\0')
        return false;
    if (status == MACHINE_DEADLOCK)
        return simulation_fail(simulation, "%s, and nobody else will come: a deadlock",
                               describe_meetings(simulation, text, sizeof text));
    if (status == MACHINE_DONE)
        return true;
    const char *why = simulation->recorder ? recorder_error(simulation->recorder) : "";
    if (why[0] == '\0')
        why = machine_error(simulation->machine);
    return simulation_fail(simulation, "%s", why ? why : "the run was stopped");
}

/* ---- regions and the end ------------------------------------------------------------------------ */

static bool record_counters(struct simulation *simulation, unsigned core, uint32_t region)
{
    const struct core_counters *counters = machine_counters(simulation->machine, core);
    const struct mmu_config *config = machine_config(simulation->machine);
    struct mmu_counter counter;
    for (unsigned i = 0; simulation->recorder && mmu_counter_at(config, i, &counter); i++) {
        struct record_counter row = {.name = counter.name,
                                     .value = mmu_counter_get(counters, &counter),
                                     .region = region,
                                     .core = (int)core};
        if (recorder_counter(simulation->recorder, &row) != RECORD_OK)
            return simulation_fail(simulation, "%s", recorder_error(simulation->recorder));
    }
    return true;
}

/* Closes the region that is open: its counters go to the record and the outcome, and start from zero. */
static bool end_region(struct simulation *simulation, uint64_t cycle)
{
    struct run_outcome *outcome = simulation->outcome;
    struct run_region *region = &outcome->regions[outcome->region_count - 1];
    region->end_cycle = cycle;
    for (unsigned core = 0; core < outcome->config.cores; core++) {
        const struct core_counters *counters = machine_counters(simulation->machine, core);
        mmu_counters_add(&region->counters, counters);
        mmu_counters_add(&outcome->cores[core], counters);
        if (!record_counters(simulation, core, outcome->region_count - 1))
            return false;
    }
    mmu_counters_add(&outcome->total, &region->counters);
    machine_reset_counters(simulation->machine);
    return true;
}

bool simulation_region(struct simulation *simulation, unsigned core, const char *name, const char *place)
{
    struct core_operation drain = {.kind = CORE_BARRIER, .barrier = BARRIER_DSB_ISH};
    struct run_outcome *outcome = simulation->outcome;
    unsigned before = outcome->region_count;
    if (!simulation_do(simulation, core, &drain) || !simulation_meet(simulation, core, "(region)", place))
        return false;
    if (outcome->region_count != before)
        return true; /* another program, which went on before this one in the same cycle, has done it */
    if (before == RUN_REGIONS_MAX)
        return simulation_fail(simulation, "a run has at most %d regions", RUN_REGIONS_MAX);
    if (!end_region(simulation, machine_now(simulation->machine, core)))
        return false;
    begin_region(simulation, core, name);
    return true;
}

static bool record_histogram(struct simulation *simulation, const char *name,
                             const struct histogram *histogram)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        struct record_bucket bucket = {.name = name, .count = histogram->counts[i]};
        if (bucket.count == 0)
            continue;
        histogram_bounds(i, &bucket.low, &bucket.high);
        if (recorder_bucket(simulation->recorder, &bucket) != RECORD_OK)
            return simulation_fail(simulation, "%s", recorder_error(simulation->recorder));
    }
    return true;
}

static bool record_operations(struct simulation *simulation)
{
    const struct run_operations *operations = &simulation->outcome->operations;
    struct record_counter rows[] = {
        {"operations.map", operations->map, 0, -1},         {"operations.unmap", operations->unmap, 0, -1},
        {"operations.protect", operations->protect, 0, -1}, {"operations.query", operations->query, 0, -1},
        {"operations.failed", operations->failed, 0, -1},   {"cycles", simulation->outcome->cycles, 0, -1},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        if (recorder_counter(simulation->recorder, &rows[i]) != RECORD_OK)
            return simulation_fail(simulation, "%s", recorder_error(simulation->recorder));
    return true;
}

static bool record_findings(struct simulation *simulation)
{
    const struct judge_finding *finding;
    if (simulation->judge &&
        recorder_finding_total(simulation->recorder, judge_count_all(simulation->judge)) != RECORD_OK)
        return simulation_fail(simulation, "%s", recorder_error(simulation->recorder));
    for (size_t i = 0; simulation->judge && (finding = judge_finding_at(simulation->judge, i)); i++) {
        struct record_finding row = {.rule = judge_rule_name((enum judge_rule)finding->rule),
                                     .cycle = finding->cycle,
                                     .va = finding->va,
                                     .core = finding->core == JUDGE_NO_CORE ? -1 : finding->core,
                                     .space = finding->space,
                                     .text = finding->text};
        if (recorder_finding(simulation->recorder, &row) != RECORD_OK)
            return simulation_fail(simulation, "%s", recorder_error(simulation->recorder));
    }
    return true;
}

static void tell_findings(const struct judge *judge, const struct run_watch *watch)
{
    const struct judge_finding *finding;
    for (size_t i = 0; watch && watch->finding && (finding = judge_finding_at(judge, i)) != NULL; i++)
        watch->finding(watch->context, finding);
}

static void take_findings(struct simulation *simulation)
{
    struct run_outcome *outcome = simulation->outcome;
    const struct judge_finding *first = judge_finding_at(simulation->judge, 0);
    tell_findings(simulation->judge, simulation->watch);
    outcome->findings = judge_count_all(simulation->judge);
    if (first)
        snprintf(outcome->first_finding, sizeof outcome->first_finding, "%s: %s",
                 judge_rule_name((enum judge_rule)first->rule), first->text);
    size_t used = 0;
    for (unsigned i = 0; i < JUDGE_UNJUDGED; i++)
        if (judge_unjudged(simulation->judge, (enum judge_unjudged)i) > 0 &&
            used + 2 < sizeof outcome->not_judged)
            used += (size_t)snprintf(outcome->not_judged + used, sizeof outcome->not_judged - used, "%s%s",
                                     used ? "; " : "", judge_unjudged_text((enum judge_unjudged)i));
}

static bool finish_record(struct simulation *simulation)
{
    struct record_error error;
    struct stat facts;
    if (!record_histogram(simulation, "walk.cycles", &simulation->outcome->total.walk_cycles) ||
        !record_histogram(simulation, "invalidation.cycles",
                          &simulation->outcome->total.invalidation_cycles) ||
        !record_operations(simulation) || !record_findings(simulation))
        return false;
    if (instruction_table_write(simulation->instructions, simulation->recorder) != RECORD_OK)
        return simulation_fail(simulation, "%s", recorder_error(simulation->recorder));
    struct recorder *recorder = simulation->recorder;
    simulation->recorder = NULL;
    if (recorder_finish(recorder, simulation->outcome->host_seconds, &error) != RECORD_OK)
        return simulation_fail(simulation, "%s", error.text);
    if (stat(simulation->outcome->database, &facts) == 0)
        simulation->outcome->database_bytes = (uint64_t)facts.st_size;
    return true;
}

bool simulation_finish(struct simulation *simulation, bool failed)
{
    struct run_outcome *outcome = simulation->outcome;
    if (failed)
        return false;
    machine_stop(simulation->machine);
    for (unsigned i = 0; i < simulation->space_count; i++)
        space_view_at_end(simulation->spaces[i]);
    for (unsigned i = simulation->space_count; i-- > 0;) /* a guest's before its second stage */
        space_view_without_table(simulation->spaces[i]);
    if (machine_finish(simulation->machine) != 0 || machine_error(simulation->machine)) {
        const char *why = simulation->recorder ? recorder_error(simulation->recorder) : "";
        return simulation_fail(simulation, "%s", why[0] ? why : machine_error(simulation->machine));
    }
    outcome->cycles = machine_end_cycle(simulation->machine);
    if (!end_region(simulation, outcome->cycles))
        return false;
    if (simulation->judge && judge_finish(simulation->judge) != 0)
        return simulation_fail(simulation, "out of memory: the refinement checker could not keep up");
    if (simulation->judge)
        take_findings(simulation);
    return !simulation->recorder || finish_record(simulation);
}

void simulation_close(struct simulation *simulation)
{
    if (simulation->recorder)
        recorder_abandon(simulation->recorder, false);
    if (simulation->host)
        program_host_destroy(simulation->host);
    for (unsigned i = 0; i < simulation->space_count; i++)
        space_destroy(simulation->spaces[i]);
    free(simulation->spaces);
    free(simulation->shootdowns);
    while (simulation->texts) {
        struct simulation_text *text = simulation->texts;
        simulation->texts = text->next;
        free(text);
    }
    judge_destroy(simulation->judge);
    instruction_table_destroy(simulation->instructions);
    machine_destroy(simulation->machine);
    plugin_list_destroy(simulation->plugins); /* nobody walks by their formats any more */
    frame_allocator_destroy(&simulation->frames);
    memset(simulation, 0, sizeof *simulation);
}
