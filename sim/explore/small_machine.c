#include "sim/explore/small_machine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/explore/small_internal.h"

static const char no_memory[] = "the memory that was allowed is used up";

bool small_fail(struct small_machine *machine, const char *sentence)
{
    if (!machine->error)
        machine->error = sentence;
    return false;
}

const char *small_error(const struct small_machine *machine)
{
    return machine->error;
}

const struct small_config *small_machine_config(const struct small_machine *machine)
{
    return &machine->config;
}

void small_set_root(struct small_machine *machine, unsigned context, uint64_t root)
{
    machine->config.contexts[context].regime.root = root;
}

void small_set_stage2_root(struct small_machine *machine, unsigned context, uint64_t root)
{
    machine->config.contexts[context].stage2.root = root;
}

/* ---- making --------------------------------------------------------------------------------------- */

static struct intern *table_of(struct small_machine *machine, uint32_t fixed_bytes)
{
    const struct intern_config config = {.budget = machine->budget, .fixed_bytes = fixed_bytes};
    return intern_create(&config);
}

static bool make_tables(struct small_machine *machine)
{
    machine->leaves = table_of(machine, sizeof(struct small_leaf));
    machine->tables = table_of(machine, sizeof(struct cached_table));
    machine->contents = table_of(machine, sizeof(struct array_contents));
    machine->positions = table_of(machine, sizeof(struct position));
    machine->orders = table_of(machine, sizeof(struct invalidation));
    machine->values = table_of(machine, sizeof(uint64_t));
    machine->words = table_of(machine, sizeof(uint64_t));
    machine->addresses = table_of(machine, sizeof(uint64_t));
    machine->memo = memo_create(machine->budget);
    return machine->leaves && machine->tables && machine->contents && machine->positions && machine->orders &&
           machine->values && machine->words && machine->addresses && machine->memo;
}

static void assert_description(const struct small_config *config)
{
    assert(config->cores >= 1 && config->cores <= SMALL_CORES);
    assert(config->tlb_entries <= SMALL_TLB_ENTRIES && config->walk_cache_entries <= SMALL_TLB_ENTRIES);
    assert(config->store_buffer <= SMALL_STORES);
    assert(config->walks >= 1 && config->walks <= SMALL_WALKS);
    assert(config->context_count >= 1 && config->context_count <= SMALL_CONTEXTS);
    assert(config->memory_bytes >= 8);
}

struct small_machine *small_create(const struct small_config *config, struct memory_budget *budget)
{
    const uint64_t zero = 0;
    assert_description(config);
    struct small_machine *machine = calloc(1, sizeof *machine);
    if (!machine)
        return NULL;
    machine->config = *config;
    machine->budget = budget;
    if (make_tables(machine) && intern_add(machine->values, &zero, sizeof zero) == 0 && arrays_init(machine))
        return machine;
    small_destroy(machine);
    return NULL;
}

void small_destroy(struct small_machine *machine)
{
    if (!machine)
        return;
    arrays_destroy(machine);
    intern_destroy(machine->leaves);
    intern_destroy(machine->tables);
    intern_destroy(machine->contents);
    intern_destroy(machine->positions);
    intern_destroy(machine->orders);
    intern_destroy(machine->values);
    intern_destroy(machine->words);
    intern_destroy(machine->addresses);
    memo_destroy(machine->memo);
    free(machine->facts);
    free(machine);
}

void small_begin(const struct small_machine *machine, struct small_state *state)
{
    (void)machine;
    memset(state, 0, sizeof *state);
}

/* ---- numbers -------------------------------------------------------------------------------------- */

uint32_t number_of(struct small_machine *machine, struct intern *intern, const void *bytes, size_t length,
                   const char *sentence)
{
    uint32_t id = intern_add(intern, bytes, length);
    if (id < UINT16_MAX)
        return id + 1;
    (void)small_fail(machine, id == INTERN_NONE ? no_memory : sentence);
    return 0;
}

/* Whether there are more than `max`, or there is no memory for another. */
static bool is_number(struct small_machine *machine, uint32_t id, uint32_t max, const char *sentence)
{
    return id <= max || small_fail(machine, id == INTERN_NONE ? no_memory : sentence);
}

bool small_value(struct small_machine *machine, uint64_t value, uint8_t *number)
{
    uint32_t id = intern_add(machine->values, &value, sizeof value);
    if (!is_number(machine, id, SMALL_VALUES,
                   "memory holds more than 255 different values, which is more than the explorer "
                   "can number: let programs store fewer"))
        return false;
    *number = (uint8_t)id;
    return true;
}

bool small_word(struct small_machine *machine, uint64_t pa, uint8_t *number)
{
    uint32_t id = intern_add(machine->words, &pa, sizeof pa);
    if (!is_number(machine, id, SMALL_WORDS - 1,
                   "more than 64 words of memory are written, which is more than the explorer can "
                   "number: map fewer pages, or take a format with fewer levels"))
        return false;
    *number = (uint8_t)(id + 1);
    return true;
}

bool small_address(struct small_machine *machine, uint64_t va, uint8_t *number)
{
    uint32_t id = intern_add(machine->addresses, &va, sizeof va);
    if (!is_number(machine, id, UINT8_MAX - 1,
                   "programs name more than 254 addresses, which is more than the explorer can "
                   "number"))
        return false;
    *number = (uint8_t)(id + 1);
    return true;
}

static bool order_number(struct small_machine *machine, const struct invalidation *what, uint8_t *number)
{
    struct invalidation plain;
    memset(&plain, 0, sizeof plain);
    plain.va = what->va;
    plain.size_bytes = what->size_bytes;
    plain.asid = what->asid;
    plain.vmid = what->vmid;
    plain.scope = what->scope;
    plain.broadcast = what->broadcast;
    plain.last_level_only = what->last_level_only;
    uint32_t id = intern_add(machine->orders, &plain, sizeof plain);
    if (!is_number(machine, id, UINT8_MAX - 1,
                   "more than 254 different invalidations are sent, which is more than the "
                   "explorer can number"))
        return false;
    *number = (uint8_t)(id + 1);
    return true;
}

static uint64_t number_at(const struct intern *intern, uint32_t id)
{
    return *(const uint64_t *)intern_bytes(intern, id, NULL);
}

uint64_t small_value_of(const struct small_machine *machine, uint8_t number)
{
    return number_at(machine->values, number);
}

uint64_t small_pa_of(const struct small_machine *machine, uint8_t word)
{
    return number_at(machine->words, word - 1u);
}

uint64_t small_va_of(const struct small_machine *machine, uint8_t address)
{
    return number_at(machine->addresses, address - 1u);
}

unsigned small_words(const struct small_machine *machine)
{
    return intern_count(machine->words);
}

const struct small_leaf *small_leaf_of(const struct small_machine *machine, uint16_t leaf)
{
    return intern_bytes(machine->leaves, leaf - 1u, NULL);
}

const struct invalidation *small_invalidation_of(const struct small_machine *machine, uint8_t what)
{
    return intern_bytes(machine->orders, what - 1u, NULL);
}

unsigned small_tlb_leaves(const struct small_machine *machine, uint16_t tlb, uint16_t *leaves, unsigned max)
{
    const struct array_contents *contents = contents_of(machine, tlb);
    unsigned count = 0;
    while (count < SMALL_TLB_ENTRIES && contents->items[count] != 0) {
        if (count < max)
            leaves[count] = contents->items[count];
        count++;
    }
    return count;
}

/* ---- memory --------------------------------------------------------------------------------------- */

/* 0: it never held anything else than 0. */
static uint8_t known_word(const struct small_machine *machine, uint64_t pa)
{
    return (uint8_t)(intern_find(machine->words, &pa, sizeof pa) + 1u); /* INTERN_NONE + 1 is 0 */
}

uint8_t small_memory_at(const struct small_machine *machine, const struct small_state *state, uint64_t pa)
{
    uint8_t word = known_word(machine, pa);
    return word == 0 ? 0 : state->memory[word - 1];
}

bool small_poke(struct small_machine *machine, struct small_state *state, uint64_t pa, uint64_t value)
{
    uint8_t word, number;
    if (value == 0 && known_word(machine, pa) == 0)
        return true;
    if (!small_word(machine, pa, &word) || !small_value(machine, value, &number))
        return false;
    state->memory[word - 1] = number;
    return true;
}

uint8_t small_core_reads(const struct small_machine *machine, const struct small_state *state, unsigned core,
                         uint64_t pa)
{
    const struct small_core *at = &state->cores[core];
    uint8_t word = known_word(machine, pa);
    for (unsigned i = at->store_count; word != 0 && i-- > 0;)
        if (at->stores[i].word == word)
            return at->stores[i].value;
    return word == 0 ? 0 : state->memory[word - 1];
}

bool small_core_has_store(const struct small_machine *machine, const struct small_state *state, unsigned core,
                          uint64_t pa)
{
    const struct small_core *at = &state->cores[core];
    uint8_t word = known_word(machine, pa);
    for (unsigned i = 0; word != 0 && i < at->store_count; i++)
        if (at->stores[i].word == word)
            return true;
    return false;
}

/* ---- what a core does ----------------------------------------------------------------------------- */

bool small_has_room(const struct small_machine *machine, const struct small_state *state, unsigned core)
{
    return machine->config.store_buffer == 0 || state->cores[core].store_count < machine->config.store_buffer;
}

bool small_put_store(struct small_machine *machine, struct small_state *state, unsigned core,
                     const struct small_new_store *store)
{
    struct small_core *at = &state->cores[core];
    uint8_t word, value, address = 0;
    if (machine->config.store_buffer == 0)
        return small_poke(machine, state, store->pa, store->value);
    if (!small_word(machine, store->pa, &word) || !small_value(machine, store->value, &value))
        return false;
    if (store->leaf != 0 && !small_address(machine, store->va, &address))
        return false;
    at->stores[at->store_count++] = (struct small_store){.word = word,
                                                         .value = value,
                                                         .leaf = store->leaf,
                                                         .settle = store->settle,
                                                         .barrier = at->barriers,
                                                         .address = address,
                                                         .tag = store->tag};
    return true;
}

void small_order_stores(const struct small_machine *machine, struct small_state *state, unsigned core)
{
    struct small_core *at = &state->cores[core];
    if (machine->config.stores_pass_stores && at->store_count > 0)
        at->barriers = (uint8_t)(at->stores[at->store_count - 1].barrier + 1);
}

static uint8_t way_of(const struct small_machine *machine, const struct invalidation *what)
{
    if (!what->broadcast)
        return SENT_LOCALLY;
    return machine->config.ordering == ORDERING_ARM ? 0 : SENT_BY_INTERRUPT;
}

enum small_answer small_invalidate(struct small_machine *machine, struct small_state *state, unsigned core,
                                   const struct invalidation *what, unsigned targets, unsigned *free)
{
    for (unsigned place = 0; place < SMALL_INVALIDATIONS; place++) {
        struct small_invalidation *free_place = &state->invalidations[place];
        uint8_t number = 0; /* gcc does not see that a failure is always false */
        if (free_place->what != 0)
            continue;
        if (!order_number(machine, what, &number))
            return SMALL_FAILED;
        *free_place = (struct small_invalidation){.what = number,
                                                  .issuer = (uint8_t)core,
                                                  .missing = (uint8_t)targets,
                                                  .how = way_of(machine, what)};
        for (unsigned i = 0; i < machine->config.cores; i++)
            if (targets >> i & 1)
                state->cores[i].to_drop |= (uint8_t)(1u << place);
        *free = place;
        return SMALL_DONE;
    }
    return SMALL_BUSY;
}

bool small_is_complete(const struct small_state *state, unsigned core, bool local)
{
    for (unsigned place = 0; place < SMALL_INVALIDATIONS; place++) {
        const struct small_invalidation *invalidation = &state->invalidations[place];
        if (invalidation->what != 0 && invalidation->issuer == core &&
            (!local || invalidation->how & SENT_LOCALLY))
            return false;
    }
    return true;
}

bool small_issue(struct small_machine *machine, struct small_state *state, unsigned core, unsigned index,
                 enum access_kind kind, enum privilege privilege, uint64_t va)
{
    uint8_t address;
    if (!small_address(machine, va, &address))
        return false;
    state->cores[core].accesses[index] = (struct small_access){
        .state = ACCESS_ISSUED, .kind = (uint8_t)kind, .privilege = (uint8_t)privilege, .address = address};
    return true;
}

void small_disown_walk(struct small_state *state, unsigned core, unsigned index)
{
    for (unsigned i = 0; i < SMALL_WALKS; i++)
        if (state->cores[core].walks[i].access == index + 1)
            state->cores[core].walks[i].access = 0;
}

void small_retire(struct small_state *state, unsigned core, unsigned index)
{
    small_disown_walk(state, core, index);
    state->cores[core].accesses[index] = (struct small_access){0};
    small_settle(state, core);
}

uint64_t small_pa(const struct small_machine *machine, const struct small_access *access)
{
    const struct walk_leaf *leaf = &small_leaf_of(machine, access->leaf)->leaf;
    uint64_t offset = small_va_of(machine, access->address) - leaf->va;
    return leaf->frame.base + offset;
}
