/* Where a key of a table is set, by the table's text. */
#include "sim/lua/table_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char text[] = "-- tlb = { l1d = {\n"
                           "local l2 = { entries = 8 }\n"
                           "return {\n"
                           "  summary = \"cores = 3, tlb = { \\\" }\",\n"
                           "  --[==[ cores = 4,\n"
                           "  ]] ]==] cores = 2,\n"
                           "  tlb = {\n"
                           "    l1i = { entries = 48, ways\n"
                           "      = 4 }, l1d = { [\"ways\"] = f == 2, entries = 64 },\n"
                           "    l2 = l2,\n"
                           "  },\n"
                           "  text = [[\n"
                           "  window = 5 ]],\n"
                           "  window = 1,\n"
                           "}\n";

static void keys_are_found_on_their_lines(void **state)
{
    assert_int_equal(table_line(text, "summary"), 4);
    assert_int_equal(table_line(text, "tlb"), 7);
    assert_int_equal(table_line(text, "tlb.l1i.entries"), 8);
    assert_int_equal(table_line(text, "tlb.l1i.ways"), 8);
    assert_int_equal(table_line(text, "tlb.l1d"), 9);
    assert_int_equal(table_line(text, "tlb.l1d.entries"), 9);
}

static void comments_and_texts_set_nothing(void **state)
{
    assert_int_equal(table_line(text, "cores"), 6);
    assert_int_equal(table_line(text, "window"), 14);
}

static void what_comes_from_elsewhere_is_where_it_is_put(void **state)
{
    assert_int_equal(table_line(text, "tlb.l2.entries"), 10);
    assert_int_equal(table_line(text, "tlb.l1d.f"), 9);
}

static void what_is_not_there_has_no_line(void **state)
{
    assert_int_equal(table_line(text, "memory.size"), 0);
    assert_int_equal(table_line(text, "entries"), 0);
    assert_int_equal(table_line(text, ""), 0);
    assert_int_equal(table_line("", "cores"), 0);
}

static void broken_text_ends(void **state)
{
    static const char *const broken[] = {"{ a = {", "}}} { b = 1", "{ \"", "{ 'x\\",
                                         "{ --[[",  "{ [==[",      "{ a ="};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_int_equal(table_line(broken[i], "z"), 0);
}

static void depth_has_no_end(void **state)
{
    char deep[1000];
    for (size_t i = 0; i + 6 < sizeof deep; i++)
        deep[i] = i % 2 ? '{' : ' ';
    deep[994] = '\n', deep[995] = 'a', deep[996] = '=', deep[997] = '1', deep[998] = '}', deep[999] = '\0';
    assert_int_equal(table_line(deep, "b"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_on_their_lines),
        cmocka_unit_test(comments_and_texts_set_nothing),
        cmocka_unit_test(what_comes_from_elsewhere_is_where_it_is_put),
        cmocka_unit_test(what_is_not_there_has_no_line),
        cmocka_unit_test(broken_text_ends),
        cmocka_unit_test(depth_has_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
