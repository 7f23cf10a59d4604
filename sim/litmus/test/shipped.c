#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "sim/litmus/test/shipped.h"

static bool is_test(const char *name)
{
    size_t bytes = strlen(name);
    return bytes > 7 && strcmp(name + bytes - 7, ".litmus") == 0;
}

unsigned each_test(shipped_visit *visit, const struct litmus_verdicts *verdicts)
{
    unsigned count = 0;
    DIR *folder = opendir(LITMUS_ARCHITECTURE "/tests");
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        static char path[4096];
        struct litmus_test test;
        struct vectors_failure failure;
        if (!is_test(entry->d_name))
            continue;
        (void)snprintf(path, sizeof path, "%s/tests/%s", LITMUS_ARCHITECTURE, entry->d_name);
        if (!litmus_read_file(&test, path, &failure))
            fail_msg("refused: %s", failure.text);
        visit(&test, verdicts);
        count++;
    }
    assert_int_equal(closedir(folder), 0);
    return count;
}
