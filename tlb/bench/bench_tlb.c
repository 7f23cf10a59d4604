/*
 * Look-ups a second of the TLB array, beside a bare loop that does the least such a simulation can do: the
 * same two levels with the geometry known at compile time, one page size, no address spaces, timestamps in
 * plain arrays. Both see the same addresses and must count the same hits.
 *
 * Then the same array with other policies, with sets that are no power of two, and with a mix of 4 KiB and 2
 * MiB pages, each as a ratio to LRU, power-of-two sets and 4 KiB pages in the same run.
 *
 *   tlb_bench [accesses a measurement, in thousands; 16000 unless given]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tlb/bench/bare.h"
#include "tlb/tlb.h"

enum { ADDRESSES = 1 << 20, ROUNDS = 5, ASID = 1, PAGE_LG2 = 12, LARGE_LG2 = 21 };

struct stream {
    const char *name;
    uint64_t pages;         /* of 4 KiB, drawn uniformly */
    bool with_a_large_page; /* one 2 MiB page elsewhere is present too, so each look-up probes two sizes */
};

static const struct stream streams[] = {
    {"hot, 8 pages", 8, false},           {"hot, and a 2 MiB page present", 8, true},
    {"random over 256 KiB", 64, false},   {"random over 4 MiB", 1024, false},
    {"random over 1 GiB", 262144, false},
};

/* What the array is, and what is filled. */
struct variant {
    const char *name;
    enum tlb_replacement replacement;
    uint32_t l1_sets, l2_sets;
    bool mixed; /* every other 2 MiB of the address space is one page */
};

static const struct variant variants[] = {
    {"lru", TLB_LRU, BARE_L1_SETS, BARE_L2_SETS, false},
    {"tree-plru", TLB_TREE_PLRU, BARE_L1_SETS, BARE_L2_SETS, false},
    {"fifo", TLB_FIFO, BARE_L1_SETS, BARE_L2_SETS, false},
    {"random", TLB_RANDOM, BARE_L1_SETS, BARE_L2_SETS, false},
    {"srrip", TLB_SRRIP, BARE_L1_SETS, BARE_L2_SETS, false},
    {"24 and 192 sets", TLB_LRU, 24, 192, false},
    {"4 KiB and 2 MiB pages", TLB_LRU, BARE_L1_SETS, BARE_L2_SETS, true},
};

struct score {
    uint64_t l1_hits, l2_hits;
    double seconds;
};

static double now_seconds(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) {
        perror("clock_gettime");
        exit(EXIT_FAILURE);
    }
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void draw(uint64_t *addresses, uint64_t pages)
{
    uint64_t state = 1;
    for (size_t i = 0; i < ADDRESSES; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        addresses[i] = (state >> 33) % pages << PAGE_LG2 | (state >> 20 & 0xff8);
    }
}

static struct tlb_entry page_at(uint64_t va, uint8_t size_lg2)
{
    uint64_t base = va >> size_lg2 << size_lg2;
    return (struct tlb_entry){.va = base, .pa = base, .asid = ASID, .size_lg2 = size_lg2};
}

static void make(struct tlb *tlb, uint32_t sets, uint32_t ways, enum tlb_replacement replacement)
{
    const char *why;
    struct tlb_geometry geometry = {
        .entries = sets * ways, .ways = ways, .replacement = replacement, .seed = 1};
    if (tlb_init(tlb, &geometry, &why))
        return;
    (void)fprintf(stderr, "tlb_bench: %s\n", why);
    exit(EXIT_FAILURE);
}

static struct score run_array(const struct stream *stream, const struct variant *variant,
                              const uint64_t *addresses, uint64_t accesses)
{
    struct tlb l1;
    struct tlb l2;
    make(&l1, variant->l1_sets, BARE_L1_WAYS, variant->replacement);
    make(&l2, variant->l2_sets, BARE_L2_WAYS, variant->replacement);
    if (stream->with_a_large_page) {
        /* Set 1 of each level, as do pages 1, 17, ...: with eight pages nothing is replaced. */
        struct tlb_entry large = page_at(UINT64_C(0x40200000), LARGE_LG2);
        (void)tlb_fill(&l1, &large);
        (void)tlb_fill(&l2, &large);
    }
    struct score score = {0};
    double start = now_seconds();
    for (uint64_t i = 0; i < accesses; i++) {
        uint64_t va = addresses[i % ADDRESSES];
        if (tlb_lookup(&l1, va, ASID) != TLB_NONE) {
            score.l1_hits++;
            continue;
        }
        uint32_t slot = tlb_lookup(&l2, va, ASID);
        if (slot != TLB_NONE) {
            score.l2_hits++;
            (void)tlb_fill(&l1, &l2.entries[slot]);
            continue;
        }
        struct tlb_entry entry = page_at(va, variant->mixed && va >> LARGE_LG2 & 1 ? LARGE_LG2 : PAGE_LG2);
        (void)tlb_fill(&l2, &entry);
        (void)tlb_fill(&l1, &entry);
    }
    score.seconds = now_seconds() - start;
    tlb_destroy(&l1);
    tlb_destroy(&l2);
    return score;
}

static struct score run_bare(const uint64_t *addresses, uint64_t accesses)
{
    static struct bare bare;
    bare = (struct bare){0};
    struct score score = {0};
    double start = now_seconds();
    for (uint64_t i = 0; i < accesses; i++) {
        uint64_t va = addresses[i % ADDRESSES];
        switch (bare_access(&bare, va)) {
        case 1:
            score.l1_hits++;
            break;
        case 2:
            score.l2_hits++;
            break;
        default:
            break;
        }
    }
    score.seconds = now_seconds() - start;
    return score;
}

/* The best of some rounds: other load on the machine only ever adds time. */
static bool measure(const struct stream *stream, uint64_t *addresses, uint64_t accesses)
{
    draw(addresses, stream->pages);
    double array_seconds = 0;
    double bare_seconds = 0;
    struct score bare = {0};
    for (int round = 0; round < ROUNDS; round++) {
        struct score array = run_array(stream, &variants[0], addresses, accesses);
        bare = run_bare(addresses, accesses);
        if (array.l1_hits != bare.l1_hits || array.l2_hits != bare.l2_hits) {
            (void)fprintf(stderr,
                          "tlb_bench: %s: the array hit %" PRIu64 " and %" PRIu64
                          " times, the bare loop %" PRIu64 " and %" PRIu64 "\n",
                          stream->name, array.l1_hits, array.l2_hits, bare.l1_hits, bare.l2_hits);
            return false;
        }
        if (round == 0 || array.seconds < array_seconds)
            array_seconds = array.seconds;
        if (round == 0 || bare.seconds < bare_seconds)
            bare_seconds = bare.seconds;
    }
    double count = (double)accesses;
    return printf("%-30s %9.1f %9.1f %8.2f %9.2f %9.2f\n", stream->name, count / array_seconds / 1e6,
                  count / bare_seconds / 1e6, bare_seconds / array_seconds,
                  100.0 * (double)bare.l1_hits / count, 100.0 * (double)bare.l2_hits / count) > 0;
}

static void measure_variants(const struct stream *stream, uint64_t *addresses, uint64_t accesses)
{
    enum { VARIANTS = sizeof variants / sizeof *variants };
    double seconds[VARIANTS] = {0};
    draw(addresses, stream->pages);
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < VARIANTS; i++) {
            struct score score = run_array(stream, &variants[i], addresses, accesses);
            if (round == 0 || score.seconds < seconds[i])
                seconds[i] = score.seconds;
        }
    (void)printf("\n%-30s %9s %8s\n", stream->name, "tlb", "ratio");
    for (size_t i = 0; i < VARIANTS; i++)
        (void)printf("%-30s %9.1f %8.2f\n", variants[i].name, (double)accesses / seconds[i] / 1e6,
                     seconds[0] / seconds[i]);
}

/* The sets of consecutive pages, by a division as the language has it and as the array does it. */
static void measure_sets(uint64_t pages)
{
    struct tlb tlb;
    make(&tlb, 96, 12, TLB_LRU);
    volatile uint64_t sink; /* keeps the sums */
    double start = now_seconds();
    uint64_t sum = 0;
    for (uint64_t page = UINT64_C(0x7f1234567); page < UINT64_C(0x7f1234567) + pages; page++)
        sum += page % tlb.sets;
    sink = sum;
    double middle = now_seconds();
    for (uint64_t page = UINT64_C(0x7f1234567); page < UINT64_C(0x7f1234567) + pages; page++)
        sum -= tlb_set_of_page(&tlb, page);
    sink = sum;
    double end = now_seconds();
    (void)printf("\nset of 96: %.0f M/s, by division %.0f M/s, ratio %.2f%s\n",
                 (double)pages / (end - middle) / 1e6, (double)pages / (middle - start) / 1e6,
                 (middle - start) / (end - middle), sink ? ": BUT THEY DIFFER" : "");
    tlb_destroy(&tlb);
}

int main(int argc, char **argv)
{
    char *end = "";
    unsigned long long thousands = argc > 1 ? strtoull(argv[1], &end, 10) : 16000;
    if (argc > 2 || *end != '\0' || thousands == 0 || thousands > 1000000) {
        (void)fprintf(stderr, "usage: tlb_bench [THOUSANDS], accesses a measurement, 1 to 1000000\n");
        return 2;
    }
    uint64_t *addresses = malloc(ADDRESSES * sizeof *addresses);
    if (!addresses) {
        (void)fprintf(stderr, "tlb_bench: out of memory\n");
        return EXIT_FAILURE;
    }
    (void)printf("%-30s %9s %9s %8s %9s %9s\n", "M accesses/s, 64x4 and 1536x12", "tlb", "bare loop", "ratio",
                 "L1 hit %", "L2 hit %");
    bool good = true;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
        good = measure(&streams[i], addresses, thousands * 1000) && good;
    measure_variants(&streams[2], addresses, thousands * 1000);
    measure_variants(&streams[4], addresses, thousands * 1000);
    measure_sets(thousands * 1000);
    free(addresses);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
