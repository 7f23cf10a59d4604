#!/usr/bin/env python3
"""`mmusim shrink` from outside: small scripts fail as the long ones do, and nothing of them can go.

    test_shrink.py MMUSIM PROJECT FOLDER_OF_BROKEN_TABLES
"""
import contextlib
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""
PROJECT = pathlib.Path()
BROKEN = pathlib.Path()

# Demand paging on two cores by handlers, streams between barriers, and a page table that invalidates nothing.
DEMAND = """
local m = machine { cores = 2, memory = { size = "64M" }, walk_cache = { pde = { entries = 16 } } }
local as = m:address_space { table = arg[1] or "radix-forgets-invalidation" }
local function on_fault(core, fault)
  local frame = m:frames("4K")
  local mapped = as:map(core, page(fault.va), frame, "4K", "rw-u")
  if not mapped then m:release_frames(frame, "4K") end
  return true
end
for number = 1, 2 do
  m.core[number]:program(function(core)
    core:switch(as)
    core:on_fault(on_fault)
    for _ = 1, 3 do
      core:run(stream.uniform { base = 0x400000, size = "64K", n = 100, stores = 0.3 })
      m:barrier("round")
      if number == 1 then
        for i = 0, 8 do as:unmap(core, 0x400000 + i * 4096) end
      end
    end
  end)
end
"""
# A trace beside the script, and a mistake that the program catches itself.
TRACE = """
local m = machine { memory = { size = "64M" }, record = "all" }
local as = m:address_space { table = "radix-forgets-invalidation" }
m.core[1]:program(function(core)
  core:switch(as)
  print(pcall(core.run, core, stream.sequential { base = 0x7000000, size = "8K", n = 10 }))
  core:on_fault(function(own, fault) return as:map(own, page(fault.va), m:frames("4K"), "4K", "rwxu") end)
  core:run(stream.trace { path = "some.xz", records = 3000 })
  for _, mapping in ipairs(as:interpret()) do as:unmap(core, mapping.va) end
  core:run(stream.trace { path = "some.xz", records = 3000 })
end)
"""


def mmusim(*words, **options):
    return subprocess.run([PROGRAM, *map(str, words)], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300, check=False, **options)


class Shrink(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def write(self, name, text):
        path = self.path / name
        path.write_text(text, encoding="utf-8")
        return path

    def findings(self, script, *arguments):
        """(rule, space, page) of everything that the checker finds."""
        database = self.path / "findings.db"
        answer = mmusim("run", "-q", "-f", "-o", database, script, "--", *arguments)
        if answer.returncode == 2:
            return None
        with contextlib.closing(sqlite3.connect(database)) as connection:
            return connection.execute("SELECT rule, space, va >> 12 FROM checker_findings").fetchall()

    def shrunk(self, script, *arguments, output="small.lua"):
        """The small script's path, which fails with the rule and at the page of the long one."""
        small = self.path / output
        answer = mmusim("shrink", "-o", small, script, "--", *arguments, cwd=self.path)
        self.assertEqual((answer.stderr, answer.returncode), ("", 0), answer.stdout)
        told = re.fullmatch(rf"{re.escape(str(small))} fails with (\w+) in cycle (\d+): (\d+) of (\d+) calls are left, "
                            r"after (\d+) runs\n", answer.stdout)
        self.assertTrue(told, answer.stdout)
        long, short = self.findings(script, *arguments), self.findings(small)
        self.assertEqual(told[1], long[0][0])
        self.assertIn((long[0][0], long[0][2]), {(rule, page) for rule, _, page in short})
        self.assertLess(int(told[3]), int(told[4]) + 1)
        self.assertIn(f"It fails with {told[1]} in cycle {told[2]}", " ".join(small.read_text().replace("\n--", "").split()))
        self.assertEqual([file.name for file in self.path.glob("*.partial")], [])
        return small

    def calls(self, text):
        """The lines of a script that are one call each."""
        return [i for i, line in enumerate(text.splitlines()) if re.match(r"\s*(core:(?!on_fault)|as\d*:|m:barrier)", line)]

    # ---- What fails becomes small ----

    def test_a_forgotten_barrier_is_an_unmap_between_two_loads(self):
        small = self.shrunk(PROJECT / "scripts/unmap-forgets-barrier.lua")
        text = small.read_text()
        self.assertIn("store_buffer = { drain = 2000 }", text)
        self.assertEqual(len(re.findall(r"as:unmap\(core, 0x400000\)", text)), 1)
        self.assertEqual(len(re.findall(r"core:load\(0x400000\)", text)), 2)
        self.assertLess(len(self.calls(text)), 10)
        small.write_text(text.replace("radix-forgets-barrier", "radix"))
        self.assertEqual(self.findings(small), [])

    def test_nothing_of_a_small_script_can_go(self):
        for script in "scripts/unmap-forgets-barrier", "sim/test/scripts/asid-reuse-forgets":
            small = self.shrunk(PROJECT / f"{script}.lua", output=f"{pathlib.Path(script).name}.lua")
            text = small.read_text()
            rule, _, page = self.findings(PROJECT / f"{script}.lua")[0]
            self.assertGreater(len(self.calls(text)), 2)
            for line in self.calls(text):
                rest = text.splitlines()
                gone = rest.pop(line)
                found = self.findings(self.write("less.lua", "\n".join(rest) + "\n"))
                self.assertNotIn((rule, page), {(a, c) for a, _, c in found or []}, f"{script}: {gone}")

    def test_shipped_failures_become_small(self):
        for script, most in (("scripts/unmap-forgets-invalidation", 8), ("sim/test/scripts/lazy-forgets", 5),
                             ("sim/test/scripts/no-asids-forgets", 9), ("sim/test/scripts/asid-reuse-forgets", 6)):
            small = self.shrunk(PROJECT / f"{script}.lua", output=f"{pathlib.Path(script).name}.lua")
            self.assertLessEqual(len(self.calls(small.read_text())), most, script)

    def test_random_runs_become_small(self):
        seed, done = int(os.environ.get("MMUSIM_SEED", "3")), 0
        script = PROJECT / "sim/test/random.lua"
        while done < int(os.environ.get("MMUSIM_RUNS", "1")):
            if self.findings(script, seed, "radix-forgets-invalidation"):
                small = self.shrunk(script, seed, "radix-forgets-invalidation", output=f"{seed}.lua")
                self.assertLess(len(self.calls(small.read_text())), 25, f"MMUSIM_SEED={seed}")
                done += 1
            seed += 1

    def test_handlers_and_streams_become_single_calls(self):
        text = self.shrunk(self.write("demand.lua", DEMAND)).read_text()
        self.assertNotIn("stream", text)
        self.assertNotIn("walk_cache", text)
        self.assertLess(len(self.calls(text)), 15)

    def test_what_handlers_of_single_accesses_did_comes_before_the_access(self):
        script = self.write("loads.lua", DEMAND.replace(
            'core:run(stream.uniform { base = 0x400000, size = "64K", n = 100, stores = 0.3 })',
            "for _ = 1, 60 do core:load(0x400000 + core:random(16) * 4096 - 4096) end"))
        text = self.shrunk(script).read_text()
        self.assertNotIn("on_fault", text)
        self.assertNotIn("pcall", text)
        self.assertLess(len(self.calls(text)), 10)

    def test_the_same_small_script_comes_out_with_any_number_of_jobs(self):
        script = self.write("demand.lua", DEMAND)
        texts = set()
        for jobs in 1, 3:
            answer = mmusim("shrink", "-f", "-o", "small.lua", "-j", jobs, script, cwd=self.path)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            texts.add("\n".join(line for line in (self.path / "small.lua").read_text().splitlines() if "Made by" not in line))
        self.assertEqual(len(texts), 1)

    def test_a_trace_keeps_its_file_wherever_the_result_stands(self):
        (self.path / "in").mkdir()
        (self.path / "out").mkdir()
        shutil.copy(PROJECT / "traces/samples/gzip.x86_64.lackey.xz", self.path / "in/some.xz")
        script = self.write("in/trace.lua", TRACE)
        self.shrunk(script, output="out/small.lua")
        # one that needs the trace itself: what it stores cannot be one access
        script = self.write("in/needs.lua", TRACE.replace(
            'core:run(stream.trace { path = "some.xz", records = 3000 })\nend)',
            'core:run(stream.trace { path = "some.xz", records = 1 })\nend)'))
        self.shrunk(script, output="in/small.lua")

    def test_a_table_that_is_a_plug_in_keeps_its_file(self):
        (self.path / "in").mkdir()
        shutil.copy(BROKEN / "broken-asid.so", self.path / "in/table.so")
        text = (PROJECT / "scripts/unmap-forgets-invalidation.lua").read_text().replace("radix-forgets-invalidation", "./table.so")
        small = self.shrunk(self.write("in/script.lua", text))
        self.assertIn(f'table = "{self.path.resolve()}/in/./table.so"', small.read_text())

    # ---- What does not ----

    def refused(self, pattern, *words):
        answer = mmusim("shrink", *words, cwd=self.path)
        self.assertRegex(answer.stderr, f"\\Ammusim: [^\n]*{pattern}[^\n]*\n\\Z")
        self.assertNotIn("[string", answer.stderr) # no place in a text of ours
        self.assertEqual((answer.stdout, answer.returncode), ("", 2))

    def test_a_right_script_is_told_to_be_right(self):
        answer = mmusim("shrink", PROJECT / "scripts/unmap-forgets-barrier.lua", "radix", cwd=self.path)
        self.assertEqual((answer.stderr, answer.returncode), ("", 0))
        self.assertRegex(answer.stdout, r"\Athe checker finds nothing in the run of '.*': there is nothing to shrink\n\Z")
        self.assertEqual(list(self.path.iterdir()), [])

    def test_wrong_use_leaves_nothing(self):
        self.refused(r"bad\.lua:2: .*core", self.write("bad.lua", "local m = machine {}\nlocal x = m.core[9]\n"))
        self.refused("No such file", "nothing.lua")
        self.refused("check = false", self.write("unchecked.lua", (PROJECT / "scripts/unmap-forgets-barrier.lua").read_text()
                                                 .replace("cores = 2,", "cores = 2, check = false,", 1)))
        self.refused("--jobs is '0'; it must be a whole number from 1 to 64", "-j", 0, "bad.lua")
        self.assertEqual(sorted(file.name for file in self.path.iterdir()), ["bad.lua", "unchecked.lua"])

    def test_a_result_is_not_overwritten_without_being_told_to(self):
        script = PROJECT / "sim/test/scripts/lazy-forgets.lua"
        there = self.write("lazy-forgets-small.lua", "mine\n")
        self.refused(r"'lazy-forgets-small\.lua' is there already; --force replaces it", script)
        self.assertEqual(there.read_text(), "mine\n")
        self.assertEqual(mmusim("shrink", "-f", script, cwd=self.path).returncode, 0)
        self.assertIn("radix-forgets-invalidation", there.read_text())

    def test_a_result_needs_a_folder_that_can_be_written(self):
        script = PROJECT / "sim/test/scripts/lazy-forgets.lua"
        self.refused(r"'no/folder/small\.lua' cannot be written: No such file or directory; name a file in a folder "
                     r"that can be written", "-o", "no/folder/small.lua", script)
        self.write("file", "")
        self.refused(r"'file/small\.lua' cannot be written: Not a directory; name a file in a folder that can be "
                     r"written", "-o", "file/small.lua", script)
        self.write("left.lua.partial", "an earlier one's")
        self.refused(r"'left\.lua\.partial' cannot be written: File exists; --force replaces it", "-o", "left.lua", script)
        self.assertEqual(sorted(file.name for file in self.path.iterdir()), ["file", "left.lua.partial"])


if __name__ == "__main__":
    if len(sys.argv) != 4 or not os.access(sys.argv[1], os.X_OK):
        sys.exit(__doc__)
    PROGRAM, PROJECT, BROKEN = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    unittest.main(argv=sys.argv[:1])
