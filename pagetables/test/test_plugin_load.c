/* Loading plug-ins: of each version, and one refusal for each mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pagetables/plugin_load.h"

#define PATH_BYTES  512
#define ERROR_BYTES 512

static void path_of(char path[PATH_BYTES], const char *name)
{
    int length = snprintf(path, PATH_BYTES, "%s/%s.so", PLUGINS, name);
    assert_in_range(length, 1, PATH_BYTES - 1);
}

static struct loaded_plugin *load(const char *name)
{
    char path[PATH_BYTES], error[ERROR_BYTES] = "";
    path_of(path, name);
    struct loaded_plugin *plugin = plugin_load(path, error, sizeof error);
    if (!plugin)
        fail_msg("%s", error);
    assert_string_equal(plugin->path, path);
    return plugin;
}

static void a_right_plugin_loads(void **context)
{
    struct loaded_plugin *plugin = load("right");
    const struct entry_format *entries = NULL;
    assert_string_equal(plugin->table->name, "stub");
    assert_string_equal(plugin->format->name, "stub-format");
    assert_int_equal(plugin->table->state_bytes, 16);
    assert_int_equal(plugin->entries->level[0].index_bits, 9);
    assert_ptr_equal(plugin_format_find(plugin, "stub-format", &entries), plugin->format);
    assert_ptr_equal(entries, plugin->entries);
    assert_ptr_equal(plugin_format_find(plugin, "vmsa-4k-48", &entries), walk_format_find("vmsa-4k-48"));
    assert_ptr_equal(entries, entry_format_of(walk_format_find("vmsa-4k-48")));
    assert_null(plugin_format_find(NULL, "stub-format", &entries));
    assert_null(entries);
    plugin_unload(plugin);
}

/* What an older plug-in does not know is as if it were 0, whatever lies there. */
static void an_older_and_shorter_plugin_loads(void **context)
{
    struct loaded_plugin *plugin = load("older");
    const struct walk_format *format = plugin->format;
    assert_int_equal(format->struct_bytes, sizeof *format);
    assert_non_null(format->rights);
    assert_null(format->table);
    assert_null(format->enter);
    assert_null(format->update);
    assert_null(format->updated);
    assert_null(format->allowed);
    assert_null(format->report);
    assert_false(format->updates_before_output);
    assert_null(plugin->entries);
    plugin_unload(plugin);
}

static void a_plugin_without_a_format_takes_the_programs(void **context)
{
    struct loaded_plugin *plugin = load("oldest");
    assert_null(plugin->format);
    assert_null(plugin->entries);
    assert_string_equal(plugin->table->default_format, "vmsa-4k-48");
    plugin_unload(plugin);
}

static void a_newer_and_longer_plugin_loads(void **context)
{
    struct loaded_plugin *plugin = load("newer");
    assert_int_equal(plugin->table->struct_bytes, sizeof *plugin->table);
    assert_int_equal(plugin->format->struct_bytes, sizeof *plugin->format);
    assert_int_equal(plugin->entries->struct_bytes, sizeof *plugin->entries);
    assert_string_equal(plugin->table->name, "stub");
    plugin_unload(plugin);
}

static bool in_process(const char *path)
{
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (object)
        assert_int_equal(dlclose(object), 0);
    return object != NULL;
}

static void nothing_is_left_of_an_unloaded_plugin(void **context)
{
    char path[PATH_BYTES];
    path_of(path, "right");
    assert_false(in_process(path));
    struct loaded_plugin *first = load("right"), *second = load("right");
    assert_ptr_not_equal(first, second);
    plugin_unload(first);
    assert_true(in_process(path));
    assert_string_equal(second->table->name, "stub");
    plugin_unload(second);
    assert_false(in_process(path));
    plugin_unload(NULL);
}

static void nothing_is_left_of_a_refused_plugin(void **context)
{
    char path[PATH_BYTES], error[ERROR_BYTES];
    path_of(path, "bad_missing_map");
    assert_null(plugin_load(path, error, sizeof error));
    assert_false(in_process(path));
}

/* Symbols of a plug-in are its own: two may define the same. */
static void symbols_of_a_plugin_are_not_seen_by_others(void **context)
{
    struct loaded_plugin *plugin = load("right");
    assert_null(dlsym(RTLD_DEFAULT, MMUSIM_PLUGIN_SYMBOL));
    plugin_unload(plugin);
}

static void a_name_without_a_slash_is_a_file_of_the_current_folder(void **context)
{
    char before[PATH_BYTES], error[ERROR_BYTES] = "";
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(PLUGINS), 0);
    struct loaded_plugin *plugin = plugin_load("right.so", error, sizeof error);
    assert_int_equal(chdir(before), 0);
    assert_string_equal(error, "");
    assert_non_null(plugin);
    assert_string_equal(plugin->path, "right.so");
    plugin_unload(plugin);
}

/* ---- Refusals ---- */

static const struct {
    const char *plugin;
    const char *sentence; /* after the path and a colon */
} refusals[] = {
    {"bad_no_symbol", "it has no function \"mmusim_plugin\"; a plug-in exports it with C linkage, as "
                      "<mmusim/plugin.h> declares it"},
    {"bad_unresolved",
     "it needs the symbol \"walk_format_find\", which neither it nor its libraries define; a "
     "plug-in calls nothing of this program but what it is handed (link it with -Wl,-z,defs to "
     "see such names when it is built)"},
    {"bad_version",
     "the version of its plug-in interface is 2, and this program has version 1; build it with this "
     "program's headers"},
    {"bad_table_version",
     "the abi_version of its page table is 7, and this program has version 1; build it with "
     "this program's headers"},
    {"bad_plugin_bytes",
     "struct_bytes of its struct mmusim_plugin is 8, and such a struct has at least 16 bytes; "
     "set it to sizeof(struct mmusim_plugin)"},
    {"bad_table_bytes",
     "struct_bytes of its struct pagetable_class is 112, and such a struct has at least 120 "
     "bytes; set it to sizeof(struct pagetable_class)"},
    {"bad_format_bytes",
     "struct_bytes of its struct walk_format is 0, and such a struct has at least 72 bytes; set "
     "it to sizeof(struct walk_format)"},
    {"bad_entries_bytes",
     "struct_bytes of its struct entry_format is 4, and such a struct has at least 136 bytes; "
     "set it to sizeof(struct entry_format)"},
    {"bad_refuses", "it cannot be used: this processor has no such instruction"},
    {"bad_refuses_silently",
     "it cannot be used, and does not say why; when mmusim_plugin() gives NULL, it sets "
     "*why to a sentence"},
    {"bad_no_table", "it has no page table; `table` must point to a struct pagetable_class"},
    {"bad_entries_alone", "it has entries of no format; `entries` belong to a `format` of its own"},
    {"bad_no_name", "its page table has no name; `name` must be a text such as \"mine\""},
    {"bad_missing_map",
     "the page table \"stub\" lacks `map`; this member of struct pagetable_class may not be "
     "NULL"},
    {"bad_missing_accepts",
     "the page table \"stub\" lacks `accepts`; this member of struct pagetable_class may "
     "not be NULL"},
    {"bad_missing_default", "the page table \"stub\" lacks `default_format`; this member of struct "
                            "pagetable_class may not be NULL"},
    {"bad_missing_resume",
     "the format \"stub-format\" lacks `resume`; this member of struct walk_format may not "
     "be NULL"},
    {"bad_missing_decode",
     "the entry codec of the format \"stub-format\" lacks `decode`; this member of struct "
     "entry_format may not be NULL"},
    {"bad_half_a_pair",
     "the format \"stub-format\" has `table` and no `enter`; it must have both or neither"},
    {"bad_table_name", "its page table has the name \"radix\" of one of this program's; choose another"},
    {"bad_format_name", "its format has the name \"vmsa-4k-48\" of one of this program's; choose another"},
    {"bad_name_with_slash",
     "the name of its page table, \"my/table\", cannot be written in a script; it may have "
     "no spaces, slashes, quotes or letters beyond ASCII"},
    {"bad_default_format",
     "the default_format of its page table, \"sv-nothing\", is neither a format of its own "
     "nor one of this program's, which `mmusim list formats` shows"},
    {"bad_accepts_nothing",
     "its page table does not accept its own default_format, \"stub-format\"; note that "
     "formats are compared by name, since a plug-in is handed copies"},
    {"bad_accepts_another",
     "its page table does not accept its own default_format, \"vmsa-4k-48\"; note that "
     "formats are compared by name, since a plug-in is handed copies"},
    {"bad_format_for_nobody", "its page table does not accept the format \"stub-format\" that it brings"},
    {"bad_levels", "the format \"stub-format\" has levels 0; a walk has at least one step"},
    {"bad_page", "the format \"stub-format\" has page_lg2 4; it must be from 12 (4 KiB) to 30, since it is a "
                 "logarithm"},
    {"bad_va_bits", "the format \"stub-format\" has va_bits 65; an address has at most 64"},
    {"bad_va_form", "the format \"stub-format\" has va_form 3; it must be one of enum va_form"},
    {"bad_frame_sizes", "the format \"stub-format\" has frame_sizes 9; it must be from 1 to 8"},
    {"bad_first_frame_size",
     "the format \"stub-format\" has frame_size_lg2[0] 16; the smallest frame must be a "
     "page, page_lg2"},
    {"bad_frame_order",
     "the format \"stub-format\" has a frame_size_lg2 of 12; they must be in ascending order"},
    {"bad_frame_size",
     "the format \"stub-format\" has a frame_size_lg2 of 40; no frame can be larger than va_bits "
     "say"},
    {"bad_entry_levels", "the entries of the format \"stub-format\" have levels 6; there must be 1 to 5"},
};

static void each_mistake_is_told_in_one_sentence(void **context)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        char path[PATH_BYTES], expected[2 * ERROR_BYTES], error[2 * ERROR_BYTES] = "";
        path_of(path, refusals[i].plugin);
        (void)snprintf(expected, sizeof expected, "%s: %s", path, refusals[i].sentence);
        assert_null(plugin_load(path, error, sizeof error));
        assert_string_equal(error, expected);
    }
}

static void a_missing_file_is_told(void **context)
{
    char error[ERROR_BYTES] = "";
    assert_null(plugin_load("./no-such.so", error, sizeof error));
    assert_string_equal(
        error, "./no-such.so: No such file or directory; give the path of a plug-in, a shared object");
}

static void a_file_that_is_no_shared_object_is_told(void **context)
{
    char path[] = "/tmp/plugin_load_XXXXXX", error[ERROR_BYTES] = "", start[ERROR_BYTES];
    int file = mkstemp(path);
    assert_return_code(file, 0);
    static const char text[] =
        "local m = machine {}\n-- longer than the header of an ELF file, so that it is read "
        "as one and found to be none\n";
    assert_int_equal(write(file, text, sizeof text), sizeof text);
    assert_int_equal(close(file), 0);
    assert_null(plugin_load(path, error, sizeof error));
    (void)snprintf(start, sizeof start, "%s: it cannot be loaded as a shared object of this machine: ", path);
    assert_memory_equal(error, start, strlen(start));
    assert_null(strstr(error + strlen(path), path));
    assert_int_equal(unlink(path), 0);
}

static void a_long_sentence_is_cut_and_ends(void **context)
{
    char path[PATH_BYTES], error[24];
    path_of(path, "bad_no_symbol");
    memset(error, 'x', sizeof error);
    assert_null(plugin_load(path, error, sizeof error));
    assert_int_equal(strlen(error), sizeof error - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_plugin_loads),
        cmocka_unit_test(an_older_and_shorter_plugin_loads),
        cmocka_unit_test(a_plugin_without_a_format_takes_the_programs),
        cmocka_unit_test(a_newer_and_longer_plugin_loads),
        cmocka_unit_test(nothing_is_left_of_an_unloaded_plugin),
        cmocka_unit_test(nothing_is_left_of_a_refused_plugin),
        cmocka_unit_test(symbols_of_a_plugin_are_not_seen_by_others),
        cmocka_unit_test(a_name_without_a_slash_is_a_file_of_the_current_folder),
        cmocka_unit_test(each_mistake_is_told_in_one_sentence),
        cmocka_unit_test(a_missing_file_is_told),
        cmocka_unit_test(a_file_that_is_no_shared_object_is_told),
        cmocka_unit_test(a_long_sentence_is_cut_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
