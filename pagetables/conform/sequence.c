#include "pagetables/conform/sequence.h"

#include "pagetables/conform/subject.h"

static uint64_t bytes_of(unsigned size_lg2)
{
    return UINT64_C(1) << size_lg2;
}

static uint64_t half_of(const struct walk_format *format)
{
    return UINT64_C(1) << (format->va_bits - 1u);
}

/* The page of this size around the address that has these low bits. */
static uint64_t page_at(const struct walk_format *format, uint64_t low, unsigned size_lg2)
{
    return walk_format_extend(format, low) & ~(bytes_of(size_lg2) - 1);
}

bool conform_step_is_sound(const struct walk_format *format, const struct conform_step *step)
{
    unsigned size_lg2 = step->kind == CONFORM_MAP ? step->size_lg2 : format->page_lg2;
    uint64_t bytes = bytes_of(size_lg2);
    if (step->kind == CONFORM_LOOK)
        return walk_format_reaches(format, step->va, 1);
    if (step->va & (bytes - 1) || !walk_format_reaches(format, step->va, bytes))
        return false;
    if (step->kind != CONFORM_MAP)
        return true;
    return !(step->base & (bytes - 1)) && size_lg2 <= CONFORM_PHYSICAL_LG2 &&
           step->base <= bytes_of(CONFORM_PHYSICAL_LG2) - bytes;
}

struct writer {
    const struct walk_format *format;
    struct conform_step *steps;
    size_t count;
};

/* A step that is not sound is left out. */
static void add(struct writer *writer, struct conform_step step)
{
    if (writer->count < CONFORM_STEPS_MAX && conform_step_is_sound(writer->format, &step))
        writer->steps[writer->count++] = step;
}

static struct conform_step map_of(uint64_t va, unsigned size_lg2, uint64_t frame, uint32_t attributes)
{
    return (struct conform_step){.kind = CONFORM_MAP,
                                 .size_lg2 = (uint8_t)size_lg2,
                                 .attributes = attributes,
                                 .va = va,
                                 .base = frame << size_lg2};
}

static struct conform_step step_of(enum conform_step_kind kind, uint64_t va, uint32_t attributes)
{
    return (struct conform_step){.kind = (uint8_t)kind, .attributes = attributes, .va = va};
}

/* Attributes that every format can express, and others. */
#define PLAIN  (FRAME_READABLE | FRAME_WRITABLE)
#define OTHERS FRAME_READABLE

/* ---- Pairs of frame sizes ---- */

enum relation { SAME, FIRST, MIDDLE, LAST, AFTER, BEFORE, RELATIONS };

/* Where a page of one size is tried when there is one of another size at `va`. */
static uint64_t relative(uint64_t va, unsigned size_lg2, unsigned other_lg2, enum relation relation)
{
    uint64_t bytes = bytes_of(size_lg2), other = bytes_of(other_lg2);
    uint64_t inside = other < bytes ? bytes - other : 0;
    switch (relation) {
    case MIDDLE:
        return va + inside / 2;
    case LAST:
        return va + inside;
    case AFTER:
        return va + bytes;
    case BEFORE:
        return va - other;
    default:
        return va;
    }
}

static void write_pair(struct writer *writer, unsigned size_lg2, unsigned other_lg2, enum relation relation)
{
    const struct walk_format *format = writer->format;
    uint64_t low = half_of(format) / 2 + 2 * bytes_of(size_lg2 > other_lg2 ? size_lg2 : other_lg2);
    uint64_t va = page_at(format, low & (half_of(format) - 1), size_lg2);
    uint64_t other = relative(va, size_lg2, other_lg2, relation) & ~(bytes_of(other_lg2) - 1);
    uint64_t page = other & ~(bytes_of(format->page_lg2) - 1);
    add(writer, map_of(va, size_lg2, 0, PLAIN));
    add(writer, map_of(other, other_lg2, 0, OTHERS));
    add(writer, step_of(CONFORM_LOOK, other + bytes_of(other_lg2) / 2, 0));
    add(writer, step_of(CONFORM_PROTECT, page, OTHERS));
    add(writer, step_of(CONFORM_UNMAP, page + bytes_of(format->page_lg2), 0));
    add(writer, step_of(CONFORM_UNMAP, page, 0));
    add(writer, map_of(other, other_lg2, 0, OTHERS));
    add(writer, step_of(CONFORM_UNMAP, va, 0));
    add(writer, map_of(va, size_lg2, 0, OTHERS));
    add(writer, step_of(CONFORM_UNMAP, other, 0));
}

/* ---- Ends of the address space ---- */

#define ENDS 4

static void write_end(struct writer *writer, unsigned size_lg2, unsigned end)
{
    const struct walk_format *format = writer->format;
    uint64_t bytes = bytes_of(size_lg2);
    const uint64_t lows[ENDS] = {0, half_of(format) - bytes, half_of(format), 2 * half_of(format) - bytes};
    uint64_t va = page_at(format, lows[end], size_lg2);
    uint64_t last = va + bytes - 1;
    add(writer, map_of(va, size_lg2, 0, PLAIN));
    add(writer, step_of(CONFORM_LOOK, va, 0));
    add(writer, step_of(CONFORM_LOOK, last, 0));
    add(writer, map_of(last & ~(bytes_of(format->page_lg2) - 1), format->page_lg2, 0, PLAIN));
    add(writer, step_of(CONFORM_PROTECT, va, OTHERS));
    add(writer, step_of(CONFORM_UNMAP, va, 0));
    add(writer, map_of(last & ~(bytes_of(format->page_lg2) - 1), format->page_lg2, 0, PLAIN));
}

bool conform_systematic(const struct walk_format *format, unsigned index, struct conform_step *steps,
                        size_t *count)
{
    struct writer writer = {.format = format, .steps = steps};
    unsigned sizes = format->frame_sizes;
    unsigned pairs = sizes * sizes * RELATIONS;
    if (index >= pairs + sizes * ENDS)
        return false;
    if (index < pairs)
        write_pair(&writer, format->frame_size_lg2[index / RELATIONS / sizes],
                   format->frame_size_lg2[index / RELATIONS % sizes], (enum relation)(index % RELATIONS));
    else
        write_end(&writer, format->frame_size_lg2[(index - pairs) / ENDS], (index - pairs) % ENDS);
    *count = writer.count;
    return true;
}

/* ---- Attributes ---- */

#define REFUSED_AT_ONCE 8u

/* Each is mapped, becomes some others, and itself again. */
static void write_attributes(struct writer *writer, const struct conform_attributes *attributes,
                             unsigned which, unsigned size_lg2)
{
    uint64_t va = page_at(writer->format, half_of(writer->format) / 4, size_lg2);
    uint32_t wanted = attributes->list[which];
    add(writer, map_of(va, size_lg2, 0, wanted));
    add(writer, map_of(va, size_lg2, 0, attributes->list[0]));
    for (unsigned i = 1; i < 8; i++) {
        add(writer, step_of(CONFORM_PROTECT, va, attributes->list[(which + i * i) % attributes->count]));
        add(writer, step_of(CONFORM_PROTECT, va, wanted));
    }
    add(writer, step_of(CONFORM_UNMAP, va, 0));
}

/* Some that are refused, of a page that is not mapped and of one that is. */
static void write_refused(struct writer *writer, const struct conform_attributes *attributes, unsigned first)
{
    unsigned size_lg2 = writer->format->page_lg2;
    uint64_t va = page_at(writer->format, half_of(writer->format) / 4, size_lg2);
    for (unsigned i = first; i < first + REFUSED_AT_ONCE && i < attributes->refused; i++) {
        add(writer, map_of(va, size_lg2, 0, attributes->refused_list[i]));
        add(writer, map_of(va, size_lg2, 0, attributes->list[i % attributes->count]));
        add(writer, step_of(CONFORM_PROTECT, va, attributes->refused_list[i]));
        add(writer, step_of(CONFORM_UNMAP, va, 0));
    }
}

bool conform_all_attributes(const struct walk_format *format, const struct conform_attributes *attributes,
                            unsigned index, struct conform_step *steps, size_t *count)
{
    struct writer writer = {.format = format, .steps = steps};
    unsigned refusals = (attributes->refused + REFUSED_AT_ONCE - 1) / REFUSED_AT_ONCE;
    unsigned each = attributes->count * format->frame_sizes;
    if (attributes->count == 0 || index >= each + refusals)
        return false;
    if (index < each)
        write_attributes(&writer, attributes, index % attributes->count,
                         format->frame_size_lg2[index / attributes->count]);
    else
        write_refused(&writer, attributes, (index - each) * REFUSED_AT_ONCE);
    *count = writer.count;
    return true;
}

/* ---- Growth ---- */

#define GROWN 340u

/* Neighbours, or pages apart from each other; then most of them go, the first or the last first. */
bool conform_growing(const struct walk_format *format, const struct conform_attributes *attributes,
                     unsigned index, struct conform_step *steps, size_t *count)
{
    struct writer writer = {.format = format, .steps = steps};
    uint64_t apart = index & 1 ? 37 : 1, start = half_of(format) / 2;
    uint32_t wanted = attributes->count > 0 ? attributes->list[0] : PLAIN;
    if (index >= 4)
        return false;
    for (uint64_t i = 0; i < GROWN; i++)
        add(&writer, map_of(page_at(format, start + (i * apart << format->page_lg2), format->page_lg2),
                            format->page_lg2, i, wanted));
    for (uint64_t i = 0; i < GROWN - 10; i++) {
        uint64_t which = index & 2 ? GROWN - 1 - i : i;
        add(&writer,
            step_of(CONFORM_UNMAP,
                    page_at(format, start + (which * apart << format->page_lg2), format->page_lg2), 0));
    }
    *count = writer.count;
    return true;
}

/* ---- Random ---- */

#define PLACES 3

struct places {
    uint64_t low[PLACES];
    unsigned sizes; /* how many of the format's, the larger ones often left out */
};

/* Few places, so that operations meet: neighbours in a table, across tables, at the ends of both halves. */
static void choose_places(const struct walk_format *format, struct conform_random *random,
                          struct places *places)
{
    uint64_t step = bytes_of(format->frame_size_lg2[format->frame_sizes / 2]);
    const uint64_t corners[] = {0, half_of(format) / 2, half_of(format) - 2 * step, half_of(format),
                                2 * half_of(format) - 2 * step};
    for (unsigned i = 0; i < PLACES; i++) {
        uint64_t corner = corners[conform_below(random, sizeof corners / sizeof *corners)];
        places->low[i] = corner + conform_below(random, 2) * step;
    }
    places->sizes = 1 + (unsigned)conform_below(random, format->frame_sizes);
}

static uint64_t random_va(const struct walk_format *format, const struct places *places,
                          struct conform_random *random, unsigned size_lg2)
{
    uint64_t low = places->low[conform_below(random, PLACES)];
    for (unsigned i = 0; i < places->sizes; i++)
        low += conform_chance(random, 40)
                   ? (1 + conform_below(random, 2)) * bytes_of(format->frame_size_lg2[i])
                   : 0;
    return page_at(format, low, size_lg2);
}

static uint32_t random_attributes(const struct conform_attributes *attributes, struct conform_random *random)
{
    if (attributes->refused > 0 && (attributes->count == 0 || conform_chance(random, 4)))
        return attributes->refused_list[conform_below(random, attributes->refused)];
    return attributes->list[conform_below(random, attributes->count)];
}

static struct conform_step random_step(const struct walk_format *format,
                                       const struct conform_attributes *attributes,
                                       const struct places *places, struct conform_random *random, bool fill)
{
    unsigned size_lg2 = format->frame_size_lg2[conform_below(random, places->sizes)];
    uint64_t va = random_va(format, places, random, size_lg2);
    uint64_t choice = conform_below(random, 100);
    uint32_t wanted = random_attributes(attributes, random);
    if (choice < (fill ? 60u : 25u))
        return map_of(va, size_lg2, conform_below(random, 6), wanted);
    if (choice < 75)
        return step_of(CONFORM_UNMAP, va, 0);
    if (choice < 95)
        return step_of(CONFORM_PROTECT, va, wanted);
    return step_of(CONFORM_LOOK, va + conform_below(random, bytes_of(size_lg2)), 0);
}

size_t conform_random_steps(const struct walk_format *format, const struct conform_attributes *attributes,
                            struct conform_random *random, size_t limit, struct conform_step *steps)
{
    struct writer writer = {.format = format, .steps = steps};
    struct places places;
    choose_places(format, random, &places);
    size_t wanted = limit / 3 + conform_below(random, limit - limit / 3);
    for (size_t i = 0; i < wanted; i++)
        add(&writer, random_step(format, attributes, &places, random, i < wanted / 2));
    return writer.count;
}
