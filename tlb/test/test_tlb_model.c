/* The array beside the simple model: long random sequences over drawn geometries, equal in every event. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tlb/test/model.h"
#include "tlb/test/random.h"
#include "tlb/tlb.h"

enum { CASES = 300, STEPS = 3000, SIZES_MAX = 4, TAGS_MAX = 4, TEXT_BYTES = 400, WHOLE_EVERY = 250 };

/* What the addresses of one case are drawn from, so that pages overlap, sets fill and entries are met again.
 */
struct scenario {
    struct tlb_geometry geometry;
    unsigned size_count, asid_count, vmid_count;
    uint8_t sizes_lg2[SIZES_MAX];
    uint16_t asids[TAGS_MAX], vmids[TAGS_MAX];
    uint64_t base;
    uint64_t spread; /* pages of one size that are drawn from */
    unsigned global_percent;
};

struct contest {
    uint64_t random;
    struct scenario scenario;
    struct tlb tlb;
    struct model model;
    uint64_t *beside;          /* by slot: the pa of the entry, kept as a user keeps data beside an entry */
    struct tlb_entry *dropped; /* room for every entry: first those of the array, then those of the model */
    uint32_t dropped_count;
    uint64_t fills; /* each fill has a pa of its own, by which its entry is known again */
    bool beside_wrong;
    char *text; /* where and how they differ */
};

static void draw_sizes(struct scenario *scenario, uint64_t *random)
{
    static const uint8_t usual_sizes_lg2[] = {6, 12, 14, 16, 21, 25, 29, 30, 39, 48};
    scenario->size_count = 1 + (unsigned)random_below(random, SIZES_MAX);
    for (unsigned i = 0; i < scenario->size_count; i++)
        scenario->sizes_lg2[i] =
            random_chance(random, 20)
                ? (uint8_t)(TLB_SIZE_LG2_MIN + random_below(random, TLB_PAGE_SIZES - TLB_SIZE_LG2_MIN))
                : usual_sizes_lg2[random_below(random, sizeof usual_sizes_lg2)];
}

static void draw_scenario(struct scenario *scenario, uint64_t *random)
{
    static const uint64_t bases[] = {0, 0x400000, UINT64_C(0xffff800000000000), UINT64_C(0xffffffffff000000)};
    uint32_t ways = 1 + (uint32_t)random_below(random, random_chance(random, 40) ? 24 : 6);
    uint32_t sets = random_chance(random, 25) ? 1 : 1 + (uint32_t)random_below(random, 20);
    *scenario = (struct scenario){.geometry = {.entries = ways * sets, .ways = ways}};
    scenario->geometry.replacement = (enum tlb_replacement)random_below(random, TLB_REPLACEMENTS);
    scenario->geometry.seed = random_next(random);
    draw_sizes(scenario, random);
    scenario->asid_count = 1 + (unsigned)random_below(random, TAGS_MAX);
    scenario->vmid_count = 1 + (unsigned)random_below(random, TAGS_MAX - 1);
    for (unsigned i = 0; i < TAGS_MAX; i++) {
        scenario->asids[i] = (uint16_t)random_next(random);
        scenario->vmids[i] = (uint16_t)random_next(random);
    }
    scenario->asids[0] = random_chance(random, 50) ? 0 : UINT16_MAX;
    scenario->vmids[0] = random_chance(random, 50) ? 0 : scenario->asids[0];
    scenario->base = random_chance(random, 20) ? random_next(random)
                                               : bases[random_below(random, sizeof bases / sizeof *bases)];
    scenario->spread = 1 + random_below(random, 3 * (uint64_t)scenario->geometry.entries);
    scenario->global_percent = (unsigned)random_below(random, 4) * 15;
}

static uint8_t draw_size_lg2(struct contest *contest)
{
    return contest->scenario.sizes_lg2[random_below(&contest->random, contest->scenario.size_count)];
}

static struct model_address draw_address(struct contest *contest)
{
    const struct scenario *scenario = &contest->scenario;
    uint64_t page = random_below(&contest->random, scenario->spread);
    uint64_t offset = random_next(&contest->random) & 0xfff;
    return (struct model_address){
        .va = scenario->base + (page << draw_size_lg2(contest)) + offset,
        .asid = scenario->asids[random_below(&contest->random, scenario->asid_count)],
        .vmid = scenario->vmids[random_below(&contest->random, scenario->vmid_count)]};
}

static bool differs(struct contest *contest, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes how they differ. Always false, so that a comparison can end with it. */
static bool differs(struct contest *contest, const char *format, ...)
{
    int length =
        snprintf(contest->text, TEXT_BYTES, "%s, %" PRIu32 " entries, %" PRIu32 " ways, fill %" PRIu64 ": ",
                 tlb_replacement_names[contest->scenario.geometry.replacement],
                 contest->scenario.geometry.entries, contest->scenario.geometry.ways, contest->fills);
    assert_in_range(length, 1, TEXT_BYTES - 1);
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(contest->text + length, (size_t)(TEXT_BYTES - length), format, arguments);
    va_end(arguments);
    assert_true(more > 0);
    return false;
}

static bool same_entry(const struct tlb_entry *one, const struct tlb_entry *other)
{
    return one->va == other->va && one->pa == other->pa && one->attributes == other->attributes &&
           one->asid == other->asid && one->size_lg2 == other->size_lg2 && one->rights == other->rights &&
           one->vmid == other->vmid && one->global == other->global;
}

static bool look_up(struct contest *contest, const struct model_address *address, bool use, bool *hit)
{
    uint64_t space = tlb_space(address->asid, address->vmid);
    uint32_t slot =
        use ? tlb_lookup(&contest->tlb, address->va, space) : tlb_probe(&contest->tlb, address->va, space);
    const struct model_way *expected = model_look_up(&contest->model, address, use);
    *hit = slot != TLB_NONE;
    if (*hit != (expected != NULL))
        return differs(contest, "0x%" PRIx64 " in ASID %u, VMID %u: the array %s, the model %s", address->va,
                       address->asid, address->vmid, *hit ? "hits" : "misses", expected ? "hits" : "misses");
    if (!*hit)
        return true;
    if (!same_entry(&contest->tlb.entries[slot], &expected->entry))
        return differs(contest,
                       "0x%" PRIx64 " in ASID %u: the array has pa 0x%" PRIx64 ", the model 0x%" PRIx64,
                       address->va, address->asid, contest->tlb.entries[slot].pa, expected->entry.pa);
    if (contest->beside[slot] != expected->entry.pa)
        return differs(contest, "slot %" PRIu32 " of 0x%" PRIx64 " is not the one it was filled in", slot,
                       address->va);
    return true;
}

/* All that match, in order; and if nothing overlaps, no more than one does. */
static bool match(struct contest *contest, const struct model_address *address)
{
    uint32_t slots[2 * SIZES_MAX];
    uint32_t most = (uint32_t)random_below(&contest->random, 2 * SIZES_MAX + 1);
    uint32_t count =
        tlb_matches(&contest->tlb, address->va, tlb_space(address->asid, address->vmid), slots, most);
    uint32_t expected_count = model_matches(&contest->model, address, contest->dropped);
    if (count != expected_count)
        return differs(contest, "0x%" PRIx64 ": %" PRIu32 " matches in the array, %" PRIu32 " in the model",
                       address->va, count, expected_count);
    if (count > 1 && tlb_overlapping(&contest->tlb) == 0)
        return differs(contest, "0x%" PRIx64 " matches more than once, and nothing overlaps", address->va);
    for (uint32_t i = 0; i < count && i < most; i++)
        if (!same_entry(&contest->tlb.entries[slots[i]], &contest->dropped[i]))
            return differs(contest, "0x%" PRIx64 ": match %" PRIu32 " has pa 0x%" PRIx64 ", not 0x%" PRIx64,
                           address->va, i, contest->tlb.entries[slots[i]].pa, contest->dropped[i].pa);
    return true;
}

static struct tlb_entry draw_entry(struct contest *contest, const struct model_address *address)
{
    uint8_t size_lg2 = draw_size_lg2(contest);
    return (struct tlb_entry){
        .va = address->va >> size_lg2 << size_lg2,
        .pa = ++contest->fills << TLB_PAGE_LG2,
        .attributes = (uint32_t)random_next(&contest->random),
        .asid = address->asid,
        .vmid = address->vmid,
        .size_lg2 = size_lg2,
        .rights = (uint8_t)random_next(&contest->random),
        .global = random_chance(&contest->random, contest->scenario.global_percent),
    };
}

static bool fill(struct contest *contest, const struct model_address *address)
{
    struct tlb_entry entry = draw_entry(contest, address);
    struct tlb_entry victim = {0};
    bool replaced = model_fill(&contest->model, &entry, &victim);
    struct tlb_fill_result result = tlb_fill(&contest->tlb, &entry);
    if (result.replaced != replaced)
        return differs(contest, "the fill of 0x%" PRIx64 " %s in the array, and %s in the model", entry.va,
                       result.replaced ? "replaces" : "finds room", replaced ? "replaces" : "finds room");
    if (replaced && !same_entry(&result.victim, &victim))
        return differs(contest,
                       "the fill of 0x%" PRIx64 " replaces pa 0x%" PRIx64 ", but in the model 0x%" PRIx64,
                       entry.va, result.victim.pa, victim.pa);
    if (replaced && contest->beside[result.slot] != victim.pa)
        return differs(contest, "the victim 0x%" PRIx64 " was not in slot %" PRIu32, victim.va, result.slot);
    contest->beside[result.slot] = entry.pa;
    return true;
}

/* As a hierarchy does that must not, or must, have the same entry in two levels. */
static bool drop_exactly(struct contest *contest, const struct model_address *address)
{
    struct tlb_entry entry = draw_entry(contest, address);
    uint32_t slot = tlb_find(&contest->tlb, &entry);
    if (slot != TLB_NONE)
        tlb_invalidate_slot(&contest->tlb, slot);
    return model_drop(&contest->model, &entry) == (slot != TLB_NONE) ||
           differs(contest, "0x%" PRIx64 " is %s the array alone", entry.va,
                   slot == TLB_NONE ? "not in" : "in");
}

static int by_pa(const void *one, const void *other)
{
    const struct tlb_entry *left = one;
    const struct tlb_entry *right = other;
    return (left->pa > right->pa) - (left->pa < right->pa);
}

static bool same_entries(struct contest *contest, const char *what, uint32_t count,
                         struct tlb_entry *expected, uint32_t expected_count)
{
    if (count != expected_count)
        return differs(contest, "%s: %" PRIu32 " entries in the array, %" PRIu32 " in the model", what, count,
                       expected_count);
    qsort(contest->dropped, count, sizeof *expected, by_pa);
    qsort(expected, count, sizeof *expected, by_pa);
    for (uint32_t i = 0; i < count; i++)
        if (!same_entry(&contest->dropped[i], &expected[i]))
            return differs(contest, "%s: pa 0x%" PRIx64 " in the array, 0x%" PRIx64 " in the model", what,
                           contest->dropped[i].pa, expected[i].pa);
    return true;
}

static void note_drop(void *context, uint32_t slot, const struct tlb_entry *entry)
{
    struct contest *contest = context;
    contest->beside_wrong = contest->beside_wrong || contest->beside[slot] != entry->pa;
    contest->dropped[contest->dropped_count++] = *entry;
}

static uint64_t draw_last_va(struct contest *contest, uint64_t va)
{
    uint64_t rest = UINT64_MAX - va;
    uint64_t bytes = 0;
    switch (random_below(&contest->random, 5)) {
    case 0:
    case 1:
        break;
    case 2:
        bytes = random_next(&contest->random) >> (63 - draw_size_lg2(contest)); /* up to two pages */
        break;
    case 3:
        bytes = random_below(&contest->random, contest->scenario.spread) << draw_size_lg2(contest);
        break;
    default:
        bytes = rest;
        break;
    }
    uint64_t last_va = va + (bytes < rest ? bytes : rest);
    uint8_t size_lg2 = draw_size_lg2(contest);
    uint64_t first_of_page = last_va >> size_lg2 << size_lg2; /* a page that the range just touches */
    return random_chance(&contest->random, 40) && first_of_page >= va ? first_of_page : last_va;
}

static bool invalidate(struct contest *contest)
{
    struct model_address address = draw_address(contest);
    struct tlb_selection selection = {
        .va = address.va,
        .last_va = draw_last_va(contest, address.va),
        .asid = address.asid,
        .vmid = address.vmid,
        .by_va = random_chance(&contest->random, 80),
        .by_asid = random_chance(&contest->random, 70),
        .by_vmid = random_chance(&contest->random, 70),
        .global_too = random_chance(&contest->random, 50),
    };
    struct tlb_entry *expected = contest->dropped + contest->scenario.geometry.entries;
    struct tlb_invalidated wanted = model_invalidate(&contest->model, &selection, expected);
    contest->dropped_count = 0;
    struct tlb_invalidated told = tlb_invalidate(&contest->tlb, &selection, note_drop, contest);
    if (told.dropped != contest->dropped_count)
        return differs(contest, "an invalidation says %" PRIu32 " and visits %" PRIu32, told.dropped,
                       contest->dropped_count);
    if (told.sets != wanted.sets || told.entries != wanted.entries)
        return differs(contest,
                       "an invalidation looks at %" PRIu32 " sets with %" PRIu32
                       " entries, but in the model at %" PRIu32 " with %" PRIu32,
                       told.sets, told.entries, wanted.sets, wanted.entries);
    if (contest->beside_wrong)
        return differs(contest, "an invalidation names the wrong slot");
    return same_entries(contest, "dropped", told.dropped, expected, wanted.dropped);
}

static uint32_t list_all(const struct model *model, struct tlb_entry *entries)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->geometry.entries; i++)
        if (model->ways[i].used)
            entries[count++] = model->ways[i].entry;
    return count;
}

/* All that the array holds is what the model holds, and its list of sizes is that of its entries. */
static bool same_whole(struct contest *contest)
{
    struct tlb_entry *expected = contest->dropped + contest->scenario.geometry.entries;
    uint32_t population[TLB_PAGE_SIZES] = {0};
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < contest->scenario.geometry.entries; slot++) {
        if (!tlb_slot_used(&contest->tlb, slot))
            continue;
        contest->dropped[count++] = contest->tlb.entries[slot];
        population[contest->tlb.entries[slot].size_lg2]++;
    }
    if (!same_entries(contest, "the whole", count, expected, list_all(&contest->model, expected)))
        return false;
    if (tlb_overlapping(&contest->tlb) != model_overlapping(&contest->model))
        return differs(contest, "%" PRIu64 " pairs overlap, %" PRIu64 " in the model",
                       tlb_overlapping(&contest->tlb), model_overlapping(&contest->model));
    unsigned listed = 0;
    for (unsigned size_lg2 = 0; size_lg2 < TLB_PAGE_SIZES; size_lg2++)
        if (population[size_lg2] > 0 &&
            (listed >= contest->tlb.size_count || contest->tlb.sizes[listed++] != size_lg2))
            return differs(contest, "the list of page sizes lacks 2^%u", size_lg2);
    return listed == contest->tlb.size_count || differs(contest, "a page size is listed that is not there");
}

/* Most steps are what hardware does: look up, and fill after a miss, though not every miss leads to a fill.
 */
static bool step(struct contest *contest)
{
    struct model_address address = draw_address(contest);
    bool hit = false;
    uint64_t choice = random_below(&contest->random, 1000);
    if (choice < 5)
        return invalidate(contest);
    if (choice < 15)
        return drop_exactly(contest, &address);
    if (choice < 50)
        return match(contest, &address);
    if (choice < 150)
        return fill(contest, &address);
    if (!look_up(contest, &address, choice >= 250, &hit))
        return false;
    return hit || random_chance(&contest->random, 20) || fill(contest, &address);
}

/* What a contest is about: the model's fault, or another policy for the array, which must be LRU then. */
struct contenders {
    enum model_fault fault;
    const struct tlb_policy *policy;
};

static bool begin(struct contest *contest, const struct contenders *contenders)
{
    draw_scenario(&contest->scenario, &contest->random);
    if (contenders->policy)
        contest->scenario.geometry.replacement = TLB_LRU;
    struct tlb_geometry geometry = contest->scenario.geometry;
    const char *why = "out of memory";
    contest->beside = calloc(geometry.entries, sizeof *contest->beside);
    contest->dropped = calloc(2 * (size_t)geometry.entries, sizeof *contest->dropped);
    if (contest->beside && contest->dropped && model_init(&contest->model, &geometry, contenders->fault) &&
        tlb_init(&contest->tlb, &geometry, &why)) {
        if (contenders->policy)
            contest->tlb.policy = contenders->policy;
        contest->tlb.uses_are_stamped = contest->tlb.policy->stamps_uses;
        return true;
    }
    fail_msg("%s", why);
    return false;
}

static void end(struct contest *contest)
{
    free(contest->beside);
    free(contest->dropped);
    model_destroy(&contest->model);
    tlb_destroy(&contest->tlb);
}

/* True if array and model agreed all the way; else `text` says how they differ. */
static bool agree(uint64_t seed, const struct contenders *contenders, unsigned steps, char *text)
{
    struct contest contest = {.random = seed, .text = text};
    bool good = begin(&contest, contenders);
    for (unsigned i = 1; good && i <= steps; i++)
        good = step(&contest) && (i % WHOLE_EVERY != 0 || same_whole(&contest));
    end(&contest);
    return good;
}

static void array_and_model_agree_on_every_event(void **state)
{
    struct contenders correct = {.fault = MODEL_CORRECT};
    uint64_t random = random_seed();
    unsigned cases = random_runs(CASES);
    for (unsigned i = 0; i < cases; i++) {
        char text[TEXT_BYTES];
        if (!agree(random_next(&random), &correct, STEPS, text))
            fail_msg("case %u: %s", i, text);
    }
}

static void must_disagree(uint64_t random, const struct contenders *contenders, const char *what)
{
    char text[TEXT_BYTES] = "";
    unsigned cases = 1;
    while (cases <= CASES && agree(random_next(&random), contenders, STEPS, text))
        cases++;
    if (cases > CASES)
        fail_msg("%s was not found in %d cases", what, CASES);
    assert_true(printf("%s, found in case %u: %s\n", what, cases, text) > 0);
}

static void every_planted_fault_of_the_model_is_found(void **state)
{
    uint64_t seed = random_seed();
    for (enum model_fault fault = MODEL_CORRECT + 1; fault < MODEL_FAULTS; fault++) {
        struct contenders contenders = {.fault = fault};
        char what[TEXT_BYTES];
        assert_in_range(snprintf(what, sizeof what, "planted fault %d", (int)fault), 1, TEXT_BYTES - 1);
        must_disagree(seed, &contenders, what);
    }
}

/* ---- policies that are wrong, in place of LRU ----------------------------------------------------- */

static void stamp(struct tlb *tlb, uint32_t slot)
{
    tlb->state[slot] = ++tlb->clock;
}

static uint32_t newest(struct tlb *tlb, uint32_t set)
{
    uint32_t first = set * tlb->geometry.ways;
    uint32_t choice = first;
    for (uint32_t slot = first; slot < first + tlb->geometry.ways; slot++)
        choice = tlb->state[slot] > tlb->state[choice] ? slot : choice;
    return choice;
}

static uint32_t oldest_but_for_the_last_way(struct tlb *tlb, uint32_t set)
{
    uint32_t first = set * tlb->geometry.ways;
    uint32_t choice = first;
    for (uint32_t slot = first; slot + 1 < first + tlb->geometry.ways; slot++)
        choice = tlb->state[slot] < tlb->state[choice] ? slot : choice;
    return choice;
}

static void every_wrong_policy_of_the_array_is_found(void **state)
{
    const struct tlb_policy *lru = tlb_replacement_at(TLB_LRU);
    const struct tlb_policy wrong[] = {
        {"most recently used goes", "", true, lru->state_words, stamp, stamp, newest},
        {"a use is none", "", false, lru->state_words, NULL, stamp, lru->victim},
        {"the last way is never chosen", "", true, lru->state_words, stamp, stamp,
         oldest_but_for_the_last_way},
        {"a fill is no use", "", false, lru->state_words, stamp, NULL, lru->victim},
    };
    uint64_t seed = random_seed();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct contenders contenders = {.fault = MODEL_CORRECT, .policy = &wrong[i]};
        must_disagree(seed, &contenders, wrong[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(array_and_model_agree_on_every_event),
        cmocka_unit_test(every_planted_fault_of_the_model_is_found),
        cmocka_unit_test(every_wrong_policy_of_the_array_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
