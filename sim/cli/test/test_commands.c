#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/cli/test/command.h"
#include "sim/cli/test/fake_run.h"
#include "sim/cli/verb.h"
#include "sim/record/recorder.h"

static void the_version_is_the_projects(void **state)
{
    call(*state, "--version", NULL);
    assert_fine_with(*state, "mmusim " MMUSIM_VERSION "\n");
}

static void help_names_every_verb_and_each_verb_explains_itself(void **state)
{
    const struct cli_verb *verb;
    char words[64];
    char usage[128];
    for (unsigned i = 0; (verb = cli_verb_at(i)); i++) {
        (void)cli_verb_words(verb, words, sizeof words);
        call(*state, "--help", NULL);
        assert_fine_with(*state, words);
        (void)snprintf(usage, sizeof usage, "usage: mmusim %s [OPTION...]", words);
        if (verb->group)
            call(*state, verb->group, verb->name, "--help", NULL);
        else
            call(*state, verb->name, "--help", NULL);
        assert_fine_with(*state, usage);
        for (int option = 0; verb->options[option].name; option++)
            assert_fine_with(*state, verb->options[option].name);
    }
}

static void help_is_a_verb_too(void **state)
{
    call(*state, "help", NULL);
    assert_fine_with(*state, "usage: mmusim VERB");
    call(*state, "help", "run", NULL);
    assert_fine_with(*state, "usage: mmusim run");
    call(*state, "help", "trace", "info", NULL);
    assert_fine_with(*state, "usage: mmusim trace info");
    call(*state, "trace", "--help", NULL);
    assert_fine_with(*state, "usage: mmusim trace VERB");
    call(*state, "help", "run", "list", NULL);
    assert_refused(*state, "'list' is one word too many: name one verb");
}

static void an_unknown_verb_is_answered_with_the_nearest(void **state)
{
    call(*state, "chekc", NULL);
    assert_refused(*state, "there is no verb 'chekc'; the nearest is 'check'");
    call(*state, "frobnicate", NULL);
    assert_refused(*state, "there is no verb 'frobnicate'; 'mmusim --help' lists them");
    call(*state, "trace", "inof", NULL);
    assert_refused(*state, "there is no verb 'trace inof'; the nearest is 'trace info'");
    call(*state, "trace", NULL);
    assert_refused(*state, "'trace' needs a second word; 'mmusim --help' lists the verbs");
    call(*state, NULL);
    assert_refused(*state, "name a verb: 'mmusim --help' lists them");
}

static void an_unknown_option_is_answered_with_the_nearest(void **state)
{
    call(*state, "run", "a.lua", "--sede=3", NULL);
    assert_refused(*state, "run has no option --sede; the nearest is --seed");
    call(*state, "run", "--frobnicate", "a.lua", NULL);
    assert_refused(*state, "run has no option --frobnicate; 'mmusim run --help' lists its options");
    call(*state, "trace", "info", "-x", "file", NULL);
    assert_refused(*state, "trace info has no option -x; 'mmusim trace info --help' lists its options");
    call(*state, "--sed", "run", NULL);
    assert_refused(
        *state,
        "'--sed' stands before the verb, where only --help and --version may: mmusim VERB [OPTION...]");
    assert_int_equal(fake_run.calls, 0);
}

static void values_are_missed_and_refused_as_declared(void **state)
{
    call(*state, "run", "a.lua", "--seed", NULL);
    assert_refused(*state, "option --seed of run needs a value: --seed N");
    call(*state, "run", "a.lua", "-o", NULL);
    assert_refused(*state, "option --output of run needs a value: --output FILE.db");
    call(*state, "run", "a.lua", "--force=yes", NULL);
    assert_refused(*state, "option --force of run takes no value");
    call(*state, "list", "--help=yes", NULL);
    assert_refused(*state, "option --help of list takes no value");
}

static void missing_and_surplus_arguments_are_refused(void **state)
{
    call(*state, "run", NULL);
    assert_refused(*state, "run needs a script: mmusim run SCRIPT.lua [ARG...]");
    call(*state, "check", NULL);
    assert_refused(*state, "check needs a record: mmusim check FILE.db");
    call(*state, "check", "a.db", "b.db", NULL);
    assert_refused(*state, "'b.db' is one argument too many: mmusim check FILE.db");
    call(*state, "query", "a.db", "one", "two", NULL);
    assert_refused(*state, "'two' is one argument too many: mmusim query FILE.db [NAME|SQL]");
    call(*state, "list", "views", "rules", NULL);
    assert_refused(*state, "'rules' is one argument too many: mmusim list [TOPIC]");
}

static void run_passes_on_what_it_was_asked(void **state)
{
    struct answer *answer = *state;
    call(answer, "run", "-o", "out.db", "--record", "all", "work.lua", "--seed=0x10", "first", "--lockstep",
         "--force", "--", "--second", NULL);
    assert_int_equal(answer->status, CLI_FINE);
    assert_int_equal(fake_run.calls, 1);
    const struct run_options *asked = &fake_run.asked;
    assert_true(asked->seed_given);
    assert_int_equal(asked->seed, 16);
    assert_true(asked->lockstep);
    assert_true(asked->overwrite);
    assert_false(asked->unsandboxed);
    assert_string_equal(asked->script, "work.lua");
    assert_string_equal(asked->output, "out.db");
    assert_string_equal(asked->record, "all");
    assert_int_equal(asked->argument_count, 2);
    assert_string_equal(fake_run.arguments, "first|--second|");
}

static void the_record_gets_a_command_line_that_a_shell_would_take(void **state)
{
    call(*state, "run", "my work.lua", "--seed", "3", "it's", NULL);
    assert_string_equal(fake_run.command_line, "mmusim run 'my work.lua' --seed 3 'it'\\''s'");
}

static void run_leaves_to_the_script_what_was_not_asked(void **state)
{
    struct answer *answer = *state;
    call(answer, "run", "work.lua", NULL);
    assert_int_equal(answer->status, CLI_FINE);
    assert_string_equal(fake_run.asked.script, "work.lua");
    assert_null(fake_run.asked.output);
    assert_null(fake_run.asked.record);
    assert_false(fake_run.asked.seed_given);
    assert_false(fake_run.asked.overwrite);
    assert_int_equal(fake_run.asked.argument_count, 0);
}

static void wrong_values_of_run_are_refused(void **state)
{
    static const char *const seeds[] = {
        "", "x", "-1", "1.5", "3q", "9223372036854775808", "99999999999999999999"};
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        char sentence[128];
        call(*state, "run", "a.lua", "--seed", seeds[i], NULL);
        (void)snprintf(sentence, sizeof sentence,
                       "--seed is '%s'; it must be a whole number from 0 to 9223372036854775807", seeds[i]);
        assert_refused(*state, sentence);
    }
    call(*state, "run", "a.lua", "--record", "mises", NULL);
    assert_refused(*state,
                   "--record is 'mises'; it must be none, counters, misses or all: the nearest is misses");
    call(*state, "run", "a.lua", "--record", "none", "-o", "a.db", NULL);
    assert_refused(*state, "--output 'a.db' is never written with --record none: leave one of them out");
    assert_int_equal(fake_run.calls, 0);
}

static void a_run_without_findings_is_fine_and_summed_up(void **state)
{
    struct made_up_run run;
    make_up_run(&run);
    fake_run.gives = &run.outcome;
    call(*state, "run", "workload.lua", NULL);
    assert_fine_with(*state, " refinement: no violation found\n");
    call(*state, "run", "workload.lua", "--quiet", NULL);
    assert_fine_with(*state, "");
    assert_string_equal(((struct answer *)*state)->out, "");
}

static void a_run_with_findings_exits_1_and_never_silently(void **state)
{
    struct answer *answer = *state;
    struct made_up_run run;
    make_up_run(&run);
    run.outcome.findings = 1;
    (void)snprintf(run.outcome.first_finding, sizeof run.outcome.first_finding, "a stale hit");
    fake_run.gives = &run.outcome;
    call(answer, "run", "workload.lua", NULL);
    assert_int_equal(answer->status, CLI_FOUND);
    assert_non_null(strstr(answer->out, " refinement: 1 finding, the first: a stale hit\n"));
    call(answer, "run", "workload.lua", "-q", NULL);
    assert_int_equal(answer->status, CLI_FOUND);
    assert_string_equal(answer->err, "mmusim: 1 finding, the first: a stale hit\n");
}

static void a_run_that_fails_is_told_in_its_sentence(void **state)
{
    struct made_up_run run;
    make_up_run(&run);
    (void)snprintf(run.outcome.error, sizeof run.outcome.error, "work.lua:3: unknown key 'core'");
    fake_run.gives = &run.outcome;
    fake_run.status = 2;
    call(*state, "run", "work.lua", NULL);
    assert_refused(*state, "work.lua:3: unknown key 'core'");
    call(*state, "run", "work.lua", "--json", NULL);
    assert_refused(*state, "work.lua:3: unknown key 'core'");
}

static void json_is_all_that_a_run_gives(void **state)
{
    struct answer *answer = *state;
    struct made_up_run run;
    make_up_run(&run);
    fake_run.gives = &run.outcome;
    call(answer, "run", "workload.lua", "--json", NULL);
    assert_fine_with(answer, "{\n  \"script\": \"workload.lua\",\n  \"seed\": 7,");
    assert_string_equal(answer->out + strlen(answer->out) - 3, "\n}\n");
}

static void every_topic_can_be_listed_in_every_format(void **state)
{
    static const char *const known[][2] = {
        {"machines", "default"},
        {"parameters", "tlb.*.entries"},
        {"tables", "radix"},
        {"formats", "x86-64-48"},
        {"streams", "zipf"},
        {"traces", "lackey"},
        {"counters", "l1d.hits"},
        {"views", "shootdowns"},
        {"rules", "stale_translation"},
    };
    call(*state, "list", NULL);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char json[64];
        assert_fine_with(*state, known[i][0]);
        call(*state, "list", known[i][0], NULL);
        assert_fine_with(*state, known[i][1]);
        call(*state, "list", known[i][0], "--json", NULL);
        (void)snprintf(json, sizeof json, "{\"name\": \"%s\",", known[i][1]);
        assert_fine_with(*state, json);
        call(*state, "list", known[i][0], "--csv", NULL);
        (void)snprintf(json, sizeof json, "\r\n%s,", known[i][1]);
        assert_fine_with(*state, json);
        call(*state, "list", NULL);
    }
}

static void sizes_are_as_in_scripts_for_people_and_bytes_for_programs(void **state)
{
    struct answer *answer = *state;
    char standard[16] = "";
    call(answer, "list", "parameters", NULL);
    assert_fine_with(answer, "\nmemory.size ");
    assert_int_equal(sscanf(strstr(answer->out, "\nmemory.size "), " memory.size %15s", standard), 1);
    assert_string_equal(standard, "4G");
    call(*state, "list", "parameters", "--json", NULL);
    assert_fine_with(*state, "{\"name\": \"memory.size\", \"default\": 4294967296, \"least\": 65536, ");
}

static void machines_are_the_default_one_and_the_presets(void **state)
{
    call(*state, "list", "machines", "--csv", NULL);
    assert_fine_with(
        *state, "name,cores,tlbs,description\r\ndefault,1,\"l1i 48, l1d 64, l2 1536\",\"every parameter");
    assert_fine_with(*state, "\r\nmade-up,3,\"l1i 48, l1d 64+64, l2 1536\",a machine that nobody makes\r\n");
    assert_fine_with(*state,
                     "\r\nbroken,1,\"l1i 48, l1d 64, l2 1536\",machines/broken.lua:3: it is broken\r\n");
}

static void an_unknown_topic_is_answered_with_the_nearest(void **state)
{
    call(*state, "list", "counter", NULL);
    assert_refused(*state, "'counter' cannot be listed; the nearest is 'counters'");
    call(*state, "list", "xyzzy", NULL);
    assert_refused(*state, "'xyzzy' cannot be listed; 'mmusim list' says what can");
    call(*state, "list", "views", "--json", "--csv", NULL);
    assert_refused(*state, "--json and --csv cannot both be the format: give one of them");
}

static void a_trace_is_summed_up_with_its_first_instructions(void **state)
{
    call(*state, "trace", "info", MMUSIM_SAMPLES "/sqlite3-join.x86_64.mtrace.xz", NULL);
    assert_fine_with(*state, ": mtrace, compressed with xz, x86_64\n");
    assert_fine_with(*state, "\n instruction           343,736        1,297,454           28 ");
    assert_fine_with(*state, "\n first instructions:\n   0x");
    call(*state, "trace", "info", "--json", MMUSIM_SAMPLES "/gzip.x86_64.lackey.xz", NULL);
    assert_fine_with(*state, "\"load\": {\"records\": 3950, \"bytes\": 22255, \"pages\": 41, ");
    assert_fine_with(*state, "\"first_instructions\": []");
}

static void what_is_no_trace_is_refused(void **state)
{
    struct answer *answer = *state;
    call(answer, "trace", "info", "/nonexistent/trace", NULL);
    assert_int_equal(answer->status, CLI_MISUSE);
    assert_string_equal(answer->out, "");
    assert_non_null(strstr(answer->err, "/nonexistent/trace"));
}

static void an_exploration_is_bounded_as_asked(void **state)
{
    call(*state, "explore", "a.lua", "--memory", "3M", NULL);
    assert_refused(*state, "a.lua: nothing is explored here, with 3145728 bytes");
    call(*state, "explore", "a.lua", "--memory", "1000", NULL);
    assert_refused(*state, "a.lua: nothing is explored here, with 1000 bytes");
    call(*state, "explore", "a.lua", "--memory", "much", NULL);
    assert_refused(*state, "--memory is 'much'; it must be a number of bytes, such as 512M or 4G");
    call(*state, "explore", "a.lua", "--memory", "99999999999T", NULL);
    assert_refused(*state, "--memory is '99999999999T'; it must be a number of bytes, such as 512M or 4G");
    call(*state, "explore", "a.lua", "--states", "0", NULL);
    assert_refused(*state, "--states is '0'; it must be a whole number from 1 to 4294967293");
}

static void a_replay_is_not_written_over_a_file(void **state)
{
    call(*state, "explore", "a.lua", "-o", MMUSIM_SAMPLES "/README.md", NULL);
    assert_refused(*state, "'" MMUSIM_SAMPLES "/README.md' is there already; --force replaces it");
}

static void a_record_that_is_not_there_is_refused_by_every_verb(void **state)
{
    struct answer *answer = *state;
    static const char *const verbs[] = {"check", "query"};
    static const char sentence[] = "cannot open '/nonexistent/run.db': No such file or directory";
    for (size_t i = 0; i < 2; i++) {
        call(answer, verbs[i], "/nonexistent/run.db", NULL);
        assert_refused(answer, sentence);
        call(answer, verbs[i], "/nonexistent/run.db", "--json", NULL);
        assert_refused(answer, sentence);
    }
    call(answer, "query", "/nonexistent/run.db", "SELECT 1", NULL);
    assert_refused(answer, sentence);
    call(answer, "check", "a.db", "--stories", "many", NULL);
    assert_refused(answer, "--stories is 'many'; it must be a whole number, 0 or more");
}

/* Leaves a record of a run in which nothing happened, with a finding of the checker if `finding`. */
static void make_record(const char *path, bool finding)
{
    struct record_error error;
    const struct recorder_config config = {
        .path = path, .overwrite = true, .level = RECORD_ALL, .checked = true, .program_version = "test"};
    const struct record_finding found = {
        .rule = "load_value", .cycle = 12, .va = 0x1000, .core = 0, .text = "a load read something else"};
    struct recorder *recorder = recorder_open(&config, &error);
    assert_non_null(recorder);
    if (finding)
        assert_int_equal(recorder_finding(recorder, &found), RECORD_OK);
    assert_int_equal(recorder_finish(recorder, 0.5, &error), RECORD_OK);
}

static void a_record_is_judged_and_the_verdict_is_the_status(void **state)
{
    struct answer *answer = *state;
    make_record("cli_commands.db", false);
    call(answer, "check", "cli_commands.db", NULL);
    assert_fine_with(answer, "no violations\n");
    call(answer, "check", "cli_commands.db", "--json", NULL);
    assert_fine_with(answer, "{\"database\": \"cli_commands.db\",\n\"found\": false,\n");
    assert_fine_with(answer, ",\n\"record_findings\": [");
    make_record("cli_commands.db", true);
    call(answer, "check", "cli_commands.db", NULL);
    assert_int_equal(answer->status, CLI_FOUND);
    call(answer, "check", "cli_commands.db", "--json", "--stories=0", NULL);
    assert_int_equal(answer->status, CLI_FOUND);
    assert_non_null(strstr(answer->out, "\n\"found\": true,\n"));
    assert_non_null(strstr(answer->out, "a load read something else"));
    assert_int_equal(remove("cli_commands.db"), 0);
}

static void a_record_answers_views_and_sql_in_every_format(void **state)
{
    struct answer *answer = *state;
    make_record("cli_commands.db", false);
    call(answer, "query", "cli_commands.db", NULL);
    assert_fine_with(answer, "\nshootdowns ");
    call(answer, "query", "cli_commands.db", "run", NULL);
    assert_fine_with(answer, "host_seconds");
    call(answer, "query", "cli_commands.db", "SELECT 6 * 7 AS answer", "--json", NULL);
    assert_fine_with(answer, "{\"answer\": 42}");
    call(answer, "query", "cli_commands.db", "SELECT 6 * 7 AS answer", "--csv", NULL);
    assert_fine_with(answer, "answer\r\n42\r\n");
    call(answer, "query", "cli_commands.db", "runn", NULL);
    assert_int_equal(answer->status, CLI_MISUSE);
    assert_memory_equal(answer->err, "mmusim: ", 8);
    assert_non_null(strstr(answer->err, "'run"));
    call(answer, "query", "cli_commands.db", "DELETE FROM runs", NULL);
    assert_int_equal(answer->status, CLI_MISUSE);
    assert_int_equal(remove("cli_commands.db"), 0);
}

static void an_output_that_is_full_is_not_fine(void **state)
{
    char *words[] = {(char[]){"mmusim"}, (char[]){"list"}, (char[]){"counters"}, NULL};
    char *said = NULL;
    size_t bytes = 0;
    FILE *out = fopen("/dev/full", "w");
    FILE *err = open_memstream(&said, &bytes);
    assert_non_null(out);
    assert_non_null(err);
    assert_int_equal(cli_main(3, words, out, err), CLI_MISUSE);
    (void)fclose(out); /* fails again */
    assert_int_equal(fclose(err), 0);
    assert_string_equal(said, "mmusim: the output could not be written: No space left on device\n");
    free(said);
}

int main(void)
{
#define COMMAND_TEST(name) cmocka_unit_test_setup_teardown(name, command_set_up, command_tear_down)
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(the_version_is_the_projects),
        COMMAND_TEST(help_names_every_verb_and_each_verb_explains_itself),
        COMMAND_TEST(help_is_a_verb_too),
        COMMAND_TEST(an_unknown_verb_is_answered_with_the_nearest),
        COMMAND_TEST(an_unknown_option_is_answered_with_the_nearest),
        COMMAND_TEST(values_are_missed_and_refused_as_declared),
        COMMAND_TEST(missing_and_surplus_arguments_are_refused),
        COMMAND_TEST(run_passes_on_what_it_was_asked),
        COMMAND_TEST(the_record_gets_a_command_line_that_a_shell_would_take),
        COMMAND_TEST(run_leaves_to_the_script_what_was_not_asked),
        COMMAND_TEST(wrong_values_of_run_are_refused),
        COMMAND_TEST(a_run_without_findings_is_fine_and_summed_up),
        COMMAND_TEST(a_run_with_findings_exits_1_and_never_silently),
        COMMAND_TEST(a_run_that_fails_is_told_in_its_sentence),
        COMMAND_TEST(json_is_all_that_a_run_gives),
        COMMAND_TEST(every_topic_can_be_listed_in_every_format),
        COMMAND_TEST(machines_are_the_default_one_and_the_presets),
        COMMAND_TEST(sizes_are_as_in_scripts_for_people_and_bytes_for_programs),
        COMMAND_TEST(an_unknown_topic_is_answered_with_the_nearest),
        COMMAND_TEST(a_trace_is_summed_up_with_its_first_instructions),
        COMMAND_TEST(what_is_no_trace_is_refused),
        COMMAND_TEST(an_exploration_is_bounded_as_asked),
        COMMAND_TEST(a_replay_is_not_written_over_a_file),
        COMMAND_TEST(a_record_that_is_not_there_is_refused_by_every_verb),
        COMMAND_TEST(a_record_is_judged_and_the_verdict_is_the_status),
        COMMAND_TEST(a_record_answers_views_and_sql_in_every_format),
        COMMAND_TEST(an_output_that_is_full_is_not_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
