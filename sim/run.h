/*
 * One run: a script, its machine, its record, and what came out. The command line and the tests start here.
 */
#ifndef MMUSIM_SIM_RUN_H
#define MMUSIM_SIM_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmu/config.h"
#include "mmu/counters.h"

#ifdef __cplusplus
extern "C" {
#endif

struct judge_finding;

/* Who wants to know more of a run than its outcome. Functions may be NULL. */
struct run_watch {
    /* Each finding that the checker kept, in their order; it lives during the call. */
    void (*finding)(void *context, const struct judge_finding *finding);
    /* Each call that the script makes, as a line of Lua (sim/lua/calls.lua). */
    void (*call)(void *context, const char *line, size_t length);
    void *context;
    bool every_access; /* the checker hears every access, as at the level "all", whatever is recorded */
};

struct run_options {
    const char *script;            /* path */
    const char *text;              /* the script's, in place of the file's; NULL: read it */
    const struct run_watch *watch; /* NULL: nobody */
    const char *output;            /* database; NULL: the script's name with .db in the current folder */
    const char *record;            /* "none", "counters", "misses", "all"; NULL: what the script says */
    const char *command_line;      /* for the record */
    const char *const *arguments;  /* after the script's name; the script's global `arg` */
    int argument_count;
    uint64_t seed;
    bool seed_given; /* in place of the script's */
    bool overwrite;  /* an existing output */
    bool lockstep;
    bool unsandboxed; /* the script may use files, processes and the clock */
    bool progress;    /* on standard error */
};

#define RUN_REGIONS_MAX 64

/* Totals of one region, all cores. */
struct run_region {
    char name[64];
    uint64_t begin_cycle, end_cycle;
    struct core_counters counters;
};

struct run_operations {
    uint64_t map, unmap, protect, query, failed;
};

/* What a run gives back, for the summary. Released by run_outcome_free. */
struct run_outcome {
    struct mmu_config config;
    struct core_counters total;  /* of all regions and cores */
    struct core_counters *cores; /* config.cores of them, all regions */
    struct run_region *regions;
    unsigned region_count;
    struct run_operations operations;
    uint64_t cycles;
    uint64_t findings;       /* of the refinement checker */
    char first_finding[512]; /* a sentence; empty if none */
    char not_judged[256];    /* what this recording level does not let the checker judge; or empty */
    char database[1024];     /* path; empty if nothing was recorded */
    char record[16];
    char script[1024];
    uint64_t database_bytes;
    double host_seconds;
    bool checked;
    bool lockstep;
    char error[1024]; /* why it failed: one sentence with the place */
};

/* 0: it ran (findings or not); 2: wrong use or a failure, with `outcome->error`. */
int run_script(const struct run_options *options, struct run_outcome *outcome);
void run_outcome_free(struct run_outcome *outcome);

#ifdef __cplusplus
}
#endif
#endif
