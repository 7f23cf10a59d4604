/*
 * Litmus tests in herd's `.litmus` syntax: the part of AArch64 with page tables (VMSA) that README.md lists.
 *
 * A test is a small multi-threaded program, what memory, leaf descriptors and registers hold when it starts,
 * and a condition on how it may end. All of it lies in one flat struct without pointers: two tests are the
 * same if their bytes are, since whatever is not used is zero and nothing lies between the members.
 *
 * Words: every variable (location) has a page of its own, mapped by one leaf descriptor; `x` is the virtual
 * address of its first element, PA(x) the page it begins in, PTE(x) the address of the descriptor that maps
 * x.
 */
#ifndef MMUSIM_SIM_LITMUS_LITMUS_H
#define MMUSIM_SIM_LITMUS_LITMUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagetables/vectors/failure.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LITMUS_NAME_BYTES     64 /* of a test, with its 0 */
#define LITMUS_WORD_BYTES     16 /* of a variable or a label, with its 0 */
#define LITMUS_THREADS        4
#define LITMUS_INSTRUCTIONS   32 /* of a thread */
#define LITMUS_LABELS         16 /* of a thread */
#define LITMUS_LOCATIONS      12
#define LITMUS_ELEMENTS       8 /* of a variable */
#define LITMUS_REGISTERS      31
#define LITMUS_ZERO_REGISTER  31 /* XZR, WZR */
#define LITMUS_CONDITION      64 /* nodes */
#define LITMUS_NONE           0xff
#define LITMUS_TEXT_BYTES_MAX 65536 /* of a file */

/* A leaf descriptor, by what differs from a valid, accessed, writable page of normal cacheable memory. */
struct litmus_descriptor {
    uint8_t oa; /* output address: the page of this variable */
    bool valid;
    bool af; /* access flag */
    bool db; /* dirty bit as herd calls it: writable; false: read-only */
};

enum litmus_value_kind {
    LITMUS_NUMBER,
    LITMUS_ADDRESS,       /* x: virtual address of a variable */
    LITMUS_ENTRY_ADDRESS, /* PTE(x): virtual address of its descriptor */
    LITMUS_DESCRIPTOR     /* (oa:PA(x),...): what a descriptor holds */
};

struct litmus_value {
    uint8_t kind;
    uint8_t location; /* LITMUS_ADDRESS, LITMUS_ENTRY_ADDRESS */
    struct litmus_descriptor descriptor;
    uint8_t unused[2];
    int64_t number;
};

struct litmus_location {
    char name[LITMUS_WORD_BYTES];
    uint8_t elements;      /* from 1 */
    uint8_t element_bytes; /* 4 or 8 */
    uint8_t unused[2];
    struct litmus_descriptor entry; /* of the page that the variable's address lies in */
    int64_t initial[LITMUS_ELEMENTS];
};

enum litmus_opcode {
    LITMUS_NOP,
    LITMUS_LDR,
    LITMUS_STR,
    LITMUS_LDAR,
    LITMUS_STLR,
    LITMUS_MOV,
    LITMUS_ADD,
    LITMUS_SUB,
    LITMUS_EOR,
    LITMUS_AND,
    LITMUS_ORR,
    LITMUS_LSR,
    LITMUS_LSL,
    LITMUS_CBZ,
    LITMUS_CBNZ,
    LITMUS_B,
    LITMUS_DMB,
    LITMUS_DSB,
    LITMUS_ISB,
    LITMUS_TLBI
};

/* The second operand, or what is added to the base of an address. */
enum litmus_operand {
    LITMUS_IMMEDIATE,
    LITMUS_REGISTER,
    LITMUS_SIGNED_WORD /* SXTW: the low 32 bits, sign-extended */
};

/* DDI 0487, C6.2 DMB, DSB: what is ordered before, and among whom. */
enum litmus_barrier_type { LITMUS_BARRIER_ALL, LITMUS_BARRIER_LOADS, LITMUS_BARRIER_STORES };
enum litmus_domain { LITMUS_FULL_SYSTEM, LITMUS_OUTER, LITMUS_INNER, LITMUS_NON_SHAREABLE };

enum litmus_invalidation {
    LITMUS_TLBI_ALL, /* VMALLE1: everything of this VMID */
    LITMUS_TLBI_VA,  /* VAE1: an address in an ASID */
    LITMUS_TLBI_VAA, /* VAAE1: in any ASID */
    LITMUS_TLBI_VAL, /* VALE1: leaf entries only */
    LITMUS_TLBI_VAAL /* VAALE1 */
};

struct litmus_instruction {
    uint8_t opcode;
    bool wide;       /* X registers; false: W, whose results are zero-extended */
    uint8_t operand; /* enum litmus_operand */
    uint8_t data;    /* Rd, or Rt that is loaded, stored, tested or names the page of a TLBI */
    uint8_t base;    /* Rn: the first operand, or the base of an address */
    uint8_t index;   /* Rm, if `operand` says so */
    uint8_t target;  /* of a branch: index of an instruction; one behind the last is the end */
    uint8_t barrier_type;
    uint8_t domain;
    uint8_t invalidation;
    bool broadcast; /* TLBI ...IS */
    uint8_t unused[5];
    int64_t immediate;
};

struct litmus_label {
    char name[LITMUS_WORD_BYTES];
    uint8_t instruction; /* the one it stands before; one behind the last is the end */
};

struct litmus_thread {
    uint8_t instructions;
    uint8_t labels;
    uint8_t unused[6];
    struct litmus_instruction code[LITMUS_INSTRUCTIONS];
    struct litmus_label label[LITMUS_LABELS];
    struct litmus_value initial[LITMUS_REGISTERS];
};

enum litmus_fault_kind {
    LITMUS_FAULT_ANY, /* in a condition: the kind is not asked about */
    LITMUS_FAULT_TRANSLATION,
    LITMUS_FAULT_PERMISSION,
    LITMUS_FAULT_ACCESS_FLAG
};

enum litmus_node_kind {
    LITMUS_TRUE,
    LITMUS_FALSE,
    LITMUS_REGISTER_IS, /* 0:X1=value */
    LITMUS_WORD_IS,     /* [x]=value, x[1]=value */
    LITMUS_ENTRY_IS,    /* [PTE(x)]=value */
    LITMUS_FAULT,       /* fault(P0:L0,x,MMU:Translation) */
    LITMUS_NOT,
    LITMUS_AND_ALSO,
    LITMUS_OR_ELSE
};

/* A node of the condition. Children have smaller indices than their parents. */
struct litmus_node {
    uint8_t kind;
    uint8_t thread;          /* LITMUS_REGISTER_IS, LITMUS_FAULT */
    uint8_t register_number; /* LITMUS_REGISTER_IS */
    uint8_t location;        /* LITMUS_WORD_IS, LITMUS_ENTRY_IS; LITMUS_FAULT: or LITMUS_NONE */
    uint8_t element;         /* LITMUS_WORD_IS */
    uint8_t label;           /* LITMUS_FAULT: of the thread, or LITMUS_NONE */
    uint8_t fault;           /* LITMUS_FAULT: enum litmus_fault_kind */
    uint8_t left, right;     /* LITMUS_NOT has only a left one */
    uint8_t unused[7];
    struct litmus_value value;
};

enum litmus_quantifier { LITMUS_EXISTS, LITMUS_NOT_EXISTS, LITMUS_FORALL };

struct litmus_test {
    char name[LITMUS_NAME_BYTES];
    uint8_t locations;
    uint8_t threads;
    uint8_t nodes; /* of the condition; the last one is its root */
    uint8_t quantifier;
    uint8_t unused[4];
    struct litmus_location location[LITMUS_LOCATIONS];
    struct litmus_thread thread[LITMUS_THREADS];
    struct litmus_node node[LITMUS_CONDITION];
};

/* Reads one test from a text, which need not end with 0. False with a sentence that begins "NAME:LINE:". */
bool litmus_read_text(struct litmus_test *test, const char *name, const char *text, size_t bytes,
                      struct vectors_failure *failure);
bool litmus_read_file(struct litmus_test *test, const char *path, struct vectors_failure *failure);

/*
 * Writes the test as text that reads back as the same test, 0 at the end; what does not fit is cut. How many
 * bytes the whole has, without the 0.
 */
size_t litmus_write_text(const struct litmus_test *test, char *buffer, size_t bytes);
/* One instruction as text: "LDR W1,[X0]". A branch names its label if the thread has one there. */
size_t litmus_write_instruction(const struct litmus_thread *thread,
                                const struct litmus_instruction *instruction, char *buffer, size_t bytes);
/* The condition alone: "exists (0:X1=1)". */
size_t litmus_write_condition(const struct litmus_test *test, char *buffer, size_t bytes);

/* "MMU:Translation" */
const char *litmus_fault_name(enum litmus_fault_kind kind);

#ifdef __cplusplus
}
#endif
#endif
