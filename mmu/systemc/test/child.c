#include "mmu/systemc/test/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TOO_LONG_SECONDS 120u /* a simulation that hangs is ended, and the test fails */

static void read_all(FILE *file, struct recording *recording)
{
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long count = ftell(file);
    assert_true(count >= 0);
    recording->count = (size_t)count;
    recording->bytes = malloc(recording->count + 1);
    assert_non_null(recording->bytes);
    rewind(file);
    assert_int_equal(fread(recording->bytes, 1, recording->count, file), recording->count);
    recording->bytes[recording->count] = 0;
}

void run_in_child(void (*work)(void *argument, FILE *out), void *argument, struct recording *recording)
{
    FILE *file = tmpfile();
    int status = 0;
    assert_non_null(file);
    fflush(stdout);
    fflush(stderr);
    pid_t child = fork();
    if (child == 0) {
        alarm(TOO_LONG_SECONDS);
        work(argument, file);
        _exit(fflush(file) == 0 ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("the child ended with wait status 0x%x", (unsigned)status);
    read_all(file, recording);
    fclose(file);
}

bool recording_equal(const struct recording *a, const struct recording *b)
{
    return a->count == b->count && memcmp(a->bytes, b->bytes, a->count) == 0;
}

void recording_free(struct recording *recording)
{
    free(recording->bytes);
    memset(recording, 0, sizeof *recording);
}
