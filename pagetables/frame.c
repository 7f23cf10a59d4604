#include "pagetables/frame.h"

#include <string.h>

/* One character a position: the letter where the attribute is there, `-` where it is not. */
static const struct {
    char letter;
    uint32_t attribute;
} positions[] = {{'r', FRAME_READABLE}, {'w', FRAME_WRITABLE}, {'x', FRAME_EXECUTABLE}},
  flags[] = {
      {'u', FRAME_USER}, {'g', FRAME_GLOBAL}, {'d', FRAME_DEVICE}, {'c', FRAME_CLEAN}, {'o', FRAME_OLD}};

#define POSITIONS (sizeof positions / sizeof *positions)
#define FLAGS     (sizeof flags / sizeof *flags)

void frame_attributes_print(uint32_t attributes, char text[FRAME_ATTRIBUTES_TEXT_BYTES])
{
    for (size_t i = 0; i < POSITIONS; i++)
        *text++ = attributes & positions[i].attribute ? positions[i].letter : '-';
    for (size_t i = 0; i < FLAGS; i++)
        if (attributes & flags[i].attribute)
            *text++ = flags[i].letter;
    *text = '\0';
}

/* The attribute of a letter after the three positions; 0 if there is none. */
static uint32_t flag_of(char letter)
{
    for (size_t i = 0; i < FLAGS; i++)
        if (flags[i].letter == letter)
            return flags[i].attribute;
    return 0;
}

bool frame_attributes_parse(const char *text, uint32_t *attributes)
{
    uint32_t found = 0;
    for (size_t i = 0; i < POSITIONS; i++, text++) {
        if (*text == positions[i].letter)
            found |= positions[i].attribute;
        else if (*text != '-')
            return false;
    }
    if (text[0] == '-' && text[1] != '\0')
        text++;
    for (; *text; text++) {
        uint32_t flag = flag_of(*text);
        if (!flag || found & flag)
            return false;
        found |= flag;
    }
    *attributes = found;
    return true;
}
