/* What a level of TLBs cannot be, and a machine at each of these limits that can be made. */
#include "mmu/test/levels_rig.h"

static void assert_refused(const struct mmu_config *config, const char *why)
{
    char error[256] = "";
    assert_false(mmu_config_check(config, error, sizeof error));
    assert_string_equal(error, why);
}

static void assert_accepted(const struct mmu_config *config)
{
    char error[256] = "";
    struct machine *machine = machine_create(config, error, sizeof error);
    if (!machine)
        fail_msg("%s", error);
    machine_destroy(machine);
}

static void a_level_has_room_for_eight_arrays_of_a_side(void **state)
{
    static const char *const names[] = {"l1d_a", "l1d_b", "l1d_c", "l1d_d",
                                        "l1d_e", "l1d_f", "l1d_g", "l1d_h"};
    struct rig rig;
    (void)state;
    levels_two(&rig, 1, 7);
    for (unsigned i = 0; i + 1 < MMU_GROUP_TLBS_MAX; i++)
        levels_tlb(&rig, names[i], 2, 1);
    assert_accepted(&rig.config);
    levels_tlb(&rig, names[MMU_GROUP_TLBS_MAX - 1], 2, 1);
    assert_refused(&rig.config,
                   "tlb.l1d_h is one too many; a level has at most 8 TLBs for one side or for both");
}

static void a_shared_level_is_not_inclusive(void **state)
{
    struct rig rig;
    (void)state;
    levels_two(&rig, 1, 7);
    levels_find(&rig, "l2")->inclusion = TLB_INCLUSION_INCLUSIVE;
    assert_accepted(&rig.config);
    levels_find(&rig, "l2")->shared = true;
    assert_refused(&rig.config,
                   "tlb.l2.inclusion is \"inclusive\"; of a shared TLB it must be \"neither\" or "
                   "\"exclusive\"");
    levels_find(&rig, "l2")->inclusion = TLB_INCLUSION_EXCLUSIVE;
    assert_accepted(&rig.config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_level_has_room_for_eight_arrays_of_a_side),
        cmocka_unit_test(a_shared_level_is_not_inclusive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
