#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/nearest.h"

static const char *const names[] = {"run", "check", "entries", "latency", "tlb.l1d.ways", "l2", "Ways"};

static const char *nearest(const char *word)
{
    return nearest_name(word, names, sizeof names / sizeof *names);
}

static void a_slip_finds_the_name(void **state)
{
    assert_string_equal(nearest("rnu"), "run");
    assert_string_equal(nearest("chek"), "check");
    assert_string_equal(nearest("checck"), "check");
    assert_string_equal(nearest("chuck"), "check");
    assert_string_equal(nearest("entry"), "entries");
    assert_string_equal(nearest("l3"), "l2");
}

static void another_word_finds_nothing(void **state)
{
    assert_null(nearest("walker"));
    assert_null(nearest("fetch"));
    assert_null(nearest("x"));
    assert_null(nearest(""));
    assert_null(nearest("1234567890"));
}

static void case_does_not_matter(void **state)
{
    assert_string_equal(nearest("CHECK"), "check");
    assert_string_equal(nearest("ways"), "Ways");
}

static void a_beginning_or_more_than_the_name_is_near(void **state)
{
    assert_string_equal(nearest("latency_cycles"), "latency");
    assert_string_equal(nearest("tlb.l1d"), "tlb.l1d.ways");
    assert_null(nearest("e"));
}

static void fewer_changes_win_and_ties_go_to_the_first(void **state)
{
    static const char *const ties[] = {"cat", "bat", "brat"};
    assert_string_equal(nearest_name("brat", ties, 3), "brat");
    assert_string_equal(nearest_name("rat", ties, 2), "cat");
}

static void no_names_have_no_nearest(void **state)
{
    assert_null(nearest_name("run", names, 0));
}

static void endless_words_are_survived(void **state)
{
    static char word[5000];
    static const char *candidates[] = {word, "run"};
    memset(word, 'a', sizeof word - 1);
    assert_null(nearest_name("run", candidates, 1));
    assert_null(nearest_name(word, candidates + 1, 1));
    assert_ptr_equal(nearest_name(word, candidates, 2), word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_finds_the_name),
        cmocka_unit_test(another_word_finds_nothing),
        cmocka_unit_test(case_does_not_matter),
        cmocka_unit_test(a_beginning_or_more_than_the_name_is_near),
        cmocka_unit_test(fewer_changes_win_and_ties_go_to_the_first),
        cmocka_unit_test(no_names_have_no_nearest),
        cmocka_unit_test(endless_words_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
