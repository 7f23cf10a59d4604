/* What of an exploration's steps concerns the protocol of live tables. */
#include "sim/explore/exploration_internal.h"
#include "sim/protocol/run.h"

static uint32_t tell(struct exploration *exploration, struct explored *explored,
                     const struct mmu_event *event)
{
    enum judge_rule rule;
    uint32_t after = table_protocol_after(exploration->protocol, explored->protocol, event, &rule);
    if (after == TABLE_PROTOCOL_NONE) {
        (void)exploration_fail(exploration, "the memory that was allowed is used up");
        return 0;
    }
    explored->protocol = after;
    return rule == JUDGE_RULES ? 0 : FINDING(rule);
}

bool protocol_begins(struct exploration *exploration, struct explored *explored)
{
    const struct exploration_config *config = &exploration->config;
    const struct small_context *context = &config->machine.contexts[0];
    const struct mmu_event event = {.kind = EVENT_SPACE,
                                    .as.space = {.root = context->regime.root,
                                                 .format = context->regime.format,
                                                 .asid = context->asid,
                                                 .vmid = context->vmid}};
    if (config->refinement_alone || !protocol_applies(context->regime.format))
        return true;
    exploration->protocol = table_protocol_create(config->machine.cores, config->budget);
    if (!exploration->protocol)
        return exploration_fail(exploration, "the memory that was allowed is used up");
    return tell(exploration, explored, &event) == 0 && !exploration->error;
}

uint32_t protocol_sees_write(struct exploration *exploration, struct explored *explored, unsigned core,
                             uint64_t pa, uint64_t before, uint64_t after)
{
    const struct mmu_event event = {.kind = EVENT_ENTRY_WRITE,
                                    .core = (uint8_t)core,
                                    .as.entry_write = {.pa = pa, .old_value = before, .new_value = after}};
    if (!exploration->protocol || before == after)
        return 0;
    uint32_t finding = tell(exploration, explored, &event);
    if (finding != 0)
        exploration->subject = (struct finding_subject){
            .core = (uint8_t)core, .write = {.pa = pa, .before = before, .after = after}};
    return finding;
}

void protocol_sees_barrier(struct exploration *exploration, struct explored *explored, unsigned core,
                           enum barrier_kind kind)
{
    const struct mmu_event event = {
        .kind = EVENT_BARRIER, .core = (uint8_t)core, .as.barrier = {.kind = (uint8_t)kind}};
    if (exploration->protocol)
        (void)tell(exploration, explored, &event);
}

void protocol_sees_invalidation(struct exploration *exploration, struct explored *explored, unsigned core,
                                const struct invalidation *what, unsigned targets)
{
    const struct mmu_event event = {
        .kind = EVENT_INVALIDATION,
        .core = (uint8_t)core,
        .as.invalidation = {.what = *what, .targets = (uint32_t)__builtin_popcount(targets)}};
    if (exploration->protocol)
        (void)tell(exploration, explored, &event);
}
