/*
 * One machine under a test's own hands: operations of core 0 one at a time, or a list for each core.
 */
#ifndef MMUSIM_MMU_TEST_RIG_H
#define MMUSIM_MMU_TEST_RIG_H

#include "mmu/test/machine_fixture.h"

struct rig {
    struct fixture fixture;
    struct mmu_config config;
};

/* Defaults but for a small memory; fields are changed before rig_open. */
void rig_defaults(struct rig *rig);
void rig_open(struct rig *rig);
void rig_close(struct rig *rig);
/* Another mapping, before the run. */
void rig_map(struct rig *rig, uint64_t va, const struct frame *frame);

/* Core 0 alone. The program begins with a switch to the first address space. */
void rig_begin(struct rig *rig);
const struct core_result *rig_do(struct rig *rig, const struct core_operation *operation);
/* The same; how many cycles it took. */
uint64_t rig_cycles(struct rig *rig, const struct core_operation *operation);
/* Lets everything that is under way end. */
void rig_settle(struct rig *rig);
/* Ends the program and the run; all events are then in the fixture. */
void rig_end(struct rig *rig);

/* All cores, each with its list of operations, to the end. A list ends with CORE_OPERATION_KINDS. */
void rig_play(struct rig *rig, const struct core_operation *const *lists);

/* The `number`th event (from 0) of this kind and core; NULL if there is none. */
const struct mmu_event *rig_event(const struct rig *rig, enum event_kind kind, unsigned core,
                                  unsigned number);

/* Operations. */
struct core_operation op_access(enum access_kind kind, enum data_mode mode, uint64_t va);
struct core_operation op_store(uint64_t va, uint64_t value);
struct core_operation op_switch(struct rig *rig);
struct core_operation op_wait(uint64_t cycles);
struct core_operation op_write(uint64_t pa, uint64_t value);
struct core_operation op_barrier(enum barrier_kind kind);
struct core_operation op_invalidate(uint64_t va, bool broadcast);
struct core_operation op_end(void);

#endif
