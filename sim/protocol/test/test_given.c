#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/protocol/test/judge.h"

#include <stdlib.h>
#include <string.h>

/*
 * The logs in data/, with what the checker whose format they have says of each (results.csv: trace, what,
 * exit status, verdict, message). Where it is known to be wrong, the architecture's verdict counts, which is
 * ours.
 */
static const struct {
    const char *trace;
    bool good;
    const char *why;
} corrected[] = {
    {"vmid_switch_and_vmall", false, "VMALLS12E1IS is of the current VMID alone (DDI 0487, D8.17.3)"},
};

static char *read_text(const char *name, const char *suffix)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s%s", PROTOCOL_LOGS, name, suffix);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 65536);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, file) > 0);
    assert_int_equal(fclose(file), 0);
    return text;
}

static bool wanted(const char *trace, bool theirs)
{
    for (size_t i = 0; i < sizeof corrected / sizeof *corrected; i++)
        if (strcmp(corrected[i].trace, trace) == 0) {
            assert_int_not_equal(corrected[i].good, theirs);
            return corrected[i].good;
        }
    return theirs;
}

static void check_trace(const char *trace, bool theirs)
{
    struct protocol_violation violation;
    uint64_t line = 0;
    char sentence[LOG_TEXT_BYTES];
    char *text = read_text(trace, ".log");
    enum log_verdict verdict = judge_text(text, &violation, &line, sentence);
    if (verdict != (wanted(trace, theirs) ? LOG_FINE : LOG_VIOLATED))
        fail_msg("%s: verdict %d %s", trace, (int)verdict, sentence);
    free(text);
}

static void every_given_log_has_its_verdict(void **state)
{
    unsigned traces = 0;
    char *place = NULL;
    char *results = read_text("results", ".csv");
    (void)strtok_r(results, "\n", &place);
    for (char *row; (row = strtok_r(NULL, "\n", &place)); traces++) {
        bool theirs = strstr(row, ",0,good,") != NULL;
        assert_true(theirs || strstr(row, ",1,bad,"));
        row[strcspn(row, ",")] = '\0';
        check_trace(row, theirs);
    }
    assert_true(traces >= 19);
    free(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_given_log_has_its_verdict)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
