#include "mmu/predictor.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NO_ROW UINT32_MAX

struct predictor_policy {
    size_t row_bytes;
    unsigned (*miss)(struct predictor *predictor, const struct predictor_miss *miss, uint64_t *pages);
    void (*evicted)(struct predictor *predictor, uint64_t page, uint64_t space); /* or NULL */
};

struct predictor {
    const struct predictor_policy *policy;
    void *rows; /* of the policy's kind */
    uint32_t entries, degree;
    /* distance: the last miss, and the one before it */
    uint64_t last_page, last_distance, last_space;
    bool has_page, has_distance;
    /* recency */
    uint32_t top; /* evicted last, or NO_ROW */
};

/* Of neighbouring keys in neighbouring rows. */
static uint32_t row_of(const struct predictor *predictor, uint64_t key, uint64_t space)
{
    return (uint32_t)((key + space * UINT64_C(0x9e3779b97f4a7c15)) % predictor->entries);
}

/* ---- next-page --------------------------------------------------------------------------------- */

static unsigned next_pages(struct predictor *predictor, const struct predictor_miss *miss, uint64_t *pages)
{
    for (unsigned i = 0; i < predictor->degree; i++)
        pages[i] = miss->page + 1 + i;
    return predictor->degree;
}

/* ---- stride ------------------------------------------------------------------------------------ */

enum stride_state { STRIDE_INITIAL, STRIDE_TRANSIENT, STRIDE_STEADY, STRIDE_NO_PREDICTION };

struct stride_row {
    uint64_t pc, space;
    uint64_t page;   /* of its last miss */
    uint64_t stride; /* modulo 2^64 */
    uint8_t state;
    bool used;
};

/* The states of Baer and Chen, figure 4. */
static void learn_stride(struct stride_row *row, uint64_t stride)
{
    static const uint8_t after[2][4] = {
        {[STRIDE_INITIAL] = STRIDE_TRANSIENT,
         [STRIDE_TRANSIENT] = STRIDE_NO_PREDICTION,
         [STRIDE_STEADY] = STRIDE_INITIAL,
         [STRIDE_NO_PREDICTION] = STRIDE_NO_PREDICTION},
        {[STRIDE_INITIAL] = STRIDE_STEADY,
         [STRIDE_TRANSIENT] = STRIDE_STEADY,
         [STRIDE_STEADY] = STRIDE_STEADY,
         [STRIDE_NO_PREDICTION] = STRIDE_TRANSIENT},
    };
    bool right = stride == row->stride;
    if (!right && row->state != STRIDE_STEADY)
        row->stride = stride;
    row->state = after[right][row->state];
}

/* The same page again says nothing: it was evicted meanwhile. */
static unsigned by_stride(struct predictor *predictor, const struct predictor_miss *miss, uint64_t *pages)
{
    uint64_t key = miss->pc * UINT64_C(0x9e3779b97f4a7c15) >> 32; /* instructions are no neighbours */
    struct stride_row *row = (struct stride_row *)predictor->rows + row_of(predictor, key, miss->space);
    if (!row->used || row->pc != miss->pc || row->space != miss->space) {
        *row = (struct stride_row){.pc = miss->pc, .space = miss->space, .page = miss->page, .used = true};
        return 0;
    }
    if (row->page == miss->page)
        return 0;
    learn_stride(row, miss->page - row->page);
    row->page = miss->page;
    if (row->state != STRIDE_STEADY)
        return 0;
    for (unsigned i = 0; i < predictor->degree; i++)
        pages[i] = miss->page + (i + 1) * row->stride;
    return predictor->degree;
}

/* ---- distance ---------------------------------------------------------------------------------- */

struct distance_row {
    uint64_t distance, space;
    uint64_t followers[PREDICTIONS_MAX]; /* distances, the latest first */
    uint32_t count;
    bool used;
};

static struct distance_row *distance_row(const struct predictor *predictor, uint64_t distance, uint64_t space)
{
    return (struct distance_row *)predictor->rows + row_of(predictor, distance, space);
}

static bool is_of_distance(const struct distance_row *row, uint64_t distance, uint64_t space)
{
    return row->used && row->distance == distance && row->space == space;
}

/* To the front; the oldest is lost. */
static void add_follower(struct distance_row *row, uint64_t follower, uint32_t degree)
{
    uint32_t place = 0;
    while (place < row->count && row->followers[place] != follower)
        place++;
    if (place == row->count && row->count < degree)
        row->count++;
    if (place == degree)
        place--;
    for (; place > 0; place--)
        row->followers[place] = row->followers[place - 1];
    row->followers[0] = follower;
}

static void learn_distance(struct predictor *predictor, uint64_t distance, uint64_t space)
{
    struct distance_row *before = distance_row(predictor, predictor->last_distance, space);
    if (!predictor->has_distance)
        return;
    if (!is_of_distance(before, predictor->last_distance, space))
        *before = (struct distance_row){.distance = predictor->last_distance, .space = space, .used = true};
    add_follower(before, distance, predictor->degree);
}

static unsigned by_distance(struct predictor *predictor, const struct predictor_miss *miss, uint64_t *pages)
{
    bool follows = predictor->has_page && predictor->last_space == miss->space;
    uint64_t distance = miss->page - predictor->last_page;
    if (follows && distance == 0)
        return 0;
    predictor->has_distance &= follows;
    predictor->last_page = miss->page;
    predictor->last_space = miss->space;
    predictor->has_page = true;
    if (!follows)
        return 0;
    learn_distance(predictor, distance, miss->space);
    predictor->last_distance = distance;
    predictor->has_distance = true;
    const struct distance_row *row = distance_row(predictor, distance, miss->space);
    if (!is_of_distance(row, distance, miss->space))
        return 0;
    for (uint32_t i = 0; i < row->count; i++)
        pages[i] = miss->page + row->followers[i];
    return row->count;
}

/* ---- recency ----------------------------------------------------------------------------------- */

struct recency_row {
    uint64_t page, space;
    uint32_t above, below; /* evicted after it, before it; NO_ROW */
    bool used;
};

static struct recency_row *recency_rows(const struct predictor *predictor)
{
    return predictor->rows;
}

static void take_out(struct predictor *predictor, uint32_t index)
{
    struct recency_row *rows = recency_rows(predictor), *row = &rows[index];
    if (row->above != NO_ROW)
        rows[row->above].below = row->below;
    else
        predictor->top = row->below;
    if (row->below != NO_ROW)
        rows[row->below].above = row->above;
    row->used = false;
}

/* One step up or down the list; the page there counts if it is of this space. */
static uint32_t step_to(const struct predictor *predictor, uint32_t index, bool up, uint64_t space,
                        uint64_t *pages, unsigned *count)
{
    const struct recency_row *rows = recency_rows(predictor);
    uint32_t next = index == NO_ROW ? NO_ROW : up ? rows[index].above : rows[index].below;
    if (next != NO_ROW && rows[next].space == space && *count < predictor->degree)
        pages[(*count)++] = rows[next].page;
    return next;
}

/* The missed page leaves the list: it is in the TLB again. */
static unsigned by_recency(struct predictor *predictor, const struct predictor_miss *miss, uint64_t *pages)
{
    uint32_t index = row_of(predictor, miss->page, miss->space);
    const struct recency_row *row = &recency_rows(predictor)[index];
    if (!row->used || row->page != miss->page || row->space != miss->space)
        return 0;
    uint32_t above = index, below = index;
    unsigned count = 0;
    while (count < predictor->degree && (above != NO_ROW || below != NO_ROW)) {
        above = step_to(predictor, above, true, miss->space, pages, &count);
        below = step_to(predictor, below, false, miss->space, pages, &count);
    }
    take_out(predictor, index);
    return count;
}

static void to_the_top(struct predictor *predictor, uint64_t page, uint64_t space)
{
    struct recency_row *rows = recency_rows(predictor);
    uint32_t index = row_of(predictor, page, space);
    if (rows[index].used)
        take_out(predictor, index);
    rows[index] = (struct recency_row){
        .page = page, .space = space, .above = NO_ROW, .below = predictor->top, .used = true};
    if (predictor->top != NO_ROW)
        rows[predictor->top].above = index;
    predictor->top = index;
}

/* ---- all of them ------------------------------------------------------------------------------- */

static const struct predictor_policy policies[PREFETCHERS] = {
    [PREFETCH_NEXT_PAGE] = {1, next_pages, NULL},
    [PREFETCH_STRIDE] = {sizeof(struct stride_row), by_stride, NULL},
    [PREFETCH_DISTANCE] = {sizeof(struct distance_row), by_distance, NULL},
    [PREFETCH_RECENCY] = {sizeof(struct recency_row), by_recency, to_the_top},
};

struct predictor *predictor_create(enum prefetcher kind, uint32_t entries, uint32_t degree)
{
    struct predictor *predictor = calloc(1, sizeof *predictor);
    if (!predictor)
        return NULL;
    predictor->policy = &policies[kind];
    predictor->entries = entries;
    predictor->degree = degree;
    predictor->top = NO_ROW;
    predictor->rows = calloc(entries, predictor->policy->row_bytes);
    if (predictor->rows)
        return predictor;
    free(predictor);
    return NULL;
}

void predictor_destroy(struct predictor *predictor)
{
    if (!predictor)
        return;
    free(predictor->rows);
    free(predictor);
}

unsigned predictor_miss(struct predictor *predictor, const struct predictor_miss *miss, uint64_t *pages)
{
    return predictor->policy->miss(predictor, miss, pages);
}

void predictor_evicted(struct predictor *predictor, uint64_t page, uint64_t space)
{
    if (predictor->policy->evicted)
        predictor->policy->evicted(predictor, page, space);
}
