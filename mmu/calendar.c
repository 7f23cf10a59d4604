#include "mmu/calendar.h"

#include <stdlib.h>
#include <string.h>

bool calendar_init(struct calendar *calendar, uint32_t capacity)
{
    memset(calendar, 0, sizeof *calendar);
    calendar->items = malloc(capacity * sizeof *calendar->items);
    calendar->capacity = capacity;
    return calendar->items != NULL;
}

void calendar_destroy(struct calendar *calendar)
{
    free(calendar->items);
    memset(calendar, 0, sizeof *calendar);
}

static bool grow(struct calendar *calendar)
{
    uint32_t capacity = calendar->capacity ? calendar->capacity * 2 : 1;
    struct calendar_item *items = realloc(calendar->items, capacity * sizeof *items);
    if (!items)
        return false;
    calendar->items = items;
    calendar->capacity = capacity;
    return true;
}

bool calendar_push(struct calendar *calendar, uint64_t cycle, uint64_t order, uint32_t what, uint32_t from)
{
    if (calendar->count == calendar->capacity && !grow(calendar))
        return false;
    struct calendar_item *items = calendar->items;
    uint32_t place = calendar->count++;
    while (place > 0) {
        uint32_t parent = (place - 1) / 2;
        const struct calendar_item *above = &items[parent];
        if (above->cycle < cycle || (above->cycle == cycle && above->order < order))
            break;
        items[place] = *above;
        place = parent;
    }
    items[place].cycle = cycle;
    items[place].order = order;
    items[place].what = what;
    items[place].from = from;
    return true;
}

struct calendar_item calendar_pop(struct calendar *calendar)
{
    struct calendar_item *items = calendar->items;
    struct calendar_item first = items[0];
    struct calendar_item last = items[--calendar->count];
    uint32_t place = 0;
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= calendar->count)
            break;
        if (child + 1 < calendar->count && calendar_before(&items[child + 1], &items[child]))
            child++;
        if (!calendar_before(&items[child], &last))
            break;
        items[place] = items[child];
        place = child;
    }
    items[place] = last;
    return first;
}

/* The heap is made again out of the others. */
void calendar_remove(struct calendar *calendar, uint64_t order)
{
    uint32_t count = calendar->count, place = 0;
    while (calendar->items[place].order != order)
        place++;
    calendar->items[place] = calendar->items[count - 1];
    calendar->count = 0;
    for (uint32_t i = 0; i < count - 1; i++) {
        struct calendar_item item = calendar->items[i];
        (void)calendar_push(calendar, item.cycle, item.order, item.what, item.from); /* there is room */
    }
}
