/*
 * The parts of the reader: what stands between the braces, the code, the condition. All of them return false
 * after a sentence.
 */
#ifndef MMUSIM_SIM_LITMUS_READER_H
#define MMUSIM_SIM_LITMUS_READER_H

#include "sim/litmus/lexer.h"

/* A label that a branch goes to, which may stand further down. */
struct litmus_jump {
    struct litmus_piece label;
    uint8_t thread;
    uint8_t instruction;
};

#define LITMUS_JUMPS (LITMUS_THREADS * LITMUS_INSTRUCTIONS)

struct litmus_reader {
    struct litmus_lexer lexer;
    struct litmus_test *test;
    unsigned threads; /* that the initial state names: 1 + the highest */
    unsigned thread_line;
    unsigned jumps;
    struct litmus_jump jump[LITMUS_JUMPS];
};

/* init.c */
bool litmus_read_init(struct litmus_reader *reader);
/* The index of a variable, which is added if `may_add`. */
bool litmus_read_location(struct litmus_reader *reader, bool may_add, uint8_t *location);
/* A number, x, PTE(x) or (oa:PA(x),...). `own`: whose page a descriptor without oa names, or LITMUS_NONE. */
bool litmus_read_value(struct litmus_reader *reader, bool may_add, uint8_t own, struct litmus_value *value);

/* code.c */
bool litmus_read_code(struct litmus_reader *reader);
/* X0 to X30, W0 to W30, XZR and WZR. */
bool litmus_read_register(struct litmus_reader *reader, uint8_t *number, bool *wide);
/* instruction.c: one instruction whose first word was taken. */
bool litmus_read_instruction(struct litmus_reader *reader, uint8_t thread, struct litmus_piece mnemonic);

/* condition_read.c */
bool litmus_read_condition(struct litmus_reader *reader);

#endif
