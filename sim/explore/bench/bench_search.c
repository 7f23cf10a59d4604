/*
 * What the search costs beside its model: two models that cost next to nothing, of 24-byte states with 4
 * transitions each.
 *
 *     bench_search [MILLIONS [BYTES]]
 *
 *   grid     four counters, each transition adds to one: most transitions lead to states found a moment ago,
 *            as in interleavings of programs
 *   scatter  a random graph: every transition leads anywhere
 *
 * BYTES is the length of a state, 24 to 256.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/explore/hash.h"
#include "sim/explore/intern.h"
#include "sim/explore/memo.h"
#include "sim/explore/search.h"

#define TRANSITIONS 4u
#define BYTES_MAX   256u

struct bench {
    uint32_t states;
    uint32_t edge;  /* states of a counter */
    uint32_t bytes; /* of a state */
    uint64_t told;  /* so that the model alone is not optimised away */
};

static void make(const struct bench *bench, uint8_t *state, const uint32_t *words)
{
    memset(state, 0, bench->bytes);
    for (uint32_t i = 0; i < TRANSITIONS; i++)
        memcpy(state + 4 * (size_t)i, &words[i], sizeof words[i]);
}

static void grid_next(const struct bench *bench, const void *state, uint32_t label, uint8_t *next)
{
    uint32_t words[TRANSITIONS];
    memcpy(words, state, sizeof words);
    words[label] = words[label] + 1 < bench->edge ? words[label] + 1 : 0;
    make(bench, next, words);
}

static void scatter_next(const struct bench *bench, const void *state, uint32_t label, uint8_t *next)
{
    uint32_t words[TRANSITIONS];
    memcpy(words, state, sizeof words);
    uint64_t mixed = hash_mix(((uint64_t)words[0] << 2 | label) ^ HASH_KEY_A, HASH_KEY_C);
    words[0] = (uint32_t)((mixed >> 32) * bench->states >> 32);
    make(bench, next, words);
}

static bool begin(void *context, struct search *search)
{
    const struct bench *bench = context;
    uint8_t state[BYTES_MAX];
    make(bench, state, (uint32_t[TRANSITIONS]){0});
    search_emit(search, 0, state);
    return true;
}

static bool grid_expand(void *context, const void *state, struct search *search)
{
    uint8_t next[BYTES_MAX];
    for (uint32_t label = 0; label < TRANSITIONS; label++) {
        grid_next(context, state, label, next);
        search_emit(search, label, next);
    }
    return true;
}

static bool scatter_expand(void *context, const void *state, struct search *search)
{
    uint8_t next[BYTES_MAX];
    for (uint32_t label = 0; label < TRANSITIONS; label++) {
        scatter_next(context, state, label, next);
        search_emit(search, label, next);
    }
    return true;
}

static double seconds_now(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) {
        perror("bench_search");
        exit(1);
    }
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The transitions of all states that were found, told to nobody. */
static double model_seconds(struct bench *bench, const struct search *search,
                            void (*next)(const struct bench *, const void *, uint32_t, uint8_t *))
{
    uint8_t state[BYTES_MAX];
    double begun = seconds_now();
    for (uint32_t i = 0; i < search_figures(search)->states; i++)
        for (uint32_t label = 0; label < TRANSITIONS; label++) {
            next(bench, search_state(search, i), label, state);
            bench->told += state[label];
        }
    return seconds_now() - begun;
}

static void run(struct bench *bench, const char *name, bool (*expand)(void *, const void *, struct search *),
                void (*next)(const struct bench *, const void *, uint32_t, uint8_t *))
{
    const struct search_model model = {bench, bench->bytes, begin, expand, NULL, NULL};
    struct search *search = search_create(&model, &(struct search_config){.bytes_max = (size_t)8 << 30});
    if (!search || search_run(search) != SEARCH_COMPLETE) {
        (void)fputs("bench_search: out of memory\n", stderr);
        exit(1);
    }
    const struct search_figures *figures = search_figures(search);
    double engine = figures->seconds - model_seconds(bench, search, next);
    (void)printf("%-8s %8" PRIu32 " states %9" PRIu64 " transitions, depth %3" PRIu32
                 ": %5.0f ns a state, %4.0f without the model, %5.1f bytes a state\n",
                 name, figures->states, figures->transitions, figures->depth,
                 1e9 * figures->seconds / figures->states, 1e9 * engine / figures->states,
                 (double)figures->bytes / figures->states);
    search_destroy(search);
}

/* Hits in tables that fit into the host's caches. */
static void run_tables(struct bench *bench)
{
    enum { STRINGS = 1000 };
    uint32_t hits = bench->states;
    struct memory_budget budget = {.bytes_max = (size_t)1 << 30};
    for (uint32_t bytes = 16; bytes <= 64; bytes *= 2) {
        struct intern *table =
            intern_create(&(struct intern_config){.budget = &budget, .fixed_bytes = bytes});
        struct memo *memo = memo_create(&budget);
        uint8_t string[64] = {0};
        double begun = seconds_now();
        for (uint32_t i = 0; table && i < hits; i++) {
            uint32_t word = i % STRINGS;
            memcpy(string + 4, &word, sizeof word);
            bench->told += intern_add(table, string, bytes);
        }
        double interned = seconds_now();
        for (uint32_t i = 0; memo && i < hits; i++) {
            uint64_t key = memo_key(i % STRINGS, 7);
            if (memo_get(memo, key) == MEMO_NONE && !memo_put(memo, key, i))
                exit(1);
        }
        (void)printf("a hit: %4.1f ns of %" PRIu32 " bytes interned, %4.1f ns remembered\n",
                     1e9 * (interned - begun) / hits, bytes, 1e9 * (seconds_now() - interned) / hits);
        intern_destroy(table);
        memo_destroy(memo);
    }
}

int main(int count, char **arguments)
{
    double millions = count > 1 ? strtod(arguments[1], NULL) : 10;
    uint32_t bytes = count > 2 ? (uint32_t)strtoul(arguments[2], NULL, 10) : 24;
    struct bench bench = {.states = (uint32_t)(1e6 * millions), .edge = 1, .bytes = bytes};
    if (bench.states == 0 || bytes < 24 || bytes > BYTES_MAX) {
        (void)fputs("bench_search [MILLIONS [BYTES]]: more than 0 states of 24 to 256 bytes\n", stderr);
        return 2;
    }
    while ((uint64_t)bench.edge * bench.edge * bench.edge * bench.edge < bench.states)
        bench.edge++;
    run(&bench, "grid", grid_expand, grid_next);
    run(&bench, "scatter", scatter_expand, scatter_next);
    run_tables(&bench);
    return bench.told == 1; /* of no meaning */
}
