#include "sim/judge/test/guest.h"

struct event_space *guest_told(unsigned number)
{
    for (size_t i = 0; i < story.count; i++)
        if (story.events[i].kind == EVENT_SPACE && story.events[i].as.space.space == number)
            return &story.events[i].as.space;
    return NULL;
}

void guest_begin(void)
{
    story_begin(&story);
    story_space(&story, SECOND, true);
    guest_told(1)->stage2 = SECOND;
    guest_told(2)->stage2 = SECOND;
    for (unsigned number = 1; number <= SECOND; number++)
        guest_told(number)->vmid = 7;
}

void guest_map_second(uint64_t id, uint64_t ipa, uint64_t pa, uint32_t attributes, uint8_t size_lg2)
{
    struct act act = {.id = id,
                      .kind = OPERATION_MAP,
                      .va = ipa,
                      .frame = {pa, attributes, size_lg2},
                      .begin = 50,
                      .write = 60,
                      .visible = 70,
                      .end = 80,
                      .space = SECOND};
    story_act(&story, &act);
}

/* Window [310, 350]. */
struct act guest_end_second(uint64_t id, enum operation_kind kind)
{
    return (struct act){.id = id,
                        .kind = kind,
                        .va = IPA,
                        .frame = {0, RO, 12},
                        .begin = 300,
                        .write = 310,
                        .visible = 320,
                        .invalidate = 325,
                        .acknowledge = 340,
                        .end = 350,
                        .space = SECOND};
}

void guest_unmap_second(void)
{
    struct act act = guest_end_second(20, OPERATION_UNMAP);
    story_act(&story, &act);
}

int guest_begin_both(void **state)
{
    guest_begin();
    guest_map_second(2, IPA, HOST, RW, 12);
    story_map_page(&story, 1, RW);
    return 0;
}

int guest_begin_first(void **state)
{
    guest_begin();
    story_map_page(&story, 1, RW);
    return 0;
}

struct event_translation *guest_load(uint64_t issue, uint64_t done)
{
    return story_load(&story, PAGE + 8, HOST + 8, issue, done);
}

struct event_tlb_entry *guest_entry(uint64_t fill, uint64_t end)
{
    struct event_tlb_entry *entry = story_entry(&story, fill, end);
    entry->frame.base = HOST;
    entry->vmid = 7;
    return entry;
}
