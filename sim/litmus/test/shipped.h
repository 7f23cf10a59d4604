/* The shipped tests, one by one. */
#ifndef MMUSIM_SIM_LITMUS_TEST_SHIPPED_H
#define MMUSIM_SIM_LITMUS_TEST_SHIPPED_H

#include "sim/litmus/litmus.h"
#include "sim/litmus/verdicts.h"

#define SHIPPED_TESTS 205

typedef void shipped_visit(const struct litmus_test *test, const struct litmus_verdicts *verdicts);

/* Calls for each file; how many there are. Fails the test that runs if one cannot be read. */
unsigned each_test(shipped_visit *visit, const struct litmus_verdicts *verdicts);

#endif
