/*
 * What reading a record's events costs, and judging them: `mmusim_replay_bench FILE.db`. Process time, since
 * a shared machine's clock says little; the peak of memory is the process's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "pagetables/walk.h"
#include "sim/record/database.h"
#include "sim/record/judging.h"
#include "sim/record/replay.h"

static double process_seconds(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0)
        return 0;
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int count(void *context, const struct mmu_event *event)
{
    *(uint64_t *)context += event->cycle != 0;
    return 0;
}

static const struct walk_format *format_of(void *context, const struct replay_format *told)
{
    return walk_format_find(told->name);
}

static void print(const char *what, uint64_t events, double seconds)
{
    struct rusage usage = {0};
    (void)getrusage(RUSAGE_SELF, &usage); /* fails for wrong arguments alone */
    printf("%-8s %11llu events in %6.1f s of process time, %6.2f M/s; peak %ld MiB\n", what,
           (unsigned long long)events, seconds, (double)events / seconds * 1e-6, usage.ru_maxrss / 1024);
}

static bool replay(struct sqlite3 *database)
{
    uint64_t counted = 0;
    struct replay_texts texts = {0};
    struct replay_result result;
    const struct mmu_observer observer = {count, &counted};
    const struct replay_config config = {
        .observer = &observer, .kinds = REPLAY_ALL, .format = format_of, .texts = &texts};
    double begin = process_seconds();
    bool whole = replay_run(database, &config, &result);
    print("replay", result.events, process_seconds() - begin);
    if (!whole)
        (void)fprintf(stderr, "%s\n", result.error.text);
    replay_texts_free(&texts);
    return whole;
}

static bool judge(const char *path)
{
    struct judging judging;
    double begin = process_seconds();
    judging_run(path, &judging);
    print("judge", judging.events, process_seconds() - begin);
    if (judging.judge)
        printf("%llu findings\n", (unsigned long long)judge_count_all(judging.judge));
    if (!judging.whole)
        (void)fprintf(stderr, "%s\n", judging.error.text);
    judging_free(&judging);
    return judging.whole;
}

int main(int count_of_words, char **words)
{
    struct record_error error;
    bool complete;
    if (count_of_words != 2) {
        (void)fprintf(stderr, "usage: mmusim_replay_bench FILE.db\n");
        return EXIT_FAILURE;
    }
    struct sqlite3 *database = record_database_open(words[1], &complete, &error);
    if (!database) {
        (void)fprintf(stderr, "%s\n", error.text);
        return EXIT_FAILURE;
    }
    bool whole = replay(database) && judge(words[1]);
    record_database_close(database);
    return whole ? EXIT_SUCCESS : EXIT_FAILURE;
}
