/*
 * What a state or a step does not fulfil: the name of a rule, and one sentence.
 *
 * Every relation and invariant of this folder answers with a bool, and if it is false and somebody wants to
 * know, with a violation: the first clause, in the order of the text, that does not hold.
 */
#ifndef MMUSIM_SPECIFICATION_VIOLATION_H
#define MMUSIM_SPECIFICATION_VIOLATION_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VIOLATION_TEXT_BYTES 240

struct violation {
    const char *rule; /* "page_table.map": a constant */
    char text[VIOLATION_TEXT_BYTES];
};

/* The rule that clauses belong to, and who is told; `violation` may be NULL. */
struct clause {
    const char *rule;
    struct violation *violation;
};

/* The condition; if it is false, the sentence is told. */
bool clause_holds(const struct clause *clause, bool condition, const char *text);

/* The same with a text as of printf. */
bool clause_holds_of(const struct clause *clause, bool condition, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif
#endif
