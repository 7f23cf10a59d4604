/*
 * How fast the judge is: events a second of CPU time on a long right history, by what the events are. And
 * what it takes for many mappings: seconds and bytes.
 *
 *     bench_judge [MILLIONS [MAPPINGS]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "sim/judge/judge.h"

#define PAGES UINT64_C(4096)
#define BASE  UINT64_C(0x40000000)

static uint8_t all_rights(uint32_t attributes)
{
    return attributes ? 0x3f : 0;
}

static const struct walk_format format = {.name = "bench",
                                          .va_bits = 48,
                                          .page_lg2 = 12,
                                          .frame_sizes = 3,
                                          .frame_size_lg2 = {12, 21, 30},
                                          .rights = all_rights};

static void send(const struct mmu_observer *observer, struct mmu_event *event)
{
    if (observer->event(observer->context, event) != 0) {
        (void)fputs("bench_judge: out of memory\n", stderr);
        exit(1);
    }
}

static uint64_t frame_of(uint64_t page)
{
    return BASE + (page << 12);
}

/* As before time begins: no stores, no cycles. */
static void premap(const struct mmu_observer *observer, uint64_t page, uint64_t id, uint32_t space)
{
    struct mmu_event event = {.kind = EVENT_OPERATION_BEGIN};
    event.as.operation = (struct event_operation){
        .id = id, .va = BASE + (page << 12), .frame = {frame_of(page), 0xf, 12}, .space = space};
    send(observer, &event);
    event.kind = EVENT_OPERATION_END;
    send(observer, &event);
    event = (struct mmu_event){.kind = EVENT_VIEW};
    event.as.view = (struct event_view){.operation = id,
                                        .va = BASE + (page << 12),
                                        .mapping = {BASE + (page << 12), {frame_of(page), 0xf, 12}},
                                        .mappings = EVENT_NEVER,
                                        .space = space,
                                        .mapped = 1};
    send(observer, &event);
}

static void map(const struct mmu_observer *observer, uint64_t *cycle, uint64_t page, enum operation_kind kind,
                uint64_t id)
{
    struct mmu_event event = {.cycle = ++*cycle, .kind = EVENT_OPERATION_BEGIN};
    event.as.operation = (struct event_operation){.id = id,
                                                  .va = BASE + (page << 12),
                                                  .frame = {frame_of(page), 0xf, 12},
                                                  .begin_cycle = *cycle,
                                                  .space = 1,
                                                  .kind = (uint8_t)kind};
    struct event_operation operation = event.as.operation;
    send(observer, &event);
    event = (struct mmu_event){.cycle = ++*cycle, .kind = EVENT_ENTRY_WRITE};
    event.as.entry_write = (struct event_entry_write){
        .operation = id, .pa = page * 8, .new_value = id, .issue_cycle = *cycle, .visible_cycle = *cycle};
    send(observer, &event);
    event = (struct mmu_event){.cycle = ++*cycle, .kind = EVENT_OPERATION_END};
    event.as.operation = operation;
    send(observer, &event);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void access_page(const struct mmu_observer *observer, uint64_t cycle, uint64_t random, uint64_t pages,
                        bool values)
{
    uint64_t page = random % pages;
    struct mmu_event event = {.cycle = cycle, .kind = EVENT_TRANSLATION};
    event.as.translation =
        (struct event_translation){.va = BASE + (page << 12),
                                   .pa = frame_of(page),
                                   .issue_cycle = cycle - 10,
                                   .translated_cycle = cycle - 9,
                                   .performed_cycle = values ? cycle - 1 : EVENT_NEVER,
                                   .space = 1,
                                   .size_bytes = 8,
                                   .access_kind = random >> 60 ? ACCESS_LOAD : ACCESS_STORE,
                                   .page_size_lg2 = 12,
                                   .rights = 0x3f};
    send(observer, &event);
}

static void run(const char *name, uint64_t events, bool values, uint64_t accesses_an_operation)
{
    struct judge_config config = {.values = values, .every_access = true};
    struct judge *judge = judge_create(&config);
    if (!judge)
        exit(1);
    struct mmu_observer observer = judge_observer(judge);
    struct mmu_event space = {.kind = EVENT_SPACE};
    space.as.space = (struct event_space){.format = &format, .space = 1};
    send(&observer, &space);
    uint64_t cycle = 0, id = 0, random = 88172645463325252u;
    for (uint64_t page = 0; page <= PAGES; page++)
        map(&observer, &cycle, page, OPERATION_MAP, ++id);
    cycle += 100;
    clock_t begin = clock();
    uint64_t sent = 0;
    while (sent < events) {
        for (uint64_t i = 0; i < accesses_an_operation; i++, sent++)
            access_page(&observer, cycle += 2, next_random(&random), PAGES, values);
        map(&observer, &cycle, PAGES, OPERATION_UNMAP, ++id);
        map(&observer, &cycle, PAGES, OPERATION_MAP, ++id);
        cycle += 20;
        sent += 6;
    }
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    if (judge_finish(judge) != 0 || judge_count_all(judge) != 0) {
        (void)fprintf(stderr, "bench_judge: %" PRIu64 " findings\n", judge_count_all(judge));
        exit(1);
    }
    (void)printf("%-38s %6.2f M events/s\n", name, (double)sent / seconds / 1e6);
    judge_destroy(judge);
}

static long peak_mib(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss / 1024 : 0;
}

/* Premapped pages, and accesses to all of them. */
static void run_many(uint64_t events, uint64_t mappings)
{
    struct judge_config config = {.every_access = true};
    struct judge *judge = judge_create(&config);
    if (!judge)
        exit(1);
    struct mmu_observer observer = judge_observer(judge);
    struct mmu_event space = {.kind = EVENT_SPACE};
    space.as.space = (struct event_space){.format = &format, .space = 1};
    send(&observer, &space);
    uint64_t cycle = 100, random = 88172645463325252u;
    long before = peak_mib();
    clock_t begin = clock();
    for (uint64_t page = 0; page < mappings; page++)
        premap(&observer, page, page + 1, 1);
    clock_t premapped = clock();
    for (uint64_t sent = 0; sent < events; sent++)
        access_page(&observer, cycle += 2, next_random(&random), mappings, false);
    if (judge_finish(judge) != 0 || judge_count_all(judge) != 0)
        exit(1);
    (void)printf("%" PRIu64 " mappings: premapped in %.2f s, %.1f M accesses in %.2f s, %ld MiB\n", mappings,
                 (double)(premapped - begin) / CLOCKS_PER_SEC, (double)events / 1e6,
                 (double)(clock() - premapped) / CLOCKS_PER_SEC, peak_mib() - before);
    judge_destroy(judge);
}

/* Each access is explained by a mapping of each stage. */
static void run_guest(uint64_t events)
{
    struct judge_config config = {.every_access = true};
    struct judge *judge = judge_create(&config);
    if (!judge)
        exit(1);
    struct mmu_observer observer = judge_observer(judge);
    for (uint32_t number = 2; number > 0; number--) {
        struct mmu_event space = {.kind = EVENT_SPACE};
        space.as.space =
            (struct event_space){.format = &format, .space = number, .stage2 = number == 1 ? 2 : 0};
        send(&observer, &space);
        for (uint64_t page = 0; page < PAGES; page++)
            premap(&observer, page, page + 1 + number * PAGES, number);
    }
    uint64_t cycle = 100, random = 88172645463325252u;
    clock_t begin = clock();
    for (uint64_t sent = 0; sent < events; sent++)
        access_page(&observer, cycle += 2, next_random(&random), PAGES, false);
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    if (judge_finish(judge) != 0 || judge_count_all(judge) != 0)
        exit(1);
    (void)printf("%-38s %6.2f M events/s\n", "accesses of a guest", (double)events / seconds / 1e6);
    judge_destroy(judge);
}

int main(int argc, char **argv)
{
    uint64_t events = (argc > 1 ? strtoull(argv[1], NULL, 10) : 4) * 1000000;
    run_many(events, argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000);
    run("accesses without values", events, false, 1000);
    run_guest(events);
    run("accesses with values", events, true, 1000);
    run("with an operation every 20 accesses", events, true, 20);
    return 0;
}
