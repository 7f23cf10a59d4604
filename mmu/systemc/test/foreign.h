/*
 * Foreign memory for tests in C: a sparse_memory_target bound to a machine's tlm_memory_port.
 */
#ifndef MMUSIM_MMU_SYSTEMC_TEST_FOREIGN_H
#define MMUSIM_MMU_SYSTEMC_TEST_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmu/machine.h"

#ifdef __cplusplus
extern "C" {
#endif

enum foreign_behaviour { FOREIGN_ANSWERS, FOREIGN_WAITS, FOREIGN_SILENT, FOREIGN_THROWS };

struct foreign_config {
    uint64_t size_bytes; /* addresses from here on are an address error */
    uint64_t latency_cycles;
    uint64_t bank_cycles; /* how long a transaction keeps its bank; 0: banks are never busy */
    enum foreign_behaviour behaviour;
};

struct foreign_write {
    uint64_t pa;
    uint64_t value; /* first 8 bytes */
    uint64_t grant_cycle;
};

struct foreign;

/* Before the host is made. The first `used_bytes` of the machine's memory are there when the run begins. */
struct foreign *foreign_create(struct machine *machine, const struct foreign_config *config,
                               uint64_t used_bytes);
size_t foreign_write_count(const struct foreign *foreign);
const struct foreign_write *foreign_writes(const struct foreign *foreign);
void foreign_destroy(struct foreign *foreign);

#ifdef __cplusplus
}
#endif
#endif
