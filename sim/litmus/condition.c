#include "sim/litmus/condition.h"

static bool number_is(uint64_t held, int64_t number)
{
    uint64_t value = (uint64_t)number;
    return held == value || (number < 0 && held == (value & UINT32_MAX)); /* -1 in a W register */
}

static bool value_is(const struct litmus_final *final, uint64_t held, const struct litmus_value *value)
{
    if (value->kind == LITMUS_NUMBER)
        return number_is(held, value->number);
    return held == final->value(final->context, value);
}

static bool fault_occurred(const struct litmus_test *test, const struct litmus_final *final,
                           const struct litmus_node *node)
{
    const struct litmus_thread *thread = &test->thread[node->thread];
    for (unsigned i = 0; i < final->fault_count; i++) {
        const struct litmus_fault *fault = &final->faults[i];
        if (fault->thread == node->thread &&
            (node->label == LITMUS_NONE || fault->instruction == thread->label[node->label].instruction) &&
            (node->location == LITMUS_NONE || fault->location == node->location) &&
            (node->fault == LITMUS_FAULT_ANY || fault->kind == node->fault))
            return true;
    }
    return false;
}

static bool node_holds(const struct litmus_test *test, const struct litmus_final *final, const bool *holds,
                       const struct litmus_node *node)
{
    switch ((enum litmus_node_kind)node->kind) {
    case LITMUS_TRUE:
        return true;
    case LITMUS_FALSE:
        return false;
    case LITMUS_REGISTER_IS:
        return value_is(final, final->reg(final->context, node->thread, node->register_number), &node->value);
    case LITMUS_WORD_IS:
        return value_is(final, final->word(final->context, node->location, node->element), &node->value);
    case LITMUS_ENTRY_IS:
        return value_is(final, final->entry(final->context, node->location), &node->value);
    case LITMUS_FAULT:
        return fault_occurred(test, final, node);
    case LITMUS_NOT:
        return !holds[node->left];
    case LITMUS_AND_ALSO:
        return holds[node->left] && holds[node->right];
    case LITMUS_OR_ELSE:
        return holds[node->left] || holds[node->right];
    }
    return false;
}

bool litmus_condition_holds(const struct litmus_test *test, const struct litmus_final *final)
{
    bool holds[LITMUS_CONDITION] = {false};
    for (unsigned i = 0; i < test->nodes; i++) /* children first */
        holds[i] = node_holds(test, final, holds, &test->node[i]);
    return test->nodes > 0 && holds[test->nodes - 1];
}
