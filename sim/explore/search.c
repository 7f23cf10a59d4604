/*
 * States are interned in the order in which they are found, so the interned states are the queue, too: the
 * next one to expand is the next number.
 *
 * Where a state's slot and its bytes lie is random, and most of the time that the search itself takes is
 * waiting for these two. So what models emit is collected, in its order, and settled by batches; the fetch of
 * a slot begins when its state is emitted, the fetch of bytes to compare when the batch is full.
 */
#include "sim/explore/search.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/explore/arena.h"
#include "sim/explore/intern.h"

#define BATCH           32u
#define PROGRESS_STATES (UINT32_C(1) << 20)

/* How a state was found first. */
struct origin {
    uint32_t parent;
    uint32_t label;
};

struct emitted {
    uint64_t hash;
    struct origin origin;
};

struct search {
    struct search_model model;
    struct search_config config;
    struct memory_budget own_budget;
    struct memory_budget *budget;
    struct intern *states;
    struct arena origins; /* by state */
    struct emitted batch[BATCH];
    uint8_t *batch_states;
    uint32_t batch_count;
    uint32_t parent;  /* being expanded; SEARCH_NONE: the initial states are told */
    uint32_t outward; /* transitions of it */
    bool settling;    /* its batch: nothing can be emitted */
    bool refused;     /* by the model, which says why in `text` */
    bool ended;       /* before its time, with `outcome` */
    enum search_outcome outcome;
    struct search_figures figures;
    struct search_finding findings[SEARCH_FINDINGS];
    size_t finding_count;
    double seconds_begun;
    char text[SEARCH_TEXT_BYTES]; /* the model's */
};

/* ---- Making ---- */

static bool take_parts(struct search *search)
{
    struct intern_config config = {.budget = search->budget,
                                   .fixed_bytes = search->model.state_bytes,
                                   .count_max = search->config.states_max,
                                   .hash = search->config.hash};
    search->states = intern_create(&config);
    search->batch_states = memory_take(search->budget, (size_t)BATCH * search->model.state_bytes);
    return search->states && search->batch_states;
}

struct search *search_create(const struct search_model *model, const struct search_config *config)
{
    assert(model->state_bytes > 0 && model->state_bytes <= INTERN_BYTES_MAX);
    struct memory_budget own = {.bytes_max = config->bytes_max ? config->bytes_max : SEARCH_BYTES_STANDARD};
    struct search *search = memory_take(config->budget ? config->budget : &own, sizeof *search);
    if (!search)
        return NULL;
    *search = (struct search){.model = *model, .config = *config, .own_budget = own, .parent = SEARCH_NONE};
    search->budget = config->budget ? config->budget : &search->own_budget;
    search->origins = arena_make(search->budget, sizeof(struct origin));
    if (take_parts(search))
        return search;
    search_destroy(search);
    return NULL;
}

void search_destroy(struct search *search)
{
    if (!search)
        return;
    struct memory_budget own = search->own_budget;
    struct memory_budget *budget = search->config.budget ? search->config.budget : &own;
    arena_destroy(&search->origins);
    intern_destroy(search->states);
    memory_give(search->budget, search->batch_states, (size_t)BATCH * search->model.state_bytes);
    memory_give(budget, search, sizeof *search);
}

/* ---- Ending ---- */

static void end(struct search *search, enum search_outcome outcome)
{
    if (search->ended)
        return;
    search->ended = true;
    search->outcome = outcome;
}

static void end_for_memory(struct search *search)
{
    end(search, search->budget->refusal == MEMORY_NOT_THERE ? SEARCH_NO_MEMORY : SEARCH_MEMORY_LIMIT);
}

/* What was emitted before is settled before, so the end comes when the model's call returns. */
void search_refuse(struct search *search, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(search->text, sizeof search->text, format, arguments);
    va_end(arguments);
    search->refused = true;
}

/* A model that does not say why it cannot go on lacks memory. */
static void end_by_model(struct search *search)
{
    if (search->refused)
        end(search, SEARCH_REFUSED);
    else
        end_for_memory(search);
}

/* ---- Finding ---- */

static void found(struct search *search, const struct search_finding *finding)
{
    if (finding->kind == SEARCH_DEADLOCK)
        search->figures.deadlocks++;
    else
        search->figures.violations++;
    size_t i = 0;
    while (i < search->finding_count &&
           (search->findings[i].kind != finding->kind || search->findings[i].rule != finding->rule))
        i++;
    if (i < search->finding_count) {
        search->findings[i].count++;
    } else if (i < SEARCH_FINDINGS) {
        search->findings[i] = *finding;
        search->findings[i].count = 1;
        search->finding_count++;
    }
    if (!search->config.go_on)
        end(search, SEARCH_FOUND);
}

static void check(struct search *search, uint32_t state)
{
    uint32_t rule =
        search->model.check(search->model.context, intern_bytes(search->states, state, NULL), search);
    if (search->refused)
        end_by_model(search);
    else if (rule != SEARCH_RULE_NONE)
        found(search, &(struct search_finding){SEARCH_BAD_STATE, rule, state, 0, 0});
}

static uint32_t add_state(struct search *search, const struct emitted *emitted, const void *bytes)
{
    uint32_t length = search->model.state_bytes;
    if (!arena_reserve(
            &search->origins)) /* no state is without an origin, but those that are known have one */
        return intern_find(search->states, bytes, length);
    uint32_t before = intern_count(search->states);
    uint32_t state = intern_add_hashed(search->states, emitted->hash, bytes, length);
    if (state != before || state == INTERN_NONE)
        return state;
    struct origin *origin = arena_add(&search->origins);
    *origin = emitted->origin;
    if (search->model.check)
        check(search, state);
    return state;
}

static void end_for_no_room(struct search *search)
{
    if (search->config.states_max && intern_count(search->states) >= search->config.states_max)
        end(search, SEARCH_STATES_LIMIT);
    else
        end_for_memory(search);
}

static void settle(struct search *search)
{
    for (uint32_t i = 0; i < search->batch_count; i++)
        intern_fetch_bytes(search->states, search->batch[i].hash);
    const uint8_t *bytes = search->batch_states;
    search->settling = true;
    for (uint32_t i = 0; i < search->batch_count && !search->ended; i++) {
        if (add_state(search, &search->batch[i], bytes) == INTERN_NONE)
            end_for_no_room(search);
        else if (search->batch[i].origin.parent != SEARCH_NONE)
            search->figures.transitions++;
        bytes += search->model.state_bytes;
    }
    search->batch_count = 0;
    search->settling = false;
}

void search_emit(struct search *search, uint32_t label, const void *next)
{
    assert(!search->settling); /* by a check */
    if (search->batch_count == BATCH)
        settle(search);
    uint32_t bytes = search->model.state_bytes;
    struct emitted *emitted = &search->batch[search->batch_count];
    emitted->hash = intern_hash(search->states, next, bytes);
    emitted->origin = (struct origin){search->parent, label};
    intern_fetch_place(search->states, emitted->hash);
    memcpy(search->batch_states + (size_t)search->batch_count * bytes, next, bytes);
    search->batch_count++;
    search->outward++;
}

void search_violation(struct search *search, uint32_t label, uint32_t rule)
{
    assert(rule != SEARCH_RULE_NONE);
    settle(search); /* what came before is found before */
    search->outward++;
    if (search->ended)
        return;
    if (search->parent != SEARCH_NONE)
        search->figures.transitions++;
    found(search, &(struct search_finding){SEARCH_BAD_TRANSITION, rule, search->parent, label, 0});
}

/* ---- Running ---- */

static double seconds_now(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0)
        return 0;
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void update_figures(struct search *search)
{
    search->figures.states = intern_count(search->states);
    search->figures.bytes = search->budget->bytes_peak;
    search->figures.seconds = seconds_now() - search->seconds_begun;
}

static void report_progress(struct search *search)
{
    uint32_t every = search->config.progress_states ? search->config.progress_states : PROGRESS_STATES;
    if (!search->config.progress || search->figures.expanded % every != 0)
        return;
    update_figures(search);
    if (!search->config.progress(search->config.progress_context, &search->figures))
        end(search, SEARCH_STOPPED);
}

static void failed(struct search *search)
{
    bool refused = search->refused;
    search->refused = false; /* checks of what was emitted before have not refused yet */
    settle(search);
    search->refused = refused;
    end_by_model(search);
}

static void no_way_out(struct search *search, const void *state)
{
    if (search->model.is_final && search->model.is_final(search->model.context, state)) {
        search->figures.ends++;
        return;
    }
    settle(search);
    if (!search->ended)
        found(search, &(struct search_finding){SEARCH_DEADLOCK, SEARCH_RULE_NONE, search->parent, 0, 0});
}

static void expand(struct search *search, uint32_t number)
{
    const void *state = intern_bytes(search->states, number, NULL);
    search->parent = number;
    search->outward = 0;
    if (!search->model.expand(search->model.context, state, search)) {
        failed(search);
        return;
    }
    if (search->outward == 0)
        no_way_out(search, state);
    search->figures.expanded++;
    report_progress(search);
}

/* The states of one depth; true if there are some of the next. */
static bool expand_level(struct search *search)
{
    uint32_t level_end = intern_count(search->states);
    while (search->figures.expanded < level_end && !search->ended)
        expand(search, search->figures.expanded);
    settle(search);
    return intern_count(search->states) > level_end;
}

enum search_outcome search_run(struct search *search)
{
    search->seconds_begun = seconds_now();
    if (!search->model.begin(search->model.context, search))
        failed(search);
    settle(search);
    while (!search->ended && search->figures.expanded < intern_count(search->states)) {
        if (search->config.depth_max && search->figures.depth == search->config.depth_max)
            end(search, SEARCH_DEPTH_LIMIT);
        else if (expand_level(search))
            search->figures.depth++;
    }
    update_figures(search);
    return search->outcome;
}

/* ---- Asking ---- */

const struct search_figures *search_figures(const struct search *search)
{
    return &search->figures;
}

const struct search_finding *search_findings(const struct search *search, size_t *count)
{
    *count = search->finding_count;
    return search->findings;
}

const void *search_state(const struct search *search, uint32_t state)
{
    return intern_bytes(search->states, state, NULL);
}

static const struct origin *origin_of(const struct search *search, uint32_t state)
{
    return (const struct origin *)arena_at(&search->origins, state);
}

size_t search_path(const struct search *search, uint32_t state, struct search_step *steps, size_t room)
{
    size_t length = 0;
    for (uint32_t at = state; at != SEARCH_NONE; at = origin_of(search, at)->parent)
        length++;
    size_t place = length;
    for (uint32_t at = state; at != SEARCH_NONE; at = origin_of(search, at)->parent)
        if (--place < room)
            steps[place] = (struct search_step){origin_of(search, at)->label, at};
    return length;
}

static int ending(const struct search *search, char *text, size_t bytes)
{
    const struct search_config *config = &search->config;
    switch (search->outcome) {
    case SEARCH_COMPLETE:
        return snprintf(text, bytes, "all that can be reached");
    case SEARCH_FOUND:
        return snprintf(text, bytes, "ended at the first finding");
    case SEARCH_STATES_LIMIT:
        return snprintf(text, bytes, "ended at the limit of %" PRIu32 " states", config->states_max);
    case SEARCH_DEPTH_LIMIT:
        return snprintf(text, bytes, "ended at the limit of depth %" PRIu32, config->depth_max);
    case SEARCH_MEMORY_LIMIT:
        return snprintf(text, bytes, "ended at the memory limit of %zu MiB", search->budget->bytes_max >> 20);
    case SEARCH_NO_MEMORY:
        return snprintf(text, bytes, "ended because this host has no more memory, at %zu MiB",
                        search->budget->bytes_peak >> 20);
    case SEARCH_REFUSED:
        return snprintf(text, bytes, "ended because %s", search->text);
    case SEARCH_STOPPED:
        return snprintf(text, bytes, "was stopped");
    }
    return snprintf(text, bytes, "ended");
}

int search_sentence(const struct search *search, char *text, size_t bytes)
{
    char how[SEARCH_TEXT_BYTES + 40];
    if (ending(search, how, sizeof how) < 0)
        return -1;
    return snprintf(text, bytes, "%" PRIu32 " distinct states to depth %" PRIu32 ": %s",
                    search->figures.states, search->figures.depth, how);
}
