/*
 * Presets: descriptions of known cores that a machine can begin with. Those of scripts/machines are built
 * into the program; a user's own is a file. A preset is a Lua chunk that returns the table that machine { }
 * takes, with a `summary` of one line, and perhaps with another `preset` that it begins with itself.
 */
#ifndef MMUSIM_SIM_PRESETS_H
#define MMUSIM_SIM_PRESETS_H

#include <stdbool.h>

#include "mmu/config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A file of scripts/machines: its name without folder and suffix, and its whole text. */
struct preset_text {
    const char *name;
    const char *text;
};

/* By name; ends with a NULL name. */
extern const struct preset_text preset_text_machines[];

/* What reading a preset gives beside the machine. */
struct preset_reading {
    bool unsandboxed;  /* asked: a file may use files, processes and the clock, as its script may */
    char summary[160]; /* one line; empty if it says nothing */
    char format[48];   /* of its address spaces, unless they say otherwise; empty if it says nothing */
    int asid_bits;     /* of its TLBs' tags; -1 if it says nothing */
    char error[768];   /* one sentence, with the preset's file and, where it can be told, the line */
};

/*
 * Sets what the preset says in `config` and leaves the rest as it is. A name with a slash is the path of a
 * file, from the current folder. The resulting machine must be one by itself (mmu_config_check). False with
 * `reading->error`; then `config` may be half changed.
 */
bool preset_read(const char *name, struct mmu_config *config, struct preset_reading *reading);

#ifdef __cplusplus
}
#endif
#endif
