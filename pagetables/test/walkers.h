/*
 * Cores that walk a table while an operation runs: an environment in front of flat memory which, at each call
 * of the operation, lets every walker make one of its fetches. The words of one fetch are read at once, those
 * of different fetches are not. A barrier that completes invalidations lets all walks under way end first, as
 * hardware does.
 *
 * Walkers look for pages that the operation is not about, and most of all for those whose tags it has just
 * read or written: each must be found, where it is, in every walk.
 */
#ifndef MMUSIM_PAGETABLES_TEST_WALKERS_H
#define MMUSIM_PAGETABLES_TEST_WALKERS_H

#include "pagetables/test/fixture.h"
#include "pagetables/test/random.h"

#define WALKERS 9

struct walker {
    struct walk_state walk;
    struct mapping wanted;
    uint64_t words[WALK_WORDS_MAX];
    unsigned fetched; /* fetches of this step that are done */
    bool walking;
};

struct walkers {
    struct fixture *fixture;
    struct random_stream *stream;
    struct walker walker[WALKERS];
    uint64_t about; /* the page that the operation is about */
    uint64_t about_bytes;
    uint64_t walks; /* that ended */
    uint64_t hint;  /* a word that the operation has just read or written: perhaps the tag of another page */
    bool invalidated;
};

void walkers_open(struct walkers *walkers, struct fixture *fixture, struct random_stream *stream);
/* Of each operation, on [va, va + bytes). The environment is the fixture's, with walkers. */
void walkers_begin(struct walkers *walkers, uint64_t va, uint64_t bytes);
struct environment walkers_environment(struct walkers *walkers);

#endif
