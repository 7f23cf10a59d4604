/*
 * Text that is collected in a buffer; what does not fit is counted and not kept.
 */
#ifndef MMUSIM_SIM_LITMUS_WRITE_H
#define MMUSIM_SIM_LITMUS_WRITE_H

#include "sim/litmus/litmus.h"

struct litmus_text {
    char *buffer;
    size_t room; /* with the 0 */
    size_t used; /* that the whole text has */
};

__attribute__((format(printf, 2, 3))) void litmus_put(struct litmus_text *text, const char *format, ...);

/* write_condition.c */
void litmus_put_descriptor(struct litmus_text *text, const struct litmus_test *test,
                           const struct litmus_descriptor *descriptor);
void litmus_put_value(struct litmus_text *text, const struct litmus_test *test,
                      const struct litmus_value *value);
void litmus_put_condition(struct litmus_text *text, const struct litmus_test *test);

/* write_code.c */
void litmus_put_instruction(struct litmus_text *text, const struct litmus_thread *thread,
                            const struct litmus_instruction *instruction);
void litmus_put_code(struct litmus_text *text, const struct litmus_test *test);

#endif
