#include "sim/controls.h"

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

uint32_t controls_of_format(const struct walk_format *format)
{
    uint32_t found = 0;
    for (unsigned i = 0; format->allowed && i < CONTROLS_COUNT; i++)
        for (uint32_t others = 0; others <= CONTROLS_ALL && !(found >> i & 1); others++)
            found |= changes(format, 1u << i, others) ? 1u << i : 0;
    return found;
}
