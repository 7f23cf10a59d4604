/*
 * Whether a log keeps the protocol: the state machine of entries (protocol.h), and around it what only logs
 * tell: locks, hints, the life of memory, system registers, who may write plainly.
 *
 * Judging ends with the first violation: what follows a broken protocol means nothing.
 */
#ifndef MMUSIM_SIM_PROTOCOL_LOG_CHECK_H
#define MMUSIM_SIM_PROTOCOL_LOG_CHECK_H

#include "sim/protocol/log.h"
#include "sim/protocol/protocol.h"

#ifdef __cplusplus
extern "C" {
#endif

struct log_check;

/* NULL if there is no memory. */
struct log_check *log_check_create(void);
void log_check_destroy(struct log_check *check); /* NULL is allowed */

enum log_verdict {
    LOG_FINE,
    LOG_VIOLATED,  /* log_check_violation() */
    LOG_REFUSED,   /* the event means nothing: log_check_sentence() */
    LOG_NO_MEMORY, /* nothing more can be judged */
};

enum log_verdict log_check_step(struct log_check *check, const struct log_event *event);
/* Marks are lines; their `event` is the log's id. */
const struct protocol_violation *log_check_violation(const struct log_check *check);
const char *log_check_sentence(const struct log_check *check);

#ifdef __cplusplus
}
#endif
#endif
