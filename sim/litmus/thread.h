/* A thread of a litmus test on a core of the small machine; what the files of the machine share. */
#ifndef MMUSIM_SIM_LITMUS_THREAD_H
#define MMUSIM_SIM_LITMUS_THREAD_H

#include "pagetables/vmsa.h"
#include "sim/explore/intern.h"
#include "sim/explore/memory_budget.h"
#include "sim/explore/search.h"
#include "sim/explore/small_machine.h"
#include "sim/litmus/condition.h"
#include "sim/litmus/machine.h"

#define LITMUS_FAULTS      8
#define LITMUS_NOT_TRACKED 0xfe /* of an access: its page never changes */
#define LITMUS_TEXT_LINE   160
#define LITMUS_EVENT_LINES 16

/* ---- Where things lie (layout.c) ---- */

uint64_t litmus_va_of(unsigned location);
uint64_t litmus_entry_pa_of(unsigned location);
uint64_t litmus_page_pa_of(unsigned location);
uint64_t litmus_root_pa(void);
uint64_t litmus_encode(const struct litmus_descriptor *descriptor);
/* What a register holds that is the value. */
uint64_t litmus_number_of(const struct litmus_value *value);
/* The variable whose page an address, or a physical address, lies in; LITMUS_NONE. */
uint8_t litmus_page_at(const struct litmus_test *test, uint64_t va);
uint8_t litmus_frame_at(const struct litmus_test *test, uint64_t pa);
/* The variable whose descriptor is there (its address is its physical address); LITMUS_NONE. */
uint8_t litmus_entry_at(const struct litmus_test *test, uint64_t va);
/*
 * Elements of 4 bytes have a word of memory each, which the small machine counts in 8 bytes: what is at an
 * offset in a page is at twice the offset there.
 */
uint64_t litmus_word_pa(uint64_t pa);

/* ---- States ---- */

enum litmus_slot_state {
    SLOT_NONE,
    SLOT_WAITING, /* for an operand, a translation, its turn */
    SLOT_DONE,    /* a load has its value, a store is in the buffer, a barrier is complete, ... */
    SLOT_SKIPPED  /* it faulted, and its fault was taken */
};

/* How a branch's outcome was guessed so that what follows could be fetched. */
enum litmus_guess { GUESS_NONE, GUESS_NOT_TAKEN, GUESS_TAKEN, GUESS_NO_MATTER };

/* An instruction in flight. */
struct litmus_slot {
    uint8_t pc;
    uint8_t state;
    uint8_t value;  /* number: the result of a load or computation */
    uint8_t access; /* 1 + the access of the core; 0: it has none */
    uint8_t word;   /* of an access that is known not to fault: number of the physical word; else 0 */
    uint8_t place;  /* of a TLBI: 1 + its invalidation */
    uint8_t guess;
    uint8_t
        location; /* of an access whose address is known: 1 + the variable; 0: not known, or a descriptor's */
};

struct litmus_thread_state {
    struct litmus_slot slots[LITMUS_WINDOW_MAX]; /* oldest first */
    uint8_t reg[LITMUS_REGISTERS + 1];           /* numbers, of what has left the window */
    struct litmus_fault faults[LITMUS_FAULTS];   /* taken, each once, in order */
    uint8_t count;                               /* of slots */
    uint8_t next;                                /* to fetch; LITMUS_NONE: a branch is not resolved */
    uint8_t fault_count;
    uint8_t unused;
};

struct litmus_state {
    struct small_state hardware;
    struct litmus_thread_state threads[LITMUS_THREADS];
};

/* What happened by itself after a step, for the story. */
struct litmus_events {
    unsigned count;
    char line[LITMUS_EVENT_LINES][LITMUS_TEXT_LINE];
};

struct litmus_machine {
    const struct litmus_test *test;
    struct litmus_options options;
    struct memory_budget budget;
    struct walk_format format;
    struct vmsa_numbers numbers;
    struct small_machine *hardware;
    struct intern *parts;           /* cores with their threads */
    struct intern *shared;          /* memory and invalidations */
    bool changes[LITMUS_LOCATIONS]; /* the page's descriptor is stored to, or is not valid and accessed and
                                       writable */
    uint8_t targets;                /* cores (bits) that translate pages which change */
    /* By thread and instruction: the variable that it accesses; LITMUS_NOT_TRACKED, LITMUS_NONE: not known
     * before. */
    uint8_t page[LITMUS_THREADS][LITMUS_INSTRUCTIONS];
    char refused[SEARCH_TEXT_BYTES];
    struct litmus_events *events; /* NULL: nobody asks */
};

static inline const struct litmus_instruction *litmus_code_of(const struct litmus_machine *machine,
                                                              unsigned core, const struct litmus_slot *slot)
{
    return &machine->test->thread[core].code[slot->pc];
}

static inline bool litmus_is_load(const struct litmus_instruction *code)
{
    return code->opcode == LITMUS_LDR || code->opcode == LITMUS_LDAR;
}

static inline bool litmus_is_store(const struct litmus_instruction *code)
{
    return code->opcode == LITMUS_STR || code->opcode == LITMUS_STLR;
}

static inline bool litmus_is_access(const struct litmus_instruction *code)
{
    return litmus_is_load(code) || litmus_is_store(code);
}

static inline bool litmus_is_done(const struct litmus_slot *slot)
{
    return slot->state == SLOT_DONE || slot->state == SLOT_SKIPPED;
}

static inline struct small_access *litmus_access_of(struct litmus_state *state, unsigned core,
                                                    const struct litmus_slot *slot)
{
    return &state->hardware.cores[core].accesses[slot->access - 1];
}

static inline struct litmus_slot *litmus_slot_at(struct litmus_state *state, unsigned core, unsigned index)
{
    return &state->threads[core].slots[index];
}

/* False, and the search ends with the sentence. */
__attribute__((format(printf, 2, 3))) bool litmus_refuse(struct litmus_machine *machine, const char *format,
                                                         ...);
__attribute__((format(printf, 2, 3))) void litmus_note(struct litmus_machine *machine, const char *format,
                                                       ...);
/* "P0: LDR W1,[X0]" for notes and stories. */
struct litmus_words {
    char text[72];
};
struct litmus_words litmus_name_slot(const struct litmus_machine *machine, unsigned core,
                                     const struct litmus_slot *slot);

/* ---- order.c: what an instruction in flight has to wait for ---- */

bool litmus_may_read(const struct litmus_machine *machine, const struct litmus_state *state, unsigned core,
                     unsigned index);
bool litmus_may_enter(const struct litmus_machine *machine, const struct litmus_state *state, unsigned core,
                      unsigned index);
bool litmus_may_fault(const struct litmus_machine *machine, const struct litmus_state *state, unsigned core,
                      unsigned index);
bool litmus_may_invalidate(const struct litmus_machine *machine, const struct litmus_state *state,
                           unsigned core, unsigned index);
bool litmus_barrier_is_complete(const struct litmus_machine *machine, const struct litmus_state *state,
                                unsigned core, unsigned index);
/* Whether a DSB before it is not complete: nothing behind it has been performed. */
bool litmus_is_behind_dsb(const struct litmus_machine *machine, const struct litmus_state *state,
                          unsigned core, unsigned index);

/* ---- thread.c: what happens by itself, and what does not ---- */

/* What the instruction in a slot reads from a register, or as its second operand: what the youngest one
 * before it wrote. False: that is not known yet. */
bool litmus_read_register_of(const struct litmus_machine *machine, const struct litmus_state *state,
                             unsigned core, unsigned index, uint8_t number, uint64_t *value);
bool litmus_read_second(const struct litmus_machine *machine, const struct litmus_state *state, unsigned core,
                        unsigned index, uint64_t *value);
/* The slot is done, with a result. */
bool litmus_set_value(struct litmus_machine *machine, struct litmus_slot *slot, uint64_t value, bool wide);
/* Slots from this one on are as if they had never been fetched. */
void litmus_forget_from(struct litmus_state *state, unsigned core, unsigned index);
void litmus_replay_younger(const struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                           unsigned index);

/* Everything that can only ever happen, and whose moment nobody sees: fetching, computing, translating what
 * never changes, entering the buffer, completing barriers, taking faults. False after a refusal. */
bool litmus_advance(struct litmus_machine *machine, struct litmus_state *state);
/* The newest slot is a branch, unresolved, behind which nothing may be fetched before a guess. */
bool litmus_wants_guess(const struct litmus_machine *machine, const struct litmus_state *state,
                        unsigned core);
void litmus_guess_branch(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                         bool taken);
bool litmus_thread_is_over(const struct litmus_machine *machine, const struct litmus_state *state,
                           unsigned core);

/* ---- access.c ---- */

/* Whatever an access can do next by itself. */
bool litmus_advance_access(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                           unsigned index, bool *changed);
/* A load gets its value. */
bool litmus_read_value_of(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                          unsigned index);
/* It is translated anew; a walk for it that is under way is nobody's any more. */
bool litmus_issue_again(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                        struct litmus_slot *slot);

/* ---- maintenance.c ---- */

/* A TLBI is sent, if it may be. */
bool litmus_invalidate(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                       unsigned index, bool *changed);
/* A core has carried out the invalidation in this place, which the issuer sent. */
bool litmus_follow_drop(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                        unsigned place, unsigned issuer);
/* A walk began for this access of the core. */
void litmus_follow_walk(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                        unsigned access);

/* ---- story.c ---- */

/* One line on a step; `before` and `after` are the states around it. */
void litmus_write_step(const struct litmus_machine *machine, uint32_t label,
                       const struct litmus_state *before, const struct litmus_state *after, char *line,
                       size_t bytes);

/* Labels of the search: small_label's, and our own steps. */
enum litmus_step { LITMUS_READS = 32, LITMUS_GUESSES, LITMUS_BEGINS };
static inline uint32_t litmus_label_of(unsigned step, unsigned core, unsigned index, unsigned detail)
{
    return step << 24 | core << 16 | index << 8 | detail;
}

#endif
