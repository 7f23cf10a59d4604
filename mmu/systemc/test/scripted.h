/*
 * The random scripts of the machine fixture, driven by the stepped reference or as programs of a host.
 */
#ifndef MMUSIM_MMU_SYSTEMC_TEST_SCRIPTED_H
#define MMUSIM_MMU_SYSTEMC_TEST_SCRIPTED_H

#include "mmu/systemc/test/child.h"
#include "mmu/test/machine_fixture.h"

enum driver { DRIVE_STEPPED, DRIVE_FAST, DRIVE_LOCKSTEP, DRIVE_MODULE };

struct scripted_run {
    struct mmu_config config;
    struct fixture fixture;
    struct script scripts[MMU_CORES_MAX];
    enum driver driver;
    bool initiators; /* only what foreign initiators can do: no meetings, small accesses, all by the bus */
    /* Called in the child before the run, with a host about to be made; what it returns is given to `after`
     * when the host is gone. NULL: nothing to do. */
    void *(*before)(struct scripted_run *run);
    void (*after)(void *foreign, FILE *out);
};

/* Beginning of a recording. The core's counters follow, and then the events. */
struct scripted_summary {
    struct script_run run;
    uint64_t end_cycle;
    uint64_t events;
    bool ordered;
    char error[256];
};

/* Draws machine and scripts from the seed, runs them in a child, and gives what came of it. */
void scripted_record(struct scripted_run *run, uint64_t seed, struct recording *recording);
struct scripted_summary scripted_summary(const struct recording *recording);
/* Tells where two recordings differ. */
void scripted_explain(uint64_t seed, const struct recording *a, const struct recording *b);

#endif
