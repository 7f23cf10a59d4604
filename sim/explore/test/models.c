#include "sim/explore/test/models.h"

#include <string.h>

/* ---- Counters ---- */

static uint32_t sum_of(const struct counters *model, const uint8_t *counts)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < model->counters; i++)
        sum += counts[i];
    return sum;
}

static bool counters_begin(void *context, struct search *search)
{
    search_emit(search, 0, (uint8_t[COUNTERS_MAX]){0});
    return true;
}

static bool counters_expand(void *context, const void *state, struct search *search)
{
    const struct counters *model = context;
    uint8_t counts[COUNTERS_MAX];
    memcpy(counts, state, sizeof counts);
    uint32_t sum = sum_of(model, counts);
    if (model->refuse_at_sum && sum == model->refuse_at_sum) {
        search_refuse(search, "a sum of %u cannot be", sum);
        return false;
    }
    for (uint32_t i = 0; i < model->counters; i++) {
        if (counts[i] == model->top)
            continue;
        counts[i]++;
        if (model->mark && sum + 1 == model->mark)
            search_violation(search, i, RULE_MARK);
        else
            search_emit(search, i, counts);
        counts[i]--;
    }
    return true;
}

static bool counters_final(void *context, const void *state)
{
    struct counters *model = context;
    model->asked_final++;
    return !model->never_final && sum_of(model, state) == model->counters * model->top;
}

struct search_model counters_model(struct counters *counters)
{
    return (struct search_model){counters,        COUNTERS_MAX,   counters_begin,
                                 counters_expand, counters_final, NULL};
}

/* ---- Jugs ---- */

static bool jugs_begin(void *context, struct search *search)
{
    search_emit(search, 0, (uint8_t[2]){0});
    return true;
}

static bool jugs_expand(void *context, const void *state, struct search *search)
{
    static const uint8_t size[2] = {3, 5};
    const uint8_t *is = state;
    for (uint32_t jug = 0; jug < 2; jug++) {
        uint8_t other = 1 - (uint8_t)jug;
        uint8_t room = (uint8_t)(size[other] - is[other]);
        uint8_t moved = is[jug] < room ? is[jug] : room;
        uint8_t next[3][2] = {{is[0], is[1]}, {is[0], is[1]}, {is[0], is[1]}};
        next[0][jug] = size[jug];
        next[1][jug] = 0;
        next[2][jug] = (uint8_t)(is[jug] - moved);
        next[2][other] = (uint8_t)(is[other] + moved);
        for (uint32_t i = 0; i < 3; i++)
            search_emit(search, 3 * jug + i, next[i]);
    }
    return true;
}

static uint32_t jugs_check(void *context, const void *state, struct search *search)
{
    const struct jugs *model = context;
    const uint8_t *is = state;
    return model->goal && is[1] == model->goal ? RULE_MEASURED : SEARCH_RULE_NONE;
}

struct search_model jugs_model(struct jugs *jugs)
{
    return (struct search_model){jugs, 2, jugs_begin, jugs_expand, NULL, jugs_check};
}

/* ---- Puzzles ---- */

static bool puzzle_begin(void *context, struct search *search)
{
    const struct puzzle *puzzle = context;
    uint8_t tiles[9];
    for (uint32_t i = 0; i < puzzle->rows * puzzle->columns; i++)
        tiles[i] = (uint8_t)i;
    search_emit(search, 0, tiles);
    return true;
}

static void slide(const struct puzzle *puzzle, const uint8_t *tiles, uint32_t to, struct search *search)
{
    uint32_t count = puzzle->rows * puzzle->columns;
    uint8_t next[9];
    memcpy(next, tiles, count);
    for (uint32_t i = 0; i < count; i++)
        if (tiles[i] == 0)
            next[i] = tiles[to];
    next[to] = 0;
    search_emit(search, tiles[to], next);
}

static bool puzzle_expand(void *context, const void *state, struct search *search)
{
    const struct puzzle *puzzle = context;
    const uint8_t *tiles = state;
    uint32_t blank = 0;
    while (tiles[blank] != 0)
        blank++;
    uint32_t row = blank / puzzle->columns;
    uint32_t column = blank % puzzle->columns;
    if (row > 0)
        slide(puzzle, tiles, blank - puzzle->columns, search);
    if (row + 1 < puzzle->rows)
        slide(puzzle, tiles, blank + puzzle->columns, search);
    if (column > 0)
        slide(puzzle, tiles, blank - 1, search);
    if (column + 1 < puzzle->columns)
        slide(puzzle, tiles, blank + 1, search);
    return true;
}

struct search_model puzzle_model(struct puzzle *puzzle)
{
    return (struct search_model){puzzle, puzzle->rows * puzzle->columns, puzzle_begin, puzzle_expand, NULL,
                                 NULL};
}

/* ---- Peterson ---- */

enum place { OUTSIDE, FIRST_SET, WAITING, INSIDE };

struct peterson_state {
    uint8_t at[2];
    uint8_t flag[2];
    uint8_t turn;
};

static bool peterson_begin(void *context, struct search *search)
{
    search_emit(search, 0, &(struct peterson_state){0});
    return true;
}

static bool peterson_step(const struct peterson *model, struct peterson_state *state, uint8_t process)
{
    uint8_t other = 1 - process;
    bool sets_turn = (state->at[process] == OUTSIDE) == model->turn_first;
    switch ((enum place)state->at[process]) {
    case OUTSIDE:
    case FIRST_SET:
        if (sets_turn)
            state->turn = other;
        else
            state->flag[process] = 1;
        break;
    case WAITING:
        if (model->deaf || (state->flag[other] && state->turn == other))
            return false;
        break;
    case INSIDE:
        state->flag[process] = 0;
        state->at[process] = OUTSIDE;
        return true;
    }
    state->at[process]++;
    return true;
}

static bool peterson_expand(void *context, const void *state, struct search *search)
{
    for (uint8_t process = 0; process < 2; process++) {
        struct peterson_state next = *(const struct peterson_state *)state;
        if (peterson_step(context, &next, process))
            search_emit(search, process, &next);
    }
    return true;
}

static uint32_t peterson_check(void *context, const void *state, struct search *search)
{
    const struct peterson_state *is = state;
    return is->at[0] == INSIDE && is->at[1] == INSIDE ? RULE_BOTH_INSIDE : SEARCH_RULE_NONE;
}

struct search_model peterson_model(struct peterson *peterson)
{
    return (struct search_model){
        peterson, sizeof(struct peterson_state), peterson_begin, peterson_expand, NULL, peterson_check};
}

/* ---- Graphs ---- */

#define SCRAMBLE   UINT32_C(0x9e3779b1)
#define UNSCRAMBLE UINT32_C(0x0e8b2f51) /* SCRAMBLE * UNSCRAMBLE = 1 mod 2^32 */

static void write_node(const struct graph *graph, uint8_t *state, uint32_t node)
{
    uint32_t word = node * SCRAMBLE;
    memset(state, 0xa5, graph->node_bytes);
    memcpy(state, &word, sizeof word);
}

uint32_t graph_node(const void *state)
{
    uint32_t word;
    memcpy(&word, state, sizeof word);
    return word * UNSCRAMBLE;
}

static void emit_node(const struct graph *graph, uint32_t label, uint32_t node, struct search *search)
{
    uint8_t state[256];
    write_node(graph, state, node);
    search_emit(search, label, state);
}

static bool graph_begin(void *context, struct search *search)
{
    emit_node(context, 0, 0, search);
    return true;
}

static bool graph_expand(void *context, const void *state, struct search *search)
{
    const struct graph *graph = context;
    uint32_t node = graph_node(state);
    for (uint32_t i = 0; i < graph->outward[node]; i++)
        emit_node(graph, i, graph->to[node][i], search);
    return true;
}

static bool graph_final(void *context, const void *state)
{
    const struct graph *graph = context;
    return graph->final[graph_node(state)];
}

static uint32_t graph_check(void *context, const void *state, struct search *search)
{
    const struct graph *graph = context;
    return graph->rule[graph_node(state)];
}

struct search_model graph_model(struct graph *graph)
{
    return (struct search_model){graph,        graph->node_bytes, graph_begin,
                                 graph_expand, graph_final,       graph_check};
}

/* ---- What tests share ---- */

const struct search_finding *finding_of(const struct search *search, enum search_finding_kind kind)
{
    size_t count;
    const struct search_finding *findings = search_findings(search, &count);
    for (size_t i = 0; i < count; i++)
        if (findings[i].kind == kind)
            return &findings[i];
    return NULL;
}

uint64_t hash_nothing(const void *bytes, size_t length)
{
    return UINT64_C(0x123456789abcdef0);
}

uint64_t hash_first_byte(const void *bytes, size_t length)
{
    return length ? (uint64_t) * (const uint8_t *)bytes << 56 : 0;
}
