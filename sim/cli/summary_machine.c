/* The machine at the head of a summary: every array, and what is not as usual about it. */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "sim/cli/format.h"
#include "sim/cli/summary.h"

#define LINE_BYTES 110 /* an item that would end behind this begins a line of its own */
#define ITEM_BYTES 480

/* Items with commas between them. */
struct item_list {
    FILE *out;
    size_t column;
};

static void print_item(struct item_list *list, const char *text)
{
    static const char indent[] = "      ";
    size_t bytes = strlen(text);
    if (list->column + 2 + bytes > LINE_BYTES) {
        (void)fprintf(list->out, ",\n%s%s", indent, text);
        list->column = strlen(indent) + bytes;
    } else {
        (void)fprintf(list->out, "%s%s", list->column ? ", " : "   ", text);
        list->column += (list->column ? 2 : 3) + bytes;
    }
}

static void end_items(struct item_list *list)
{
    if (list->column)
        (void)fputc('\n', list->out);
    list->column = 0;
}

/* An item as it grows. */
struct item {
    char text[ITEM_BYTES];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void append(struct item *item, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof item->text - item->length;
    int length = vsnprintf(item->text + item->length, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        item->length += (size_t)length < room ? (size_t)length : room - 1;
}

static struct item item_of_name(const char *name)
{
    struct item item = {.length = strlen(name)};
    for (size_t i = 0; i < item.length; i++)
        item.text[i] = (char)toupper((unsigned char)name[i]);
    return item;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void append_geometry(struct item *item, uint64_t ways, uint64_t cycles)
{
    append(item, " %s-way %s cycle%s", format_count(ways).text, format_count(cycles).text, plural(cycles));
}

/* Those of a member's parameters that are not as they are unless a script says so, and have no unit: "srrip",
 * "4K 2M", "shared", "hit_under_miss false". `member` begins with its name. */
static void append_unusual(struct item *item, const struct mmu_family *family, const void *member)
{
    for (unsigned i = 0; i < family->parameter_count; i++) {
        const struct mmu_parameter *parameter = &family->parameters[i];
        char text[MMU_VALUE_BYTES];
        uint64_t value;
        memcpy(&value, (const char *)member + parameter->offset, sizeof value);
        bool plain = parameter->kind == PARAMETER_CHOICE || parameter->kind == PARAMETER_SIZES;
        if (value == parameter->standard || (!plain && parameter->kind != PARAMETER_SWITCH))
            continue;
        mmu_setting_print(parameter, value, text, sizeof text);
        if (plain)
            append(item, " %s", text);
        else
            append(item, " %s%s", value ? "" : "no ", parameter->name);
    }
}

static void print_tlbs(const struct mmu_config *config, struct item_list *list)
{
    for (uint64_t i = 0; i < config->tlb_count; i++) {
        const struct tlb_config *tlb = &config->tlbs[i];
        struct item item = item_of_name(tlb->name);
        append(&item, " %s entries", format_count(tlb->entries).text);
        append_geometry(&item, tlb->ways, tlb->latency_cycles);
        if (tlb->ports)
            append(&item, " %s port%s", format_count(tlb->ports).text, plural(tlb->ports));
        append_unusual(&item, mmu_family_at(MMU_FAMILY_TLB), tlb);
        print_item(list, item.text);
    }
    end_items(list);
}

static void print_walk_caches(const struct mmu_config *config, struct item_list *list)
{
    for (uint64_t i = 0; i < config->walk_cache_count; i++) {
        const struct walk_cache_config *cache = &config->walk_caches[i];
        struct item item = {.length = 0};
        append(&item, "%s%s %s entries", i ? "" : "walk caches: ", cache->name,
               format_count(cache->entries).text);
        append_geometry(&item, cache->ways, cache->latency_cycles);
        append_unusual(&item, mmu_family_at(MMU_FAMILY_WALK_CACHE), cache);
        print_item(list, item.text);
    }
    end_items(list);
}

static void print_range_tlb(const struct mmu_config *config, struct item_list *list)
{
    struct item item = {.length = 0};
    if (config->range_tlb_entries == 0)
        return;
    append(&item, "range TLB %s entries %s cycle%s", format_count(config->range_tlb_entries).text,
           format_count(config->range_tlb_latency_cycles).text, plural(config->range_tlb_latency_cycles));
    print_item(list, item.text);
    end_items(list);
}

static void print_caches(const struct mmu_config *config, struct item_list *list)
{
    for (uint64_t i = 0; i < config->cache_count; i++) {
        const struct cache_config *cache = &config->caches[i];
        struct item item = {.length = 0};
        append(&item, "%s%s %s", i ? "" : "data caches: ", item_of_name(cache->name).text,
               format_bytes(cache->size_bytes).text);
        append_geometry(&item, cache->ways, cache->latency_cycles);
        append_unusual(&item, mmu_family_at(MMU_FAMILY_CACHE), cache);
        print_item(list, item.text);
    }
    end_items(list);
}

void summary_print_machine(const struct mmu_config *config, FILE *out)
{
    struct item_list list = {out, 0};
    struct item cores = {.length = 0};
    append(&cores, "%s core%s", format_count(config->cores).text, plural(config->cores));
    print_item(&list, cores.text);
    print_tlbs(config, &list);
    print_range_tlb(config, &list);
    print_walk_caches(config, &list);
    print_caches(config, &list);
    (void)fprintf(out,
                  "   a core has at once: %s misses, %s walks%s, %s buffered stores\n   bus %s cycles a "
                  "transaction, memory ",
                  format_count(config->misses).text, format_count(config->walker_slots).text,
                  config->walker_shared ? " of all cores together" : "",
                  format_count(config->store_buffer_depth).text,
                  format_count(config->bus_occupancy_cycles).text);
    (void)fprintf(out, "%s at %s cycles, network %s cycles\n", format_bytes(config->memory_bytes).text,
                  format_count(config->memory_latency_cycles).text,
                  format_count(config->network_latency_cycles).text);
}
