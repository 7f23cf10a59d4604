#include "sim/shrink/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/judge/judge.h"

#define PAGE_LG2 12

/* What a child tells of a finding: those of the same rule, space and page are one. */
struct telling {
    FILE *answer;
    bool any;
    uint64_t page;
    uint32_t space;
    uint8_t rule;
};

/* A text as a Lua string. */
static void put_text(FILE *file, const char *text)
{
    (void)fputc('"', file);
    for (; *text; text++)
        if (*text == '"' || *text == '\\' || (unsigned char)*text < 0x20)
            (void)fprintf(file, "\\%03u", (unsigned char)*text);
        else
            (void)fputc(*text, file);
    (void)fputc('"', file);
}

static void tell_finding(void *context, const struct judge_finding *finding)
{
    struct telling *telling = context;
    uint64_t page = finding->va >> PAGE_LG2;
    if (telling->any && telling->rule == finding->rule && telling->space == finding->space &&
        telling->page == page)
        return;
    telling->any = true;
    telling->rule = finding->rule;
    telling->space = finding->space;
    telling->page = page;
    (void)fprintf(
        telling->answer, "finding{rule=\"%s\",space=%" PRIu32 ",va=0x%" PRIx64 ",cycle=0x%" PRIx64 ",text=",
        judge_rule_name((enum judge_rule)finding->rule), finding->space, finding->va, finding->cycle);
    put_text(telling->answer, finding->text);
    (void)fputs("}\n", telling->answer);
}

static void tell_call(void *context, const char *line, size_t length)
{
    struct telling *telling = context;
    (void)fwrite(line, 1, length, telling->answer); /* ferror is asked at the end */
}

/* What scripts print is nobody's business here. */
static bool silence(void)
{
    int null = open("/dev/null", O_WRONLY);
    return null >= 0 && dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0;
}

static int run_child(struct trial *trial)
{
    struct telling telling = {.answer = trial->answer};
    struct run_outcome outcome;
    const struct run_watch watch = {.finding = tell_finding,
                                    .call = trial->calls ? tell_call : NULL,
                                    .context = &telling,
                                    .every_access = trial->every_access};
    trial->options.watch = &watch;
    if (!silence())
        return 1;
    (void)alarm(trial->limit_seconds);
    int status = run_script(&trial->options, &outcome);
    (void)fprintf(trial->answer, "result{status=%d,checked=%s,record=", status,
                  outcome.checked ? "true" : "false");
    put_text(trial->answer, outcome.record);
    (void)fprintf(trial->answer, ",cycles=%" PRIu64 ",error=", outcome.cycles);
    put_text(trial->answer, outcome.error);
    (void)fputs("}\n", trial->answer);
    return fflush(trial->answer) == 0 && !ferror(trial->answer) ? 0 : 1;
}

bool trial_begin(struct trial *trial)
{
    trial->answer = tmpfile();
    if (!trial->answer)
        return false;
    /* whatever is still in buffers would be written twice */
    if (fflush(NULL) != 0)
        return false;
    trial->child = fork();
    if (trial->child == 0)
        _exit(run_child(trial));
    return trial->child > 0;
}

bool trial_end(struct trial *trial)
{
    int status;
    while (waitpid(trial->child, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    trial->child = 0;
    rewind(trial->answer);
    return true;
}

void trial_close(struct trial *trial)
{
    if (trial->answer)
        (void)fclose(trial->answer); /* it was read */
    trial->answer = NULL;
}
