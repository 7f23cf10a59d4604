/* What is wrong with the page tables of broken.c, and the property that finds it: one row each. */
#ifndef MMUSIM_PAGETABLES_CONFORM_TEST_BROKEN_H
#define MMUSIM_PAGETABLES_CONFORM_TEST_BROKEN_H

enum broken {
    BROKEN_OVERLAP_CODE,    /* map answers "not-mapped" instead of "overlap" */
    BROKEN_LEAK_ON_FAILURE, /* a map without memory keeps the tables that it got */
    BROKEN_EARLY_RELEASE,   /* tables are released, and then invalidated */
    BROKEN_ASID,            /* invalidations name another ASID */
    BROKEN_GLOBAL,          /* a global mapping is invalidated by ASID, which leaves global entries alone */
    BROKEN_LINK_FIRST,      /* a larger array of a hashed table is linked, and then filled */
    BROKEN_LARGE_QUERY,     /* query says that a large page begins at the address */
    BROKEN_INVARIANTS,      /* the table's own check never objects */
    BROKEN_OVERLAP_UNMAPS,  /* a map that overlaps unmaps what is there */
    BROKEN_LATE_READ,       /* a table is read after its release */
    BROKEN_STOP,            /* barriers are taken for done when the machine stops */
    BROKEN_NO_WAIT,         /* nobody waits for invalidations */
    BROKEN_SELF_POINTER,    /* the state points to itself */
    BROKEN_NO_BREAK,        /* protect replaces entries without an invalid one between */
    BROKEN_EXECUTABLE,      /* executable pages are mapped as others */
    BROKEN_LEAK,            /* destroy keeps a page */
    BROKEN_KEEPS,           /* empty tables stay, though the table says that they do not */
    BROKEN_UNMAP_ANSWER,    /* unmap of what is not mapped succeeds */
    BROKEN_ATTRIBUTES,      /* what cannot be expressed is mapped as something else */
    BROKEN_BLOCKS,          /* the lock's page is not among what it says to reach */
};

#endif
