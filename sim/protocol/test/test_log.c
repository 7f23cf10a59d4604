#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/protocol/test/judge.h"

static void fields_have_names_or_none(void **state)
{
    good("(mem-init (id 0) (tid 0) (address 250000) (size 1000) (src \"a.c:1\"))");
    good("(mem-init 0 0 250000 1000 \"a.c:1\")");
    good("(barrier 0 0 dsb ish \"a.c:1\")(tlbi 1 0 vae2is 5 \"a.c:2\")");
    good("(barrier (id 0) (tid 0) isb)");
}

static void white_space_is_free(void **state)
{
    good("  \n( mem-init\n\t(id 0)\r\n(tid 0) (address\n250000) (size 1000 ) (src \"a.c:1\") )\n\n");
    good("");
    good("\n");
}

static void numbers_are_hexadecimal_but_id_and_tid(void **state)
{
    good("(mem-init (id 0) (tid 0) (address 0x25F000) (size 0x8) (src \"a:1\"))"
         "(mem-write (id 1) (tid 0) (mem-order plain) (address 25f000) (value FFFFFFFFFFFFFFFF) (src "
         "\"a:1\"))");
    refused("address is '25g000'; it must be hexadecimal",
            "(lock (id 0) (tid 0) (address 25g000) (src \"a:1\"))");
    refused("hexadecimal", "(lock (id 0) (tid 0) (address 0x) (src \"a:1\"))");
    refused("below 2^64", "(lock (id 0) (tid 0) (address 10000000000000000) (src \"a:1\"))");
    refused("hexadecimal", "(lock (id 0) (tid 0) (address -1) (src \"a:1\"))");
    refused("id is 'a'; it must be decimal", "(lock (id a) (tid 0) (address 0) (src \"a:1\"))");
    refused("decimal", "(lock (id 0x1) (tid 0) (address 0) (src \"a:1\"))");
}

static void threads_are_0_to_3(void **state)
{
    good("(lock (id 0) (tid 3) (address 0) (src \"a:1\"))");
    refused("tid is 4; threads are 0 to 3", "(lock (id 0) (tid 4) (address 0) (src \"a:1\"))");
    refused("tid is '-1'", "(lock (id 0) (tid -1) (address 0) (src \"a:1\"))");
}

static void an_exclamation_mark_ends_the_log(void **state)
{
    good("(lock (id 0) (tid 0) (address 0) (src \"a:1\"))\n! no more\n(lock");
    good("!");
    refused("'(' is wanted", "(lock (id 0) (tid 0) (address 0) (src \"a:1\"))\n? no more");
}

static void fields_stand_in_their_order(void **state)
{
    refused("'tid' stands where 'id' is wanted", "(lock (tid 0) (id 0) (address 0) (src \"a:1\"))");
    refused("'value' stands where 'address' is wanted",
            "(mem-write (id 0) (tid 0) (mem-order plain) (value 0) (address 0) (src \"a:1\"))");
    refused("'src' stands where 'value' is wanted", "(tlbi (id 0) (tid 0) vae2is (src \"a:1\"))");
    refused("(value ...) is missing", "(tlbi (id 0) (tid 0) vae2is)");
    refused("'value' stands where 'src' is wanted", "(tlbi (id 0) (tid 0) alle1is (value 0) (src \"a:1\"))");
}

static void words_that_are_not_known_are_refused_with_the_nearest(void **state)
{
    refused("'mem-wirte' is no event; the nearest is 'mem-write'", "(mem-wirte (id 0) (tid 0))");
    refused("'frobnicate' is no event: mem-write, mem-read,", "(frobnicate (id 0) (tid 0))");
    refused("'osh' is no kind of dsb", "(barrier (id 0) (tid 0) dsb (kind osh) (src \"a:1\"))");
    refused("'dmb' is no barrier; the nearest is 'dsb'", "(barrier (id 0) (tid 0) dmb (src \"a:1\"))");
    refused("'vae1is' is no tlbi; the nearest is 'vae2is'", "(tlbi (id 0) (tid 0) vae1is (src \"a:1\"))");
    refused("is no memory order", "(mem-write (id 0) (tid 0) (mem-order relaxed) (address 0))");
    refused("is no system register", "(sysreg-write (id 0) (tid 0) (sysreg far_el2) (value 0))");
    refused("is no hint", "(hint (id 0) (tid 0) (kind set_owner) (location 0) (value 0))");
}

static void a_log_that_is_cut_off_says_where_the_event_began(void **state)
{
    const char *whole = "(lock (id 18) (tid 0) (address 245000) (src \"x.c:19\"))";
    char cut[64];
    for (size_t length = 1; whole[length]; length++) {
        (void)snprintf(cut, sizeof cut, "\n\n%.*s", (int)length, whole);
        refused("t.log:3: the log ends within the event that began in line 3", cut);
    }
}

static void sentences_name_the_line(void **state)
{
    refused("t.log:3: ", "(lock (id 0) (tid 0) (address 0) (src \"a:1\"))\n\n(lokc (id 0))");
    refused("'(' is wanted at the beginning of an event", "lock");
    refused("'\"' is wanted", "(lock (id 0) (tid 0) (address 0) (src a:1))");
    refused("logs are ASCII", "(lock (id 0) (tid 0) (address 0) (src \"\xc3\xa4\"))");
    refused("too long",
            "(lock (id 0000000000000000000000000000000000000000000000000000000000000000000000) (tid 0))");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_have_names_or_none),
        cmocka_unit_test(white_space_is_free),
        cmocka_unit_test(numbers_are_hexadecimal_but_id_and_tid),
        cmocka_unit_test(threads_are_0_to_3),
        cmocka_unit_test(an_exclamation_mark_ends_the_log),
        cmocka_unit_test(fields_stand_in_their_order),
        cmocka_unit_test(words_that_are_not_known_are_refused_with_the_nearest),
        cmocka_unit_test(a_log_that_is_cut_off_says_where_the_event_began),
        cmocka_unit_test(sentences_name_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
