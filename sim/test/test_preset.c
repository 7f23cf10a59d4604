/* Presets: those that are built in, and users' files. */
#include "sim/presets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct mmu_config config;
static struct preset_reading reading;

static bool read_preset(const char *name)
{
    mmu_config_defaults(&config);
    return preset_read(name, &config, &reading);
}

static uint64_t setting(const char *name)
{
    struct mmu_setting found;
    assert_true(mmu_setting_find(&config, name, &found));
    return mmu_setting_get(&config, &found);
}

static bool has_setting(const char *name)
{
    struct mmu_setting found;
    return mmu_setting_find(&config, name, &found);
}

/* Of a file with this text. */
static bool read_text(const char *text)
{
    char path[] = "/tmp/mmusim-preset-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
    assert_int_equal(close(descriptor), 0);
    bool done = read_preset(path);
    assert_int_equal(unlink(path), 0);
    return done;
}

static void assert_refused(const char *text, const char *sentence)
{
    assert_false(read_text(text));
    if (!strstr(reading.error, sentence))
        fail_msg("\"%s\" instead of \"%s\"", reading.error, sentence);
}

static void every_known_core_is_a_machine_with_a_summary(void **state)
{
    for (const struct preset_text *preset = preset_text_machines; preset->name; preset++) {
        if (!read_preset(preset->name))
            fail_msg("%s", reading.error);
        assert_string_equal(reading.error, "");
        assert_in_range(strlen(reading.summary), 20, 110);
        assert_null(strchr(reading.summary, '\n'));
        if (preset > preset_text_machines)
            assert_true(strcmp(preset[-1].name, preset->name) < 0);
    }
}

/* A line that sets a number. */
static bool has_figure(const char *line)
{
    const char *equals = strstr(line, " = ");
    return equals && equals[3] >= '0' && equals[3] <= '9';
}

static void every_figure_of_a_known_core_has_a_comment(void **state)
{
    char line[256];
    for (const struct preset_text *preset = preset_text_machines; preset->name; preset++)
        for (const char *at = preset->text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
            (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
            if (has_figure(line) && !strstr(line, " -- ") && strncmp(line, "-- ", 3) != 0)
                fail_msg("%s names no source of: %s", preset->name, line);
        }
}

static void what_a_preset_does_not_say_stays(void **state)
{
    mmu_config_defaults(&config);
    config.memory_bytes = UINT64_C(1) << 26;
    config.seed = 77;
    assert_true(preset_read("sifive-u74", &config, &reading));
    assert_int_equal(config.memory_bytes, UINT64_C(1) << 26);
    assert_int_equal(config.seed, 77);
    assert_int_equal(setting("tlb.l1d.entries"), 40);
    assert_int_equal(setting("tlb.l2.ways"), 1);
}

static void a_preset_that_begins_with_another_changes_single_settings(void **state)
{
    assert_true(read_preset("skylake-server"));
    assert_int_equal(setting("cache.l3.ways"), 11);
    assert_int_equal(setting("tlb.l1i.entries"), 128);
    assert_int_equal(setting("tlb.l1d_1g.entries"), 4);
    assert_non_null(strstr(reading.summary, "server"));
}

static void false_removes_a_member(void **state)
{
    assert_true(read_preset("rocket"));
    assert_false(has_setting("tlb.l2.entries"));
    assert_true(has_setting("tlb.l1d_super.entries"));
    assert_true(read_text("return { tlb = { l2 = false } }"));
    assert_false(has_setting("tlb.l2.entries"));
}

static void a_file_may_compute_in_the_sandbox(void **state)
{
    assert_true(read_text(
        "local n = 0\nfor i = 1, 4 do n = n + i end\nreturn { cores = n, memory = { size = size \"2M\" } }"));
    assert_int_equal(config.cores, 10);
    assert_int_equal(config.memory_bytes, 2 << 20);
    assert_string_equal(reading.summary, "");
    assert_refused("return { cores = machine }", ":1: 'machine' is not known here");
    assert_refused("os.exit(3)", ":1: 'os' is not known here");
    assert_refused("cores = 3 return { cores = cores }", ":1: 'cores' is no local variable");
}

static void random_numbers_are_the_same_each_time(void **state)
{
    assert_true(read_text("return { cores = math.random(64), window = math.random(256) }"));
    uint64_t cores = config.cores, window = config.window;
    assert_true(read_text("return { cores = math.random(64), window = math.random(256) }"));
    assert_int_equal(config.cores, cores);
    assert_int_equal(config.window, window);
}

static void without_the_sandbox_a_file_sees_the_host(void **state)
{
    static const char text[] = "return { cores = os and 2 }";
    reading.unsandboxed = true;
    assert_true(read_text(text));
    assert_int_equal(config.cores, 2);
    reading.unsandboxed = false;
    assert_refused(text, "'os' is not known here");
}

static void mistakes_have_their_line(void **state)
{
    assert_refused("return {\n  tlb = {\n    l1d = { entries = 0 } } }", ":3: machine: tlb.l1d.entries is 0");
    assert_refused("return {\n  cores = 1,\n  -- cors = 1\n  cors = 2 }",
                   ":4: machine has no key \"cors\"; did you mean");
    assert_refused("return {\n\n  summary = 5 }", ":3: ");
    assert_refused("return {\n  check = true }",
                   ":2: a preset describes hardware; \"check\" belongs in the script");
    assert_refused("return {\n  cores = 1,\n  tlb = { l1d = { ways = 3 } } }",
                   ":3: machine: tlb.l1d: 64 entries cannot be split into 3 ways");
    assert_refused("return { tlb = { l1d = false, l2 = false } }",
                   ": machine: no TLB of level 1 serves data");
    assert_refused("return\n{ cores = = }", ":2: unexpected symbol");
    assert_refused("return 5", "a preset returns the table of a machine, not number");
    assert_refused("error({})", "");
}

static void an_unknown_name_is_answered_with_the_nearest(void **state)
{
    assert_false(read_preset("skylak"));
    assert_string_equal(reading.error,
                        "there is no preset \"skylak\"; did you mean \"skylake\"? `mmusim list machines` "
                        "shows them, and a path has a slash (\"./skylak\")");
    assert_false(read_preset("qqqqqqqqqq"));
    assert_string_equal(reading.error,
                        "there is no preset \"qqqqqqqqqq\"; `mmusim list machines` shows them, and a "
                        "path has a slash (\"./qqqqqqqqqq\")");
    assert_false(read_preset("/nowhere/core.lua"));
    assert_string_equal(reading.error,
                        "/nowhere/core.lua: No such file or directory; give the path of a preset");
    assert_false(read_preset("/"));
    assert_string_equal(reading.error, "/: it cannot be read as a file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_known_core_is_a_machine_with_a_summary),
        cmocka_unit_test(every_figure_of_a_known_core_has_a_comment),
        cmocka_unit_test(what_a_preset_does_not_say_stays),
        cmocka_unit_test(a_preset_that_begins_with_another_changes_single_settings),
        cmocka_unit_test(false_removes_a_member),
        cmocka_unit_test(a_file_may_compute_in_the_sandbox),
        cmocka_unit_test(random_numbers_are_the_same_each_time),
        cmocka_unit_test(without_the_sandbox_a_file_sees_the_host),
        cmocka_unit_test(mistakes_have_their_line),
        cmocka_unit_test(an_unknown_name_is_answered_with_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
