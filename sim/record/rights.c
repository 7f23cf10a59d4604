#include "sim/record/rights.h"

#include <stdlib.h>

#include "pagetables/two_stage.h"

#define LOAD_RIGHTS (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD))
#define STORE_RIGHTS                                                                                         \
    (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))

static const struct walk_format *format_of(const struct rights_seen *seen, uint32_t space)
{
    return space < seen->space_count ? seen->formats[space] : NULL;
}

static bool see_space(struct rights_seen *seen, const struct event_space *space)
{
    if (space->space >= seen->space_count) {
        size_t count = (size_t)space->space * 2 + 8;
        const struct walk_format **grown = realloc(seen->formats, count * sizeof *grown);
        if (!grown)
            return false;
        for (size_t i = seen->space_count; i < count; i++)
            grown[i] = NULL;
        seen->formats = grown;
        seen->space_count = count;
    }
    seen->formats[space->space] = space->format;
    seen->guests = seen->guests || space->stage2 != 0;
    return true;
}

/* One more element; NULL if there is no memory. */
static void *grow(void *list, size_t *capacity, size_t count, size_t element_bytes)
{
    if (count < *capacity)
        return list;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    void *grown = realloc(list, wanted * element_bytes);
    if (grown)
        *capacity = wanted;
    return grown;
}

/* What came last is likely to come again. */
static bool see_attributes(struct rights_seen *seen, const struct event_operation *operation)
{
    const struct walk_format *format = format_of(seen, operation->space);
    uint32_t attributes = operation->frame.attributes & FRAME_ATTRIBUTES_ALL;
    if (!format || (operation->kind != OPERATION_MAP && operation->kind != OPERATION_PROTECT))
        return true;
    for (size_t i = seen->attribute_count; i > 0; i--)
        if (seen->attributes[i - 1].format == format && seen->attributes[i - 1].attributes == attributes)
            return true;
    struct format_attributes *grown =
        grow(seen->attributes, &seen->attribute_capacity, seen->attribute_count, sizeof *grown);
    if (!grown)
        return false;
    seen->attributes = grown;
    seen->attributes[seen->attribute_count++] = (struct format_attributes){format, attributes};
    return true;
}

static bool see_controls(struct rights_seen *seen, uint32_t space, const struct access_controls *controls)
{
    const struct walk_format *format = format_of(seen, space);
    if (!format || !format->allowed)
        return true;
    for (size_t i = seen->control_count; i > 0; i--) {
        const struct format_controls *known = &seen->controls[i - 1];
        if (known->format == format && known->controls.flags == controls->flags &&
            known->controls.key_rights == controls->key_rights)
            return true;
    }
    struct format_controls *grown =
        grow(seen->controls, &seen->control_capacity, seen->control_count, sizeof *grown);
    if (!grown)
        return false;
    seen->controls = grown;
    seen->controls[seen->control_count++] = (struct format_controls){format, *controls};
    return true;
}

bool rights_see(struct rights_seen *seen, const struct mmu_event *event)
{
    switch (event->kind) {
    case EVENT_SPACE:
        return see_space(seen, &event->as.space);
    case EVENT_OPERATION_BEGIN:
        return see_attributes(seen, &event->as.operation);
    case EVENT_CONTEXT:
        return see_controls(seen, event->as.context.space, &event->as.context.controls) &&
               see_controls(seen, event->as.context.high_space, &event->as.context.controls);
    default:
        return true;
    }
}

/* Under each of the controls, with its stores and without: dirty, and clean. */
static int write_allowed(const struct rights_seen *seen, struct row_writer *rows,
                         const struct format_attributes *mapped, uint8_t full)
{
    const struct walk_format *format = mapped->format;
    const uint8_t rights[] = {full, (uint8_t)(full & ~STORE_RIGHTS)};
    int code = SQLITE_OK;
    for (size_t i = 0; i < seen->control_count && code == SQLITE_OK; i++)
        for (size_t k = 0; k < 2 && seen->controls[i].format == format && code == SQLITE_OK; k++)
            code =
                row_allowed_rights(rows, format, mapped->attributes, rights[k], &seen->controls[i].controls);
    return code;
}

/* What a second stage lets through: where it permits loads, those that MXR allows at the first, too. */
static uint8_t stage2_rights(const struct format_attributes *mapped)
{
    uint8_t rights = mapped->format->rights(mapped->attributes);
    return rights & LOAD_RIGHTS ? rights | ACCESS_RIGHT_MXR : rights;
}

/* Guests: what both stages make of each other's attributes (pagetables/two_stage.h) is under controls, too.
 */
static int write_composed(const struct rights_seen *seen, struct row_writer *rows,
                          const struct format_attributes *first)
{
    const uint8_t rights = first->format->rights(first->attributes);
    int code = SQLITE_OK;
    for (size_t i = 0; seen->guests && i < seen->attribute_count && code == SQLITE_OK; i++) {
        const struct format_attributes *second = &seen->attributes[i];
        const struct format_attributes both = {
            first->format, two_stage_attributes(first->format, first->attributes, second->attributes)};
        if (second->format != first->format)
            code = write_allowed(seen, rows, &both, rights & stage2_rights(second));
    }
    return code;
}

int rights_write(const struct rights_seen *seen, struct row_writer *rows)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < seen->attribute_count && code == SQLITE_OK; i++) {
        const struct format_attributes *mapped = &seen->attributes[i];
        code = row_format_rights(rows, mapped->format, mapped->attributes);
        if (code == SQLITE_OK)
            code = write_allowed(seen, rows, mapped, mapped->format->rights(mapped->attributes));
        if (code == SQLITE_OK)
            code = write_composed(seen, rows, mapped);
    }
    return code;
}

void rights_forget(struct rights_seen *seen)
{
    free(seen->formats);
    free(seen->attributes);
    free(seen->controls);
    *seen = (struct rights_seen){0};
}
