#include "sim/mutants/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES   512
#define WORDS_MAX    32
#define LINE_BYTES   512
#define SECONDS_MOST 60 /* a mutant may hang */

/* ---- one process ------------------------------------------------------------------------------- */

struct words {
    const char *list[WORDS_MAX + 1];
    size_t count;
};

static void add(struct words *words, const char *word)
{
    if (words->count < WORDS_MAX)
        words->list[words->count++] = word;
}

/* Splits at spaces; the text is changed, and used. */
static void add_all(struct words *words, char *text)
{
    char *rest = text;
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;)
        add(words, word);
}

/* In the child: both outputs go to a file, and time is limited. Never returns. */
static void become(const struct words *words, const char *output)
{
    int file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0)
        _exit(126);
    (void)alarm(SECONDS_MOST);
    (void)execv(words->list[0], (char *const *)words->list);
    _exit(127);
}

static bool start(struct job *job, const struct words *words, const char *output)
{
    job->process = fork();
    if (job->process == 0)
        become(words, output);
    return job->process > 0;
}

static void path_of(const struct job_list *list, const struct job *job, const char *suffix, char *path)
{
    (void)snprintf(path, PATH_BYTES, "%s/%zu%s", list->folder, (size_t)(job - list->jobs), suffix);
}

static bool start_run(const struct job_list *list, struct job *job)
{
    struct words words = {.count = 0};
    char database[PATH_BYTES], output[PATH_BYTES], script[PATH_BYTES], arguments[LINE_BYTES];
    path_of(list, job, ".db", database);
    path_of(list, job, ".run", output);
    bool text = mutant_text_find(job->script) != NULL;
    (void)snprintf(script, sizeof script, "%s%s%s", text ? list->folder : "", text ? "/" : "", job->script);
    (void)snprintf(arguments, sizeof arguments, "%s", job->arguments);
    add(&words, list->program);
    if (job->mutant) {
        add(&words, "--mutant");
        add(&words, job->mutant->name);
    }
    add(&words, job->explored ? "explore" : "run");
    add(&words, "--quiet");
    if (!job->explored) {
        add(&words, "-o");
        add(&words, database);
    }
    add(&words, script);
    add_all(&words, arguments);
    if (job->more)
        add(&words, job->more);
    job->state = JOB_RUNS;
    return start(job, &words, output);
}

/* The judges are never mutants themselves. */
static bool start_judges(const struct job_list *list, struct job *job)
{
    struct words words = {.count = 0};
    char database[PATH_BYTES], output[PATH_BYTES];
    path_of(list, job, ".db", database);
    path_of(list, job, ".judged", output);
    add(&words, list->program);
    add(&words, "--judge");
    add(&words, database);
    add(&words, job->form);
    job->state = JOB_IS_JUDGED;
    return start(job, &words, output);
}

/* ---- what it said ------------------------------------------------------------------------------ */

/* The first line of an output. */
static void first_line(const char *path, char *line, size_t bytes)
{
    FILE *file = fopen(path, "r");
    line[0] = '\0';
    if (!file)
        return;
    if (fgets(line, (int)bytes, file))
        line[strcspn(line, "\n")] = '\0';
    (void)fclose(file);
}

static void take_line(struct job_outcome *outcome, const char *line)
{
    const struct {
        const char *key;
        char *to;
        size_t bytes;
    } texts[] = {
        {"sql ", outcome->sql, sizeof outcome->sql},
        {"along ", outcome->along, sizeof outcome->along},
        {"record ", outcome->record, sizeof outcome->record},
        {"cycle ", outcome->cycle, sizeof outcome->cycle},
        {"form ", outcome->form, sizeof outcome->form},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strncmp(line, texts[i].key, strlen(texts[i].key)) == 0)
            (void)snprintf(texts[i].to, texts[i].bytes, "%s", line + strlen(texts[i].key));
    outcome->agree |= strcmp(line, "agree") == 0;
    outcome->agree_on_record |= strcmp(line, "agree-on-record") == 0;
    outcome->form_holds |= strcmp(line, "form-holds") == 0;
    outcome->judged |= strcmp(line, "judged") == 0;
}

static void read_judges(const struct job_list *list, struct job *job, int status)
{
    char path[PATH_BYTES], line[LINE_BYTES], first[JOB_REASON_BYTES - 64];
    path_of(list, job, ".judged", path);
    first_line(path, first, sizeof first);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        take_line(&job->outcome, line);
    }
    if (file)
        (void)fclose(file);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        job->outcome.judged = false;
    if (!job->outcome.judged)
        (void)snprintf(job->outcome.reason, sizeof job->outcome.reason, "the record cannot be judged: %s",
                       first);
    path_of(list, job, ".db", path);
    (void)unlink(path);
}

/* 0 and 1 are a run's verdicts; whatever else happened is none. */
static bool run_ended(const struct job_list *list, struct job *job, int status)
{
    char path[PATH_BYTES], first[JOB_REASON_BYTES - 64];
    if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
        return true;
    path_of(list, job, ".run", path);
    first_line(path, first, sizeof first);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        (void)snprintf(job->outcome.reason, sizeof job->outcome.reason, "the run has not ended in %d seconds",
                       SECONDS_MOST);
    else
        (void)snprintf(job->outcome.reason, sizeof job->outcome.reason, "the run %s %d: %s",
                       WIFSIGNALED(status) ? "ends by signal" : "has exit status",
                       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), first);
    return false;
}

/* An exploration has judged what it found, and says in its first line "mmusim: RULE: what". */
static void read_exploration(const struct job_list *list, struct job *job, int status)
{
    char path[PATH_BYTES], line[JOB_REASON_BYTES];
    struct job_outcome *outcome = &job->outcome;
    outcome->agree = outcome->agree_on_record = outcome->form_holds = true;
    outcome->judged = WEXITSTATUS(status) == 0;
    if (outcome->judged)
        return;
    path_of(list, job, ".run", path);
    first_line(path, line, sizeof line);
    const char *rule = strchr(line, ' ');
    rule = rule ? rule + 1 : "";
    (void)snprintf(outcome->explored, sizeof outcome->explored, "%.*s", (int)strcspn(rule, ":"), rule);
    (void)snprintf(outcome->reason, sizeof outcome->reason, "%s", rule);
    outcome->judged = outcome->explored[0] != '\0';
}

/* ---- several at once --------------------------------------------------------------------------- */

static struct job *job_of(struct job_list *list, pid_t process)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->jobs[i].process == process && list->jobs[i].state != JOB_ENDED)
            return &list->jobs[i];
    return NULL;
}

/* A process has ended: its job goes on, or ends. */
static bool go_on(struct job_list *list, struct job *job, int status, unsigned *running)
{
    bool ended = job->state == JOB_RUNS && run_ended(list, job, status);
    if (ended && !job->explored)
        return start_judges(list, job);
    if (ended)
        read_exploration(list, job, status);
    if (job->state == JOB_IS_JUDGED)
        read_judges(list, job, status);
    job->state = JOB_ENDED;
    *running -= 1;
    return true;
}

bool jobs_run(struct job_list *list)
{
    size_t next = 0;
    unsigned running = 0;
    while (next < list->count || running > 0) {
        if (next < list->count && running < list->at_once) {
            if (!start_run(list, &list->jobs[next++]))
                return false;
            running++;
            continue;
        }
        int status;
        pid_t process = waitpid(-1, &status, 0);
        struct job *job = process > 0 ? job_of(list, process) : NULL;
        if (process < 0 && errno != EINTR)
            return false;
        if (job && !go_on(list, job, status, &running))
            return false;
    }
    return true;
}
