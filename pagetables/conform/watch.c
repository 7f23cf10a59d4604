#include "pagetables/conform/watch.h"

#include <stdlib.h>
#include <string.h>

#define VALUES_MAX  6  /* of one word */
#define CHOICES_MAX 64 /* of all words that a walk fetches at once */
#define ITEMS_MAX   20000
#define STORES_MANY 48 /* pending stores from which on not each one is looked at */

/* ---- Stores ---- */

static size_t bucket_of(uint64_t pa)
{
    return (pa >> 3 ^ pa >> 12) % WATCH_BUCKETS;
}

void watch_drain(struct watch *watch)
{
    for (size_t i = 0; i < watch->stores; i++)
        watch->bucket[bucket_of(watch->store[i].pa)] = 0;
    watch->stores = 0;
}

static bool grow(struct watch *watch, void **array, size_t *room, size_t count, size_t bytes)
{
    if (count < *room)
        return true;
    size_t wanted = *room ? 2 * *room : 64;
    void *larger = realloc(*array, wanted * bytes);
    if (!larger) {
        watch->out_of_memory = watch->over = true;
        return false;
    }
    *array = larger;
    *room = wanted;
    return true;
}

/* The place where a bucket's chain ends. */
static size_t *chain_end(struct watch *watch, uint64_t pa)
{
    size_t *link = &watch->bucket[bucket_of(pa)];
    while (*link)
        link = &watch->store[*link - 1].next;
    return link;
}

static void add_store(struct watch *watch, const struct flat_event *event)
{
    void *array = watch->store;
    if (!grow(watch, &array, &watch->store_room, watch->stores, sizeof *watch->store))
        return;
    watch->store = array;
    *chain_end(watch, event->pa) = watch->stores + 1;
    watch->store[watch->stores++] = (struct watch_store){
        .pa = event->pa, .before = event->before, .value = event->value, .group = watch->group};
    watch->group += watch->order == WATCH_STORES_IN_ORDER;
}

/* The values that a fetch may find. */
struct word {
    uint64_t value[VALUES_MAX];
    uint64_t group[VALUES_MAX]; /* of the store that made it; 0: none that is pending */
    unsigned values;
};

static void offer(struct word *word, uint64_t value, uint64_t group)
{
    if (word->values == VALUES_MAX) /* a word that is stored to that often: the last values stand for all */
        word->values--;
    word->value[word->values] = value;
    word->group[word->values++] = group;
}

static bool read_word(const struct watch *watch, uint64_t pa, uint64_t floor, struct word *word)
{
    const struct memory_reader *reader = &watch->subject->reader;
    uint64_t now;
    word->values = 0;
    for (size_t i = watch->bucket[bucket_of(pa)]; i; i = watch->store[i - 1].next) {
        const struct watch_store *store = &watch->store[i - 1];
        if (store->pa != pa)
            continue;
        if (word->values == 0)
            offer(word, store->before, 0);
        if (store->group < floor) /* and nothing before it */
            word->values = 0;
        offer(word, store->value, store->group);
    }
    if (word->values > 0)
        return true;
    if (!reader->read(reader->context, pa, &now))
        return false;
    offer(word, now, 0);
    return true;
}

/* ---- What invalidations cover ---- */

static uint64_t page_bytes_of(const struct watch *watch)
{
    return UINT64_C(1) << watch->regime.format->page_lg2;
}

/* Whether [va, va + bytes), which does not pass 2^64, and the item have addresses in common. */
static bool meets(const struct watch_item *item, uint64_t va, uint64_t bytes)
{
    return item->bytes == 0 || va - item->va < item->bytes || item->va - va < bytes;
}

static bool names(const struct watch *watch, const struct invalidation *what, const struct watch_item *item)
{
    uint64_t page = page_bytes_of(watch);
    return meets(item, what->va & ~(page - 1), what->size_bytes ? what->size_bytes : page);
}

/* The ASID under which the other core holds it: of a table for all, another one than its own. */
static bool in_asid(const struct watch *watch, const struct invalidation *what)
{
    const struct pagetable_config *config = &watch->subject->config;
    return what->asid == (config->every_asid ? config->asid ^ 1u : config->asid);
}

static bool keeps_tables(const struct watch *watch, const struct invalidation *what)
{
    bool by_address = what->scope == INVALIDATE_VA || what->scope == INVALIDATE_VA_ALL_ASIDS ||
                      what->scope == INVALIDATE_IPA;
    return what->last_level_only || (by_address && watch->regime.format->address_keeps_tables);
}

static bool covers_stage2(const struct watch *watch, const struct invalidation *what,
                          const struct watch_item *item)
{
    switch (what->scope) {
    case INVALIDATE_VMID:
        return true;
    case INVALIDATE_ALL:
        return item->kind == WATCH_COMBINED;
    case INVALIDATE_IPA:
        return item->kind != WATCH_COMBINED && names(watch, what, item);
    default:
        return false;
    }
}

static bool covers(const struct watch *watch, const struct invalidation *what, const struct watch_item *item,
                   bool global)
{
    if (!what->broadcast || what->vmid != watch->subject->config.vmid)
        return false;
    if (item->kind == WATCH_WALK && !item->table)
        return true;
    if (item->kind == WATCH_WALK && keeps_tables(watch, what))
        return false;
    if (watch->regime.format->stage2)
        return covers_stage2(watch, what, item);
    switch (what->scope) {
    case INVALIDATE_VA:
        return names(watch, what, item) && (in_asid(watch, what) || global);
    case INVALIDATE_VA_ALL_ASIDS:
        return names(watch, what, item);
    case INVALIDATE_ASID:
        return in_asid(watch, what) && !global;
    default:
        return what->scope != INVALIDATE_IPA;
    }
}

bool watch_covers(const struct watch *watch, const struct invalidation *what, const struct watch_item *item)
{
    bool leaf = item->kind != WATCH_WALK;
    return covers(watch, what, item, leaf && item->leaf.frame.attributes & FRAME_GLOBAL);
}

bool watch_covers_local(const struct watch *watch, const struct invalidation *what,
                        const struct watch_item *item)
{
    return covers(watch, what, item, false);
}

/* Whether an invalidation that is under way drops both: what came of `origin`, which was there before it,
 * came before it took effect, or not at all. */
static bool is_doomed_with(const struct watch *watch, const struct watch_item *origin,
                           const struct watch_item *item)
{
    for (unsigned i = 0; origin && origin->doomed && i < watch->issues; i++)
        if (watch_covers(watch, &watch->issued[i], origin) && watch_covers(watch, &watch->issued[i], item))
            return true;
    return false;
}

/* ---- Items ---- */

static bool same_frame(const struct frame *one, const struct frame *other)
{
    return one->base == other->base && one->size_lg2 == other->size_lg2 &&
           one->attributes == other->attributes;
}

static bool same_walk(const struct walk_state *one, const struct walk_state *other)
{
    return one->fetches == other->fetches && one->level == other->level &&
           one->inherited == other->inherited && one->entry == other->entry &&
           memcmp(one->scratch, other->scratch, sizeof one->scratch) == 0 &&
           memcmp(one->fetch, other->fetch, one->fetches * sizeof *one->fetch) == 0;
}

static bool same_item(const struct watch_item *one, const struct watch_item *other)
{
    if (one->kind != other->kind || one->va != other->va)
        return false;
    return one->kind == WATCH_WALK
               ? one->probe == other->probe && same_walk(&one->walk, &other->walk)
               : same_frame(&one->leaf.frame, &other->leaf.frame) && one->leaf.rights == other->leaf.rights;
}

/* The word of a leaf, as the format's entries write it. */
static bool word_of(const struct entry_format *entries, const struct frame *frame, uint64_t *word)
{
    for (unsigned depth = 0; entry_has_depth(entries, depth); depth++) {
        const struct entry_level *level = &entries->level[depth];
        bool run = level->run_lg2 && entry_run_span_lg2(level) == frame->size_lg2;
        if (level->leaf && (level->span_lg2 == frame->size_lg2 || run))
            return entries->encode_leaf(level, frame, word);
    }
    return false;
}

/* A leaf is held while another one, from which it may be reached through an invalid entry only, is held. */
static void check_break(struct watch *watch, const struct watch_item *item)
{
    const struct entry_format *entries = watch->subject->config.entries;
    uint64_t before, after;
    if (item->kind != WATCH_LEAF || !entries || !word_of(entries, &item->leaf.frame, &after))
        return;
    for (size_t i = 0; !watch->over && i < watch->items; i++) {
        const struct watch_item *other = &watch->item[i];
        if (other->kind != WATCH_LEAF || other->va != item->va ||
            other->leaf.frame.size_lg2 != item->leaf.frame.size_lg2 ||
            !word_of(entries, &other->leaf.frame, &before) || !entries->must_break(before, after))
            continue;
        watch->over = true;
        watch->complain(watch->context, WATCH_UNBROKEN, item, NULL);
    }
}

static void add_item(struct watch *watch, struct watch_item *item, const struct watch_item *origin)
{
    void *array = watch->item;
    item->doomed = is_doomed_with(watch, origin, item);
    for (size_t i = 0; i < watch->items; i++) {
        struct watch_item *known = &watch->item[i];
        if (!same_item(known, item))
            continue;
        watch->spared |= known->doomed && !item->doomed;
        known->doomed &= item->doomed;
        known->floor = item->floor < known->floor ? item->floor : known->floor;
        return;
    }
    check_break(watch, item);
    watch->over |= watch->items == ITEMS_MAX; /* nothing is said of a walk that never meets itself */
    if (watch->over || !grow(watch, &array, &watch->item_room, watch->items, sizeof *watch->item))
        return;
    watch->item = array;
    watch->item[watch->items++] = *item;
}

static void drop_doomed(struct watch *watch)
{
    size_t kept = 0;
    for (size_t i = 0; i < watch->items; i++)
        if (!watch->item[i].doomed)
            watch->item[kept++] = watch->item[i];
    watch->items = kept;
    watch->issues = 0;
}

void watch_land(struct watch *watch)
{
    size_t kept = 0;
    for (size_t i = 0; i < watch->items; i++)
        if (watch->item[i].kind != WATCH_WALK || watch->item[i].table)
            watch->item[kept++] = watch->item[i];
    watch->items = kept;
}

/* ---- Walks ---- */

static void add_walk(struct watch *watch, uint64_t probe, const struct walk_state *walk, uint64_t floor,
                     const struct watch_item *origin)
{
    struct watch_item item = {.kind = WATCH_WALK, .probe = probe, .floor = floor, .walk = *walk};
    const struct walk_format *format = watch->regime.format;
    struct walk_table table;
    item.table = format->table && format->enter && format->table(walk, &table);
    if (item.table) {
        item.va = table.va;
        item.bytes = table.span_lg2 > 63 ? 0 : UINT64_C(1) << table.span_lg2;
    }
    add_item(watch, &item, origin);
}

static void add_leaf(struct watch *watch, enum watch_kind kind, const struct walk_leaf *leaf,
                     const struct watch_item *origin)
{
    struct watch_item item = {
        .kind = kind, .va = leaf->va, .bytes = UINT64_C(1) << leaf->frame.size_lg2, .leaf = *leaf};
    add_item(watch, &item, origin);
}

/* One step of a walk, with these words. */
static void step_walk(struct watch *watch, uint64_t probe, const struct watch_item *origin,
                      const struct walk_state *from, const uint64_t *words, uint64_t floor)
{
    struct walk_state walk = *from;
    enum walk_status status = walk.regime->format->resume(&walk, words);
    while (status == WALK_UPDATE)
        status = walk.regime->format->updated(&walk);
    if (status == WALK_FETCH) {
        add_walk(watch, probe, &walk, floor, origin);
        return;
    }
    watch->walks++;
    if (!watch->judge(watch->context, probe, status == WALK_LEAF ? &walk.leaf : NULL, walk.fault))
        watch->over = true;
    if (status == WALK_LEAF && !watch->over)
        add_leaf(watch, WATCH_LEAF, &walk.leaf, origin);
}

/* The words of one fetch are read at one moment: who sees a store there sees all that comes before it. */
static bool is_possible(const struct word *word, const unsigned *choice, unsigned words, unsigned fetch_words)
{
    for (unsigned first = 0; first < words; first += fetch_words) {
        uint64_t seen = 0;
        for (unsigned i = first; i < first + fetch_words; i++)
            seen = word[i].group[choice[i]] > seen ? word[i].group[choice[i]] : seen;
        for (unsigned i = first; i < first + fetch_words; i++)
            if (choice[i] + 1 < word[i].values && word[i].group[choice[i] + 1] < seen)
                return false;
    }
    return true;
}

static void take_choice(struct watch *watch, uint64_t probe, const struct watch_item *origin,
                        const struct walk_state *walk, uint64_t floor, const struct word *word,
                        const unsigned *choice, unsigned words)
{
    uint64_t values[WALK_WORDS_MAX];
    for (unsigned i = 0; i < words; i++) {
        values[i] = word[i].value[choice[i]];
        floor = word[i].group[choice[i]] > floor ? word[i].group[choice[i]] : floor;
    }
    step_walk(watch, probe, origin, walk, values, floor);
}

/* Every choice of the values that its fetches may find. */
static void choose_words(struct watch *watch, uint64_t probe, const struct watch_item *origin,
                         const struct walk_state *walk, uint64_t floor, const struct word *word,
                         unsigned words)
{
    unsigned choice[WALK_WORDS_MAX] = {0};
    for (unsigned tried = 0; !watch->over && tried < CHOICES_MAX; tried++) {
        if (is_possible(word, choice, words, walk->fetch_words))
            take_choice(watch, probe, origin, walk, floor, word, choice, words);
        unsigned next = 0;
        while (next < words && ++choice[next] == word[next].values)
            choice[next++] = 0;
        if (next == words)
            return;
    }
}

static void advance(struct watch *watch, uint64_t probe, const struct watch_item *origin,
                    const struct walk_state *walk, uint64_t floor)
{
    struct word word[WALK_WORDS_MAX];
    unsigned words = 0;
    for (unsigned i = 0; i < walk->fetches; i++)
        for (unsigned j = 0; j < walk->fetch_words; j++)
            if (!read_word(watch, walk->fetch[i] + 8u * j, floor, &word[words++])) {
                watch->over |= !watch->judge(watch->context, probe, NULL, FAULT_EXTERNAL_ABORT);
                return;
            }
    choose_words(watch, probe, origin, walk, floor, word, words);
}

static void walk_from_root(struct watch *watch, uint64_t va)
{
    struct walk_state walk = {.va = 0}; /* its own words are compared, also those that it never sets */
    enum walk_status status = watch->regime.format->start(&walk, &watch->regime, va);
    if (status == WALK_FETCH)
        advance(watch, va, NULL, &walk, 0);
    else
        watch->over |= !watch->judge(watch->context, va, NULL, walk.fault);
}

static void walk_from_items(struct watch *watch)
{
    for (size_t i = 0; !watch->over && i < watch->items; i++) {
        const struct watch_item item = watch->item[i]; /* the array grows */
        if (item.kind == WATCH_WALK)
            advance(watch, item.probe, &item, &item.walk, item.floor);
        else if (item.kind == WATCH_LEAF && watch->regime.format->stage2)
            add_leaf(watch, WATCH_COMBINED, &item.leaf, &item);
    }
}

void watch_walk(struct watch *watch)
{
    for (unsigned i = 0; !watch->over && i < watch->probes; i++)
        walk_from_root(watch, watch->probe[i]);
    do {
        watch->spared = false;
        walk_from_items(watch);
    } while (watch->spared && !watch->over);
}

/* ---- What the operation does ---- */

static bool is_own(const struct watch *watch, const struct invalidation *what)
{
    const struct pagetable_config *config = &watch->subject->config;
    bool by_asid = what->scope == INVALIDATE_VA || what->scope == INVALIDATE_ASID;
    bool asid = !by_asid || config->every_asid || what->asid == config->asid;
    return what->vmid == config->vmid && (config->format->stage2 || asid);
}

static void issue(struct watch *watch, const struct flat_event *event)
{
    if (!is_own(watch, &event->invalidation)) {
        watch->over = true;
        watch->complain(watch->context, WATCH_FOREIGN, NULL, event);
        return;
    }
    if (watch->order != WATCH_ANY_ORDER)
        watch_drain(watch);
    if (watch->issues == WATCH_ISSUED_MAX) /* fewer dooms: stricter, and nobody issues that many at once */
        watch->issues--;
    watch->issued[watch->issues++] = event->invalidation;
    for (size_t i = 0; i < watch->items; i++)
        watch->item[i].doomed |= watch_covers(watch, &event->invalidation, &watch->item[i]);
}

static void execute_barrier(struct watch *watch, enum barrier_kind kind)
{
    if (kind == BARRIER_DMB_ISH || kind == BARRIER_DMB_ISHST)
        watch->group++;
    else if (kind != BARRIER_ISB)
        watch_drain(watch);
    if (kind == BARRIER_DSB_ISH)
        drop_doomed(watch);
}

static void check_release(struct watch *watch, const struct flat_event *event)
{
    for (size_t i = 0; !watch->over && i < watch->items; i++) {
        const struct watch_item *item = &watch->item[i];
        for (unsigned j = 0; item->kind == WATCH_WALK && j < item->walk.fetches; j++) {
            if (watch->over || item->walk.fetch[j] - event->pa >= event->bytes)
                continue;
            watch->over = true;
            watch->complain(watch->context, WATCH_RELEASED, item, event);
        }
    }
}

/* Stores to a table that is allocated again are of its former life. */
static void forget_stores(struct watch *watch, const struct flat_event *event)
{
    size_t count = watch->stores, kept = 0;
    watch_drain(watch);
    for (size_t i = 0; i < count; i++) {
        struct watch_store store = watch->store[i];
        if (store.pa - event->pa < event->bytes)
            continue;
        *chain_end(watch, store.pa) = kept + 1;
        store.next = 0;
        watch->store[kept++] = store;
        watch->stores = kept;
    }
}

static void attend(struct watch *watch, const struct flat_event *event, bool atomic)
{
    switch (event->kind) {
    case FLAT_WRITE:
        if (atomic)
            watch_drain(watch);
        else
            add_store(watch, event);
        break;
    case FLAT_LOCK: /* a compare-exchange, which drains own stores first */
        watch_drain(watch);
        break;
    case FLAT_BARRIER:
        execute_barrier(watch, event->barrier);
        break;
    case FLAT_INVALIDATE:
        issue(watch, event);
        break;
    case FLAT_COMPLETE:
        drop_doomed(watch);
        break;
    case FLAT_RELEASE:
        check_release(watch, event);
        break;
    case FLAT_ALLOCATE:
        forget_stores(watch, event);
        break;
    default:
        break;
    }
}

/* Of very many stores without a barrier between, as when a table is resized, each new power of two. */
static bool is_worth_a_walk(const struct watch *watch, const struct flat_event *event)
{
    if (event->kind != FLAT_WRITE)
        return event->kind != FLAT_ALLOCATE && event->kind != FLAT_LOCK && event->kind != FLAT_UNLOCK;
    return watch->stores < STORES_MANY || (watch->stores & (watch->stores - 1)) == 0;
}

static void told(void *context, const struct flat_event *event, bool atomic)
{
    struct watch *watch = context;
    if (watch->over)
        return;
    attend(watch, event, atomic);
    if (!watch->over && is_worth_a_walk(watch, event))
        watch_walk(watch);
}

/* ---- Beginning and end ---- */

static enum watch_order order_of(const struct walk_format *format)
{
    if (strncmp(format->name, "x86", 3) == 0 || strncmp(format->name, "ept", 3) == 0)
        return WATCH_STORES_IN_ORDER;
    return strncmp(format->name, "sv", 2) == 0 ? WATCH_FENCED_BEFORE : WATCH_ANY_ORDER;
}

void watch_begin(struct watch *watch, struct conform_subject *subject)
{
    *watch = (struct watch){.subject = subject, .regime = subject->regime, .group = 1};
    watch->order = order_of(subject->config.format);
    watch->regime.contiguous = !subject->setting.single_leaves;
    subject->listener = (struct conform_listener){.told = told, .context = watch};
}

void watch_end(struct watch *watch)
{
    watch->subject->listener = (struct conform_listener){.told = NULL};
    free(watch->item);
    free(watch->store);
    watch->item = NULL;
    watch->store = NULL;
}
