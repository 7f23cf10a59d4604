/*
 * A table under test, on memory of its own, beside the abstract map that it should stand for. Not a public
 * header.
 *
 * The table's calls go through an environment in front of flat memory, which sees what the table must not do
 * and can tell somebody of each call.
 */
#ifndef MMUSIM_PAGETABLES_CONFORM_SUBJECT_H
#define MMUSIM_PAGETABLES_CONFORM_SUBJECT_H

#include "pagetables/abstract_map.h"
#include "pagetables/conform/conform.h"
#include "pagetables/flat_memory.h"

/* Frames may be anywhere below; only tables are ever read or written. */
#define CONFORM_PHYSICAL_LG2 48

/* No operation needs more calls of its environment. */
#define CONFORM_CALLS_MAX 4000000

/* What one operation did to its environment that it must not do. */
struct conform_conduct {
    uint64_t calls;
    uint64_t allocations;
    bool endless; /* more than CONFORM_CALLS_MAX calls */
    bool strayed; /* a call named memory that is not the table's */
    uint64_t stray_pa;
    const char *stray_how; /* "reads", ... */
    bool stopped;          /* a call was answered with ENVIRONMENT_STOPPED */
    unsigned after_stop;   /* calls but unlock and release_table after that */
};

/* Told of each call that succeeded, after it took effect in flat memory. */
struct conform_listener {
    void (*told)(void *context, const struct flat_event *event, bool atomic);
    void *context;
};

struct conform_subject {
    const struct pagetable_class *table;
    struct pagetable_config config;
    struct conform_setting setting;
    struct translation_regime regime;
    struct flat_memory *memory;
    struct environment behind; /* flat memory's */
    struct memory_reader reader;
    unsigned char *block; /* the state between two canaries */
    void *state;
    struct abstract_map *expected;
    struct conform_conduct conduct;
    struct conform_listener listener;
    enum pagetable_result created; /* what `create` answered */
    bool starved;
    uint64_t asked_bytes; /* of the last table that was asked for */
};

/* False if the host has no memory. The table exists if `created` says so. */
bool conform_subject_open(struct conform_subject *subject, const struct conform_options *options,
                          const struct conform_setting *setting);
/* The same without the table; memory of `tables_bytes` for tables. */
bool conform_subject_prepare(struct conform_subject *subject, const struct conform_options *options,
                             const struct conform_setting *setting, uint64_t tables_bytes);
/* A copy in other host memory; false if there is none. The listener is not copied. */
bool conform_subject_copy(struct conform_subject *copy, const struct conform_subject *subject);
void conform_subject_close(struct conform_subject *subject);

enum pagetable_result conform_subject_create(struct conform_subject *subject);
enum pagetable_result conform_subject_destroy(struct conform_subject *subject);

/* Performs a step on the table alone; `conduct` is that of this step. `found` of a look may be NULL. */
enum pagetable_result conform_perform(struct conform_subject *subject, const struct conform_step *step,
                                      struct mapping *found);
/* The abstract map follows a step that succeeded. False if it cannot, since the table should have refused, or
 * if the host has no memory: `starved`. */
bool conform_follow(struct conform_subject *subject, const struct conform_step *step);

/* Whether nothing was written beside the state block. */
bool conform_canary_intact(const struct conform_subject *subject);

#endif
