#define _GNU_SOURCE /* renameat2: a record is never written over by accident */
#include "sim/record/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/record/rights.h"
#include "sim/record/rows.h"
#include "sim/record/sql.h"

/* Rows of one transaction: what a crash may cost. */
#define BATCH_ROWS 50000

#define PAGE_BYTES 4096
#define CACHE_KIB  65536

struct recorder {
    sqlite3 *database;
    struct row_writer rows;
    struct rights_seen rights;
    char *path;         /* final name */
    char *partial_path; /* name while it is written */
    uint64_t events;    /* rows of events so far: the number of the last one */
    unsigned batched;   /* rows in the open transaction */
    enum record_level level;
    bool overwrite;
    int failure; /* the first record_result other than OK */
    struct record_error error;
};

static const char *const level_names[RECORD_LEVELS] = {"counters", "misses", "all"};

const char *record_level_name(enum record_level level)
{
    return (unsigned)level < RECORD_LEVELS ? level_names[level] : NULL;
}

bool record_level_parse(const char *name, enum record_level *level)
{
    for (unsigned i = 0; i < RECORD_LEVELS; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *level = (enum record_level)i;
            return true;
        }
    }
    return false;
}

__attribute__((format(printf, 3, 4))) static int fail(struct recorder *recorder, enum record_result result,
                                                      const char *format, ...)
{
    if (recorder->failure == RECORD_OK) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(recorder->error.text, sizeof recorder->error.text, format, arguments);
        va_end(arguments);
        recorder->failure = result;
    }
    return recorder->failure;
}

/* The failure of an SQLite call, in the user's words. */
static int fail_sqlite(struct recorder *recorder, int code, const char *doing)
{
    int primary = code & 0xff;
    /* a quota or a limit of the file's size comes as a failed write */
    if (primary == SQLITE_FULL || sqlite3_extended_errcode(recorder->database) == SQLITE_IOERR_WRITE)
        return fail(recorder, RECORD_FULL,
                    "no space is left for '%s' while %s: free some, or record less (level 'misses' or "
                    "'counters')",
                    recorder->partial_path, doing);
    if (primary == SQLITE_NOMEM)
        return fail(recorder, RECORD_NO_MEMORY, "out of memory while %s of '%s'", doing,
                    recorder->partial_path);
    return fail(recorder, RECORD_SQLITE, "SQLite failed while %s of '%s': %s", doing, recorder->partial_path,
                sqlite3_errmsg(recorder->database));
}

static int execute(struct recorder *recorder, const char *sql, const char *doing)
{
    if (recorder->failure)
        return recorder->failure;
    int code = sqlite3_exec(recorder->database, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? RECORD_OK : fail_sqlite(recorder, code, doing);
}

static int execute_all(struct recorder *recorder, const struct record_sql *list, const char *doing)
{
    for (; list->name && !recorder->failure; list++) {
        int code = sqlite3_exec(recorder->database, list->text, NULL, NULL, NULL);
        if (code != SQLITE_OK) {
            char what[128];
            (void)snprintf(what, sizeof what, "%s (%s)", doing, list->name);
            (void)fail_sqlite(recorder, code, what);
        }
    }
    return recorder->failure;
}

/* A row was written, or was not. Ends the batch when it is large enough. */
static int written(struct recorder *recorder, int code)
{
    if (code == SQLITE_NOTFOUND)
        return fail(recorder, RECORD_BAD_EVENT,
                    "row %llu: an event ends what never began, or has no known kind",
                    (unsigned long long)recorder->events);
    if (code != SQLITE_OK)
        return fail_sqlite(recorder, code, "writing a row");
    if (++recorder->batched < BATCH_ROWS)
        return RECORD_OK;
    recorder->batched = 0;
    return execute(recorder, "COMMIT; BEGIN IMMEDIATE", "writing rows");
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static int refuse_existing(struct recorder *recorder)
{
    if (recorder->overwrite)
        return RECORD_OK;
    if (exists(recorder->path))
        return fail(recorder, RECORD_EXISTS, "'%s' exists: choose another name, or allow to overwrite it",
                    recorder->path);
    if (exists(recorder->partial_path))
        return fail(
            recorder, RECORD_EXISTS,
            "'%s' exists, of a run that did not finish or goes on: remove it, choose another name, or "
            "allow to overwrite it",
            recorder->partial_path);
    return RECORD_OK;
}

static void remove_partial(const struct recorder *recorder)
{
    (void)unlink(recorder->partial_path); /* nothing more can be done about it */
    char journal[4096];
    int length = snprintf(journal, sizeof journal, "%s-journal", recorder->partial_path);
    if (length > 0 && (size_t)length < sizeof journal)
        (void)unlink(journal);
}

/* The file itself, empty: says why it cannot be made in the system's words, which SQLite does not. */
static int make_file(struct recorder *recorder)
{
    if (refuse_existing(recorder))
        return recorder->failure;
    remove_partial(recorder);
    int file = open(recorder->partial_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0)
        return fail(recorder, errno == ENOSPC ? RECORD_FULL : RECORD_UNWRITABLE,
                    "cannot make '%s': %s; name a file in a folder that can be written",
                    recorder->partial_path, strerror(errno));
    if (close(file) != 0)
        return fail(recorder, RECORD_UNWRITABLE,
                    "cannot make '%s': %s; name a file in a folder that can be written",
                    recorder->partial_path, strerror(errno));
    return RECORD_OK;
}

/*
 * No fsync while the run goes on: a killed process loses nothing that was committed, since the system holds
 * it; a power failure may cost the partial file. recorder_finish syncs before the final name is given.
 */
static int open_database(struct recorder *recorder, uint64_t size_limit_bytes)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(recorder->partial_path, &recorder->database, flags, NULL);
    if (code != SQLITE_OK)
        return fail(recorder, RECORD_SQLITE, "cannot open '%s': %s", recorder->partial_path,
                    sqlite3_errstr(code));
    char pragmas[512];
    (void)snprintf(pragmas, sizeof pragmas,
                   "PRAGMA page_size = %d; PRAGMA cache_size = -%d; PRAGMA locking_mode = EXCLUSIVE;"
                   "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY;"
                   "PRAGMA application_id = %d; PRAGMA user_version = %d; PRAGMA max_page_count = %llu",
                   PAGE_BYTES, CACHE_KIB, RECORD_APPLICATION_ID, RECORD_SCHEMA_VERSION,
                   (unsigned long long)(size_limit_bytes / PAGE_BYTES));
    return execute(recorder, pragmas, "setting up");
}

static int write_facts(struct recorder *recorder, const struct recorder_config *config)
{
    int code = row_writer_open(&recorder->rows, recorder->database);
    if (code == SQLITE_OK)
        code = row_codes(&recorder->rows, config);
    if (code == SQLITE_OK)
        code = row_run(&recorder->rows, config);
    for (size_t i = 0; i < config->array_count && code == SQLITE_OK; i++)
        code = row_array(&recorder->rows, i, &config->arrays[i]);
    for (size_t i = 0; i < config->setting_count && code == SQLITE_OK; i++)
        code = row_setting(&recorder->rows, &config->settings[i]);
    return code == SQLITE_OK ? RECORD_OK : fail_sqlite(recorder, code, "writing the facts of the run");
}

static int start(struct recorder *recorder, const struct recorder_config *config)
{
    if (!recorder->path || !recorder->partial_path)
        return fail(recorder, RECORD_NO_MEMORY, "out of memory for the record '%s'", config->path);
    if (make_file(recorder) || open_database(recorder, config->size_limit_bytes) ||
        execute(recorder, "BEGIN IMMEDIATE", "setting up") ||
        execute_all(recorder, record_sql_schema, "making the tables") ||
        execute_all(recorder, record_sql_views, "making the views") ||
        execute_all(recorder, record_sql_refinement, "making the rules") || write_facts(recorder, config))
        return recorder->failure;
    return execute(recorder, "COMMIT; BEGIN IMMEDIATE", "setting up");
}

static char *with_suffix(const char *path)
{
    size_t length = strlen(path);
    char *text = malloc(length + sizeof RECORD_PARTIAL_SUFFIX);
    if (text) {
        memcpy(text, path, length);
        memcpy(text + length, RECORD_PARTIAL_SUFFIX, sizeof RECORD_PARTIAL_SUFFIX);
    }
    return text;
}

static void close_database(struct recorder *recorder)
{
    row_writer_close(&recorder->rows);
    (void)sqlite3_close(recorder->database); /* rolls back; nothing of ours is open any more */
    recorder->database = NULL;
}

static void release(struct recorder *recorder)
{
    close_database(recorder);
    rights_forget(&recorder->rights);
    free(recorder->path);
    free(recorder->partial_path);
    free(recorder);
}

struct recorder *recorder_open(const struct recorder_config *config, struct record_error *error)
{
    struct recorder *recorder = calloc(1, sizeof *recorder);
    if (!recorder) {
        (void)snprintf(error->text, sizeof error->text, "out of memory for the record '%s'", config->path);
        return NULL;
    }
    recorder->level = config->level;
    recorder->overwrite = config->overwrite;
    recorder->path = strdup(config->path);
    recorder->partial_path = with_suffix(config->path);
    if (start(recorder, config) == RECORD_OK)
        return recorder;
    *error = recorder->error;
    bool ours = recorder->database != NULL;
    close_database(recorder);
    if (ours)
        remove_partial(recorder);
    release(recorder);
    return NULL;
}

static bool wanted(enum record_level level, const struct mmu_event *event)
{
    switch (level) {
    case RECORD_COUNTERS:
        return event->kind == EVENT_SPACE || event->kind == EVENT_REGION;
    case RECORD_MISSES:
        return event->kind != EVENT_TRANSLATION || event->as.translation.outcome != OUTCOME_L1_HIT ||
               event->as.translation.fault != FAULT_NONE;
    case RECORD_ALL:
    case RECORD_LEVELS:
        break;
    }
    return true;
}

int recorder_event(struct recorder *recorder, const struct mmu_event *event)
{
    if (recorder->failure)
        return recorder->failure;
    if (!wanted(recorder->level, event))
        return RECORD_OK;
    if (!rights_see(&recorder->rights, event))
        return fail(recorder, RECORD_NO_MEMORY, "out of memory for the rights of '%s'",
                    recorder->partial_path);
    recorder->events++;
    return written(recorder, row_event(&recorder->rows, recorder->events, event));
}

static int observe(void *context, const struct mmu_event *event)
{
    return recorder_event(context, event);
}

struct mmu_observer recorder_observer(struct recorder *recorder)
{
    return (struct mmu_observer){.event = observe, .context = recorder};
}

int recorder_counter(struct recorder *recorder, const struct record_counter *counter)
{
    return recorder->failure ? recorder->failure : written(recorder, row_counter(&recorder->rows, counter));
}

int recorder_bucket(struct recorder *recorder, const struct record_bucket *bucket)
{
    return recorder->failure ? recorder->failure : written(recorder, row_bucket(&recorder->rows, bucket));
}

int recorder_instruction(struct recorder *recorder, const struct record_instruction *instruction)
{
    return recorder->failure ? recorder->failure
                             : written(recorder, row_instruction(&recorder->rows, instruction));
}

int recorder_plugin(struct recorder *recorder, const struct record_plugin *plugin)
{
    return recorder->failure ? recorder->failure : written(recorder, row_plugin(&recorder->rows, plugin));
}

int recorder_finding(struct recorder *recorder, const struct record_finding *finding)
{
    return recorder->failure ? recorder->failure : written(recorder, row_finding(&recorder->rows, finding));
}

int recorder_finding_total(struct recorder *recorder, uint64_t total)
{
    return recorder->failure ? recorder->failure
                             : written(recorder, row_finding_total(&recorder->rows, total));
}

const char *recorder_error(const struct recorder *recorder)
{
    return recorder->error.text;
}

/* Committed rows reach the disk, so that a file under the final name is whole after a power failure too. */
static int sync_file(struct recorder *recorder)
{
    int file = open(recorder->partial_path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fsync(file) != 0)
        (void)fail(recorder, errno == ENOSPC ? RECORD_FULL : RECORD_UNWRITABLE,
                   "'%s' did not reach the disk: %s", recorder->partial_path, strerror(errno));
    if (file >= 0)
        (void)close(file); /* read only: nothing can be lost */
    return recorder->failure;
}

static int give_name(struct recorder *recorder)
{
    unsigned flags = recorder->overwrite ? 0 : RENAME_NOREPLACE;
    int result = renameat2(AT_FDCWD, recorder->partial_path, AT_FDCWD, recorder->path, flags);
    if (result != 0 && errno == EINVAL && !exists(recorder->path)) /* a file system without the flag */
        result = rename(recorder->partial_path, recorder->path);
    if (result == 0)
        return RECORD_OK;
    return fail(recorder, errno == EEXIST ? RECORD_EXISTS : RECORD_UNWRITABLE,
                "the finished record '%s' cannot be named '%s': %s", recorder->partial_path, recorder->path,
                strerror(errno));
}

static int write_rights(struct recorder *recorder)
{
    int code =
        recorder->level == RECORD_COUNTERS ? SQLITE_OK : rights_write(&recorder->rights, &recorder->rows);
    return code == SQLITE_OK ? RECORD_OK : fail_sqlite(recorder, code, "writing what formats permit");
}

static int complete(struct recorder *recorder, double host_seconds)
{
    if (write_rights(recorder))
        return recorder->failure;
    if (execute(recorder, "COMMIT; BEGIN IMMEDIATE", "writing the last rows") ||
        execute_all(recorder, record_sql_finish, "making indexes and windows"))
        return recorder->failure;
    int code = row_run_end(&recorder->rows, recorder->events, host_seconds);
    if (code != SQLITE_OK)
        return fail_sqlite(recorder, code, "writing the end of the run");
    return execute(recorder, "COMMIT; PRAGMA optimize; PRAGMA journal_mode = DELETE",
                   "writing the last rows");
}

int recorder_finish(struct recorder *recorder, double host_seconds, struct record_error *error)
{
    if (!recorder->failure)
        (void)complete(recorder, host_seconds);
    int failure = recorder->failure;
    close_database(recorder);
    if (!failure && !sync_file(recorder))
        (void)give_name(recorder);
    failure = recorder->failure;
    *error = recorder->error;
    release(recorder);
    return failure;
}

void recorder_abandon(struct recorder *recorder, bool keep_partial)
{
    if (!recorder)
        return;
    if (keep_partial && !recorder->failure)
        (void)execute(recorder, "COMMIT", "writing the last rows"); /* a failure leaves the earlier batches */
    close_database(recorder);
    if (!keep_partial)
        remove_partial(recorder);
    release(recorder);
}
