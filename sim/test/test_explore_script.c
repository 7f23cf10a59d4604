/* Scripts that are explored: what they describe, how their programs unfold, what they do wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/explore_script.h"

#define SPACE    "local m = explore { cores = 2 }\nlocal as = m:address_space {}\n"
#define TEXT_MAX 1024

struct fixture {
    struct memory_budget budget;
    struct explore_script *script;
    const struct exploration_config *config;
    char error[TEXT_MAX];
};

static void try_open(struct fixture *fixture, const char *text)
{
    static const char *const arguments[] = {"first"};
    *fixture = (struct fixture){.budget = {.bytes_max = (size_t)1 << 28}};
    const struct explore_script_options options = {.script = "some/script.lua",
                                                   .text = text,
                                                   .arguments = arguments,
                                                   .argument_count = 1,
                                                   .budget = &fixture->budget};
    fixture->script = explore_script_open(&options, fixture->error, sizeof fixture->error);
    if (fixture->script)
        fixture->config = explore_script_config(fixture->script);
}

static void open_script(struct fixture *fixture, const char *text)
{
    try_open(fixture, text);
    if (!fixture->script)
        fail_msg("%s", fixture->error);
}

/* Core 1 with this as its program's body, where `pa` is a frame; core 2 does nothing. */
static void open_program(struct fixture *fixture, const char *body)
{
    char text[TEXT_MAX];
    snprintf(text, sizeof text,
             SPACE "local pa = m:frames('4K')\nm.core[1]:program(function(core)\n%s\nend)\n", body);
    open_script(fixture, text);
}

static void close_script(struct fixture *fixture)
{
    explore_script_close(fixture->script);
    assert_int_equal(fixture->budget.bytes, 0);
}

static uint32_t begin(const struct fixture *fixture, unsigned core)
{
    const struct program_source *source = fixture->config->programs;
    uint32_t node = source->begin(source->context, core);
    if (node == PROGRAM_NONE)
        fail_msg("%s", source->error(source->context));
    return node;
}

static uint32_t try_go_on(const struct fixture *fixture, uint32_t node, struct program_answer answer)
{
    const struct program_source *source = fixture->config->programs;
    return source->resume(source->context, 0, node, &answer);
}

static uint32_t go_on(const struct fixture *fixture, uint32_t node, struct program_answer answer)
{
    uint32_t next = try_go_on(fixture, node, answer);
    if (next == PROGRAM_NONE)
        fail_msg("%s", fixture->config->programs->error(fixture->config->programs->context));
    return next;
}

static uint32_t with_value(const struct fixture *fixture, uint32_t node, uint64_t value)
{
    return go_on(fixture, node, (struct program_answer){.value = value});
}

static const struct program_request *request_of(const struct fixture *fixture, uint32_t node)
{
    return fixture->config->programs->request(fixture->config->programs->context, 0, node);
}

/* ---- What a script describes --------------------------------------------------------------------- */

static void good_a_machine_has_defaults(void **state)
{
    struct fixture fixture;
    open_program(&fixture, "");
    const struct small_config *machine = &fixture.config->machine;
    assert_int_equal(machine->cores, 2);
    assert_int_equal(machine->tlb_entries, 1);
    assert_int_equal(machine->walk_cache_entries, 0);
    assert_int_equal(machine->store_buffer, 1);
    assert_int_equal(machine->walks, 1);
    assert_int_equal(machine->ordering, ORDERING_ARM);
    assert_true(machine->stores_pass_stores);
    assert_true(machine->speculates);
    assert_true(machine->evicts);
    assert_int_equal(machine->context_count, 1);
    assert_int_equal(machine->contexts[0].asid, 1);
    assert_string_equal(fixture.config->table->name, "radix");
    assert_string_equal(fixture.config->pagetable->format->name, "vmsa-4k-25");
    assert_ptr_equal(machine->contexts[0].regime.format, fixture.config->pagetable->format);
    close_script(&fixture);
}

static void good_a_machine_is_as_the_script_says(void **state)
{
    struct fixture fixture;
    open_script(&fixture,
                "local m = explore { cores = 1, tlb_entries = 2, walk_cache_entries = 1, store_buffer = 0,\n"
                "  walks = 2, speculates = false, evicts = false, pages = { 0x5000 } }\n"
                "local as = m:address_space { table = 'radix-keeps-tables', format = 'sv39', asid = 3,\n"
                "  aliasing = true }\n"
                "as:premap(0x1000, m:frames('4K'), '4K', 'rw-u')\n"
                "m.core[1]:program(function(core) core:sfence_vma() end)");
    const struct small_config *machine = &fixture.config->machine;
    assert_int_equal(machine->cores, 1);
    assert_int_equal(machine->tlb_entries, 2);
    assert_int_equal(machine->walk_cache_entries, 1);
    assert_int_equal(machine->store_buffer, 0);
    assert_int_equal(machine->walks, 2);
    assert_int_equal(machine->ordering, ORDERING_RISCV);
    assert_false(machine->speculates);
    assert_false(machine->evicts);
    assert_int_equal(machine->contexts[0].page_count, 1);
    assert_int_equal(machine->contexts[0].pages[0], 0x5000);
    assert_int_equal(machine->contexts[0].asid, 3);
    assert_true(fixture.config->aliasing_allowed);
    assert_string_equal(fixture.config->table->name, "radix-keeps-tables");
    close_script(&fixture);
}

static void good_x86_keeps_the_order_of_stores(void **state)
{
    struct fixture fixture;
    open_script(&fixture, "local m = explore {}\nm:address_space { format = 'x86-64-48' }\n"
                          "m.core[2]:program(function(core) core:fence() end)");
    assert_int_equal(fixture.config->machine.ordering, ORDERING_X86);
    assert_false(fixture.config->machine.stores_pass_stores);
    close_script(&fixture);
}

static void good_what_is_done_before_is_a_list_of_calls(void **state)
{
    struct fixture fixture;
    open_script(&fixture,
                SPACE "local pa = m:frames('4K')\n"
                      "as:premap(0x0, pa, '4K', 'rw-u')\nas:premap(0x200000, pa + 0x1000, '4K', 'r--u')\n"
                      "m:before(function(core) as:unmap(core, 0x0); as:protect(core, 0x200000, 'rw-u') end)\n"
                      "m.core[1]:program(function(core) end)");
    const struct exploration_config *config = fixture.config;
    assert_int_equal(config->before_count, 4);
    assert_int_equal(config->before[0].kind, CALL_MAP);
    assert_int_equal(config->before[1].va, 0x200000);
    assert_int_equal(config->before[1].frame.base, config->before[0].frame.base + 0x1000);
    assert_int_equal(config->before[2].kind, CALL_UNMAP);
    assert_int_equal(config->before[3].attributes, FRAME_READABLE | FRAME_WRITABLE | FRAME_USER);
    /* where hardware may walk unasked, unless the script says otherwise */
    assert_int_equal(config->machine.contexts[0].page_count, 2);
    assert_int_equal(config->machine.contexts[0].pages[1], 0x200000);
    close_script(&fixture);
}

/* ---- Programs ------------------------------------------------------------------------------------ */

static void good_a_program_unfolds_by_what_it_is_answered(void **state)
{
    struct fixture fixture;
    open_program(&fixture, "local value, fault = core:load(0x1000)\n"
                           "core:store(0x2000, value and value + 1 or fault.level)");
    uint32_t loads = begin(&fixture, 0);
    assert_int_equal(request_of(&fixture, loads)->kind, PROGRAM_ACCESS);
    assert_int_equal(request_of(&fixture, loads)->access, ACCESS_LOAD);
    assert_int_equal(request_of(&fixture, loads)->privilege, PRIVILEGE_USER);
    assert_int_equal(request_of(&fixture, loads)->va, 0x1000);
    assert_int_equal(explore_script_line(fixture.script, loads), 5);
    uint32_t stores = with_value(&fixture, loads, 5);
    assert_int_equal(request_of(&fixture, stores)->access, ACCESS_STORE);
    assert_int_equal(request_of(&fixture, stores)->value, 6);
    assert_int_equal(explore_script_line(fixture.script, stores), 6);
    assert_int_equal(request_of(&fixture, with_value(&fixture, stores, 0))->kind, PROGRAM_END);
    stores = go_on(&fixture, loads, (struct program_answer){.fault = FAULT_TRANSLATION, .fault_level = 3});
    assert_int_equal(request_of(&fixture, stores)->value, 3);
    assert_int_equal(request_of(&fixture, begin(&fixture, 1))->kind, PROGRAM_END);
    close_script(&fixture);
}

/* One after the other, whatever they are answered: the kinds of requests, and a member of each. */
static void good_each_operation_of_a_core_is_a_request(void **state)
{
    struct fixture fixture;
    open_program(&fixture,
                 "core:switch(as)\ncore:privilege('kernel')\ncore:fetch(0x1000)\n"
                 "core:write(0x100000, 7)\ncore:read(0x100008)\ncore:compare_exchange(0x100010, 1, 2)\n"
                 "core:dsb('ishst')\ncore:tlbi('vae1is', 0x1000, as)\n"
                 "as:map(core, 0x3000, pa, '4K', 'rw-u')\nas:protect(core, 0x3000, 'r--u')\n"
                 "as:unmap(core, 0x3000)\nas:query(core, 0x3000)\ncore:choose(3)");
    static const enum program_request_kind kinds[] = {
        PROGRAM_ACCESS,  PROGRAM_WRITE,      PROGRAM_READ,   PROGRAM_COMPARE_EXCHANGE,
        PROGRAM_BARRIER, PROGRAM_INVALIDATE, PROGRAM_CALL,   PROGRAM_CALL,
        PROGRAM_CALL,    PROGRAM_CALL,       PROGRAM_CHOOSE, PROGRAM_END};
    const struct program_request *requests[sizeof kinds / sizeof *kinds];
    uint32_t node = begin(&fixture, 0);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        requests[i] = request_of(&fixture, node);
        assert_int_equal(requests[i]->kind, kinds[i]);
        if (kinds[i] != PROGRAM_END)
            node = with_value(&fixture, node, 0);
    }
    assert_int_equal(requests[0]->privilege, PRIVILEGE_KERNEL);
    assert_int_equal(requests[1]->value, 7);
    assert_int_equal(requests[2]->pa, 0x100008);
    assert_int_equal(requests[3]->expected, 1);
    assert_int_equal(requests[4]->barrier, BARRIER_DSB_ISHST);
    assert_int_equal(requests[5]->invalidation.asid, 1);
    assert_true(requests[5]->invalidation.broadcast);
    assert_int_equal(requests[6]->call.frame.size_lg2, 12);
    assert_int_equal(requests[7]->call.kind, CALL_PROTECT);
    assert_int_equal(requests[8]->call.kind, CALL_UNMAP);
    assert_int_equal(requests[9]->call.kind, CALL_QUERY);
    assert_int_equal(requests[10]->value, 3);
    close_script(&fixture);
}

static void good_answers_of_the_page_table_are_seen(void **state)
{
    struct fixture fixture;
    open_program(&fixture, "local found, why = as:query(core, 0x3000)\n"
                           "core:write(0x100000, found and found.pa + found.size or #why)");
    uint32_t node = begin(&fixture, 0);
    const struct program_answer there = {.found = {0x3000, {0x7000, FRAME_READABLE, 12}}};
    const struct program_answer nothing = {.result = PAGETABLE_NOT_MAPPED};
    assert_int_equal(request_of(&fixture, go_on(&fixture, node, there))->value, 0x8000);
    assert_int_equal(request_of(&fixture, go_on(&fixture, node, nothing))->value, strlen("not-mapped"));
    close_script(&fixture);
}

static void good_a_core_begins_anew_each_time(void **state)
{
    struct fixture fixture;
    open_program(&fixture, "core:load(0x1000)\ncore:privilege('kernel')\ncore:load(0x1000)");
    uint32_t first = begin(&fixture, 0), second = with_value(&fixture, first, 0);
    assert_int_equal(request_of(&fixture, second)->privilege, PRIVILEGE_KERNEL);
    assert_int_equal(request_of(&fixture, begin(&fixture, 0))->privilege, PRIVILEGE_USER);
    assert_int_equal(request_of(&fixture, with_value(&fixture, first, 1))->privilege, PRIVILEGE_KERNEL);
    close_script(&fixture);
}

static void good_errors_can_be_caught_by_the_program(void **state)
{
    struct fixture fixture;
    open_program(
        &fixture,
        "local fine = pcall(function() core:load(0x1000); error('x') end)\nif not fine then core:isb() end");
    uint32_t node = with_value(&fixture, begin(&fixture, 0), 0);
    assert_int_equal(request_of(&fixture, node)->kind, PROGRAM_BARRIER);
    close_script(&fixture);
}

static void good_the_root_is_known_to_programs(void **state)
{
    struct fixture fixture;
    open_program(&fixture, "core:read(as.root + 8)");
    const struct program_source *source = fixture.config->programs;
    source->root(source->context, 0x123000);
    assert_int_equal(request_of(&fixture, begin(&fixture, 0))->pa, 0x123008);
    close_script(&fixture);
}

static void good_programs_are_lists_and_choices(void **state)
{
    struct fixture fixture;
    open_script(&fixture, SPACE "local function f(core) core:load(0x1000) end\n"
                                "local function g(core) core:isb() end\n"
                                "m.core[1]:program { f, { f, g } }\nm.core[2]:sequences(2, { f, g, f })");
    uint32_t loads = begin(&fixture, 0);
    assert_int_equal(request_of(&fixture, loads)->kind, PROGRAM_ACCESS);
    uint32_t chooses = with_value(&fixture, loads, 1);
    assert_int_equal(with_value(&fixture, loads, 2), chooses);
    assert_int_equal(request_of(&fixture, chooses)->kind, PROGRAM_CHOOSE);
    assert_int_equal(request_of(&fixture, with_value(&fixture, chooses, 1))->kind, PROGRAM_BARRIER);
    uint32_t node = begin(&fixture, 1);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(request_of(&fixture, node)->kind, PROGRAM_CHOOSE);
        assert_int_equal(request_of(&fixture, node)->value, 3);
        node = with_value(&fixture, with_value(&fixture, node, 1), 0);
    }
    assert_int_equal(request_of(&fixture, node)->kind, PROGRAM_END);
    close_script(&fixture);
}

/* ---- Whole explorations -------------------------------------------------------------------------- */

#define READER(attributes)                                                                                   \
    "as:premap(0x0, m:frames('4K'), '4K', '" attributes "')\n"                                               \
    "m.core[1]:program(function(core) as:unmap(core, 0x0) end)\n"                                            \
    "m.core[2]:program(function(core) core:load(0x0) end)\n"

static enum search_outcome explore(const struct fixture *fixture, uint32_t *rule)
{
    char why[TEXT_MAX];
    struct exploration *exploration = exploration_create(fixture->config, why, sizeof why);
    if (!exploration)
        fail_msg("%s", why);
    const struct search_model model = exploration_model(exploration);
    struct search *search = search_create(&model, &(struct search_config){.budget = fixture->config->budget});
    assert_non_null(search);
    enum search_outcome outcome = search_run(search);
    size_t count;
    const struct search_finding *findings = search_findings(search, &count);
    *rule = count ? findings[0].rule : 0;
    search_destroy(search);
    exploration_destroy(exploration);
    return outcome;
}

static void good_a_right_table_is_right_in_every_interleaving(void **state)
{
    struct fixture fixture;
    uint32_t rule;
    open_script(&fixture, SPACE READER("rw-u"));
    assert_int_equal(explore(&fixture, &rule), SEARCH_COMPLETE);
    close_script(&fixture);
}

static void bad_a_planted_bug_is_found(void **state)
{
    struct fixture fixture;
    uint32_t rule;
    open_script(&fixture,
                "local m = explore {}\n"
                "local as = m:address_space { table = 'radix-forgets-invalidation' }\n" READER("rw-u"));
    assert_int_equal(explore(&fixture, &rule), SEARCH_FOUND);
    assert_true(rule == FINDING(RULE_STALE_ENTRY) || rule == FINDING(RULE_STALE_TRANSLATION));
    close_script(&fixture);
}

static void good_a_plug_in_is_explored(void **state)
{
    struct fixture fixture;
    uint32_t rule;
    open_script(&fixture, "local m = explore { cores = 1 }\n"
                          "local as = m:address_space { table = '" RADIX_VERIFIED "' }\n"
                          "as:premap(0x0, m:frames('4K'), '4K', 'rwx')\n"
                          "m.core[1]:program(function(core) as:unmap(core, 0x0) end)");
    assert_string_equal(fixture.config->table->name, "radix-verified");
    assert_string_equal(fixture.config->pagetable->format->name, fixture.config->table->default_format);
    assert_int_equal(explore(&fixture, &rule), SEARCH_COMPLETE);
    close_script(&fixture);
}

/* Its entries are all executable, and say nothing of users: pagetables/README.md, "What the proof's
 * assumptions hide". */
static void bad_what_a_plug_in_does_wrong_is_found(void **state)
{
    struct fixture fixture;
    uint32_t rule;
    open_script(&fixture, "local m = explore {}\n"
                          "local as = m:address_space { table = '" RADIX_VERIFIED "' }\n" READER("rw-u"));
    assert_int_equal(explore(&fixture, &rule), SEARCH_FOUND);
    assert_int_equal(rule, FINDING(RULE_WRONG_FRAME));
    close_script(&fixture);
}

/* ---- Mistakes ------------------------------------------------------------------------------------ */

static void bad_mistakes_of_a_script_are_told_with_their_place(void **state)
{
    static const struct {
        const char *text, *error;
    } scripts[] = {
        {"x = 1", "some/script.lua:1: 'x' is no local variable: write local in front of its first use"},
        {"", "some/script.lua: the script ended without a machine; it must call explore { ... }"},
        {"machine {}", "some/script.lua:1: machine { ... } has no place in an exploration: explore { ... } "
                       "describes what is explored"},
        {"explore { core = 2 }", "some/script.lua:1: explore has no key \"core\"; did you mean \"cores\"?"},
        {"explore { cores = 5 }", "some/script.lua:1: cores is 5; it must be from 1 to 4"},
        {"explore { ordering = 'mips' }",
         "some/script.lua:1: ordering is \"mips\"; it must be \"arm\", \"x86\" or \"riscv\""},
        {"explore { pages = 0x1000 }", "some/script.lua:1: pages must be a list of addresses, such as { 0x0, "
                                       "0x200000 }, not number"},
        {"explore {}\nexplore {}",
         "some/script.lua:2: a script explores one machine, and this one has it already"},
        {"explore {}",
         "some/script.lua: the script ended without an address space; m:address_space { ... } makes "
         "one"},
        {SPACE,
         "some/script.lua: no core has a program; m.core[1]:program(function(core) ... end) gives one"},
        {SPACE "m:address_space {}",
         "some/script.lua:3: an exploration has one address space, and this one has it already"},
        {"explore {}:address_space { table = 'radiks' }",
         "some/script.lua:1: there is no page table \"radiks\"; did you mean \"radix\"?"},
        {SPACE "m.core[1]:program(7)",
         "some/script.lua:3: the program is number; it must be a function, or a list of functions"},
        {SPACE "m.core[1]:program {}",
         "some/script.lua:3: the program has 0 functions; it must have from 1 to 64"},
        {SPACE "m.core[1]:program { { print, 7 } }",
         "some/script.lua:3: a program is made of functions, and this is number"},
        {SPACE "m.core[1]:program(print) m.core[1]:program(print)",
         "some/script.lua:3: core 1 has a program already"},
        {SPACE "m.core[3]:program(print)",
         "some/script.lua:3: there is no core 3: the machine has cores 1 to 2"},
        {SPACE "m:barrier()",
         "some/script.lua:3: m:barrier has no place in an exploration: programs meet in every "
         "order"},
        {SPACE "math.random(3)",
         "some/script.lua:3: math.random has no place in an exploration: core:choose(n) tries "
         "every number"},
        {SPACE "m:before(function(core) core:isb() end)",
         "some/script.lua:3: before the programs nothing but the page table is called"},
        {SPACE "m:outcome('x', 'maybe', print)",
         "some/script.lua:3: the verdict is \"maybe\"; it must be \"allowed\" or \"forbidden\""},
        {SPACE "m:tables { format = 'hashed-48' }",
         "some/script.lua:3: m:tables writes entries of tables in levels, and \"hashed-48\" has none"},
        {SPACE "m:tables { stage2 = as }",
         "some/script.lua:3: a guest has a format of stage 1, and its stage2 one of stage 2"},
        {SPACE "m.core[1]:switch(m:tables { format = 'vmsa-s2-4k-25' })",
         "some/script.lua:3: tables of stage 2 translate for a guest: m:tables { stage2 = ... } makes one"},
        {SPACE "m:tables():premap(0x0, 0x400000, '64K', 'rw-u')",
         "some/script.lua:3: the format \"vmsa-4k-25\" has no entries of that span"},
        {SPACE "m:word(0x4, 1)",
         "some/script.lua:3: the physical address is 4; it must be a multiple of 8 in memory"},
        {SPACE "m:before(function(core) as:query(core, 0) end)",
         "some/script.lua:3: before the programs nothing can be asked of the page table"},
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct fixture fixture;
        try_open(&fixture, scripts[i].text);
        assert_null(fixture.script);
        assert_string_equal(fixture.error, scripts[i].error);
        assert_int_equal(fixture.budget.bytes, 0);
    }
}

/* Of programs, when they are performed: line 5 is the first of their bodies. */
static void bad_mistakes_of_a_program_are_told_with_their_place(void **state)
{
    static const struct {
        const char *body, *error;
    } programs[] = {
        {"local x = nil + 1", "some/script.lua:5: attempt to perform arithmetic on a nil value"},
        {"error({})", "some/script.lua:5: a table was raised, and no message"},
        {"print(1)",
         "some/script.lua:5: print has no place in a program that is explored, which is performed again "
         "and again"},
        {"core:now()",
         "some/script.lua:5: core:now has no place in an exploration: there are no cycles, only "
         "orders"},
        {"m:frames('4K')",
         "some/script.lua:5: m:frames has no place in a program that is explored: take frames "
         "before, and give them to the program as local variables"},
        {"core:load(0x1004)",
         "some/script.lua:5: an access that is explored has 8 bytes and is aligned to them"},
        {"m.core[2]:load(0)", "some/script.lua:5: the program of core 1 cannot use core 2"},
        {"core:fence()",
         "some/script.lua:5: this machine has no core:fence, by its ordering: arm has core:dsb, core:dmb "
         "and core:isb, and core:tlbi"},
        {"as:premap(0, pa, '4K', 'rw-u')",
         "some/script.lua:5: premap takes no time, so it is for before the run; as:map "
         "is for programs"},
        {"coroutine.yield()", "some/script.lua:5: 'coroutine' is not known here"},
        {"while true do end",
         "some/script.lua:5: the program does not end: it has performed 10000000 instructions of "
         "Lua"},
        {"while true do pcall(core.now) end",
         "some/script.lua:5: the program does not end: it has performed 10000000 "
         "instructions of Lua"},
        {"table.sort({ 2, 1 }, function(a, b) core:load(0); return a < b end)",
         "some/script.lua:5: a program that is explored cannot wait here, in a function that one of Lua's "
         "libraries "
         "calls (table.sort, string.gsub, ...)"},
    };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct fixture fixture;
        open_program(&fixture, programs[i].body);
        const struct program_source *source = fixture.config->programs;
        assert_int_equal(source->begin(source->context, 0), PROGRAM_NONE);
        assert_string_equal(source->error(source->context), programs[i].error);
        close_script(&fixture);
    }
}

static void bad_a_page_that_cannot_be_mapped_is_told_at_the_call(void **state)
{
    struct fixture fixture;
    open_program(&fixture, "as:map(core, 0x3001, pa, '4K', 'rw-u')");
    const struct program_answer unaligned = {.result = PAGETABLE_UNALIGNED};
    assert_int_equal(try_go_on(&fixture, begin(&fixture, 0), unaligned), PROGRAM_NONE);
    assert_string_equal(fixture.config->programs->error(fixture.config->programs->context),
                        "some/script.lua:5: 0x3001 and its frame must be aligned to the page size, 4K");
    close_script(&fixture);
}

/* Programs of a run share variables, in the order of time; those of an exploration have no such order. */
static void bad_a_shared_variable_that_changes_is_told(void **state)
{
    static const struct {
        const char *body, *changes;
    } programs[] = {
        {"count = count + 1; core:store(0x0, count)", "the variable 'count'"},
        {"core:isb(); shared[1] = core:load(0x0)", "the variable 'shared'"},
        {"deep.within.it = nil", "the variable 'deep'"},
        {"set()", "the variable 'set'"},
        {"pa = 0x5000", "the variable 'pa'"},
        {"math.huge = 1", "a global table"},
        {"shared.x = 1; core:load(0x0); shared.x = nil", "the variable 'shared'"},
    };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct fixture fixture;
        char text[TEXT_MAX], error[TEXT_MAX];
        snprintf(text, sizeof text,
                 SPACE "local count, shared, pa, deep = 0, {}, 0x4000, { within = { it = 1 } }\n"
                       "local hidden = 1\nlocal function set() hidden = 2 end\n"
                       "m.core[1]:program(function(core) %s end)",
                 programs[i].body);
        open_script(&fixture, text);
        const struct program_source *source = fixture.config->programs;
        uint32_t node = source->begin(source->context, 0);
        for (unsigned j = 0; node != PROGRAM_NONE && j < 3; j++)
            node = try_go_on(&fixture, node, (struct program_answer){.value = 7});
        snprintf(error, sizeof error,
                 "some/script.lua: the program of core 1 changes %s, which it shares with its next "
                 "performance and "
                 "with other programs; what is explored changes nothing but variables of its own",
                 programs[i].changes);
        assert_int_equal(node, PROGRAM_NONE);
        assert_string_equal(source->error(source->context), error);
        close_script(&fixture);
    }
}

/* ---- Outcomes, and address spaces of the script -------------------------------------------------- */

static void good_tables_are_words_of_memory(void **state)
{
    struct fixture fixture;
    open_script(&fixture, "local m = explore { cores = 2 }\n"
                          "local t = m:tables { asid = 5 }\n"
                          "t:premap(0x3000, 0x400000, '4K', 'rw-u')\n"
                          "m:word(0x8, 7)\n"
                          "m.core[1]:program(function(core)\n"
                          "  core:write(t.root, t:table(0x5000))\n"
                          "end)");
    const struct exploration_config *config = fixture.config;
    const struct small_context *context = &config->machine.contexts[1];
    assert_int_equal(config->machine.context_count, 2);
    assert_false(explore_script_has_table(fixture.script));
    assert_int_equal(config->start[0], 1);
    assert_int_equal(config->start[1], 1);
    assert_int_equal(context->asid, 5);
    assert_int_equal(context->pages[0], 0x3000);
    assert_int_equal(config->word_count, 3);
    const struct entry_format *entries = entry_format_of(context->regime.format);
    struct entry table = entries->decode(&entries->level[0], config->words[0].value);
    assert_int_equal(config->words[0].pa, context->regime.root);
    assert_int_equal(table.kind, ENTRY_TABLE);
    assert_int_equal(config->words[1].pa, table.table + 3 * ENTRY_BYTES);
    struct entry leaf = entries->decode(&entries->level[1], config->words[1].value);
    assert_int_equal(leaf.kind, ENTRY_LEAF);
    assert_int_equal(leaf.frame.base, 0x400000);
    assert_int_equal(config->words[2].pa, 0x8);
    assert_int_equal(config->words[2].value, 7);
    const struct program_request *write = request_of(&fixture, begin(&fixture, 0));
    assert_int_equal(write->pa, context->regime.root);
    assert_int_equal(write->value, entries->encode_table(0x5000));
    close_script(&fixture);
}

static void good_a_guest_is_translated_by_the_table_and_by_its_own_words(void **state)
{
    struct fixture fixture;
    open_script(&fixture, "local m = explore { cores = 2 }\n"
                          "local s2 = m:address_space { format = 'vmsa-s2-4k-25', vmid = 3 }\n"
                          "local guest = m:tables { asid = 2, stage2 = s2 }\n"
                          "m.core[2]:switch(guest)\n"
                          "m.core[1]:program(function(core) core:switch(s2) core:switch(guest) end)");
    const struct small_context *context = &fixture.config->machine.contexts[1];
    assert_true(context->two_stage);
    assert_int_equal(context->vmid, 3);
    assert_ptr_equal(context->stage2.format, walk_format_find("vmsa-s2-4k-25"));
    assert_int_equal(fixture.config->start[0], 0);
    assert_int_equal(fixture.config->start[1], 1);
    /* that it runs the table's space already is no request */
    const struct program_request *request = request_of(&fixture, begin(&fixture, 0));
    assert_int_equal(request->kind, PROGRAM_SWITCH);
    assert_int_equal(request->value, 2);
    close_script(&fixture);
}

static void good_results_are_kept_where_an_outcome_is_named(void **state)
{
    static const char program[] = "m.core[1]:program(function(core) return 9 end)\n";
    struct fixture fixture;
    char text[TEXT_MAX];
    snprintf(text, sizeof text, SPACE "%s", program);
    open_script(&fixture, text);
    assert_int_equal(request_of(&fixture, begin(&fixture, 0))->expected, 0);
    close_script(&fixture);
    snprintf(text, sizeof text, SPACE "m:outcome('nine', 'allowed', function(r) return r == 9 end)\n%s",
             program);
    open_script(&fixture, text);
    const struct program_request *end = request_of(&fixture, begin(&fixture, 0));
    assert_int_equal(end->kind, PROGRAM_END);
    assert_int_equal(end->expected, 1);
    assert_int_equal(end->value, 9);
    assert_int_equal(explore_script_outcome_count(fixture.script), 1);
    assert_string_equal(explore_script_outcome(fixture.script, 0)->name, "nine");
    assert_false(explore_script_outcome(fixture.script, 0)->forbidden);
    close_script(&fixture);
}

static void bad_a_result_is_an_integer(void **state)
{
    struct fixture fixture;
    open_script(&fixture, SPACE "m:outcome('x', 'allowed', print)\n"
                                "m.core[1]:program(function(core) return 'nine' end)");
    const struct program_source *source = fixture.config->programs;
    assert_int_equal(source->begin(source->context, 0), PROGRAM_NONE);
    assert_string_equal(source->error(source->context),
                        "some/script.lua: the program of core 1 gives string; the result of a program is an "
                        "integer, or nothing");
    close_script(&fixture);
}

static void good_variables_that_do_not_change_may_be_shared(void **state)
{
    struct fixture fixture;
    open_script(&fixture, SPACE
                "local numbers = { 1, 2, within = { 3 } }\n"
                "local function sum(t) local s = 0; for _, n in ipairs(t) do s = s + n end; return s end\n"
                "local function f(core) core:store(0x0, sum(numbers) + numbers.within[1]) end\n"
                "m.core[1]:program { f, f }\nm.core[2]:program(f)");
    uint32_t node = begin(&fixture, 0);
    assert_int_equal(request_of(&fixture, node)->value, 6);
    assert_int_equal(request_of(&fixture, with_value(&fixture, node, 0))->value, 6);
    close_script(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_a_machine_has_defaults),
        cmocka_unit_test(good_a_machine_is_as_the_script_says),
        cmocka_unit_test(good_x86_keeps_the_order_of_stores),
        cmocka_unit_test(good_what_is_done_before_is_a_list_of_calls),
        cmocka_unit_test(good_a_program_unfolds_by_what_it_is_answered),
        cmocka_unit_test(good_each_operation_of_a_core_is_a_request),
        cmocka_unit_test(good_answers_of_the_page_table_are_seen),
        cmocka_unit_test(good_a_core_begins_anew_each_time),
        cmocka_unit_test(good_errors_can_be_caught_by_the_program),
        cmocka_unit_test(good_the_root_is_known_to_programs),
        cmocka_unit_test(good_programs_are_lists_and_choices),
        cmocka_unit_test(good_a_right_table_is_right_in_every_interleaving),
        cmocka_unit_test(bad_a_planted_bug_is_found),
        cmocka_unit_test(good_a_plug_in_is_explored),
        cmocka_unit_test(bad_what_a_plug_in_does_wrong_is_found),
        cmocka_unit_test(bad_mistakes_of_a_script_are_told_with_their_place),
        cmocka_unit_test(bad_mistakes_of_a_program_are_told_with_their_place),
        cmocka_unit_test(bad_a_page_that_cannot_be_mapped_is_told_at_the_call),
        cmocka_unit_test(bad_a_shared_variable_that_changes_is_told),
        cmocka_unit_test(good_variables_that_do_not_change_may_be_shared),
        cmocka_unit_test(good_tables_are_words_of_memory),
        cmocka_unit_test(good_a_guest_is_translated_by_the_table_and_by_its_own_words),
        cmocka_unit_test(good_results_are_kept_where_an_outcome_is_named),
        cmocka_unit_test(bad_a_result_is_an_integer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
