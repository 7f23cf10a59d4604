/* What is compared after each step. Not a public header. */
#ifndef MMUSIM_PAGETABLES_CONFORM_CHECK_H
#define MMUSIM_PAGETABLES_CONFORM_CHECK_H

#include "pagetables/conform/subject.h"
#include "pagetables/conform/trial.h"

/* A new table, which is as it should be: empty. False if the trial is over. */
bool conform_begin(struct conform_trial *trial, struct conform_subject *subject);
/* Destroys the table and looks for what it leaves; `leaks` is asked only if nothing was broken before. */
bool conform_end(struct conform_trial *trial, struct conform_subject *subject);

/* The abstract map could not follow: the trial ends, and nothing is said of the table; false. */
bool conform_lose(struct conform_trial *trial, const struct conform_subject *subject);

/* What a table may answer to a step, by the abstract map: one of two. */
struct conform_answers {
    enum pagetable_result first;
    enum pagetable_result second;
};
struct conform_answers conform_expected(const struct conform_trial *trial,
                                        const struct conform_subject *subject,
                                        const struct conform_step *step);

/* The conduct of the last operation, whatever it answered. */
bool conform_check_conduct(struct conform_trial *trial, const struct conform_subject *subject);
/* The answer to a step, before the abstract map follows it. */
bool conform_check_answer(struct conform_trial *trial, const struct conform_subject *subject,
                          const struct conform_step *step, enum pagetable_result answer);
/* Hardware reads exactly the abstract map, or `id` is broken. */
bool conform_check_view(struct conform_trial *trial, struct conform_subject *subject,
                        enum conform_property_id id);
bool conform_check_invariants(struct conform_trial *trial, struct conform_subject *subject);
/* query at both ends of and around what was mapped at `va`, or would be with this size, and in its middle. */
bool conform_check_queries(struct conform_trial *trial, struct conform_subject *subject, uint64_t va,
                           unsigned size_lg2);

/* A step with all of these; true if the trial goes on. */
bool conform_check_step(struct conform_trial *trial, struct conform_subject *subject,
                        const struct conform_step *step);

#endif
