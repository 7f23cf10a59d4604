#include "sim/specification/array.h"

#include <stdlib.h>
#include <string.h>

void *array_reserve(void *at, size_t *room, size_t count, size_t bytes)
{
    if (count <= *room)
        return at;
    size_t wanted = *room ? 2 * *room : 4;
    if (wanted < count)
        wanted = count;
    void *larger = realloc(at, wanted * bytes);
    if (larger)
        *room = wanted;
    return larger;
}

void *array_copy(void *at, size_t *room, const void *from, size_t count, size_t bytes)
{
    void *to = array_reserve(at, room, count, bytes);
    if (to)
        memcpy(to, from, count * bytes);
    return to;
}
