#!/usr/bin/env python3
"""`mmusim explain` from outside: what it tells of right and wrong runs, and what it refuses.

    test_explain.py MMUSIM SCRIPTS
"""
import contextlib
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""
SCRIPTS = ""

# Pages are mapped, used by another core, protected and unmapped again and again, so that views of the table tell what it
# held after each operation. Its arguments are the page table and the recording level.
CHURN = """
local m = machine { cores = 2, record = arg[2] or "all", memory = { size = "64M" } }
local as = m:address_space { table = arg[1] or "radix", format = "vmsa-4k-48" }
local BASE = 0x400000
m.core[1]:program(function(core)
  core:switch(as)
  for i = 0, 11 do
    local page = BASE + i % 3 * 0x1000
    as:map(core, page, m:frames("4K"), "4K", "rw-u")
    core:store(page, i)
    core:wait(500)
    if i % 2 == 0 then as:protect(core, page, "r--u") end
    as:unmap(core, page)
  end
end)
m.core[2]:program(function(core)
  core:switch(as)
  for i = 1, 200 do core:load(BASE + i % 3 * 0x1000) end
end)
"""
GUEST = """
local m = machine { cores = 1, record = "all", memory = { size = "64M" } }
local memory = m:address_space { table = "radix", format = "vmsa-s2-4k-48", vmid = 1 }
memory:premap(0x40000000, m:frames("1M"), "4K", "rwx", 256)
local as = m:address_space { table = "radix", format = "vmsa-4k-48", asid = 1, stage2 = memory, tables = { base = 0x40000000, size = "1M" } }
memory:premap(0x80000000, m:frames("4K"), "4K", "rw-")
as:premap(0x400000, 0x80000000, "4K", "rw-u")
m.core[1]:program(function(core)
  core:switch(as)
  core:load(0x400008)
  core:load(0x400010)
end)
"""
TWO_SPACES = """
local m = machine { cores = 1, record = arg[1] or "misses", memory = { size = "64M" } }
for i = 1, 2 do
  local as = m:address_space { table = "radix", format = "vmsa-4k-48", asid = i }
  as:premap(0x400000, m:frames("4K"), "4K", "rw-u")
end
m.core[1]:program(function(core) core:wait(10) end)
"""


def mmusim(*words, **options):
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([PROGRAM, *map(str, words)], text=True, stdin=subprocess.DEVNULL, timeout=120, check=False,
                          **options)


class Explain(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def record(self, script, *arguments, status=0):
        """The record of a script: one of the shipped ones by its name, or a text."""
        path = pathlib.Path(SCRIPTS) / f"{script}.lua"
        if "\n" in script:
            path = self.path / "script.lua"
            path.write_text(script, encoding="utf-8")
        database = self.path / f"{len(list(self.path.iterdir()))}.db"
        answer = mmusim("run", "-q", "-o", database, path, "--", *arguments)
        self.assertEqual(answer.returncode, status, answer.stderr)
        return database

    def story(self, *words):
        answer = mmusim("explain", *words)
        self.assertEqual((answer.stderr, answer.returncode), ("", 0))
        return answer.stdout

    def refused(self, pattern, *words):
        answer = mmusim("explain", *words)
        self.assertRegex(answer.stderr, f"\\Ammusim: [^\n]*{pattern}[^\n]*\n\\Z")
        self.assertEqual((answer.stdout, answer.returncode), ("", 2))

    def ask(self, database, sql):
        with contextlib.closing(sqlite3.connect(database)) as connection:
            return connection.execute(sql).fetchall()

    # ---- What is told ----

    def test_the_first_findings_story_has_every_part_and_its_moment_is_marked_once(self):
        database = self.record("unmap-forgets-barrier", status=1)
        story = self.story(database)
        finding = self.ask(database, "SELECT cycle, text FROM checker_findings ORDER BY cycle")[0]
        self.assertRegex(story, rf"\A0x400000 of space 1 \(radix-forgets-barrier, vmsa-4k-48, .*\) in cycle {finding[0]}\n")
        self.assertIn(f"stale_translation: {finding[1]}", story)
        for part in ("0x400000 -> 0x3000, 2^12 bytes, rw-u: no longer there", "it ends with a translation fault, level 3",
                     "invalidation 64 issued: va 0x400000", "drops 2 entries for invalidation 64"):
            self.assertIn(part, story)
        self.assertRegex(story, r"core 2  L1D   entry \d+: 0x400000 -> 0x3000, 2\^12 bytes, rw-u; filled in cycle \d+ by walk")
        self.assertEqual(story.count("the moment"), 2)  # the heading of what TLBs held, and the mark
        self.assertLess(len(story.splitlines()), 80)

    def test_a_walk_that_read_the_old_entry_stands_between_the_invalidation_and_the_store(self):
        """The point of this bug, to be read from top to bottom."""
        story = self.story(self.record("unmap-forgets-barrier", status=1))
        places = [story.index(text) for text in (
            "drops 2 entries", "reads the level 3 entry 0x4000: 0x60000000003f43\n           5351",
            "entry 0x4000 becomes 0x0", "operation 3: unmap returns: ok", ">>")]
        self.assertEqual(places, sorted(places))

    def test_a_right_run_has_nothing_to_explain_unless_asked(self):
        database = self.record("unmap-forgets-barrier", "radix")
        self.assertEqual(self.story(database), "no violation names an address: --va and --cycle choose what to explain\n")
        self.assertIn("certainly there", self.story(database, "--va", "0x400000", "--cycle", 100))

    def test_events_stand_in_the_order_of_cycles_and_folding_loses_none(self):
        database = self.record("unmap-forgets-barrier", status=1)
        whole = [line for line in self.story(database, "--all").splitlines() if re.match(r"^(  |>>) +\d+  core", line)]
        folded = [line for line in self.story(database).splitlines() if re.match(r"^(  |>>) +\d+  ", line)]
        for lines in (whole, folded):
            cycles = [int(line[2:].split()[0]) for line in lines]
            self.assertEqual(cycles, sorted(cycles))
        loads = self.ask(database, "SELECT COUNT(*) FROM translations WHERE va = 0x400000")[0][0]
        self.assertEqual(sum("load of" in line for line in whole), loads)
        told = sum("load of" in line for line in folded)
        told += sum(int(number) for line in folded for number in re.findall(r"\.\.\. (\d+) more like it, then: load", line))
        self.assertEqual(told, loads)
        self.assertLess(len(folded), len(whole) / 3)

    def test_a_store_that_waits_in_a_store_buffer_is_told_with_the_word_that_memory_has(self):
        database = self.record("unmap-forgets-barrier", status=1)
        issue, visible = self.ask(database, "SELECT issue_cycle, visible_cycle FROM entry_writes WHERE pa = 0x4000 AND new_value = 0")[0]
        waits = rf"level 3  0x4000 .*; 0x0, stored by core 1 in cycle {issue}, waits until cycle {visible}"
        told = {cycle: self.story(database, "--va", "0x400000", "--cycle", cycle)
                for cycle in (issue - 1, issue, visible - 1, visible)}
        for cycle in (issue, visible - 1):
            self.assertRegex(told[cycle], waits)
            self.assertIn("possibly there: the operation that ended it was under way", told[cycle])
            self.assertIn("it ends with 0x400000 -> 0x3000", told[cycle])
        for cycle in (issue - 1, visible):
            self.assertNotIn("waits until", told[cycle])
        self.assertIn("certainly there", told[issue - 1])
        self.assertIn("it ends with a translation fault, level 3", told[visible])

    def test_the_words_of_the_table_say_what_the_table_was_seen_to_hold(self):
        """Of each operation's view, which the simulator read from memory itself."""
        database = self.record(CHURN)
        told = 0
        for va, cycle, mapped, pa in self.ask(database, "SELECT va, cycle, mapped, mapping_pa FROM table_views WHERE operation % 2 AND cycle > 0"):
            result = json.loads(self.story(database, "--json", "--va", va, "--cycle", cycle))["table_result"]
            if result.startswith("not known"):
                continue
            told += 1
            self.assertRegex(result, rf"^{va:#x} -> {pa:#x}, " if mapped else "^a translation fault, level [0-3]$")
        self.assertGreater(told, 10)

    def test_what_tlbs_held_is_what_their_entries_lived(self):
        database = self.record(CHURN)
        for cycle in range(1000, 20000, 3700):
            caches = json.loads(self.story(database, "--json", "--va", "0x401000", "--cycle", cycle))["caches"]
            told = {row["entry"] for row in caches if row["there"] and row["array"] in ("L1D", "L2")}
            lived = self.ask(database, "SELECT entry FROM tlb_entries WHERE va = 0x401000 AND fill_cycle <= %d AND end_cycle > %d"
                             % (cycle, cycle))
            self.assertEqual(told, {row[0] for row in lived})

    def test_a_page_that_was_mapped_often_is_told_around_the_moment(self):
        database = self.record(CHURN)
        story = self.story(database, "--va", "0x400000", "--cycle", 45000)
        self.assertRegex(story, r"\d+ earlier of this address left out")
        self.assertLess(story.count("map, operation"), 10)
        whole = json.loads(self.story(database, "--va", "0x400000", "--cycle", 45000, "--all", "--json"))
        self.assertEqual(len(whole["mappings"]), self.ask(database, "SELECT COUNT(*) FROM mapping_windows WHERE va = 0x400000")[0][0])

    def test_misses_are_enough(self):
        story = self.story(self.record(CHURN, "radix-forgets-invalidation", "misses", status=1), "--va", "0x400000", "--cycle", 40000)
        self.assertRegex(story, r"stale_\w+: ")
        self.assertRegex(story, r"L1D entry \d+ hit for the last time \(of \d+\)")

    def test_a_finding_about_an_entry_is_the_story_of_the_operation_that_wrote_it(self):
        database = self.record(CHURN, "radix-forgets-invalidation", status=1)
        rule, va, cycle = self.ask(database, "SELECT rule, va, cycle FROM checker_findings ORDER BY cycle")[0]
        story = self.story(database)
        self.assertRegex(story, rf"\A0x40[0-9a-f]{{4}} of space 1 .* in cycle {cycle}\n")
        self.assertIn(f"  {rule}: ", story)

    def test_a_second_stage_has_its_own_part(self):
        database = self.record(GUEST)
        story = self.story(database, "--va", "0x400010", "--cycle", 3000)
        first, second = story.split("THE SECOND STAGE")
        self.assertRegex(first, r"level 3  ipa 0x4[0-9a-f]+ = 0x[0-9a-f]+ +0x006")
        self.assertIn("0x400000 -> 0x80000000, 2^12 bytes, rw-u: certainly there", first)
        self.assertRegex(second, r"\A\n\n0x80000010 of space 1 ")
        self.assertRegex(second, r"it ends with 0x80000000 -> ")
        told = json.loads(self.story(database, "--va", "0x400010", "--cycle", 3000, "--json"))
        self.assertEqual(told["second_stage"]["va"], "0x80000010")

    def test_one_core_alone(self):
        database = self.record(CHURN)
        events = json.loads(self.story(database, "--va", "0x400000", "--cycle", 9000, "--core", 2, "--json"))["events"]
        for what in ("access", "walk", "walk step", "fill"):
            self.assertEqual({row["core"] for row in events if row["what"] == what}, {2}, what)
        self.assertEqual({row["core"] for row in events if row["what"] == "operation"}, {1})

    def test_where_no_checker_ran_sql_judges(self):
        database = self.record("unmap-forgets-barrier", status=1)
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("UPDATE runs SET checked = 0")
            connection.execute("DELETE FROM checker_findings")
        first = self.ask(database, "SELECT cycle, rule FROM violations ORDER BY cycle")[0]
        story = self.story(database)
        self.assertIn(f"in cycle {first[0]}\n", story)
        self.assertIn(f"  {first[1]}: ", story)

    def test_a_check_names_the_command_that_explains_its_first_violation(self):
        database = self.record("unmap-forgets-invalidation", status=1)
        command = re.search(r"(?m)^the first one's story: mmusim (explain .*)$", mmusim("check", database).stdout).group(1)
        self.assertEqual(self.story(*command.split()[1:]), self.story(database))

    # ---- What is refused ----

    def test_wrong_values_are_told(self):
        database = self.record("unmap-forgets-barrier", status=1)
        self.refused("--va is 'page'; it must be an address", database, "--va", "page")
        self.refused("--va is '-4'; it must be an address", database, "--va=-4")
        self.refused("--cycle needs --va", database, "--cycle", 3)
        self.refused("--core is '0'; it must be the number of a core", database, "--core", 0)
        self.refused(r"cycle 9999999 is after the end of the run, whose last event is in cycle \d+", database, "--va",
                     "0x400000", "--cycle", 9999999)
        self.refused("there is no space 7; the run has 1", database, "--space", 7)
        self.refused("no address space of this run has mapped or used 0x7000", database, "--va", "0x7000", "--cycle", 3)
        self.refused("no violation names 0x401000: --cycle chooses the moment", database, "--va", "0x401000")

    def test_an_address_of_several_spaces_needs_one_of_them(self):
        database = self.record(TWO_SPACES)
        self.refused("0x400000 is an address of the spaces 1, 2: choose one with --space", database, "--va", "0x400000", "--cycle", 0)
        story = self.story(database, "--va", "0x400000", "--cycle", 0, "--space", 2)
        self.assertIn("0x400000 of space 2", story)
        self.assertIn("not known: no store or walk of this record has told what this word was", story)

    def test_files_that_tell_nothing(self):
        self.refused("recorded at level counters, which has no events to tell of", self.record(TWO_SPACES, "counters"))
        self.refused("is not a database", PROGRAM)
        self.refused("No such file", "/nonexistent/file")


if __name__ == "__main__":
    if len(sys.argv) != 3 or not os.access(sys.argv[1], os.X_OK):
        sys.exit(__doc__)
    PROGRAM, SCRIPTS = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
