/*
 * Programs as SystemC threads: ordinary synchronous C code that runs on a simulated core.
 *
 * A program's body calls `program_host_do`, which gives its core one operation and returns when simulated
 * time has passed it. All programs live in one process and take turns; between two calls of program_host_do a
 * body runs alone, at global time. Two modes drive the same machine and give the same events:
 *
 * - fast: the calling thread itself advances the machine, and sleeps only when another program has to move;
 * - lock-step: every step of every core and every arbitration of the bus is an event of the SystemC kernel.
 *
 * One simulated cycle is one nanosecond of SystemC time. SystemC allows one host in a process. This header
 * can be included from C.
 */
#ifndef MMUSIM_MMU_SYSTEMC_PROGRAM_HOST_H
#define MMUSIM_MMU_SYSTEMC_PROGRAM_HOST_H

#include "mmu/machine.h"

#ifdef __cplusplus
extern "C" {
#endif

struct program_host;

enum host_mode { HOST_FAST, HOST_LOCKSTEP };

typedef void (*program_body)(void *context, unsigned core);

/* The machine is the caller's and outlives the host. NULL: no memory, or there was a host already. */
struct program_host *program_host_create(struct machine *machine, enum host_mode mode);
void program_host_destroy(struct program_host *host);

/* Before the run; at most one a core. */
void program_host_add(struct program_host *host, unsigned core, program_body body, void *context);

/* Runs until every program has ended and the machine is quiet, or until it cannot go on. Once. */
enum machine_status program_host_run(struct program_host *host);

/*
 * From the body of the core's program only. The result is valid until the next call. NULL: the run is being
 * stopped, and the body has to return.
 */
const struct core_result *program_host_do(struct program_host *host, unsigned core,
                                          const struct core_operation *operation);

/* Stops the run: every program_host_do that is under way or comes later returns NULL, and program_host_run
 * gives MACHINE_ERROR. From a body. */
void program_host_stop(struct program_host *host);
bool program_host_stopping(const struct program_host *host);

#ifdef __cplusplus
}
#endif
#endif
