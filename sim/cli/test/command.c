#include "sim/cli/test/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/cli/cli.h"
#include "sim/cli/test/fake_run.h"

#define WORDS_MAX 16

int command_set_up(void **state)
{
    struct answer *answer = calloc(1, sizeof *answer);
    memset(&fake_run, 0, sizeof fake_run);
    *state = answer;
    return answer ? 0 : -1;
}

void forget_answer(struct answer *answer)
{
    free(answer->out);
    free(answer->err);
    memset(answer, 0, sizeof *answer);
}

int command_tear_down(void **state)
{
    forget_answer(*state);
    free(*state);
    return 0;
}

void call(struct answer *answer, ...)
{
    char *words[WORDS_MAX] = {(char[]){"mmusim"}};
    int count = 1;
    size_t out_bytes = 0;
    size_t err_bytes = 0;
    va_list list;
    forget_answer(answer);
    va_start(list, answer);
    for (char *word; (word = va_arg(list, char *)); count++)
        words[count] = word;
    va_end(list);
    FILE *out = open_memstream(&answer->out, &out_bytes);
    FILE *err = open_memstream(&answer->err, &err_bytes);
    assert_non_null(out);
    assert_non_null(err);
    answer->status = cli_main(count, words, out, err);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(fclose(err), 0);
}

void assert_refused(const struct answer *answer, const char *sentence)
{
    char wanted[512];
    (void)snprintf(wanted, sizeof wanted, "mmusim: %s\n", sentence);
    assert_string_equal(answer->err, wanted);
    assert_string_equal(answer->out, "");
    assert_int_equal(answer->status, CLI_MISUSE);
}

void assert_fine_with(const struct answer *answer, const char *text)
{
    assert_string_equal(answer->err, "");
    assert_int_equal(answer->status, CLI_FINE);
    if (!strstr(answer->out, text))
        fail_msg("'%s' is not in:\n%s", text, answer->out);
}
