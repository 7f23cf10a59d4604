#include "pagetables/frame.h"

#include <string.h>

/* One character a position: the letter where the attribute is there, `-` where it is not. */
static const struct {
    char letter;
    uint32_t attribute;
} positions[] = {{'r', FRAME_READABLE}, {'w', FRAME_WRITABLE}, {'x', FRAME_EXECUTABLE}},
  flags[] = {{'u', FRAME_USER},         {'g', FRAME_GLOBAL}, {'d', FRAME_DEVICE},
             {'n', FRAME_NONCACHEABLE}, {'c', FRAME_CLEAN},  {'o', FRAME_OLD}};

#define POSITIONS (sizeof positions / sizeof *positions)
#define FLAGS     (sizeof flags / sizeof *flags)

/* `k` and a number from 1 to 15; nothing for key 0. Gives its length. */
static size_t print_key(unsigned key, char *text)
{
    size_t length = 0;
    if (key > 0)
        text[length++] = 'k';
    if (key > 9)
        text[length++] = '1';
    if (key > 0)
        text[length++] = (char)('0' + key % 10);
    return length;
}

/* The reverse: the length, or 0 if there is another text. */
static size_t parse_key(const char *text, unsigned *key)
{
    unsigned value = 0;
    size_t length = 1;
    for (; length < 3 && text[length] >= '0' && text[length] <= '9'; length++)
        value = value * 10 + (unsigned)(text[length] - '0');
    bool fits = text[0] == 'k' && text[1] != '0' && value > 0 && value < FRAME_KEYS;
    *key = value;
    return fits ? length : 0;
}

void frame_attributes_print(uint32_t attributes, char text[FRAME_ATTRIBUTES_TEXT_BYTES])
{
    for (size_t i = 0; i < POSITIONS; i++)
        *text++ = attributes & positions[i].attribute ? positions[i].letter : '-';
    for (size_t i = 0; i < FLAGS; i++)
        if (attributes & flags[i].attribute)
            *text++ = flags[i].letter;
    text += print_key(frame_key(attributes), text);
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
    for (; *text && *text != 'k'; text++) {
        uint32_t flag = flag_of(*text);
        if (!flag || found & flag)
            return false;
        found |= flag;
    }
    if (*text == 'k') {
        unsigned key;
        size_t length = parse_key(text, &key);
        if (length == 0 || text[length] != '\0')
            return false;
        found |= FRAME_KEY(key);
    }
    *attributes = found;
    return true;
}
