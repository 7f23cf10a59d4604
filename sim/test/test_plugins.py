#!/usr/bin/env python3
"""Plug-ins from outside: scripts that name a page table by its path.

    test_plugins.py MMUSIM FOLDER_OF_TEST_PLUGINS
"""
import hashlib
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""
PLUGINS = pathlib.Path()

# Two cores use a page while it is mapped, protected and unmapped.
TWO_CORES = """
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local as = m:address_space { table = "./linear.so" }
local frame = m:frames("4K")
m.core[1]:program(function(core)
  core:switch(as)
  print(as:map(core, 0x400000, frame, "4K", "rw-u"))
  print(as:map(core, 0x400000, frame + 0x1000, "4K", "rw-u"))
  core:store(0x400000, 42)
  core:dsb()
  m:barrier("mapped")
  core:wait(3000)
  print(as:protect(core, 0x400000, "r--u"))
  m:barrier("protected")
  core:wait(3000)
  print(as:query(core, 0x400123).attributes)
  print(as:unmap(core, 0x400000))
  print(as:unmap(core, 0x400000))
  print(#as:interpret())
end)
m.core[2]:program(function(core)
  core:switch(as)
  m:barrier("mapped")
  print(core:load(0x400000))
  m:barrier("protected")
  print(core:store(0x400000, 7))
  local value, fault
  repeat value, fault = core:load(0x400000) until fault
  print(fault)
end)
"""
PRINTED = """true
nil\toverlap
42
true
nil\tpermission fault, level 0
r--u
true
translation fault, level 0
nil\tnot-mapped
0
"""


class Plugins(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="mmusim-plugins-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def copy(self, name, to=None):
        shutil.copy(PLUGINS / f"{name}.so", self.folder / (to or f"{name}.so"))

    def call(self, *arguments):
        return subprocess.run([PROGRAM, *map(str, arguments)], cwd=self.folder, text=True, capture_output=True,
                              timeout=60, check=False)

    def run_script(self, text, *options):
        (self.folder / "script.lua").write_text(text, encoding="utf-8")
        return self.call("run", "-q", "-f", "-o", "run.db", *options, "script.lua")

    def refusal(self, text):
        """What a script that is refused says after the place."""
        result = self.run_script(text)
        self.assertEqual(result.returncode, 2, result.stdout)
        self.assertFalse((self.folder / "run.db").exists())
        start = f"mmusim: script.lua:{text.count(chr(10), 0, text.index('m:address_space')) + 1}: "
        self.assertEqual(result.stderr[:len(start)], start)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        return result.stderr[len(start):-1]

    def ask(self, sql):
        with sqlite3.connect(self.folder / "run.db") as connection:
            return connection.execute(sql).fetchall()

    def dump(self):
        with sqlite3.connect(self.folder / "run.db") as connection:
            return [line for line in connection.iterdump() if not line.startswith('INSERT INTO "runs"')]

    def test_a_table_with_a_format_of_its_own_runs_and_is_judged(self):
        self.copy("linear")
        result = self.run_script(TWO_CORES)
        self.assertEqual((result.stdout, result.stderr, result.returncode), (PRINTED, "", 0))
        verdict = self.call("check", "run.db")
        self.assertEqual((verdict.stderr, verdict.returncode), ("", 0), verdict.stdout)
        self.assertTrue(verdict.stdout.endswith("no violations\nthe judges agree\n"), verdict.stdout)
        self.assertEqual(self.ask("SELECT page_table, format FROM spaces"), [("linear-c", "linear-c-16m")])
        fast = self.dump()
        self.assertEqual(self.run_script(TWO_CORES, "--lockstep").returncode, 0)
        self.assertEqual(self.dump(), fast)

    def test_a_record_is_judged_without_the_plugin_of_its_format(self):
        self.copy("linear")
        self.assertEqual(self.run_script(TWO_CORES).returncode, 0)
        (self.folder / "linear.so").unlink()
        self.assertTrue(self.call("check", "run.db").stdout.endswith("no violations\nthe judges agree\n"))
        with sqlite3.connect(self.folder / "run.db") as connection:
            connection.execute("UPDATE format_rights SET rights = rights & ~1")  # the user's loads
        verdict = self.call("check", "--stories", "0", "run.db")
        self.assertEqual(verdict.returncode, 1)
        self.assertIn("forbidden_access: 0 findings only when it ran along", verdict.stdout)

    def test_the_record_has_the_path_as_written_and_the_hash_of_the_file(self):
        self.copy("linear")
        for level in ("counters", "misses", "all"):
            self.assertEqual(self.run_script(TWO_CORES, "--record", level).returncode, 0)
            digest = hashlib.sha256((self.folder / "linear.so").read_bytes()).hexdigest()
            self.assertEqual(self.ask("SELECT * FROM plugins"),
                             [(1, "linear-c", "linear-c-16m", "./linear.so", digest)])

    def test_paths_are_from_the_folder_of_the_script(self):
        self.copy("linear")
        (self.folder / "script.lua").write_text(TWO_CORES, encoding="utf-8")
        result = subprocess.run([PROGRAM, "run", "-q", "-o", self.folder / "there.db", self.folder / "script.lua"],
                                cwd="/", text=True, capture_output=True, timeout=60, check=False)
        self.assertEqual((result.stdout, result.stderr), (PRINTED, ""))

    def test_a_file_is_loaded_once_whatever_its_names(self):
        self.copy("linear")
        os.symlink("linear.so", self.folder / "other.so")
        result = self.run_script("""
            local m = machine { memory = { size = "64M" } }
            local one = m:address_space { table = "./linear.so" }
            local other = m:address_space { table = "./other.so", format = "linear-c-16m" }
            one:premap(0x1000, m:frames("4K"), "4K", "rw-u")
            print(#one:interpret(), #other:interpret())
            m.core[1]:program(function(core) core:switch(one) core:load(0x1000) end)
        """)
        self.assertEqual((result.stdout, result.stderr), ("1\t0\n", ""))
        self.assertEqual(self.ask("SELECT count(*) FROM plugins"), [(1,)])

    def test_programs_load_plugins_while_they_run_and_several_at_once(self):
        self.copy("linear")
        self.copy("linear-cpp")
        self.copy("mytable")
        script = """
            local m = machine { cores = 3, record = "all", memory = { size = "64M" } }
            for number, path in ipairs { "./linear.so", "./linear-cpp.so", "./mytable.so" } do
              m.core[number]:program(function(core)
                core:wait(500 * number)
                local as = m:address_space { table = path }
                core:switch(as)
                for round = 1, 3 do
                  assert(as:map(core, 0x400000, m:frames("4K"), "4K", "rw-u"))
                  assert(core:store(0x400000, round))
                  assert(core:load(0x400000) == round)
                  assert(as:unmap(core, 0x400000))
                  assert(not core:load(0x400000))
                end
              end)
            end
        """
        self.assertEqual(self.run_script(script).stderr, "")
        self.assertEqual(self.ask("SELECT page_table, format FROM plugins ORDER BY plugin"),
                         [("linear-c", "linear-c-16m"), ("linear-cpp", "linear-cpp-16m"), ("mytable", None)])
        verdict = self.call("check", "run.db")
        self.assertEqual(verdict.returncode, 0, verdict.stdout + verdict.stderr)
        fast = self.dump()
        self.assertEqual(self.run_script(script, "--lockstep").returncode, 0)
        self.assertEqual(self.dump(), fast)

    def test_a_format_is_named_by_its_path_too(self):
        self.copy("right")
        result = self.run_script("""
            local m = machine { memory = { size = "64M" } }
            local as = m:address_space { table = "radix", format = "./right.so" }
            m.core[1]:program(function(core) core:switch(as) print(core:load(0x1000)) end)
        """)
        self.assertEqual((result.stderr, result.returncode), ("", 0))
        self.assertEqual(self.ask("SELECT page_table, format FROM spaces"), [("radix", "stub-format")])

    def test_a_format_that_the_table_does_not_accept_is_refused(self):
        self.copy("linear")
        self.assertEqual(self.refusal("""
            local m = machine {}
            m:address_space { table = "./linear.so", format = "vmsa-4k-48" }
        """), 'the page table "linear-c" cannot be made with the format "vmsa-4k-48"; it accepts linear-c-16m')
        refusal = self.refusal("""
            local m = machine {}
            m:address_space { table = "radix", format = "./linear.so" }
        """)
        self.assertTrue(refusal.startswith('the page table "radix" cannot be made with the format "linear-c-16m"'))

    def test_the_format_of_a_machine_is_not_that_of_a_plugin_which_brings_one(self):
        self.copy("linear")
        self.assertEqual(self.run_script(TWO_CORES.replace("cores = 2", 'cores = 2, format = "vmsa-4k-39"')).stderr, "")
        self.assertEqual(self.ask("SELECT format FROM spaces"), [("linear-c-16m",)])

    def test_an_unknown_format_of_a_plugin_is_told_with_the_nearest(self):
        self.copy("linear")
        self.assertEqual(self.refusal("""
            local m = machine {}
            m:address_space { table = "./linear.so", format = "linear-c-16" }
        """), 'there is no format "linear-c-16"; did you mean "linear-c-16m"?')

    def test_a_plugin_without_a_format_has_none_to_name(self):
        self.copy("oldest")
        self.assertEqual(self.refusal("""
            local m = machine {}
            m:address_space { format = "./oldest.so" }
        """), './oldest.so brings no format of its own, only the page table "stub"')

    def test_two_plugins_cannot_have_one_name(self):
        self.copy("linear")
        self.copy("linear", "copy.so")
        self.assertEqual(self.refusal("""
            local m = machine {}
            for _, name in ipairs { "./linear.so", "./copy.so" } do m:address_space { table = name } end
        """), './copy.so: its page table has the name "linear-c", as that of ./linear.so has')

    def test_what_is_wrong_with_a_plugin_is_told_with_the_line_of_the_script(self):
        script = 'local m = machine {}\nm:address_space { table = "./%s.so" }\n'
        for name, sentence in {
                "missing": "No such file or directory; give the path of a plug-in, a shared object",
                "bad_no_symbol": 'it has no function "mmusim_plugin"; a plug-in exports it with C linkage, as '
                                 "<mmusim/plugin.h> declares it",
                "bad_refuses": "it cannot be used: this processor has no such instruction",
                "bad_table_name": 'its page table has the name "radix" of one of this program\'s; choose another',
        }.items():
            if name != "missing":
                self.copy(name)
            self.assertEqual(self.refusal(script % name), f"./{name}.so: {sentence}")


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
    PLUGINS = pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
