/*
 * The machine: cores with their TLBs, walkers, store buffers and invalidation units, one bus, one memory.
 *
 * It is a passive engine in plain C: nothing runs by itself. A *program* (a script, a C test) owns a core
 * and gives it one operation at a time; `machine_advance` runs simulated time until some program has to
 * say what comes next. Between two calls the machine stands still, and a program that is asked is at global
 * time: everything that any core does before that cycle has happened (order inside a cycle: the cores by
 * number).
 *
 *     while (machine_advance(machine, &core) == MACHINE_PROGRAM)
 *         machine_post(machine, core, next_operation_of(core));       or machine_end_program(machine, core)
 *
 * The fast scheduler is machine_advance. The functions of the last section let another scheduler (the
 * SystemC lock-step shell, the stepped reference) drive the same components cycle by cycle. A run gives the
 * same events whichever drives it.
 *
 * Cores are numbered from 0. Not thread-safe; a process may have many machines.
 */
#ifndef MMUSIM_MMU_MACHINE_H
#define MMUSIM_MMU_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmu/config.h"
#include "mmu/counters.h"
#include "mmu/event.h"
#include "mmu/stream.h"
#include "pagetables/environment.h"
#include "pagetables/two_stage.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

struct machine;

/*
 * The VMID of contexts of EL2, whose translations are a regime of their own: neither EL1's entries nor its
 * invalidations match theirs (DDI 0487, D8.17.3), and every invalidation for EL2 names it. No virtual machine
 * may have it.
 */
#define MMU_VMID_EL2 UINT16_MAX

/*
 * An address space as a core sees it. Owned by the caller; constant while a core uses it: until it has
 * switched to another one, and walks that had begun before are over. A core with an adversary
 * (adversary.period) may walk its tables as long as the machine lives.
 */
struct address_context {
    struct translation_regime regime;         /* stage 1, if there are two */
    const struct two_stage_regime *two_stage; /* NULL: one stage; else its `stage1` is this regime */
    uint32_t space;                           /* its number in the record, from 1 */
    uint16_t asid;
    uint16_t vmid; /* 0: not of a virtual machine */
    /*
     * Whose regime, two_stage and space hold for addresses of which bit 55 is set (Arm: TTBR1_ELx; DDI 0487,
     * D8.2; no address has a tag). One ASID, one VMID and one state of the core are current: this context's,
     * whatever `high` has. NULL: one regime translates all addresses.
     */
    const struct address_context *high;
};

/* Of a context, what translates `va`: itself or its high half. */
static inline const struct address_context *address_context_half(const struct address_context *context,
                                                                 uint64_t va)
{
    return context->high && va >> 55 & 1 ? context->high : context;
}

enum core_operation_kind {
    CORE_ACCESS,        /* one load, store or fetch by virtual address */
    CORE_STREAM,        /* accesses of a stream, `window` in flight */
    CORE_STREAM_RESUME, /* after a fault of a stream was handled, in whatever other operations but streams:
                           its faulted accesses again, then the rest */
    CORE_READ,          /* one aligned word of physical memory */
    CORE_WRITE,
    CORE_COMPARE_EXCHANGE, /* atomic; drains own stores first */
    CORE_CLEAR,            /* zeroes a page of physical memory; drains own stores first */
    CORE_BARRIER,
    CORE_INVALIDATE, /* issues, and does not wait unless the core's ordering is x86's or RISC-V's and it is
                        local */
    CORE_INTERRUPT,  /* other cores are to carry out a list of invalidations; does not wait */
    CORE_SWITCH,     /* to another address context */
    CORE_WAIT,       /* lets cycles pass */
    CORE_QUIET,      /* until its stores are in memory and its invalidations complete: no barrier, not told */
    CORE_PARK,       /* until machine_unpark */
    CORE_OPERATION_KINDS
};

struct core_operation {
    enum core_operation_kind kind;
    enum access_kind access_kind;
    enum privilege privilege;
    enum data_mode data_mode;
    enum barrier_kind barrier;
    bool handled;        /* access, stream: the program handles its faults */
    bool retry;          /* access: again, after its fault was handled */
    bool fetch_data;     /* access, a fetch: its bytes are read over the bus, as a load's are */
    uint16_t size_bytes; /* access: 1 to 64 */
    uint32_t window;     /* stream: 1 to MMU_WINDOW_MAX; 0: the configured one */
    uint64_t address;    /* virtual or physical, bytes */
    uint64_t value;      /* access, write: stored; compare-exchange: desired */
    uint64_t expected;   /* compare-exchange */
    uint64_t pc;         /* access; 0 if unknown */
    uint64_t cycles;     /* wait: at least 1; clear: size in bytes */
    uint64_t operation;  /* page-table operation on whose behalf this is; 0 if none */
    struct invalidation invalidation;
    const struct invalidation *list; /* interrupt: owned by the caller, constant until they are complete */
    uint32_t list_count;             /* interrupt: 1 to 64 */
    uint64_t targets;                /* interrupt: a bit a core */
    const struct address_context *context; /* switch */
    struct stream *stream;                 /* owned by the caller, alive until the stream operation ends */
};

/* So many faults of one access are given to a handler, each of them other than the one before. Each of two
 * halves may need each table of stage 1, a mapping of stage 1, and a page. */
#define MMU_FAULTS_MAX 16

/* How the last operation of a core ended. */
struct core_result {
    uint64_t value; /* loaded; compare-exchange: observed */
    uint64_t pa;    /* access without a fault: of its first byte */
    uint64_t fault_va;
    uint64_t fault_pc;
    uint64_t cycle;    /* now */
    uint64_t accesses; /* stream: completed so far, faulted ones excluded */
    enum fault_kind fault;
    enum access_kind fault_access;
    enum privilege fault_privilege;
    uint8_t fault_level;
    uint8_t fault_stage;
    uint64_t fault_ipa;  /* a fault of stage 2 that a walk met; else EVENT_NEVER */
    bool fault_on_table; /* of stage 2: the access was one of stage 1 to its tables */
    bool fault_again;    /* it had been handled before: the same address, stage and intermediate page; or
                            MMU_FAULTS_MAX others of this access had been */
    bool aborted;        /* a physical address outside of memory */
    /* What the architecture tells of the fault; all 0 if the format says nothing. */
    struct fault_report report;
    const char *error; /* stream: why the source failed; one sentence, or NULL */
};

enum machine_status {
    MACHINE_PROGRAM,  /* the program of `core` has to post its next operation, or end */
    MACHINE_DONE,     /* no program lives, nothing is under way */
    MACHINE_DEADLOCK, /* every living program is parked */
    MACHINE_ERROR,    /* see machine_error; the machine cannot go on */
};

/* Foreign memory: answers in place of the machine's own. Transactions come in the order of their grants. */
struct memory_transaction {
    uint64_t pa;
    uint64_t value;    /* written; or read: the answer */
    uint8_t *data;     /* a cache's line, or several words that a walk reads; NULL: neither */
    uint64_t expected; /* compare-exchange */
    uint64_t grant_cycle;
    uint64_t latency_cycles; /* answer: from the grant; at least memory.latency */
    const char *error;       /* answer: why the run cannot go on, one sentence that lives on; or NULL */
    uint32_t size_bytes;
    uint8_t kind; /* memory_transaction_kind */
    uint8_t core;
};
enum memory_transaction_kind { MEMORY_READ, MEMORY_WRITE, MEMORY_COMPARE_EXCHANGE, MEMORY_CLEAR };
struct memory_port {
    /* False: no memory there. Compare-exchange answers the word before in `value`. */
    bool (*access)(void *context, struct memory_transaction *transaction);
    void *context;
};

/* Negative controls: each breaks exactness on purpose, so that tests can show that it would be seen. */
struct machine_controls {
    bool reverse_ties;         /* within a cycle, requests in descending order of cores */
    uint64_t extra_look_ahead; /* cycles that a core may run too far */
};

/* NULL on error, with a sentence. */
struct machine *machine_create(const struct mmu_config *config, char *error, size_t error_bytes);
void machine_destroy(struct machine *machine);

/* Before the first advance. `hits`: tell first-level hits too (EVENT_TRANSLATION of each access). */
#define MACHINE_OBSERVERS_MAX 4
bool machine_observe(struct machine *machine, const struct mmu_observer *observer, bool hits);
void machine_set_memory_port(struct machine *machine, const struct memory_port *port);
void machine_set_controls(struct machine *machine, const struct machine_controls *controls);

/* The core has a program from now on; it is asked first at cycle 0 (or now). */
void machine_add_program(struct machine *machine, unsigned core);
enum machine_status machine_advance(struct machine *machine, unsigned *core);
/* Only when asked for this core. The operation begins in this cycle and takes at least one. */
void machine_post(struct machine *machine, unsigned core, const struct core_operation *operation);
void machine_end_program(struct machine *machine, unsigned core);
const struct core_result *machine_result(const struct machine *machine, unsigned core);
/* The parked program is asked again at `cycle`, which is later than the asked core's now. */
void machine_unpark(struct machine *machine, unsigned core, uint64_t cycle);
/* The core's adversary does nothing until after `cycle`, as that of a core which goes on then: what another
 * core's program does in that cycle, such as beginning a region, comes before. */
void machine_rest(struct machine *machine, unsigned core, uint64_t cycle);
bool machine_parked(const struct machine *machine, unsigned core);

const struct mmu_config *machine_config(const struct machine *machine);
/* Nothing that the core's program began is under way: its stores are in memory, its invalidations complete.
 */
bool machine_quiet(const struct machine *machine, unsigned core);
uint64_t machine_now(const struct machine *machine, unsigned core);
/* The last cycle in which anything happened, over all cores. */
uint64_t machine_end_cycle(const struct machine *machine);
const struct core_counters *machine_counters(const struct machine *machine, unsigned core);
void machine_reset_counters(struct machine *machine);
const char *machine_error(const struct machine *machine);

/*
 * Memory without time, for judges and set-up. A peek sees what the memory system has decided before the asked
 * program's cycle; the second form also sees the core's own buffered stores. False: no memory there.
 */
bool machine_peek(const struct machine *machine, uint64_t pa, uint64_t *value);
bool machine_peek_from(const struct machine *machine, unsigned core, uint64_t pa, uint64_t *value);
bool machine_poke(struct machine *machine, uint64_t pa, uint64_t value);

/* An event of the program's own (operations, views, regions), at the core's now. cycle, sequence and core are
 * set here. */
void machine_emit(struct machine *machine, unsigned core, struct mmu_event *event);
/* The run is over: every core's now is its last cycle, so that events may still be told of that cycle. */
void machine_stop(struct machine *machine);
/* Stops, ends every TLB entry's row and delivers all events. After MACHINE_DONE (or to give up). */
int machine_finish(struct machine *machine);

/* For other schedulers. ------------------------------------------------------------------------- */

/* The next cycle in which the core has something to do; UINT64_MAX if it waits for others. */
uint64_t machine_core_next(const struct machine *machine, unsigned core);
/* All of the core's work in this cycle, which is its next. True: its program is to be asked, in this cycle.
 */
bool machine_core_step(struct machine *machine, unsigned core, uint64_t cycle);
/* The next cycle in which the memory system has something to do, as far as is known; UINT64_MAX if it waits
 * for the cores. And all that it does up to and in this cycle, after all cores' steps. */
uint64_t machine_memory_next(const struct machine *machine);
void machine_arbitrate(struct machine *machine, uint64_t cycle);
/* Delivers the events of all cycles before `cycle`; other than 0 if an observer failed. */
int machine_deliver(struct machine *machine, uint64_t cycle);
/*
 * The core has a program from `cycle` on, which is not before its now, and is asked first then; the program
 * before has ended. So a core can be idle, without a program, until something outside needs it. Not in the
 * fast scheduler: there other cores have run ahead of what a program begun later could send them.
 */
void machine_begin_program(struct machine *machine, unsigned core, uint64_t cycle);
/* The core's youngest store to this byte that is not in memory yet. False: there is none. */
bool machine_buffered_byte(const struct machine *machine, unsigned core, uint64_t pa, uint8_t *value);
/* What a dirty line of a data cache holds at this byte, newer than foreign memory. False: none is dirty. */
bool machine_cached_byte(const struct machine *machine, uint64_t pa, uint8_t *value);
/* Foreign memory got this byte without time: a line that a cache holds gets it, too. */
void machine_write_cached_byte(struct machine *machine, uint64_t pa, uint8_t value);
/* The stepped reference: the obvious loop over cycles and cores. Same contract as machine_advance. */
enum machine_status machine_advance_stepped(struct machine *machine, unsigned *core);

#ifdef __cplusplus
}
#endif
#endif
