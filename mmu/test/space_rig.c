#include "mmu/test/space_rig.h"

struct space_rig space_open(struct rig *rig, const char *format, uint32_t number, uint16_t asid)
{
    const struct pagetable_class *radix = pagetable_class_find("radix");
    const struct walk_format *hardware = walk_format_find(format);
    struct environment environment = setup_environment(&rig->fixture.setup);
    struct pagetable_config config = {.format = hardware, .asid = asid};
    struct space_rig space = {.table = calloc(1, radix->state_bytes)};
    assert_non_null(hardware);
    assert_non_null(space.table);
    assert_int_equal(radix->create(space.table, &environment, &config), PAGETABLE_OK);
    space.context = (struct address_context){.regime = {.format = hardware,
                                                        .root = radix->root(space.table),
                                                        .physical_size_lg2 = 48,
                                                        .controls = hardware->controls},
                                             .space = number,
                                             .asid = asid};
    return space;
}

void space_close(struct space_rig *space)
{
    free(space->table);
}

uint64_t space_map(struct rig *rig, struct space_rig *space, uint64_t va, const char *attributes)
{
    struct environment environment = setup_environment(&rig->fixture.setup);
    struct frame frame = {.size_lg2 = 12};
    assert_true(frame_attributes_parse(attributes, &frame.attributes));
    assert_true(frame_allocate(&rig->fixture.allocator, 12, &frame.base));
    assert_int_equal(pagetable_class_find("radix")->map(space->table, &environment, va, &frame),
                     PAGETABLE_OK);
    return frame.base;
}

struct core_operation op_switch_to(const struct address_context *context)
{
    return (struct core_operation){.kind = CORE_SWITCH, .context = context};
}

struct core_operation op_by(enum privilege privilege, enum access_kind kind, uint64_t va)
{
    struct core_operation operation = op_access(kind, DATA_NONE, va);
    operation.privilege = privilege;
    return operation;
}
