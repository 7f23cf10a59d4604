#include "sim/accepted_formats.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX 3

/* How many characters of a name it shares with its family: "vmsa-" of "vmsa-4k-48", "sv" of "sv39". */
static size_t stem_of(const char *name)
{
    const char *dash = strchr(name, '-');
    return dash ? (size_t)(dash - name) + 1 : strcspn(name, "0123456789");
}

static bool same_stem(const char *one, const char *other)
{
    size_t stem = stem_of(one);
    return stem == stem_of(other) && strncmp(one, other, stem) == 0;
}

struct text {
    char *at;
    size_t left;
    bool begun;
};

/* So many characters of a name, and what follows them. */
static void add(struct text *text, const char *name, size_t length, const char *end)
{
    int written = snprintf(text->at, text->left, "%s%.*s%s", text->begun ? ", " : "", (int)length, name, end);
    size_t used = written > 0 && (size_t)written < text->left ? (size_t)written : 0;
    text->at += used;
    text->left -= used;
    text->begun = true;
}

/* One family, which begins with the format at `first`. */
static void add_family(struct text *text, const struct pagetable_class *table, unsigned first)
{
    const char *name = walk_format_at(first)->name;
    const struct walk_format *format;
    unsigned all = 0, accepted = 0, named = 0;
    for (unsigned i = first; (format = walk_format_at(i)); i++) {
        all += same_stem(name, format->name);
        accepted += same_stem(name, format->name) && table->accepts(format, entry_format_of(format));
    }
    if (accepted == all && all > 1) {
        add(text, name, stem_of(name), "*");
        return;
    }
    for (unsigned i = first; accepted && named < NAMES_MAX && (format = walk_format_at(i)); i++)
        if (same_stem(name, format->name) && table->accepts(format, entry_format_of(format))) {
            add(text, format->name, strlen(format->name), "");
            named++;
        }
    if (accepted > named)
        add(text, "", 0, "...");
}

void accepted_formats_print(const struct pagetable_class *table, char *text, size_t bytes)
{
    struct text all = {text, bytes, false};
    const struct walk_format *format;
    text[0] = '\0';
    for (unsigned i = 0; (format = walk_format_at(i)); i++) {
        unsigned first = 0;
        while (!same_stem(walk_format_at(first)->name, format->name))
            first++;
        if (first == i)
            add_family(&all, table, i);
    }
}
