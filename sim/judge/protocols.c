/* The protocol of live tables (sim/protocol), as rules of the judge. */
#include <errno.h>

#include "sim/judge/internal.h"
#include "sim/judge/protocol_rules.h"
#include "sim/protocol/run.h"

enum judge_rule judge_rule_of_protocol(enum protocol_rule rule)
{
    switch (rule) {
    case PROTOCOL_CHANGED_WITHOUT_BREAK:
        return RULE_CHANGED_WITHOUT_BREAK;
    case PROTOCOL_MADE_BEFORE_CLEAN:
        return RULE_MADE_BEFORE_CLEAN;
    case PROTOCOL_WRITE_BELOW_UNCLEAN:
        return RULE_WRITE_BELOW_UNCLEAN;
    default:
        return RULE_TABLE_TWICE;
    }
}

static void report(void *context, const struct protocol_violation *violation)
{
    struct judge *judge = context;
    struct judge_finding finding = {.cycle = violation->mark.at,
                                    .va = violation->va,
                                    .operation = violation->mark.event,
                                    .space = violation->root,
                                    .rule = (uint8_t)judge_rule_of_protocol(violation->rule),
                                    .core = violation->agent};
    judge_report(judge, &finding, "%s", violation->text);
}

bool protocol_init(struct judge *judge)
{
    const struct protocol_run_config config = {.cores = judge->config.cores,
                                               .by_interrupt = judge->config.by_interrupt,
                                               .listener = {.found = report, .context = judge}};
    judge->protocol = protocol_run_create(&config);
    return judge->protocol != NULL;
}

void protocol_forget(struct judge *judge)
{
    protocol_run_destroy(judge->protocol);
}

void protocol_told(struct judge *judge, const struct mmu_event *event)
{
    if (protocol_run_event(judge->protocol, event) == PROTOCOL_NO_MEMORY)
        judge->error = ENOMEM;
}
