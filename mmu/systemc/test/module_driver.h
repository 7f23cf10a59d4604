/*
 * Programs of a machine as foreign initiators of its SystemC module: what can be said by a transaction is a
 * transaction, a wait is a wait of the kernel, and the rest are operations of the module.
 */
#ifndef MMUSIM_MMU_SYSTEMC_TEST_MODULE_DRIVER_H
#define MMUSIM_MMU_SYSTEMC_TEST_MODULE_DRIVER_H

#include "mmu/machine.h"

#ifdef __cplusplus
extern "C" {
#endif

struct module_programs {
    /* The core's next operation, when the last one has ended; false: its program ends. */
    bool (*next)(void *context, unsigned core, struct core_operation *operation);
    void *context;
    uint64_t used_bytes; /* of the machine's memory, from address 0 */
};

/* False if the run ended with an error. */
bool module_run(struct machine *machine, const struct module_programs *programs);

#ifdef __cplusplus
}
#endif
#endif
