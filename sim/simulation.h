/*
 * A simulation: one machine, its address spaces, its programs, its judge and its record.
 *
 * What scripts do goes through here; nothing in this file knows Lua. Functions that can fail return false
 * and leave one sentence in `simulation->error`. Cores count from 0 here.
 */
#ifndef MMUSIM_SIM_SIMULATION_H
#define MMUSIM_SIM_SIMULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmu/frame_allocator.h"
#include "mmu/machine.h"
#include "mmu/systemc/program_host.h"
#include "sim/array_list.h"
#include "sim/judge/judge.h"
#include "sim/record/recorder.h"
#include "sim/run.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SIMULATION_ERROR_BYTES 768
#define SIMULATION_MEETINGS    64

struct address_space;
struct instruction_table;
struct plugin_list;
struct shootdown;

/* Programs that wait for each other under one name. */
#define MEETING_NAME_MAX 63
struct meeting {
    char name[MEETING_NAME_MAX + 1];
    uint64_t waiting; /* a bit a core */
};

struct simulation_text {
    struct simulation_text *next;
    char text[];
};

#define PLACE_BYTES 128

struct simulation {
    struct machine *machine;
    struct program_host *host;
    struct frame_allocator frames;
    struct address_space **spaces;
    unsigned space_count;
    struct shootdown *shootdowns; /* by core: what software sends to the others */
    uint64_t operation_count;     /* page-table operations so far */
    uint64_t living;              /* programs that have not ended: a bit a core */
    bool running;                 /* simulated time has begun */
    struct meeting meetings[SIMULATION_MEETINGS];
    char places[MMU_CORES_MAX][PLACE_BYTES]; /* where in its script a program waits */
    struct recorder *recorder;               /* NULL: nothing is recorded */
    bool recorder_observes; /* it gets the machine's events; else spaces and regions directly */
    struct judge *judge;    /* NULL: unchecked */
    struct instruction_table *instructions;
    struct run_outcome *outcome;
    const struct run_watch *watch; /* NULL: nobody */
    enum record_level level;
    struct plugin_list *plugins; /* NULL: none */
    struct array_list arrays;
    struct simulation_text *texts; /* that events refer to: they live as long as the machine */
    char error[SIMULATION_ERROR_BYTES];
};

struct simulation_config {
    struct mmu_config machine;
    const char *preset; /* for the record; NULL: none */
    const char *format; /* the same */
    int asid_bits;      /* the same; -1: none */
    const struct run_options *options;
    const char *record; /* "none" or a level's name */
    bool check;
    const char *script_text;
};

/* Makes the machine, opens the record. The outcome is the caller's. */
bool simulation_open(struct simulation *simulation, const struct simulation_config *config,
                     struct run_outcome *outcome);
/* Gives a core its program; once a core, before the run. */
bool simulation_add_program(struct simulation *simulation, unsigned core, program_body body, void *context);
/* Runs all programs to their ends. */
bool simulation_run(struct simulation *simulation);
/* Ends the record and fills the outcome; with `failed` the record stays unfinished under its partial name. */
bool simulation_finish(struct simulation *simulation, bool failed);
void simulation_close(struct simulation *simulation);

/* From programs. NULL: the run is being stopped. */
const struct core_result *simulation_do(struct simulation *simulation, unsigned core,
                                        const struct core_operation *operation);
/*
 * Waits until every living program is at the barrier of this name (of at most MEETING_NAME_MAX bytes; those
 * that begin with a parenthesis are the simulation's own), then all go on one cycle later. `place` is where
 * the script says so ("file:line: "), for the message of a deadlock. False: the run is being stopped.
 */
bool simulation_meet(struct simulation *simulation, unsigned core, const char *name, const char *place);
/*
 * The program of this core is about to end: barriers no longer wait for it. It ends when its stores are in
 * memory and its invalidations complete, so that they count for the region in which they were begun.
 */
void simulation_program_ends(struct simulation *simulation, unsigned core);
/* A new region: counters start from zero, state stays. All living programs meet here, their stores drained.
 */
bool simulation_region(struct simulation *simulation, unsigned core, const char *name, const char *place);

/* A copy for an event, one of equal texts. NULL with an error if there is no memory. */
const char *simulation_keep_text(struct simulation *simulation, const char *text);
/* An event of the simulation's own, on a core. */
void simulation_emit(struct simulation *simulation, unsigned core, struct mmu_event *event);
bool simulation_fail(struct simulation *simulation, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif
#endif
