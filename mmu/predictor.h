/*
 * Predictors: which pages a core will miss next, from those that it missed before.
 *
 * A predictor is a table and a rule. It knows pages by their number (address divided by the smallest page's
 * size), never translations, so that no invalidation concerns it. A miss of another address space finds no
 * row of this one: rows are tagged with the space, and what went before is forgotten when the space changes.
 *
 * The tables are direct-mapped: a row that is needed for something else is lost. Nothing here allocates but
 * predictor_create.
 *
 *   next-page  the pages behind. No table.
 *   stride     a row for each instruction that misses: its last page, its stride, and how sure it is (Baer,
 *              Chen, "An Effective On-Chip Preloading Scheme to Reduce Data Access Penalty", Supercomputing
 *              1991, with pages in place of addresses). It predicts once a stride has come twice in a row.
 *              Where the instruction is unknown, all misses share one row.
 *   distance   a row for each distance between two misses: which distances followed it, the latest first
 *              (Kandiraju, Sivasubramaniam, "Going the Distance for TLB Prefetching", ISCA 2002).
 *   recency    the pages that were evicted, most recent first: a miss to one of them predicts its neighbours,
 *              first who was evicted after it (Saulsbury, Dahlgren, Stenstrom, "Recency-Based TLB
 * Preloading", ISCA 2000). There each page-table entry holds two pointers; here the list is a table, since
 * page tables are software's.
 */
#ifndef MMUSIM_MMU_PREDICTOR_H
#define MMUSIM_MMU_PREDICTOR_H

#include <stdint.h>

#include "mmu/config.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PREDICTIONS_MAX 8u /* the greatest prefetch.degree */

struct predictor;

struct predictor_miss {
    uint64_t page;
    uint64_t pc;    /* 0 if it is unknown */
    uint64_t space; /* any number that tells address spaces apart */
};

/* `entries`: rows of its table; `degree`: predictions at a time, 1 to PREDICTIONS_MAX. NULL if memory is
 * short.
 */
struct predictor *predictor_create(enum prefetcher kind, uint32_t entries, uint32_t degree);
void predictor_destroy(struct predictor *predictor);

/* Learns of a miss, and gives up to `degree` pages of its space, likeliest first. Their numbers may lie
 * outside of any reach. */
unsigned predictor_miss(struct predictor *predictor, const struct predictor_miss *miss, uint64_t *pages);
/* A page has been evicted. */
void predictor_evicted(struct predictor *predictor, uint64_t page, uint64_t space);

#ifdef __cplusplus
}
#endif
#endif
