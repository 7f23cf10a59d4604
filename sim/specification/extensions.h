/*
 * Where the seed's specification is extended, each extension by its name.
 *
 * A state carries the set of extensions that it is judged with. With the empty set ({0}) every relation is
 * the seed's own text, conjunct by conjunct; an extension adds a transition, adds state, demands more, or
 * allows more. README.md says of each what it is for and what it changes. The second group has state of its
 * own and lives in extended.h.
 */
#ifndef MMUSIM_SPECIFICATION_EXTENSIONS_H
#define MMUSIM_SPECIFICATION_EXTENSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetables/frame.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

enum extension {
    EXTENSION_PROTECT = 1 << 0, /* the transition protect: the same frame, other attributes */
    EXTENSION_ANSWERS =
        1 << 1, /* operations without their precondition are steps too: Err, nothing changes */
    EXTENSION_REFUSALS = 1 << 2, /* a table may refuse: no memory, or a format without such an entry */
    EXTENSION_CONTENTS = 1 << 3, /* map and unmap keep the contents of what else is mapped */
    EXTENSION_ALIASES = 1 << 4,  /* a frame may be mapped more than once */
    EXTENSION_FETCH = 1 << 5,    /* the transition fetch: a read that needs the right to execute */
    EXTENSION_PRIVILEGE =
        1 << 6,               /* accesses of the kernel; rights as the format reads them under the controls */
    EXTENSION_FILLS = 1 << 7, /* a miss fills the TLB or does not; the seed always fills, failing or not */
    EXTENSION_SPECULATION = 1 << 8, /* a TLB drops at any time, and fills with what the table maps */
    EXTENSION_STATE = 1 << 9,       /* entries are old or clean, and hardware or software changes that */

    EXTENSION_CORES = 1 << 10,       /* several cores, each with a TLB */
    EXTENSION_TAGS = 1 << 11,        /* several address spaces; entries with an ASID, or global */
    EXTENSION_ORDERING = 1 << 12,    /* a core's stores wait in a buffer, forwarded to itself alone */
    EXTENSION_WALK_CACHES = 1 << 13, /* a core keeps tables, at which walks begin */
    EXTENSION_CONTROLS = 1 << 14,    /* the controls of a core change */
    EXTENSION_STAGE2 = 1 << 15,      /* what a table maps to is translated once more */
};
#define EXTENSIONS_ALL   0xffffu
#define EXTENSIONS_COUNT 16u

/* {0}: the seed as it is. */
struct extensions {
    uint32_t set;                     /* extension, or-ed */
    const struct walk_format *format; /* PRIVILEGE: who reads the attributes */
    struct access_controls controls;  /* PRIVILEGE: of the core */
    bool hardware_access;             /* STATE: hardware makes old entries accessed; else they fault */
    bool hardware_dirty;              /* STATE: hardware makes clean entries dirty; else stores fault */
};

/* "protect", "answers", ... of one bit; NULL if it is none. */
const char *extension_name(uint32_t extension);

static inline bool extended_by(const struct extensions *extensions, uint32_t extension)
{
    return (extensions->set & extension) != 0;
}

bool extensions_equal(const struct extensions *a, const struct extensions *b);

/*
 * Whether a frame with these attributes, whose entry is in this state (FRAME_STATE_ALL), may be accessed.
 * The seed: readable for a read, writable for a write, and user-accessible.
 */
bool frame_permits(const struct extensions *extensions, uint32_t attributes, uint32_t state,
                   enum access_kind kind, enum privilege privilege);

#ifdef __cplusplus
}
#endif
#endif
