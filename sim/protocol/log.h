/*
 * Logs in the format of the casemate checker: s-expressions, one event each (README.md has the grammar).
 *
 * Streaming: one event at a time, in constant memory. Errors are sentences with the place in the file.
 */
#ifndef MMUSIM_SIM_PROTOCOL_LOG_H
#define MMUSIM_SIM_PROTOCOL_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "pagetables/environment.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LOG_THREADS    4u
#define LOG_SRC_BYTES  128
#define LOG_TEXT_BYTES 512

enum log_kind {
    LOG_MEM_WRITE,
    LOG_MEM_READ,
    LOG_MEM_INIT,
    LOG_MEM_FREE,
    LOG_MEM_SET,
    LOG_BARRIER,
    LOG_TLBI,
    LOG_SYSREG_WRITE,
    LOG_HINT,
    LOG_LOCK,
    LOG_TRYLOCK,
    LOG_UNLOCK,
    LOG_KINDS
};

enum log_order { LOG_PLAIN, LOG_RELEASE, LOG_ORDERS };
enum log_barrier { LOG_ISB, LOG_DSB_ISH, LOG_DSB_ISHST, LOG_DSB_NSH };
enum log_tlbi {
    LOG_VMALLS12E1,
    LOG_VMALLS12E1IS,
    LOG_VMALLE1,
    LOG_VMALLE1IS,
    LOG_ALLE1,
    LOG_ALLE1IS,
    LOG_ALLE2,
    LOG_ALLE2IS,
    LOG_VAE2IS, /* this one and the next two have a value */
    LOG_VALE2IS,
    LOG_IPAS2E1IS,
    LOG_TLBIS
};
enum log_register {
    LOG_VTTBR_EL2,
    LOG_TTBR0_EL2,
    LOG_VTCR_EL2,
    LOG_HCR_EL2,
    LOG_TCR_EL2,
    LOG_SCTLR_EL2,
    LOG_MAIR_EL2,
    LOG_REGISTERS
};
enum log_hint {
    LOG_SET_ROOT_LOCK,
    LOG_SET_OWNER_ROOT,
    LOG_RELEASE_TABLE,
    LOG_SET_PTE_THREAD_OWNER,
    LOG_HINTS
};

struct log_event {
    uint64_t line;    /* of the first byte, from 1 */
    uint64_t id;      /* as the log numbers its events */
    uint64_t address; /* `location` of a hint */
    uint64_t value;
    uint64_t size_bytes;
    uint8_t kind;            /* enum log_kind */
    uint8_t which;           /* of its kind: order, barrier, tlbi, register, hint */
    uint8_t thread;          /* below LOG_THREADS */
    char src[LOG_SRC_BYTES]; /* "" if it has none; cut if it is longer */
};

struct log_reader {
    FILE *file; /* the caller's */
    const char *name;
    uint64_t line;
    int ahead;                 /* the next byte, or EOF */
    uint64_t begun;            /* line of the event that is read */
    char text[LOG_TEXT_BYTES]; /* the sentence, after LOG_WRONG */
};

enum log_result { LOG_EVENT, LOG_END, LOG_WRONG };

/* `name` lives as long as the reader. */
void log_open(struct log_reader *reader, FILE *file, const char *name);
enum log_result log_next(struct log_reader *reader, struct log_event *event);

/* The word of an event's kind or of its `which`, as logs write it. */
const char *log_kind_name(enum log_kind kind);
const char *log_tlbi_name(enum log_tlbi tlbi);

#ifdef __cplusplus
}
#endif
#endif
