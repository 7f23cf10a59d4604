/* The rules of the protocol of live tables (sim/protocol/) that are rules of the judges, too. */
#ifndef MMUSIM_SIM_JUDGE_PROTOCOL_RULES_H
#define MMUSIM_SIM_JUDGE_PROTOCOL_RULES_H

#include "sim/judge/judge.h"
#include "sim/protocol/rules.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of a rule that runs are judged by: the architecture's (sim/protocol/README.md). */
enum judge_rule judge_rule_of_protocol(enum protocol_rule rule);

#ifdef __cplusplus
}
#endif
#endif
