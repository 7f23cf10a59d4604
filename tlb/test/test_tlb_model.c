/* The array beside the simple model: long random sequences over drawn geometries, equal in every event. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tlb/test/model.h"
#include "tlb/test/random.h"
#include "tlb/tlb.h"

enum { CASES = 300, STEPS = 4000, SIZES_MAX = 4, ASIDS_MAX = 4, TEXT_BYTES = 400, WHOLE_EVERY = 500 };

/* What the addresses of one case are drawn from, so that pages overlap, sets fill and entries are met again.
 */
struct scenario {
    struct tlb_geometry geometry;
    unsigned size_count, asid_count;
    uint8_t sizes_lg2[SIZES_MAX];
    uint16_t asids[ASIDS_MAX];
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

static void draw_scenario(struct scenario *scenario, uint64_t *random)
{
    static const uint8_t usual_sizes_lg2[] = {12, 14, 16, 21, 25, 29, 30, 39, 48};
    static const uint64_t bases[] = {0, 0x400000, UINT64_C(0xffff800000000000), UINT64_C(0xffffffffff000000)};
    uint32_t ways = 1 + (uint32_t)random_below(random, random_chance(random, 20) ? 24 : 6);
    uint32_t sets = random_chance(random, 25) ? 1 : 1 + (uint32_t)random_below(random, 20);
    *scenario = (struct scenario){.geometry = {.entries = ways * sets, .ways = ways}};
    scenario->size_count = 1 + (unsigned)random_below(random, SIZES_MAX);
    for (unsigned i = 0; i < scenario->size_count; i++)
        scenario->sizes_lg2[i] =
            random_chance(random, 20)
                ? (uint8_t)(TLB_SIZE_LG2_MIN + random_below(random, TLB_PAGE_SIZES - TLB_SIZE_LG2_MIN))
                : usual_sizes_lg2[random_below(random, sizeof usual_sizes_lg2)];
    scenario->asid_count = 1 + (unsigned)random_below(random, ASIDS_MAX);
    for (unsigned i = 0; i < scenario->asid_count; i++)
        scenario->asids[i] = (uint16_t)random_next(random);
    scenario->asids[0] = random_chance(random, 50) ? 0 : UINT16_MAX;
    scenario->base = random_chance(random, 20) ? random_next(random)
                                               : bases[random_below(random, sizeof bases / sizeof *bases)];
    scenario->spread = 1 + random_below(random, 3 * (uint64_t)scenario->geometry.entries);
    scenario->global_percent = (unsigned)random_below(random, 4) * 15;
}

static uint8_t draw_size_lg2(struct contest *contest)
{
    return contest->scenario.sizes_lg2[random_below(&contest->random, contest->scenario.size_count)];
}

static uint64_t draw_va(struct contest *contest)
{
    uint64_t page = random_below(&contest->random, contest->scenario.spread);
    uint64_t offset = random_next(&contest->random) & 0xfff;
    return contest->scenario.base + (page << draw_size_lg2(contest)) + offset;
}

static uint16_t draw_asid(struct contest *contest)
{
    return contest->scenario.asids[random_below(&contest->random, contest->scenario.asid_count)];
}

static bool differs(struct contest *contest, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes how they differ. Always false, so that a comparison can end with it. */
static bool differs(struct contest *contest, const char *format, ...)
{
    int length =
        snprintf(contest->text, TEXT_BYTES, "%" PRIu32 " entries, %" PRIu32 " ways, fill %" PRIu64 ": ",
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
           one->global == other->global;
}

static bool look_up(struct contest *contest, uint64_t va, uint16_t asid, bool use, bool *hit)
{
    uint32_t slot = use ? tlb_lookup(&contest->tlb, va, asid) : tlb_probe(&contest->tlb, va, asid);
    const struct tlb_entry *expected = model_look_up(&contest->model, va, asid, use);
    *hit = slot != TLB_NONE;
    if (*hit != (expected != NULL))
        return differs(contest, "0x%" PRIx64 " in ASID %u: the array %s, the model %s", va, asid,
                       *hit ? "hits" : "misses", expected ? "hits" : "misses");
    if (!*hit)
        return true;
    if (!same_entry(&contest->tlb.entries[slot], expected))
        return differs(contest,
                       "0x%" PRIx64 " in ASID %u: the array has pa 0x%" PRIx64 ", the model 0x%" PRIx64, va,
                       asid, contest->tlb.entries[slot].pa, expected->pa);
    if (contest->beside[slot] != expected->pa)
        return differs(contest, "slot %" PRIu32 " of 0x%" PRIx64 " is not the one it was filled in", slot,
                       va);
    return true;
}

static bool fill(struct contest *contest, uint64_t va, uint16_t asid)
{
    uint8_t size_lg2 = draw_size_lg2(contest);
    struct tlb_entry entry = {
        .va = va >> size_lg2 << size_lg2,
        .pa = ++contest->fills << TLB_SIZE_LG2_MIN,
        .attributes = (uint32_t)random_next(&contest->random),
        .asid = asid,
        .size_lg2 = size_lg2,
        .rights = (uint8_t)random_next(&contest->random),
        .global = random_chance(&contest->random, contest->scenario.global_percent),
    };
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

static bool invalidate(struct contest *contest)
{
    struct tlb_selection selection = {
        .va = draw_va(contest),
        .asid = draw_asid(contest),
        .by_va = random_chance(&contest->random, 80),
        .by_asid = random_chance(&contest->random, 80),
        .global_too = random_chance(&contest->random, 50),
    };
    selection.last_va = selection.va;
    struct tlb_entry *expected = contest->dropped + contest->scenario.geometry.entries;
    uint32_t expected_count = model_invalidate(&contest->model, &selection, expected);
    contest->dropped_count = 0;
    uint32_t told = tlb_invalidate(&contest->tlb, &selection, note_drop, contest).dropped;
    if (told != contest->dropped_count)
        return differs(contest, "an invalidation says %" PRIu32 " and visits %" PRIu32, told,
                       contest->dropped_count);
    if (contest->beside_wrong)
        return differs(contest, "an invalidation names the wrong slot");
    return same_entries(contest, "dropped", told, expected, expected_count);
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
    memcpy(expected, contest->model.entries, contest->model.count * sizeof *expected);
    if (!same_entries(contest, "the whole", count, expected, contest->model.count))
        return false;
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
    uint64_t va = draw_va(contest);
    uint16_t asid = draw_asid(contest);
    bool hit = false;
    uint64_t choice = random_below(&contest->random, 1000);
    if (choice < 5)
        return invalidate(contest);
    if (choice < 100)
        return fill(contest, va, asid);
    if (!look_up(contest, va, asid, choice >= 200, &hit))
        return false;
    return hit || random_chance(&contest->random, 20) || fill(contest, va, asid);
}

static bool begin(struct contest *contest, enum model_fault fault)
{
    draw_scenario(&contest->scenario, &contest->random);
    struct tlb_geometry geometry = contest->scenario.geometry;
    const char *why = "out of memory";
    contest->beside = calloc(geometry.entries, sizeof *contest->beside);
    contest->dropped = calloc(2 * (size_t)geometry.entries, sizeof *contest->dropped);
    if (contest->beside && contest->dropped && model_init(&contest->model, &geometry, fault) &&
        tlb_init(&contest->tlb, &geometry, &why))
        return true;
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
static bool agree(uint64_t seed, enum model_fault fault, char *text)
{
    struct contest contest = {.random = seed, .text = text};
    bool good = begin(&contest, fault);
    for (unsigned i = 1; good && i <= STEPS; i++)
        good = step(&contest) && (i % WHOLE_EVERY != 0 || same_whole(&contest));
    end(&contest);
    return good;
}

static void array_and_model_agree_on_every_event(void **state)
{
    uint64_t random = random_seed();
    for (unsigned i = 0; i < CASES; i++) {
        char text[TEXT_BYTES];
        if (!agree(random_next(&random), MODEL_CORRECT, text))
            fail_msg("case %u: %s", i, text);
    }
}

static void every_planted_fault_of_the_model_is_found(void **state)
{
    uint64_t seed = random_seed();
    for (enum model_fault fault = MODEL_CORRECT + 1; fault < MODEL_FAULTS; fault++) {
        uint64_t random = seed;
        char text[TEXT_BYTES] = "";
        unsigned cases = 1;
        while (cases <= CASES && agree(random_next(&random), fault, text))
            cases++;
        if (cases > CASES)
            fail_msg("planted fault %d was not found in %d cases", (int)fault, CASES);
        assert_true(printf("planted fault %d, found in case %u: %s\n", (int)fault, cases, text) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(array_and_model_agree_on_every_event),
        cmocka_unit_test(every_planted_fault_of_the_model_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
