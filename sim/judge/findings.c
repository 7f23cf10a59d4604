/* Findings: counted always, kept with a sentence while there is room. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/judge/internal.h"

static const struct {
    const char *name;
    const char *text;
} rules[JUDGE_RULES] = {
    [RULE_STALE_TRANSLATION] = {"stale_translation",
                                "a translation, hit, fill or pending access after its mapping had ended"},
    [RULE_STALE_ENTRY] = {"stale_entry", "a TLB entry resident after its mapping had ended, hit or not"},
    [RULE_NEVER_MAPPED] = {"never_mapped", "a translation of an address at which nothing was mapped"},
    [RULE_WRONG_FRAME] = {"wrong_frame",
                          "a translation with another address, page size or rights than the mapping"},
    [RULE_FORBIDDEN_ACCESS] = {"forbidden_access", "an access succeeded that the mapping's rights forbid"},
    [RULE_SPURIOUS_FAULT] = {"spurious_fault",
                             "a fault on a page that was mapped and permitted from issue to completion"},
    [RULE_UNEXPECTED_ABORT] = {"unexpected_abort",
                               "an address-size fault or external abort on a page that was mapped"},
    [RULE_OPERATION_RESULT] = {"operation_result",
                               "a page-table operation answered otherwise than specified"},
    [RULE_VIEW_DIFFERS] = {"view_differs", "a page table does not stand for the abstract map"},
    [RULE_LOAD_VALUE] = {"load_value", "a load did not return what the abstract memory holds"},
    [RULE_INCOMPLETE_INVALIDATION] =
        {"incomplete_invalidation", "an invalidation completed without all acknowledgements, or one of them "
                                    "came too early"},
    [RULE_TORN_ACCESS] = {"torn_access", "half of an access was performed though its other half faulted"},
    [RULE_TABLE_INVARIANT] = {"table_invariant", "a page table broke an invariant of its structure"},
    [RULE_LOST_STATE] = {"lost_state",
                         "a walk used a page as accessed or dirty, and hardware had not changed its entry"},
    [RULE_LOST_TABLE] = {"lost_table",
                         "the memory that a page table holds is not the memory that it reaches"},
    [RULE_CHANGED_WITHOUT_BREAK] =
        {"changed_without_break", "Arm: a valid entry became another valid one without having been invalid"},
    [RULE_MADE_BEFORE_CLEAN] = {"made_before_clean",
                                "Arm: an entry became valid again before what it was had been invalidated"},
    [RULE_WRITE_BELOW_UNCLEAN] = {"write_below_unclean",
                                  "Arm: a table was written that walks may reach through a removed entry"},
    [RULE_TABLE_TWICE] = {"table_twice",
                          "Arm: a page became a table that is one, or that walks may still reach"},
};

static const char *const unjudged_texts[JUDGE_UNJUDGED] = {
    [UNJUDGED_VALUES] = "loads whose value is not in the events",
    [UNJUDGED_HITS] = "plain hits are not among the events: rights and values of single hits",
    [UNJUDGED_SPACE] = "events of an address space that was never told, or whose second stage was not",
    [UNJUDGED_LATE_ACCESS] = "accesses or walks told too long after they were performed",
    [UNJUDGED_LATE_WRITE] = "entry writes visible too long after their operation had returned",
    [UNJUDGED_LIMIT] = "undecided events beyond the limit",
    [UNJUDGED_OPEN] = "operations whose window was still open when the run ended",
};

const char *judge_rule_name(enum judge_rule rule)
{
    return (unsigned)rule < JUDGE_RULES ? rules[rule].name : "?";
}

const char *judge_rule_text(enum judge_rule rule)
{
    return (unsigned)rule < JUDGE_RULES ? rules[rule].text : "?";
}

const char *judge_unjudged_text(enum judge_unjudged what)
{
    return (unsigned)what < JUDGE_UNJUDGED ? unjudged_texts[what] : "?";
}

bool judge_rule_find(const char *name, enum judge_rule *rule)
{
    for (unsigned i = 0; i < JUDGE_RULES; i++) {
        if (strcmp(name, rules[i].name) == 0) {
            *rule = (enum judge_rule)i;
            return true;
        }
    }
    return false;
}

const char *judge_operation_name(uint8_t kind)
{
    static const char *const names[OPERATION_KINDS] = {"map", "unmap", "protect", "query"};
    return kind < OPERATION_KINDS ? names[kind] : "?";
}

const char *judge_access_name(uint8_t kind)
{
    static const char *const names[ACCESS_KINDS] = {"load", "store", "fetch"};
    return kind < ACCESS_KINDS ? names[kind] : "?";
}

const char *judge_fault_name(uint8_t fault)
{
    static const char *const names[FAULT_KINDS] = {"no",           "translation",   "access-flag",
                                                   "permission",   "address-size",  "external-abort",
                                                   "TLB-conflict", "reserved-bits", "noncanonical"};
    return fault < FAULT_KINDS ? names[fault] : "?";
}

struct cycle_text cycle_print(uint64_t cycle)
{
    struct cycle_text text;
    if (cycle == EVENT_NEVER)
        memcpy(text.text, "never", sizeof "never");
    else
        (void)snprintf(text.text, sizeof text.text, "%" PRIu64, cycle); /* 20 digits at the most */
    return text;
}

struct rights_text rights_print(unsigned rights)
{
    static const char letters[ACCESS_KINDS] = {'r', 'w', 'x'};
    static const uint8_t order[ACCESS_KINDS] = {ACCESS_LOAD, ACCESS_STORE, ACCESS_FETCH};
    char text[PRIVILEGES][ACCESS_KINDS + 1] = {{0}};
    struct rights_text all;
    for (unsigned i = 0; i < ACCESS_KINDS; i++)
        for (unsigned p = 0; p < PRIVILEGES; p++)
            text[p][i] = rights & ACCESS_RIGHT(p, order[i]) ? letters[order[i]] : '-';
    (void)snprintf(all.text, sizeof all.text, "user %s, kernel %s", text[PRIVILEGE_USER],
                   text[PRIVILEGE_KERNEL]);
    return all;
}

struct controls_text controls_print(const struct access_controls *controls)
{
    struct controls_text all = {""};
    size_t length = 0;
    for (unsigned i = 0; i < CONTROLS_COUNT; i++)
        if (controls->flags >> i & 1)
            length += (size_t)snprintf(all.text + length, sizeof all.text - length, "%s %s",
                                       length ? "" : " under", access_control_name(1u << i));
    if (controls->flags & CONTROL_PKE)
        (void)snprintf(all.text + length, sizeof all.text - length, " pkru=0x%x", controls->key_rights);
    return all;
}

void judge_report(struct judge *judge, const struct judge_finding *finding, const char *format, ...)
{
    judge->counts[finding->rule]++;
    if (judge->finding_count >= judge->config.findings_max)
        return;
    if (judge->finding_count == judge->finding_capacity) {
        struct judge_finding *grown =
            judge_grow(judge, judge->findings, &judge->finding_capacity, sizeof *grown);
        if (!grown)
            return;
        judge->findings = grown;
    }
    struct judge_finding *kept = &judge->findings[judge->finding_count++];
    *kept = *finding;
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(kept->text, sizeof kept->text, format, arguments) < 0)
        kept->text[0] = '\0';
    va_end(arguments);
}

static int compare_numbers(uint64_t one, uint64_t other)
{
    return (one > other) - (one < other);
}

static int compare_findings(const void *one, const void *other)
{
    const struct judge_finding *a = one;
    const struct judge_finding *b = other;
    int order = compare_numbers(a->cycle, b->cycle);
    order = order ? order : compare_numbers(a->core, b->core);
    order = order ? order : compare_numbers(a->rule, b->rule);
    order = order ? order : compare_numbers(a->va, b->va);
    order = order ? order : compare_numbers(a->entry, b->entry);
    return order ? order : strcmp(a->text, b->text);
}

void judge_sort_findings(struct judge *judge)
{
    if (judge->finding_count)
        qsort(judge->findings, judge->finding_count, sizeof *judge->findings, compare_findings);
}

size_t judge_findings(const struct judge *judge)
{
    return judge->finding_count;
}

const struct judge_finding *judge_finding_at(const struct judge *judge, size_t index)
{
    return index < judge->finding_count ? &judge->findings[index] : NULL;
}

uint64_t judge_count(const struct judge *judge, enum judge_rule rule)
{
    return (unsigned)rule < JUDGE_RULES ? judge->counts[rule] : 0;
}

uint64_t judge_count_all(const struct judge *judge)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < JUDGE_RULES; i++)
        sum += judge->counts[i];
    return sum;
}

uint64_t judge_unjudged(const struct judge *judge, enum judge_unjudged what)
{
    return (unsigned)what < JUDGE_UNJUDGED ? judge->unjudged[what] : 0;
}
