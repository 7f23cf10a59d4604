#include "sim/litmus/write.h"

#include <inttypes.h>

const char *litmus_fault_name(enum litmus_fault_kind kind)
{
    static const char *const names[] = {"any", "MMU:Translation", "MMU:Permission", "MMU:AccessFlag"};
    return names[kind];
}

void litmus_put_descriptor(struct litmus_text *text, const struct litmus_test *test,
                           const struct litmus_descriptor *descriptor)
{
    litmus_put(text, "(oa:PA(%s)", test->location[descriptor->oa].name);
    if (!descriptor->valid)
        litmus_put(text, ",valid:0");
    if (!descriptor->af)
        litmus_put(text, ",af:0");
    if (!descriptor->db)
        litmus_put(text, ",db:0");
    litmus_put(text, ")");
}

void litmus_put_value(struct litmus_text *text, const struct litmus_test *test,
                      const struct litmus_value *value)
{
    switch ((enum litmus_value_kind)value->kind) {
    case LITMUS_NUMBER:
        litmus_put(text, "%" PRId64, value->number);
        break;
    case LITMUS_ADDRESS:
        litmus_put(text, "%s", test->location[value->location].name);
        break;
    case LITMUS_ENTRY_ADDRESS:
        litmus_put(text, "PTE(%s)", test->location[value->location].name);
        break;
    case LITMUS_DESCRIPTOR:
        litmus_put_descriptor(text, test, &value->descriptor);
        break;
    }
}

static void put_fault(struct litmus_text *text, const struct litmus_test *test,
                      const struct litmus_node *node)
{
    litmus_put(text, "fault(P%u", node->thread);
    if (node->label != LITMUS_NONE)
        litmus_put(text, ":%s", test->thread[node->thread].label[node->label].name);
    if (node->location != LITMUS_NONE)
        litmus_put(text, ",%s", test->location[node->location].name);
    if (node->fault != LITMUS_FAULT_ANY)
        litmus_put(text, ",%s", litmus_fault_name((enum litmus_fault_kind)node->fault));
    litmus_put(text, ")");
}

static void put_word(struct litmus_text *text, const struct litmus_test *test, const struct litmus_node *node)
{
    const struct litmus_location *location = &test->location[node->location];
    if (location->elements > 1)
        litmus_put(text, "%s[%u]=", location->name, node->element);
    else
        litmus_put(text, "[%s]=", location->name);
    litmus_put_value(text, test, &node->value);
}

static void put_node(struct litmus_text *text, const struct litmus_test *test, unsigned index, bool bracket);

static void put_pair(struct litmus_text *text, const struct litmus_test *test, const struct litmus_node *node,
                     bool bracket)
{
    bool both = node->kind == LITMUS_AND_ALSO;
    const struct litmus_node *left = &test->node[node->left];
    const struct litmus_node *right = &test->node[node->right];
    if (bracket)
        litmus_put(text, "(");
    /* /\ binds closer than \/, and both to the left */
    put_node(text, test, node->left, both && left->kind == LITMUS_OR_ELSE);
    litmus_put(text, both ? " /\\ " : " \\/ ");
    put_node(text, test, node->right, both || right->kind == LITMUS_OR_ELSE);
    if (bracket)
        litmus_put(text, ")");
}

static void put_node(struct litmus_text *text, const struct litmus_test *test, unsigned index, bool bracket)
{
    const struct litmus_node *node = &test->node[index];
    switch ((enum litmus_node_kind)node->kind) {
    case LITMUS_TRUE:
    case LITMUS_FALSE:
        litmus_put(text, node->kind == LITMUS_TRUE ? "true" : "false");
        break;
    case LITMUS_REGISTER_IS:
        litmus_put(text, "%u:X%u=", node->thread, node->register_number);
        litmus_put_value(text, test, &node->value);
        break;
    case LITMUS_WORD_IS:
        put_word(text, test, node);
        break;
    case LITMUS_ENTRY_IS:
        litmus_put(text, "[PTE(%s)]=", test->location[node->location].name);
        litmus_put_value(text, test, &node->value);
        break;
    case LITMUS_FAULT:
        put_fault(text, test, node);
        break;
    case LITMUS_NOT:
        litmus_put(text, "~");
        put_node(text, test, node->left, true);
        break;
    case LITMUS_AND_ALSO:
    case LITMUS_OR_ELSE:
        put_pair(text, test, node, bracket);
        break;
    }
}

void litmus_put_condition(struct litmus_text *text, const struct litmus_test *test)
{
    static const char *const quantifiers[] = {"exists", "~exists", "forall"};
    litmus_put(text, "%s (", quantifiers[test->quantifier]);
    put_node(text, test, test->nodes - 1U, false);
    litmus_put(text, ")");
}
