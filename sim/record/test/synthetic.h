/*
 * A small right run, told event by event, which tests damage in one place: the pair of a good and a bad run
 * differs in one fact.
 *
 * Two cores, one space. Core 0 maps a page (readable, writable, user), protects it (read-only), unmaps it;
 * core 1 loads and stores through it. Then core 0 maps 2 MiB, fails to map inside, and queries both.
 */
#ifndef MMUSIM_SIM_RECORD_TEST_SYNTHETIC_H
#define MMUSIM_SIM_RECORD_TEST_SYNTHETIC_H

#include <sqlite3.h>

#include "mmu/event.h"
#include "sim/record/recorder.h"

#define SYNTHETIC_EVENTS_MAX   128
#define SYNTHETIC_COUNTERS_MAX 80

#define PAGE_VA  UINT64_C(0x400000)
#define PAGE_PA  UINT64_C(0x10000000)
#define BLOCK_VA UINT64_C(0x600000)
#define BLOCK_PA UINT64_C(0x20000000)
#define ROOT_PA  UINT64_C(0x1000)
#define TABLE_PA UINT64_C(0x3000)

/* Identifiers of things in the run. */
enum {
    OPERATION_1_MAP = 1,
    OPERATION_2_PROTECT,
    OPERATION_3_UNMAP,
    OPERATION_4_QUERY_NOTHING,
    OPERATION_5_MAP_BLOCK,
    OPERATION_6_MAP_OVERLAPPING,
    OPERATION_7_QUERY_BLOCK,
};

/* Accesses of core 1, by their numbers. */
enum {
    ACCESS_FIRST_LOAD = 1, /* walks, reads zero */
    ACCESS_STORE_42,       /* hits */
    ACCESS_LOAD_42,
    ACCESS_STORE_7,
    ACCESS_FORWARDED_7,   /* before the store is visible */
    ACCESS_AFTER_PROTECT, /* walks again */
    ACCESS_STORE_FAULT,   /* permission */
    ACCESS_LOAD_FAULT,    /* after the unmap */
};

struct synthetic_run {
    struct mmu_event events[SYNTHETIC_EVENTS_MAX];
    struct record_counter counters[SYNTHETIC_COUNTERS_MAX];
    size_t event_count;
    size_t counter_count;
};

void synthetic_good_run(struct synthetic_run *run);

/* The event that a test damages. Each fails the test if there is none. */
struct event_translation *synthetic_access(struct synthetic_run *run, uint32_t access);
struct mmu_event *synthetic_nth(struct synthetic_run *run, enum event_kind kind, unsigned n); /* from 0 */
void synthetic_remove(struct synthetic_run *run, const struct mmu_event *event);
void synthetic_add(struct synthetic_run *run, const struct mmu_event *event);
struct record_counter *synthetic_counter(struct synthetic_run *run, const char *name, int core);

/* A new path for a record, in a folder of the test's own; nothing is there. */
const char *synthetic_path(const char *name);
void synthetic_remove_folder(void);
/* A small record as another file, which may exist. */
void synthetic_copy(const char *from_path, const char *to_path);

/* The configuration that tests record with. */
struct recorder_config synthetic_config(const char *path, enum record_level level);
/* Records the run under `path`, which may exist. Fails the test on any error. */
void synthetic_record(const struct synthetic_run *run, const char *path, enum record_level level);

/* The first column of the first row, as a number or as text in a static buffer. Fails the test on any error.
 */
long long synthetic_ask(const char *path, const char *sql);
const char *synthetic_ask_text(const char *path, const char *sql);
/* The rules that the run breaks when it is recorded, by SQL: in alphabetical order, separated by spaces. */
const char *synthetic_broken(const struct synthetic_run *run, enum record_level level);

#endif
