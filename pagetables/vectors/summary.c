#include <stdlib.h>
#include <string.h>

#include "pagetables/vectors/run.h"

static struct vectors_reason *find_reason(struct vectors_summary *summary,
                                          const struct vectors_reason *wanted)
{
    for (size_t i = 0; i < summary->reasons; i++) {
        struct vectors_reason *reason = &summary->reason[i];
        if (reason->verdict == wanted->verdict && reason->kind == wanted->kind &&
            reason->column == wanted->column && strcmp(reason->why, wanted->why) == 0)
            return reason;
    }
    struct vectors_reason *more = realloc(summary->reason, (summary->reasons + 1) * sizeof *summary->reason);
    if (more == NULL)
        return NULL;
    summary->reason = more;
    more[summary->reasons] = *wanted;
    more[summary->reasons].why = strdup(wanted->why); /* the outcome's lives no longer than the run */
    return more[summary->reasons].why != NULL ? &more[summary->reasons++] : NULL;
}

static bool count(struct vectors_summary *summary, const struct vectors_outcome *outcome,
                  enum vectors_verdict verdict, const char *column, const char *why)
{
    const struct vectors_reason wanted = {
        .verdict = verdict, .kind = outcome->kind, .column = column, .why = (char *)why};
    struct vectors_reason *reason = find_reason(summary, &wanted);
    if (reason == NULL)
        return false;
    reason->rows++;
    reason->agree_nevertheless += outcome->agrees_nevertheless;
    return true;
}

bool vectors_summary_add(struct vectors_summary *summary, const struct vectors_outcome *outcome)
{
    bool open = false;
    summary->rows[outcome->verdict]++;
    if (outcome->verdict == VECTORS_EXCLUDED || outcome->verdict == VECTORS_UNSUPPORTED)
        return count(summary, outcome, outcome->verdict, NULL, outcome->why);
    for (unsigned i = 0; i < outcome->columns; i++) {
        const struct vectors_compared *compared = &outcome->compared[i];
        if (compared->why_open == NULL)
            continue;
        open = true;
        if (!count(summary, outcome, VECTORS_AGREES, compared->column, compared->why_open))
            return false;
    }
    summary->open_rows += open;
    return true;
}

void vectors_summary_release(struct vectors_summary *summary)
{
    for (size_t i = 0; i < summary->reasons; i++)
        free(summary->reason[i].why);
    free(summary->reason);
    *summary = (struct vectors_summary){0};
}
