/*
 * Small random tests: the machine comes to an end with each, twice the same, and whatever restricts it (order
 * between instructions, a window of one, FEAT_ETS2) takes runs away and adds none. MMUSIM_SEED and
 * MMUSIM_RUNS replay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/litmus/machine.h"

#define THREADS 2
#define ROWS    3
#define RUNS    30

/* xorshift64 (Marsaglia, 2003) */
static uint64_t random_state;

static unsigned draw(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 20) % below;
}

/* X0 and X1 hold x and PTE(x), X2 a descriptor, X3 d, X4 a number; loads go to W10 and on. */
static const char *const menu[] = {"LDR W%u,[X0]",
                                   "LDR W%u,[X0]",
                                   "LDR W%u,[X3]",
                                   "LDAR W%u,[X3]",
                                   "STR W4,[X0]",
                                   "STR W4,[X3]",
                                   "STLR W4,[X3]",
                                   "STR X2,[X1]",
                                   "STR X2,[X1]",
                                   "DMB SY",
                                   "DMB LD",
                                   "DMB ST",
                                   "DSB SY",
                                   "DSB ST",
                                   "ISB",
                                   "TLBI VMALLE1IS",
                                   "TLBI VMALLE1",
                                   "EOR W6,W10,W10",
                                   "STR W4,[X3,W6,SXTW]"};

struct program {
    char row[THREADS][ROWS][40];
    bool loads[THREADS][ROWS];
    unsigned descriptor[THREADS];
    unsigned first; /* what PTE(x) is at the beginning */
    char asked[160];
};

static void make_program(struct program *program)
{
    size_t used = 0;
    memset(program, 0, sizeof *program);
    program->first = draw(2);
    used += (size_t)snprintf(program->asked, sizeof program->asked, "true");
    for (unsigned i = 0; i < THREADS; i++) {
        program->descriptor[i] = draw(3);
        for (unsigned k = 0; k < ROWS; k++) {
            const char *code = menu[draw(sizeof menu / sizeof *menu)];
            bool load = strncmp(code, "LD", 2) == 0;
            (void)snprintf(program->row[i][k], sizeof program->row[i][k], code, 10 + k);
            if (load && draw(3) > 0)
                used += (size_t)snprintf(program->asked + used, sizeof program->asked - used,
                                         " /\\ %u:X%u=%u", i, 10 + k, draw(4));
        }
    }
}

static size_t put(char *text, size_t used, size_t bytes, const char *piece)
{
    assert_true(used + strlen(piece) < bytes);
    memcpy(text + used, piece, strlen(piece) + 1);
    return used + strlen(piece);
}

/* The test as text; `between` are rows between its rows, for all threads. */
static struct litmus_test read_program(const struct program *program, const char *between)
{
    static const char *const descriptors[] = {"(oa:PA(x))", "(oa:PA(y))", "(oa:PA(x),valid:0)"};
    static char text[4096];
    struct litmus_test test;
    struct vectors_failure failure;
    size_t used = (size_t)snprintf(text, sizeof text, "AArch64 random\n{ [x]=1; [y]=2; [d]=0; [PTE(x)]=%s;",
                                   descriptors[program->first * 2]);
    for (unsigned i = 0; i < THREADS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "%u:X0=x; %u:X1=PTE(x); %u:X2=%s; %u:X3=d; %u:X4=3;", i, i, i,
                                 descriptors[program->descriptor[i]], i, i);
    used = put(text, used, sizeof text, "}\n P0 | P1 ;\n");
    for (unsigned k = 0; k < ROWS; k++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s | %s ;\n", program->row[0][k],
                                 program->row[1][k]);
        used = put(text, used, sizeof text, between);
    }
    used += (size_t)snprintf(text + used, sizeof text - used, "exists (%s)\n", program->asked);
    if (!litmus_read_text(&test, "random", text, used, &failure))
        fail_msg("refused: %s\n%s", failure.text, text);
    return test;
}

static struct litmus_result explore(const struct litmus_test *test, struct litmus_options options)
{
    static char text[4096];
    struct litmus_result result;
    struct vectors_failure failure;
    (void)litmus_write_text(test, text, sizeof text);
    if (!litmus_explore(test, &options, &result, &failure))
        fail_msg("refused: %s\n%s", failure.text, text);
    if (!result.complete)
        fail_msg("not complete: %s\n%s", result.sentence, text);
    return result;
}

static void check_program(const struct program *program, uint64_t seed)
{
    const struct litmus_test plain = read_program(program, "");
    const struct litmus_test ordered = read_program(program, "DSB SY | DSB SY ;\nISB | ISB ;\n");
    struct litmus_result wide = explore(&plain, (struct litmus_options){0});
    struct litmus_result again = explore(&plain, (struct litmus_options){0});
    static char text[4096];
    (void)litmus_write_text(&plain, text, sizeof text);
    assert_int_equal(wide.states, again.states);
    assert_int_equal(wide.reached, again.reached);
    if (explore(&plain, (struct litmus_options){.window = 1}).reached && !wide.reached)
        fail_msg("seed %" PRIu64 ": only a window of one reaches\n%s", seed, text);
    if (explore(&plain, (struct litmus_options){.ets2 = true}).reached && !wide.reached)
        fail_msg("seed %" PRIu64 ": only with FEAT_ETS2 is reached\n%s", seed, text);
    if (explore(&ordered, (struct litmus_options){0}).reached && !wide.reached)
        fail_msg("seed %" PRIu64 ": only with DSB and ISB everywhere is reached\n%s", seed, text);
}

static void restrictions_take_runs_away_and_add_none(void **state)
{
    const char *seed_text = getenv("MMUSIM_SEED");
    const char *runs_text = getenv("MMUSIM_RUNS");
    uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 0) : 1;
    unsigned long runs = runs_text != NULL ? strtoul(runs_text, NULL, 0) : RUNS;
    print_message("seed %" PRIu64 " (MMUSIM_SEED), %lu runs (MMUSIM_RUNS)\n", seed, runs);
    for (unsigned long i = 0; i < runs; i++) {
        struct program program;
        random_state = (seed + i) * UINT64_C(0x9e3779b97f4a7c15) | 1;
        for (unsigned k = 0; k < 8; k++)
            (void)draw(2);
        make_program(&program);
        check_program(&program, seed + i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restrictions_take_runs_away_and_add_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
