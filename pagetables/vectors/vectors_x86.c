/*
 * x86-64: one access through tables of 4 or 5 levels.
 *
 * A row starts from an empty TLB: the walk sets accessed flags of tables on its way, also where the access
 * faults then, and the access those of the page (SDM volume 3, 4.8).
 */
#include <string.h>

#include "pagetables/vectors/vectors.h"
#include "pagetables/x86.h"

/* What made the vectors: see the README beside them. */
#define MAXPHYADDR 40
#define RAM_BYTES  UINT64_C(0x80000000)

#define UPDATES_MAX 5 /* one a level */

struct question {
    struct translation_regime regime;
    uint64_t va;
    enum privilege privilege;
    enum access_kind access;
};

/* Two letters: S or U, then R, W or X. */
static bool read_access(const struct vectors_row *row, struct question *question)
{
    static const char kinds[ACCESS_KINDS] = {[ACCESS_LOAD] = 'R', [ACCESS_STORE] = 'W', [ACCESS_FETCH] = 'X'};
    const char *text = vectors_text(row, "access");
    const char *kind = text[0] ? memchr(kinds, text[1], sizeof kinds) : NULL;
    if (!kind || (text[0] != 'S' && text[0] != 'U') || text[2]) {
        vectors_unknown_text(row, "access", "SR, SW, SX, UR, UW, UX");
        return false;
    }
    question->privilege = text[0] == 'S' ? PRIVILEGE_KERNEL : PRIVILEGE_USER;
    question->access = (enum access_kind)(kind - kinds);
    return true;
}

static uint32_t read_controls(const struct vectors_row *row)
{
    static const struct {
        const char *column;
        uint32_t control;
    } columns[] = {{"wp", CONTROL_WP},
                   {"smep", CONTROL_SMEP},
                   {"smap", CONTROL_SMAP},
                   {"ac", CONTROL_AC},
                   {"pke", CONTROL_PKE}};
    uint32_t flags = 0;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        flags |= vectors_decimal(row, columns[i].column) ? columns[i].control : 0;
    return flags;
}

static bool read_question(const struct vectors_row *row, struct question *question)
{
    *question =
        (struct question){.regime = {.format = vectors_decimal(row, "la57") ? &x86_64_57 : &x86_64_48,
                                     .root = vectors_hex(row, "cr3"),
                                     .physical_size_lg2 = MAXPHYADDR,
                                     .controls = {.flags = read_controls(row),
                                                  .key_rights = (uint32_t)vectors_hex(row, "pkru")},
                                     .features = vectors_decimal(row, "nxe") ? 0 : X86_FEATURE_NO_NXE},
                          .va = vectors_hex(row, "va")};
    return read_access(row, question);
}

/* ---- The access ---- */

/* What hardware changed, entry by entry: one entry may become accessed on the way and dirty by the access. */
struct changes {
    struct walk_update entry[UPDATES_MAX];
    unsigned entries;
};

static void make_update(struct vectors_image *image, struct changes *changes,
                        const struct walk_update *update)
{
    vectors_set_word(image, update->pa, update->desired);
    unsigned last = changes->entries - 1;
    if (changes->entries && changes->entry[last].pa == update->pa)
        changes->entry[last].desired = update->desired;
    else if (changes->entries < UPDATES_MAX)
        changes->entry[changes->entries++] = *update;
}

static enum walk_status walk_to_end(const struct question *question, struct vectors_image *image,
                                    struct changes *changes, struct walk_state *walk)
{
    const struct walk_format *format = question->regime.format;
    enum walk_status status = format->start(walk, &question->regime, question->va);
    while (status == WALK_FETCH || status == WALK_UPDATE) {
        if (status == WALK_UPDATE) {
            make_update(image, changes, &walk->table_update);
            status = format->updated(walk);
        } else {
            uint64_t word = vectors_word(image, walk->fetch[0]);
            status = format->resume(walk, &word);
        }
    }
    return status;
}

static void say_fault(const struct question *question, const struct walk_state *walk, enum fault_kind kind,
                      struct vectors_answer *answer)
{
    const struct fault_cause cause = {.va = question->va,
                                      .kind = (uint8_t)kind,
                                      .level =
                                          kind == FAULT_PERMISSION ? walk->leaf.level : walk->fault_level,
                                      .stage = 1,
                                      .access = (uint8_t)question->access,
                                      .privilege = (uint8_t)question->privilege,
                                      .rights = walk->leaf.rights_when_dirty,
                                      .attributes = walk->leaf.frame.attributes,
                                      .controls = question->regime.controls,
                                      .features = question->regime.features};
    struct fault_report report;
    question->regime.format->report(&cause, &report);
    if (report.vector == X86_VECTOR_GENERAL_PROTECTION) {
        vectors_say(answer, "result", "gp");
        return;
    }
    vectors_say(answer, "result", "pf");
    vectors_say(answer, "error_code", "%llx", (unsigned long long)report.code);
    vectors_say(answer, "cr2", "%llx", (unsigned long long)report.address);
}

static void say_page(const struct question *question, const struct walk_state *walk,
                     struct vectors_answer *answer)
{
    uint64_t pa = walk->leaf.frame.base + (question->va - walk->leaf.va);
    vectors_say(answer, "result", "ok");
    if (question->access == ACCESS_FETCH)
        vectors_leave_open(answer, "pa_page", "a fetch does not tell which page it read");
    else if (pa >= RAM_BYTES)
        vectors_leave_open(answer, "pa_page", "the page lies beyond the memory, where nothing marks it");
    else
        vectors_say(answer, "pa_page", "%llx", (unsigned long long)(pa & ~UINT64_C(0xfff)));
}

static bool is_allowed(const struct question *question, const struct walk_leaf *leaf)
{
    const struct walk_format *format = question->regime.format;
    uint8_t allowed =
        walk_allowed(format, &question->regime.controls, leaf->rights_when_dirty, leaf->frame.attributes);
    return allowed & ACCESS_RIGHT(question->privilege, question->access);
}

static void answer_question(const struct question *question, struct vectors_image *image,
                            struct vectors_answer *answer, struct changes *changes)
{
    struct walk_state walk;
    struct walk_update update;
    if (walk_to_end(question, image, changes, &walk) != WALK_LEAF) {
        say_fault(question, &walk, walk.fault, answer);
    } else if (!is_allowed(question, &walk.leaf)) {
        say_fault(question, &walk, FAULT_PERMISSION, answer);
    } else {
        if (walk_needs_update(&walk, question->access == ACCESS_STORE, &update))
            make_update(image, changes, &update);
        say_page(question, &walk, answer);
    }
}

static bool replay(const struct vectors_row *row, struct vectors_image *image, struct vectors_answer *answer,
                   const char **why)
{
    struct question question;
    struct changes changes = {.entries = 0};
    (void)why;
    if (!read_question(row, &question))
        return true;
    answer_question(&question, image, answer, &changes);
    for (unsigned i = 0; i < changes.entries; i++)
        vectors_say_update(answer, "entry_writes", &changes.entry[i]);
    return true;
}

static const char *const asks[] = {"la57", "cr3", "wp",     "smep", "smap", "pke",
                                   "pkru", "nxe", "access", "ac",   "va",   NULL};
static const char *const answers[] = {"result", "pa_page", "error_code", "cr2", "entry_writes", NULL};

const struct vectors_kind vectors_x86 = {.name = "x86", .asks = asks, .answers = answers, .replay = replay};
