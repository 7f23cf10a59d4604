#include "sim/specification/extensions.h"

#include <stddef.h>

static const char *const names[EXTENSIONS_COUNT] = {
    "protect",     "answers", "refusals", "contents", "aliases",  "fetch",       "privilege", "fills",
    "speculation", "state",   "cores",    "tags",     "ordering", "walk-caches", "controls",  "stage2",
};

const char *extension_name(uint32_t extension)
{
    for (unsigned i = 0; i < EXTENSIONS_COUNT; i++)
        if (extension == 1u << i)
            return names[i];
    return NULL;
}

bool extensions_equal(const struct extensions *a, const struct extensions *b)
{
    return a->set == b->set && a->format == b->format && a->controls.flags == b->controls.flags &&
           a->controls.key_rights == b->controls.key_rights && a->hardware_access == b->hardware_access &&
           a->hardware_dirty == b->hardware_dirty;
}

static bool attributes_permit(const struct extensions *extensions, uint32_t attributes, enum access_kind kind,
                              enum privilege privilege)
{
    static const uint32_t needed[ACCESS_KINDS] = {
        [ACCESS_LOAD] = FRAME_READABLE, [ACCESS_STORE] = FRAME_WRITABLE, [ACCESS_FETCH] = FRAME_EXECUTABLE};
    const struct walk_format *format = extensions->format;
    if (!extended_by(extensions, EXTENSION_PRIVILEGE) || !format)
        return (attributes & FRAME_USER) && (attributes & needed[kind]);
    uint8_t rights = walk_allowed(format, &extensions->controls, format->rights(attributes), attributes);
    return (rights & ACCESS_RIGHT(privilege, kind)) != 0;
}

bool frame_permits(const struct extensions *extensions, uint32_t attributes, uint32_t state,
                   enum access_kind kind, enum privilege privilege)
{
    if (!attributes_permit(extensions, attributes, kind, privilege))
        return false;
    if (!extended_by(extensions, EXTENSION_STATE))
        return true;
    if ((state & FRAME_OLD) && !extensions->hardware_access)
        return false;
    return !(state & FRAME_CLEAN) || kind != ACCESS_STORE || extensions->hardware_dirty;
}
