#include "sim/litmus/suite.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES    4096
#define DEPTH_MAX     8
#define VERDICTS      "verdicts.csv"
#define TEST_SUFFIX   ".litmus"
#define SCRIPT_SUFFIX ".lua"

struct suite {
    const struct litmus_options *options;
    const struct litmus_visitor *visitor;
    struct vectors_failure *failure;
    bool stopped;
};

static bool join(struct suite *suite, char *path, const char *folder, const char *name)
{
    size_t before = strlen(folder);
    size_t bytes = strlen(name);
    if (before + bytes + 2 > PATH_BYTES)
        return vectors_fail(suite->failure, "%s: is too long a path", folder);
    memcpy(path, folder, before);
    path[before] = '/';
    memcpy(path + before + 1, name, bytes + 1);
    return true;
}

static bool has_suffix(const char *name, const char *ending)
{
    size_t bytes = strlen(name);
    size_t suffix = strlen(ending);
    return bytes > suffix && strcmp(name + bytes - suffix, ending) == 0;
}

/* ---- One test ---- */

static void name_family(struct litmus_case *one, const char *name)
{
    const char *from = one->row.family[0] != '\0' ? one->row.family : name;
    size_t bytes = one->row.family[0] != '\0' ? strlen(from) : strcspn(from, "+");
    if (bytes >= sizeof one->family)
        bytes = sizeof one->family - 1;
    memcpy(one->family, from, bytes);
    one->family[bytes] = '\0';
}

static void explore(struct suite *suite, const struct litmus_verdicts *verdicts, const char *path)
{
    static const struct litmus_verdict_row unknown = {LITMUS_UNKNOWN, "", "", "", ""};
    struct litmus_case one = {.path = path, .row = unknown};
    struct litmus_test test;
    struct vectors_failure failure;
    if (litmus_read_file(&test, path, &failure)) {
        one.test = &test;
        one.name = test.name;
        if (verdicts != NULL)
            (void)litmus_verdicts_find(verdicts, test.name, suite->options->ets2, &one.row);
        name_family(&one, test.name);
    }
    if (one.test == NULL || !litmus_explore(&test, suite->options, &one.result, &failure))
        one.failure = failure.text;
    else if (!one.result.complete)
        one.failure = one.result.sentence;
    suite->stopped = !suite->visitor->visit(suite->visitor->context, &one);
}

static bool is_script(const struct suite *suite, const char *name)
{
    return suite->visitor->script != NULL && has_suffix(name, SCRIPT_SUFFIX);
}

/* ---- Folders ---- */

/* The verdicts beside the tests of a folder, if there are any: `*found`. */
static bool read_verdicts(struct suite *suite, const char *folder, const char *name,
                          struct litmus_verdicts *verdicts, bool *found)
{
    char path[PATH_BYTES];
    if (*found || !join(suite, path, folder, name))
        return *found;
    if (access(path, F_OK) != 0)
        return true;
    *found = litmus_verdicts_read(verdicts, path, suite->failure);
    return *found;
}

static int is_wanted(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int compare_names(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

static bool run_folder(struct suite *suite, const char *folder, unsigned depth);

static bool run_entry(struct suite *suite, const struct litmus_verdicts *verdicts, const char *folder,
                      const char *name, unsigned depth)
{
    char path[PATH_BYTES];
    struct stat status;
    if (!join(suite, path, folder, name))
        return false;
    if (stat(path, &status) != 0)
        return vectors_fail(suite->failure, "%s: cannot be read: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return depth == DEPTH_MAX || run_folder(suite, path, depth + 1);
    if (has_suffix(name, TEST_SUFFIX))
        explore(suite, verdicts, path);
    else if (is_script(suite, name))
        suite->stopped = !suite->visitor->script(suite->visitor->context, path);
    return true;
}

static bool run_entries(struct suite *suite, const struct litmus_verdicts *verdicts, const char *folder,
                        unsigned depth)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_wanted, compare_names);
    if (count < 0)
        return vectors_fail(suite->failure, "%s: is no folder that can be read: %s", folder, strerror(errno));
    bool fine = true;
    for (int i = 0; i < count; i++) {
        if (fine && !suite->stopped)
            fine = run_entry(suite, verdicts, folder, entries[i]->d_name, depth);
        free(entries[i]);
    }
    free(entries);
    return fine;
}

static bool run_folder(struct suite *suite, const char *folder, unsigned depth)
{
    struct litmus_verdicts verdicts;
    bool found = false;
    if (!read_verdicts(suite, folder, VERDICTS, &verdicts, &found) ||
        !read_verdicts(suite, folder, "../" VERDICTS, &verdicts, &found))
        return false;
    bool fine = run_entries(suite, found ? &verdicts : NULL, folder, depth);
    if (found)
        litmus_verdicts_release(&verdicts);
    return fine;
}

static bool run_file(struct suite *suite, const char *path)
{
    char folder[PATH_BYTES] = ".";
    const char *slash = strrchr(path, '/');
    struct litmus_verdicts verdicts;
    bool found = false;
    if (is_script(suite, path)) {
        suite->stopped = !suite->visitor->script(suite->visitor->context, path);
        return true;
    }
    if (slash != NULL && (size_t)(slash - path) < sizeof folder) {
        memcpy(folder, path, (size_t)(slash - path));
        folder[slash - path] = '\0';
    }
    if (!read_verdicts(suite, folder, VERDICTS, &verdicts, &found) ||
        !read_verdicts(suite, folder, "../" VERDICTS, &verdicts, &found))
        return false;
    explore(suite, found ? &verdicts : NULL, path);
    if (found)
        litmus_verdicts_release(&verdicts);
    return true;
}

bool litmus_suite_run(const char *path, const struct litmus_options *options,
                      const struct litmus_visitor *visitor, struct vectors_failure *failure)
{
    struct suite suite = {.options = options, .visitor = visitor, .failure = failure};
    struct stat status;
    if (stat(path, &status) != 0)
        return vectors_fail(failure, "%s: cannot be read: %s", path, strerror(errno));
    return S_ISDIR(status.st_mode) ? run_folder(&suite, path, 0) : run_file(&suite, path);
}
