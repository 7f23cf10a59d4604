#include "sim/judge/test/fixture.h"

struct story story;

int begin_mapped(void **state)
{
    story_begin(&story);
    story_map_page(&story, 1, RW);
    return 0;
}

int begin_unmapped(void **state)
{
    story_begin(&story);
    story_map_page(&story, 1, RW);
    story_unmap_page(&story, 2);
    return 0;
}

int begin_empty(void **state)
{
    story_begin(&story);
    return 0;
}

int end(void **state)
{
    story_end(&story);
    return 0;
}

struct act protect_read_only(void)
{
    return (struct act){.id = 2,
                        .kind = OPERATION_PROTECT,
                        .va = PAGE,
                        .frame = {0, RO, 12},
                        .begin = 200,
                        .write = 210,
                        .visible = 220,
                        .invalidate = 225,
                        .acknowledge = 240,
                        .end = 250};
}
