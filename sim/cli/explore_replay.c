#include "sim/cli/explore_replay.h"

#include <stdlib.h>
#include <string.h>

#include "sim/shrink/trial.h"

#define LIMIT_SECONDS 10

/* The script of a timing; NULL without memory. The caller frees it. */
static char *script_of(const struct replay *replay, const struct explore_replay_options *options,
                       const struct replay_timing *timing)
{
    char *text = NULL;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    if (!stream)
        return NULL;
    (void)fputs(options->comment, stream);
    replay_write(replay, timing, stream);
    bool whole = !ferror(stream);
    if (fclose(stream) == 0 && whole)
        return text;
    free(text);
    return NULL;
}

enum tried { TRIED_SAME, TRIED_OTHER, TRIED_WRONG, TRIED_FAILED };

/* What a trial told (trial.h): whether it has a finding of this rule; TRIED_WRONG: the script is. */
static enum tried read_answer(FILE *answer, const char *rule)
{
    char line[4096], wanted[64];
    enum tried tried = TRIED_OTHER;
    (void)snprintf(wanted, sizeof wanted, "finding{rule=\"%s\"", rule);
    while (fgets(line, sizeof line, answer)) {
        if (strncmp(line, wanted, strlen(wanted)) == 0)
            tried = TRIED_SAME;
        if (strncmp(line, "result{status=", 14) == 0 && strncmp(line, "result{status=0,", 16) != 0)
            return TRIED_WRONG;
    }
    return tried;
}

static enum tried try(const char *text, const struct explore_replay_options *options, uint32_t finding)
{
    struct trial trial = {.options = {.script = options->script,
                                      .text = text,
                                      .record = "none",
                                      .command_line = "mmusim explore"},
                          .every_access = true,
                          .limit_seconds = LIMIT_SECONDS};
    enum tried tried = TRIED_FAILED;
    if (trial_begin(&trial) && trial_end(&trial))
        tried = read_answer(trial.answer, exploration_finding_name(finding));
    trial_close(&trial);
    return tried;
}

static bool try_all(const struct replay *made, uint32_t finding, const struct explore_replay_options *options,
                    struct explore_replay *replay)
{
    struct replay_timing timing;
    while (replay->tried < options->tries_max && replay_timing_at(made, replay->tried, &timing)) {
        char *text = script_of(made, options, &timing);
        enum tried tried = text ? try(text, options, finding) : TRIED_FAILED;
        replay->tried++;
        replay->wrong = replay->wrong || tried == TRIED_WRONG;
        if (tried == TRIED_SAME) {
            replay->text = text;
            replay->reproduced = true;
            return true;
        }
        free(text);
        if (tried != TRIED_OTHER)
            return tried == TRIED_WRONG;
    }
    return true;
}

static void say_why_not(const struct replay *made, struct explore_replay *replay)
{
    if (replay->wrong)
        (void)snprintf(replay->why_not, sizeof replay->why_not, "a run refuses what the exploration has");
    else
        replay_why_not(made, replay->tried, replay->why_not, sizeof replay->why_not);
}

static bool write_unproved(const struct replay *made, const struct explore_replay_options *options,
                           struct explore_replay *replay)
{
    struct replay_timing timing;
    char comment[4096];
    say_why_not(made, replay);
    (void)snprintf(
        comment, sizeof comment,
        "%s--\n-- The timed machine does not show it: %s.\n-- What follows has the operations alone.\n",
        options->comment, replay->why_not);
    struct explore_replay_options with = *options;
    with.comment = comment;
    (void)replay_timing_at(made, 0, &timing);
    replay->text = script_of(made, &with, &timing);
    return replay->text != NULL;
}

bool explore_replay_make(struct exploration *exploration, const struct story_run *run,
                         const struct explore_replay_options *options, struct explore_replay *replay)
{
    *replay = (struct explore_replay){0};
    struct replay *made = replay_create(exploration, run, options->table);
    if (!made)
        return false;
    bool fine = !replay_is_tried(made) || try_all(made, run->finding, options, replay);
    if (fine && !replay->text)
        fine = write_unproved(made, options, replay);
    replay_destroy(made);
    return fine;
}

void explore_replay_free(struct explore_replay *replay)
{
    free(replay->text);
    replay->text = NULL;
}
