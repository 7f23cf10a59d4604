#include "mmu/histogram.h"

#define STEPS (1u << HISTOGRAM_STEP_LG2)

/* Values below 2 * STEPS have a bucket each; above, the bucket is the leading bits. */
static unsigned bucket_of(uint64_t value)
{
    if (value < 2 * STEPS)
        return (unsigned)value;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - HISTOGRAM_STEP_LG2;
    return (shift << HISTOGRAM_STEP_LG2) + (unsigned)(value >> shift);
}

void histogram_bounds(unsigned bucket, uint64_t *low, uint64_t *high)
{
    unsigned shift = bucket < 2 * STEPS ? 0 : (bucket >> HISTOGRAM_STEP_LG2) - 1;
    uint64_t lead = bucket - ((uint64_t)shift << HISTOGRAM_STEP_LG2);
    *low = lead << shift;
    *high = *low + ((UINT64_C(1) << shift) - 1);
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram->counts[bucket_of(value)]++;
    histogram->total++;
    histogram->sum += value;
    if (value > histogram->most)
        histogram->most = value;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->counts[i] += from->counts[i];
    into->total += from->total;
    into->sum += from->sum;
    if (from->most > into->most)
        into->most = from->most;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)histogram->total);
    uint64_t seen = 0;
    uint64_t low, high = 0;
    if (histogram->total == 0)
        return 0;
    if (wanted >= histogram->total)
        wanted = histogram->total - 1;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen <= wanted)
            continue;
        histogram_bounds(i, &low, &high);
        break;
    }
    return high < histogram->most ? high : histogram->most;
}
