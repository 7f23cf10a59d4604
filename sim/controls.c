#include "sim/controls.h"

#include <stdio.h>

/* Rights of each kind, of a kernel's and a user's page, with keys that take everything. */
static bool changes(const struct walk_format *format, uint32_t control, uint32_t others)
{
    const struct access_controls with = {others | control, UINT32_MAX},
                                 without = {others & ~control, UINT32_MAX};
    const uint32_t pages[] = {FRAME_READABLE | FRAME_WRITABLE, FRAME_READABLE | FRAME_WRITABLE | FRAME_USER,
                              FRAME_READABLE | FRAME_EXECUTABLE | FRAME_USER, FRAME_EXECUTABLE | FRAME_USER};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        for (unsigned rights = 0; rights <= (ACCESS_RIGHTS_ALL | ACCESS_RIGHT_MXR); rights++)
            if (format->allowed(&with, (uint8_t)rights, pages[i]) !=
                format->allowed(&without, (uint8_t)rights, pages[i]))
                return true;
    return false;
}

/* None of the other controls, each alone, all, and all but one. */
static uint32_t others_at(unsigned index)
{
    uint32_t one = index % (CONTROLS_COUNT + 1) ? 1u << (index % (CONTROLS_COUNT + 1) - 1) : 0;
    return index <= CONTROLS_COUNT ? one : CONTROLS_ALL & ~one;
}

uint32_t controls_of_format(const struct walk_format *format)
{
    uint32_t found = 0;
    for (unsigned i = 0; format->allowed && i < CONTROLS_COUNT; i++)
        for (unsigned k = 0; k <= 2 * CONTROLS_COUNT + 1 && !(found >> i & 1); k++)
            found |= changes(format, 1u << i, others_at(k)) ? 1u << i : 0;
    return found;
}

void controls_of_format_print(uint32_t controls, char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < CONTROLS_COUNT && used < bytes; i++)
        if (controls >> i & 1)
            used += (size_t)snprintf(text + used, bytes - used, "%s%s", used ? ", " : "",
                                     access_control_name(1u << i));
    if (controls & CONTROL_PKE && used < bytes)
        (void)snprintf(text + used, bytes - used, ", pkru");
}
