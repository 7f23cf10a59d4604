#include "mmu/stream.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Every pattern draws addresses from one generator and stores from another, and a fixed number of times an
 * access. So the accesses do not depend on block sizes, nor the addresses on the share of stores.
 */

__extension__ typedef unsigned __int128 uint128;

/* xoshiro256** 1.0: Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021, section 4.
 */
struct generator {
    uint64_t state[4];
};

static inline uint64_t rotate_left(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static inline uint64_t draw(struct generator *generator)
{
    uint64_t *state = generator->state;
    uint64_t result = rotate_left(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;

    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
}

/* SplitMix64 spreads a seed over the state, as the same paper advises (section 5.2). */
static uint64_t split_mix(uint64_t *seed)
{
    uint64_t word = *seed += UINT64_C(0x9e3779b97f4a7c15);

    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

static void generator_seed(struct generator *generator, uint64_t *seed)
{
    for (int i = 0; i < 4; i++)
        generator->state[i] = split_mix(seed);
}

/*
 * Uniform below `bound`, exactly: the high word of a product, drawn again in the rare case that the low word
 * is below `again`, which is 2^64 mod bound. Lemire, "Fast random integer generation in an interval", 2019.
 */
static inline uint64_t draw_below(struct generator *generator, uint64_t bound, uint64_t again)
{
    uint128 product;

    do
        product = (uint128)draw(generator) * bound;
    while ((uint64_t)product < again);
    return (uint64_t)(product >> 64);
}

static uint64_t draw_again_limit(uint64_t bound)
{
    return (0 - bound) % bound;
}

/* The share of a unit: 53 bits, in [0, 1). */
static inline double draw_unit(struct generator *generator)
{
    return (double)(draw(generator) >> 11) * 0x1p-53;
}

/* A zipf table's bin: its own page if a 32-bit draw is below `own`, else another. */
struct alias_bin {
    uint32_t own;
    uint32_t other;
};

#define ALIAS_BINS_MAX (UINT64_C(1) << 21) /* 16 MiB; beyond it, ranks are drawn by rejection-inversion */

/* Ranks by rejection-inversion, and the permutation that makes pages of them. */
struct zipf_ranks {
    double skew;
    double integral_first; /* of the hat, less the first rank's own probability */
    double integral_last;
    double squeeze;
    uint64_t pages;
    uint64_t mask; /* 2^bits - 1, the permutation's domain; at least pages - 1 */
    unsigned bits;
    uint64_t multipliers[3]; /* odd */
    uint64_t addends[3];
};

#define CHASE_LINES_MAX (UINT64_C(1) << 28) /* 1 GiB for their order */

struct pattern_stream {
    struct stream stream; /* first: `next` and `close` get this */
    struct stream_config config;
    void (*fill)(struct pattern_stream *self, struct stream_access *accesses, size_t count);
    struct generator addresses;
    struct generator kinds;
    uint64_t store_below;    /* of a 63-bit draw */
    uint64_t position;       /* sequential, stride: bytes from the base; chase: place in `order` */
    uint64_t slots;          /* uniform: accesses in the region; zipf: in a page; chase: lines */
    uint64_t slots_again;    /* draw_again_limit of slots */
    uint64_t pages;          /* zipf */
    struct alias_bin *alias; /* zipf: by page; NULL if there are too many */
    uint32_t *order;         /* chase: lines in the order of the visit */
    struct zipf_ranks ranks;
};

static bool fail(char *error, size_t error_bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail(char *error, size_t error_bytes, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error, error_bytes, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- sequential and stride ---- */

static void fill_sequential(struct pattern_stream *self, struct stream_access *accesses, size_t count)
{
    const struct stream_config *config = &self->config;
    uint64_t last = config->region_bytes - config->size_bytes;
    uint64_t position = self->position;

    for (size_t i = 0; i < count; i++) {
        accesses[i].va = config->base + position;
        position = config->step_bytes > last - position ? 0 : position + config->step_bytes;
    }
    self->position = position;
}

/* Places from which an access would reach beyond the region are passed over. */
static void fill_stride(struct pattern_stream *self, struct stream_access *accesses, size_t count)
{
    const struct stream_config *config = &self->config;
    uint64_t region = config->region_bytes;
    uint64_t last = region - config->size_bytes;
    uint64_t stride = config->step_bytes % region;
    uint64_t position = self->position;

    for (size_t i = 0; i < count; i++) {
        accesses[i].va = config->base + position;
        do
            position = position >= region - stride ? position - (region - stride) : position + stride;
        while (position > last);
    }
    self->position = position;
}

/* ---- uniform ---- */

static void fill_uniform(struct pattern_stream *self, struct stream_access *accesses, size_t count)
{
    struct generator generator = self->addresses; /* local: stores to accesses cannot alias it */
    uint64_t base = self->config.base, size = self->config.size_bytes;
    uint64_t slots = self->slots, again = self->slots_again;

    for (size_t i = 0; i < count; i++)
        accesses[i].va = base + draw_below(&generator, slots, again) * size;
    self->addresses = generator;
}

static bool prepare_uniform(struct pattern_stream *self, char *error, size_t error_bytes)
{
    self->slots = self->config.region_bytes / self->config.size_bytes;
    self->slots_again = draw_again_limit(self->slots);
    return true;
}

/* ---- zipf: pages ---- */

static void shuffle(uint32_t *items, uint64_t count, struct generator *generator)
{
    for (uint64_t i = 0; i < count; i++)
        items[i] = (uint32_t)i;
    for (uint64_t i = count - 1; i > 0; i--) {
        uint64_t j = draw_below(generator, i + 1, draw_again_limit(i + 1));
        uint32_t item = items[i];

        items[i] = items[j];
        items[j] = item;
    }
}

/*
 * Vose, "A linear algorithm for generating random numbers with a given distribution", 1991. `weights` have
 * the mean 1 and are used up; `work` has a place for every bin: those below the mean from the left, the
 * others from the right.
 */
static void alias_build(struct alias_bin *bins, double *weights, uint32_t *work, uint64_t count)
{
    uint64_t small = 0, large = count;

    for (uint64_t i = 0; i < count; i++) {
        bins[i] = (struct alias_bin){.own = UINT32_MAX, .other = (uint32_t)i};
        if (weights[i] < 1)
            work[small++] = (uint32_t)i;
        else
            work[--large] = (uint32_t)i;
    }
    while (small > 0 && large < count) {
        uint32_t poor = work[--small], rich = work[large];

        bins[poor] = (struct alias_bin){.own = (uint32_t)(weights[poor] * 0x1p32), .other = rich};
        weights[rich] -= 1 - weights[poor];
        if (weights[rich] < 1) {
            large++;
            work[small++] = rich;
        }
    }
}

static bool alias_prepare(struct pattern_stream *self)
{
    size_t pages = (size_t)self->pages;
    double *weights = calloc(pages, sizeof *weights), sum = 0;
    uint32_t *page_of_rank = malloc(pages * sizeof *page_of_rank);

    self->alias = malloc(pages * sizeof *self->alias);
    if (weights && page_of_rank && self->alias) {
        shuffle(page_of_rank, pages, &self->addresses);
        for (size_t rank = pages; rank > 0; rank--) /* small ones first: less is lost in the sum */
            sum += weights[page_of_rank[rank - 1]] = pow((double)rank, -self->config.skew);
        for (size_t page = 0; page < pages; page++)
            weights[page] *= (double)pages / sum;
        alias_build(self->alias, weights, page_of_rank, pages);
    }
    free(weights);
    free(page_of_rank);
    return weights && page_of_rank && self->alias;
}

static void fill_zipf(struct pattern_stream *self, struct stream_access *accesses, size_t count)
{
    struct generator generator = self->addresses;
    const struct alias_bin *alias = self->alias;
    uint64_t base = self->config.base, size = self->config.size_bytes, page_bytes = self->config.page_bytes;
    uint64_t pages = self->pages, slots = self->slots, again = self->slots_again;

    for (size_t i = 0; i < count; i++) {
        /* One draw: the high word chooses a bin, the top of the low word decides within it. The choice is
           uneven by pages / 2^64, which is below 2^-43. */
        uint128 product = (uint128)draw(&generator) * pages;
        uint64_t page = (uint64_t)(product >> 64);
        uint32_t coin = (uint32_t)((uint64_t)product >> 32);
        uint64_t other = alias[page].other;

        page = coin < alias[page].own ? page : other;
        accesses[i].va = base + page * page_bytes + draw_below(&generator, slots, again) * size;
    }
    self->addresses = generator;
}

/* ---- zipf over more pages than a table is made for ---- */

/*
 * Hormann and Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions",
 * ACM TOMACS 6(3), 1996, section 3: the hat is x^-skew, `zipf_integral` its integral from 1, and both are
 * written so that they are exact in the limit of skew = 1.
 */
static double zipf_integral(double skew, double x)
{
    double log_x = log(x), t = (1 - skew) * log_x;

    return (fabs(t) > 1e-8 ? expm1(t) / t : 1 + t / 2) * log_x;
}

static double zipf_integral_inverse(double skew, double y)
{
    double t = y * (1 - skew);

    t = t < -1 ? -1 : t; /* by rounding only */
    return exp((fabs(t) > 1e-8 ? log1p(t) / t : 1 - t / 2) * y);
}

static void ranks_prepare(struct zipf_ranks *ranks, double skew, uint64_t pages, struct generator *generator)
{
    ranks->skew = skew;
    ranks->pages = pages;
    ranks->integral_first = zipf_integral(skew, 1.5) - 1;
    ranks->integral_last = zipf_integral(skew, (double)pages + 0.5);
    ranks->squeeze = 2 - zipf_integral_inverse(skew, zipf_integral(skew, 2.5) - pow(2, -skew));
    for (ranks->bits = 1; ranks->bits < 64 && (pages - 1) >> ranks->bits; ranks->bits++)
        ;
    ranks->mask = UINT64_MAX >> (64 - ranks->bits);
    for (int i = 0; i < 3; i++) {
        ranks->multipliers[i] = draw(generator) | 1;
        ranks->addends[i] = draw(generator);
    }
}

/* 1 .. pages */
static uint64_t ranks_draw(const struct zipf_ranks *ranks, struct generator *generator)
{
    double pages = (double)ranks->pages;

    for (;;) {
        double u =
            ranks->integral_last + draw_unit(generator) * (ranks->integral_first - ranks->integral_last);
        double x = zipf_integral_inverse(ranks->skew, u);
        double rank = floor(x + 0.5);

        rank = rank < 1 ? 1 : rank > pages ? pages : rank;
        if (rank - x <= ranks->squeeze ||
            u >= zipf_integral(ranks->skew, rank + 0.5) - pow(rank, -ranks->skew))
            return (uint64_t)rank;
    }
}

/* A bijection of `bits` bits, walked until it falls below `pages`: each step of a round can be undone. */
static uint64_t ranks_page(const struct zipf_ranks *ranks, uint64_t index)
{
    do
        for (int i = 0; i < 3; i++) {
            index = (index * ranks->multipliers[i] + ranks->addends[i]) & ranks->mask;
            index ^= index >> (ranks->bits / 2 + 1);
        }
    while (index >= ranks->pages);
    return index;
}

static void fill_zipf_large(struct pattern_stream *self, struct stream_access *accesses, size_t count)
{
    const struct stream_config *config = &self->config;

    for (size_t i = 0; i < count; i++) {
        uint64_t page = ranks_page(&self->ranks, ranks_draw(&self->ranks, &self->addresses) - 1);
        uint64_t slot = draw_below(&self->addresses, self->slots, self->slots_again);

        accesses[i].va = config->base + page * config->page_bytes + slot * config->size_bytes;
    }
}

static bool prepare_zipf(struct pattern_stream *self, char *error, size_t error_bytes)
{
    const struct stream_config *config = &self->config;

    if (config->page_bytes < config->size_bytes)
        return fail(error, error_bytes, "a page of %llu bytes has no room for an access of %u bytes",
                    (unsigned long long)config->page_bytes, config->size_bytes);
    if (config->region_bytes % config->page_bytes)
        return fail(error, error_bytes,
                    "a zipf region must be a multiple of the page, %llu bytes, and %llu is not",
                    (unsigned long long)config->page_bytes, (unsigned long long)config->region_bytes);
    if (!isfinite(config->skew) || config->skew <= 0)
        return fail(error, error_bytes, "a zipf skew must be a number above 0, and %g is not", config->skew);
    self->slots = config->page_bytes / config->size_bytes;
    self->slots_again = draw_again_limit(self->slots);
    self->pages = config->region_bytes / config->page_bytes;
    if (self->pages > ALIAS_BINS_MAX) {
        self->fill = fill_zipf_large;
        ranks_prepare(&self->ranks, config->skew, self->pages, &self->addresses);
    } else if (!alias_prepare(self)) {
        return fail(error, error_bytes, "no memory for a zipf table over %llu pages",
                    (unsigned long long)self->pages);
    }
    return true;
}

/* ---- chase ---- */

static void fill_chase(struct pattern_stream *self, struct stream_access *accesses, size_t count)
{
    uint64_t base = self->config.base, line_bytes = self->config.step_bytes, position = self->position;

    for (size_t i = 0; i < count; i++) {
        accesses[i].va = base + self->order[position] * line_bytes;
        position = position + 1 == self->slots ? 0 : position + 1;
    }
    self->position = position;
}

/*
 * A uniformly random order, visited round and round, is a uniformly random single cycle, which is what
 * Sattolo's algorithm makes; unlike its array of successors, it is read in sequence.
 */
static bool prepare_chase(struct pattern_stream *self, char *error, size_t error_bytes)
{
    const struct stream_config *config = &self->config;

    if (config->step_bytes < config->size_bytes)
        return fail(error, error_bytes, "a chase's line of %llu bytes has no room for an access of %u bytes",
                    (unsigned long long)config->step_bytes, config->size_bytes);
    self->slots = config->region_bytes / config->step_bytes;
    if (self->slots == 0)
        return fail(error, error_bytes, "a chase's region of %llu bytes has no room for a line of %llu bytes",
                    (unsigned long long)config->region_bytes, (unsigned long long)config->step_bytes);
    if (self->slots > CHASE_LINES_MAX)
        return fail(error, error_bytes,
                    "a chase is over at most %llu lines, and this region has %llu of %llu bytes",
                    (unsigned long long)CHASE_LINES_MAX, (unsigned long long)self->slots,
                    (unsigned long long)config->step_bytes);
    self->order = malloc((size_t)self->slots * sizeof *self->order);
    if (!self->order)
        return fail(error, error_bytes, "no memory for a chase over %llu lines",
                    (unsigned long long)self->slots);
    shuffle(self->order, self->slots, &self->addresses);
    return true;
}

/* ---- all patterns ---- */

static const struct pattern {
    const char *name;
    bool (*prepare)(struct pattern_stream *self, char *error, size_t error_bytes); /* or NULL */
    void (*fill)(struct pattern_stream *self, struct stream_access *accesses, size_t count);
} patterns[STREAM_PATTERNS] = {
    [STREAM_SEQUENTIAL] = {"sequential", NULL, fill_sequential},
    [STREAM_STRIDE] = {"stride", NULL, fill_stride},
    [STREAM_UNIFORM] = {"uniform", prepare_uniform, fill_uniform},
    [STREAM_ZIPF] = {"zipf", prepare_zipf, fill_zipf},
    [STREAM_CHASE] = {"chase", prepare_chase, fill_chase},
};

static void fill_kinds(struct pattern_stream *self, struct stream_access *accesses, size_t count)
{
    struct generator generator = self->kinds;
    uint64_t store_below = self->store_below;
    uint16_t size_bytes = self->config.size_bytes;
    uint8_t kind = self->config.kind;

    for (size_t i = 0; i < count; i++) {
        accesses[i].pc = 0;
        accesses[i].size_bytes = size_bytes;
        accesses[i].kind = kind;
    }
    if (store_below == 0)
        return;
    for (size_t i = 0; i < count; i++)
        accesses[i].kind = draw(&generator) >> 1 < store_below ? ACCESS_STORE : kind;
    self->kinds = generator;
}

static long pattern_stream_next(struct stream *stream, struct stream_access *accesses, size_t capacity)
{
    struct pattern_stream *self = (struct pattern_stream *)stream;
    size_t count = stream->remaining < capacity ? (size_t)stream->remaining : capacity;

    self->fill(self, accesses, count);
    fill_kinds(self, accesses, count);
    stream->remaining -= count;
    return (long)count;
}

static void pattern_stream_close(struct stream *stream)
{
    struct pattern_stream *self = (struct pattern_stream *)stream;

    free(self->alias);
    free(self->order);
    free(self);
}

/* What holds for every pattern, after defaults are in place. */
static bool config_check(const struct stream_config *config, char *error, size_t error_bytes)
{
    if ((unsigned)config->pattern >= STREAM_PATTERNS)
        return fail(error, error_bytes, "there is no stream pattern %d", (int)config->pattern);
    if (config->kind >= ACCESS_KINDS)
        return fail(error, error_bytes, "there is no kind of access %u", config->kind);
    if (config->size_bytes > 64)
        return fail(error, error_bytes, "an access has 1 to 64 bytes, not %u", config->size_bytes);
    if (config->region_bytes < config->size_bytes)
        return fail(error, error_bytes, "a region of %llu bytes has no room for an access of %u bytes",
                    (unsigned long long)config->region_bytes, config->size_bytes);
    if (config->region_bytes - 1 > UINT64_MAX - config->base)
        return fail(error, error_bytes, "a region of %llu bytes at 0x%llx goes beyond the last address",
                    (unsigned long long)config->region_bytes, (unsigned long long)config->base);
    if (!(config->store_fraction >= 0 && config->store_fraction <= 1))
        return fail(error, error_bytes, "a store fraction must be from 0 to 1, and %g is not",
                    config->store_fraction);
    return true;
}

struct stream *stream_open(const struct stream_config *config, char *error, size_t error_bytes)
{
    struct pattern_stream *self = calloc(1, sizeof *self);
    uint64_t seed = config->seed;

    if (!self) {
        fail(error, error_bytes, "no memory for a stream");
        return NULL;
    }
    self->config = *config;
    if (!config->step_bytes)
        self->config.step_bytes = 64;
    if (!config->page_bytes)
        self->config.page_bytes = 4096;
    if (!config->size_bytes)
        self->config.size_bytes = 8;
    self->stream = (struct stream){
        .next = pattern_stream_next, .close = pattern_stream_close, .remaining = config->accesses};
    generator_seed(&self->addresses, &seed);
    generator_seed(&self->kinds, &seed);
    if (config_check(&self->config, error, error_bytes)) {
        const struct pattern *pattern = &patterns[config->pattern];

        self->store_below = (uint64_t)(config->store_fraction * 0x1p63);
        self->fill = pattern->fill;
        if (!pattern->prepare || pattern->prepare(self, error, error_bytes))
            return &self->stream;
    }
    pattern_stream_close(&self->stream);
    return NULL;
}

const char *stream_pattern_name(enum stream_pattern pattern)
{
    return (unsigned)pattern < STREAM_PATTERNS ? patterns[pattern].name : NULL;
}
