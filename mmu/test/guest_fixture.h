/*
 * A guest in a machine of the fixture: a stage 2 table, and under it a stage 1 table in intermediate
 * addresses.
 *
 * The fixture's pages are mapped by both stages, page i to the intermediate page guest_ipa(i). Tables of
 * stage 1 lie in the region from GUEST_TABLES on, whose pages stage 2 maps one by one, to physical pages in
 * another order.
 */
#ifndef MMUSIM_MMU_TEST_GUEST_FIXTURE_H
#define MMUSIM_MMU_TEST_GUEST_FIXTURE_H

#include "mmu/guest.h"
#include "mmu/test/machine_fixture.h"
#include "mmu/test/rig.h"

#define GUEST_TABLES      UINT64_C(0x80000000) /* an intermediate address */
#define GUEST_TABLE_PAGES 64u
#define GUEST_PAGES       UINT64_C(0x90000000) /* an intermediate address */
#define GUEST_RUNS        UINT64_C(0xa0000000) /* of the fixture's runs and, behind them, blocks */
#define GUEST_BLOCKS      UINT64_C(0xb0000000)
#define GUEST_VMID        7u

struct guest_config {
    const char *stage1, *stage2; /* formats */
    bool updates;                /* hardware updates both stages' entries, of which some begin old or clean */
};

struct guest {
    struct guest_config config;
    struct translation_regime stage2;
    struct two_stage_regime stages[2]; /* of the fixture's two contexts */
    struct two_stage_regime others[2]; /* and of its others */
    void *stage2_table;
    struct frame_allocator tables;
    struct guest_environment environment;
    uint64_t entries[FIXTURE_PAGES]; /* physical address of stage 2's leaf entry of each page */
};

uint64_t guest_ipa(unsigned page);
/* As fixture_open, with two stages. */
void fixture_open_guest(struct fixture *fixture, const struct mmu_config *config,
                        enum observation observation, const struct guest_config *guest);
void guest_close(struct guest *guest);

/* Another mapping of one stage, before the run. */
void guest_map_stage1(struct fixture *fixture, uint64_t va, const struct frame *frame);
void guest_map_stage2(struct fixture *fixture, uint64_t ipa, const struct frame *frame);
/* Where hardware finds the entry of stage 1 at a level for `va`, or of stage 2 for `ipa`: physical addresses.
 */
uint64_t guest_stage1_entry(const struct fixture *fixture, uint64_t va, unsigned level);
uint64_t guest_stage1_table_ipa(const struct fixture *fixture, uint64_t va, unsigned level);
uint64_t guest_stage2_entry(const struct fixture *fixture, uint64_t ipa, unsigned level);

/* As rig_open, with two stages. */
void rig_open_guest(struct rig *rig, const struct guest_config *guest);

/* A machine, of one stage or two, and a script of so many steps for each of its cores. */
void draw_run(uint64_t *state, enum observation observation, unsigned steps, struct fixture *fixture,
              struct script *scripts);

#endif
