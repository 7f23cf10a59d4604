/* One exploration from its description to its first finding, for tests. */
#ifndef MMUSIM_SIM_EXPLORE_TEST_EXPLORING_H
#define MMUSIM_SIM_EXPLORE_TEST_EXPLORING_H

#include "sim/explore/story.h"
#include "sim/explore/test/program_list.h"

/* Pages in different tables of the last level, where a table's reach is 2 MiB; frames. */
#define PAGE     UINT64_C(0x0)
#define OTHER    UINT64_C(0x200000)
#define FRAME    UINT64_C(0x400000)
#define FRAME_2  UINT64_C(0x401000)
#define WRITABLE (FRAME_READABLE | FRAME_WRITABLE | FRAME_USER)
#define READABLE (FRAME_READABLE | FRAME_USER)

#define EXPLORING_TABLES UINT64_C(0x100000) /* page tables lie from here on: the root of the first one */

struct exploring {
    const struct pagetable_class *table;
    const char *format;            /* NULL: vmsa-4k-25 */
    struct program_source *source; /* NULL: the lists */
    struct program_lists lists;
    struct operation_call before[3];
    unsigned before_count;
    bool is_judged_by_protocol;
    /* What is 0 is the usual: a TLB entry, one walker, 16 MiB, the context of the table, PAGE and OTHER.
     * Contexts but the first are taken as they are, but for their format. */
    struct small_config machine;
    bool own_hardware; /* whether hardware speculates and evicts says the machine; else it does both */
};

struct exploring_found {
    enum search_outcome outcome;
    struct search_figures figures;
    uint32_t finding; /* the first one */
    char last_step[STORY_TEXT_BYTES];
    char sentence[STORY_TEXT_BYTES];
};

/* Fails the test where the exploration cannot be made or ends at a bound. */
struct exploring_found exploring_run(struct exploring *exploring);
/* The configuration as it is explored; what it refers to is `exploring`, and the three others. */
struct exploration_config exploring_config(struct exploring *exploring, struct pagetable_config *pagetable,
                                           struct program_source *lists, struct memory_budget *budget);

void expect_clean(struct exploring *exploring);
void expect_finding(struct exploring *exploring, uint32_t finding);

#endif
