/*
 * A histogram of cycle counts in fixed memory: exact below 64, then 32 buckets for each power of two, so
 * that a bucket is never wider than 1/32 of its value.
 */
#ifndef MMUSIM_MMU_HISTOGRAM_H
#define MMUSIM_MMU_HISTOGRAM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HISTOGRAM_STEP_LG2 5
#define HISTOGRAM_BUCKETS  ((64 - HISTOGRAM_STEP_LG2 + 1) << HISTOGRAM_STEP_LG2)

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
    uint64_t sum;
    uint64_t most;
};

void histogram_add(struct histogram *histogram, uint64_t value);
void histogram_merge(struct histogram *into, const struct histogram *from);
/* Least and greatest value that belong to a bucket. */
void histogram_bounds(unsigned bucket, uint64_t *low, uint64_t *high);
/* The greatest value of the bucket that holds the given share (0 .. 1) of all values; 0 if there are none. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

#ifdef __cplusplus
}
#endif
#endif
