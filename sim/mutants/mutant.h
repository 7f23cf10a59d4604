/*
 * The mutants that the program `mmusim-mutants` has beside the right code, and what each is expected to do.
 * The lists are made by .cmake/mutate.py from the files mutants/ of each folder, in which README.md describes
 * them.
 */
#ifndef MMUSIM_SIM_MUTANTS_MUTANT_H
#define MMUSIM_SIM_MUTANTS_MUTANT_H

#include <stdbool.h>

struct mutant {
    const char *name;
    const char *what;      /* one line: what is wrong */
    const char *group;     /* "page table", "TLB", "walker", "network", "recorder" */
    const char *rules;     /* any of these, "a, b", kills a functional mutant; "" for a performance mutant */
    const char *form;      /* its closed form: the name of an SQL text; "" for a functional mutant */
    const char *gap;       /* why nothing finds it, of a known survivor; "" for the others */
    const char *script;    /* the name of a text */
    const char *arguments; /* of the script: words with a space between them */
    const char *file;      /* the first one that it changes */
    bool explored;         /* the script is an exploration, and no run */
    bool adversary;        /* shows only if hardware does what it is free to do */
};

/* A script or a closed form, by its path in the project. */
struct mutant_text {
    const char *name;
    const char *text;
};

/* Both end with a NULL name. */
extern const struct mutant mutants[];
extern const struct mutant_text mutant_texts[];

/* The number of the mutant that this process is, counted from 1 in the list; 0: none. Set once, by main. */
extern unsigned mutant_selected;

/* NULL, after one sentence on standard error, if there is none of this name. */
const struct mutant *mutant_find(const char *name);
/* NULL if there is none. */
const char *mutant_text_find(const char *name);

#endif
