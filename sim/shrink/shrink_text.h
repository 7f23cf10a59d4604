/* The parts that are written in Lua, built into the program. */
#ifndef MMUSIM_SIM_SHRINK_SHRINK_TEXT_H
#define MMUSIM_SIM_SHRINK_SHRINK_TEXT_H

struct shrink_text {
    const char *name;
    const char *text;
};

/* Ends with a NULL name. */
extern const struct shrink_text shrink_text_parts[];

#endif
