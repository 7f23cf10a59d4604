/*
 * One command line, called in this process: what tests of verbs have in common.
 */
#ifndef MMUSIM_SIM_CLI_TEST_COMMAND_H
#define MMUSIM_SIM_CLI_TEST_COMMAND_H

/* What one command line left behind. */
struct answer {
    int status;
    char *out, *err;
};

/* For cmocka: *state is a struct answer. */
int command_set_up(void **state);
int command_tear_down(void **state);

void forget_answer(struct answer *answer);
/* Calls the command line with the words, which end with NULL. */
void call(struct answer *answer, ...);

/* Refused with exactly this sentence, and nothing else was printed. */
void assert_refused(const struct answer *answer, const char *sentence);
/* The text is part of the output, and there are no messages. */
void assert_fine_with(const struct answer *answer, const char *text);

#endif
