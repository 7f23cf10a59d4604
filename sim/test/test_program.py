#!/usr/bin/env python3
"""The program from outside: exit statuses, streams, and sentences that no test within one process can see.

    test_program.py MMUSIM SAMPLES VECTORS
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
SAMPLES = ""
VECTORS = ""
VERBS = [["run"], ["check"], ["explain"], ["shrink"], ["query"], ["litmus"], ["trace", "info"], ["vectors"], ["list"], ["help"]]
# One page is mapped, used by both cores, and unmapped; then the other core tries it again. Its arguments are the
# page table and the recording level.
SCRIPT = """
local m = machine { cores = 2, seed = 5, record = arg[2] or "misses" }
local as = m:address_space { table = arg[1] or "radix", format = "vmsa-4k-48", asid = 1 }
m.core[1]:program(function(core)
  core:switch(as)
  as:map(core, 0x400000, m:frames("4K"), "4K", "rw-u")
  core:store(0x400000, 42)
  m:barrier("mapped")
  m:barrier("loaded")
  as:unmap(core, 0x400000)
  m:barrier("unmapped")
end)
m.core[2]:program(function(core)
  core:switch(as)
  m:barrier("mapped")
  core:load(0x400000)
  m:barrier("loaded")
  m:barrier("unmapped")
  print("loaded", core:load(0x400000))
end)
"""


def mmusim(*words, **options):
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([PROGRAM, *words], text=True, stdin=subprocess.DEVNULL, timeout=60, check=False, **options)


class Program(unittest.TestCase):
    def refused(self, answer, pattern):
        """One sentence on standard error, nothing on standard output, exit status 2."""
        self.assertRegex(answer.stderr, f"\\Ammusim: [^\n]*{pattern}[^\n]*\n\\Z")
        self.assertFalse(answer.stdout)
        self.assertEqual(answer.returncode, 2)

    def fine(self, answer, pattern="."):
        self.assertEqual(answer.stderr, "")
        self.assertEqual(answer.returncode, 0)
        self.assertRegex(answer.stdout, pattern)


class Help(Program):
    def test_help_lists_every_verb(self):
        for words in VERBS:
            self.fine(mmusim("--help"), rf"(?m)^  {' '.join(words)} ")

    def test_every_verb_has_help(self):
        for words in VERBS:
            self.fine(mmusim(*words, "--help"), rf"\Ausage: mmusim {' '.join(words)} ")
            self.assertEqual(mmusim(*words, "--help").stdout, mmusim("help", *words).stdout)

    def test_every_option_in_the_help_is_accepted(self):
        for words in VERBS:
            for option in re.findall(r"--([a-z]+)", mmusim(*words, "--help").stdout):
                answer = mmusim(*words, f"--{option}", "--help")
                self.assertNotIn("has no option", answer.stderr)

    def test_help_fits_a_wide_terminal(self):
        for words in [[], *VERBS]:
            for line in mmusim(*words, "--help").stdout.splitlines():
                self.assertLessEqual(len(line), 110, line)

    def test_the_version_is_three_numbers(self):
        self.fine(mmusim("--version"), r"\Ammusim \d+\.\d+\.\d+\n\Z")


class WrongUse(Program):
    def test_no_verb(self):
        self.refused(mmusim(), "name a verb")

    def test_an_unknown_verb_names_the_nearest(self):
        self.refused(mmusim("rum", "a.lua"), "the nearest is 'run'")

    def test_an_unknown_option_names_the_nearest(self):
        self.refused(mmusim("run", "--lockstop", "a.lua"), "the nearest is --lockstep")

    def test_missing_and_surplus_arguments(self):
        self.refused(mmusim("query"), "needs a record")
        self.refused(mmusim("trace", "info", "a", "b"), "'b' is one argument too many")

    def test_options_that_contradict_each_other(self):
        self.refused(mmusim("list", "rules", "--json", "--csv"), "--json and --csv")

    def test_files_that_are_not_there(self):
        for words in (["check"], ["explain"], ["query"], ["trace", "info"]):
            self.refused(mmusim(*words, "/nonexistent/file"), "/nonexistent/file.*[Nn]o such file")

    def test_files_of_another_kind(self):
        for words in (["check"], ["explain"], ["query"], ["trace", "info"]):
            self.refused(mmusim(*words, PROGRAM), re.escape(PROGRAM))
            self.refused(mmusim(*words, "/"), "'?/'?")

    def test_a_word_with_a_line_end_or_a_control_character_stays_one_sentence(self):
        self.refused(mmusim("list", "a\nb\x1b[31m"), r"'a b\?\[31m'")


class Streams(Program):
    def test_a_full_output_is_an_error(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            answer = mmusim("list", "parameters", stdout=full)
        self.refused(answer, "output could not be written: No space left on device")

    def test_a_closed_output_is_an_error(self):
        answer = subprocess.run(["sh", "-c", 'exec "$0" list counters >&-', PROGRAM], stderr=subprocess.PIPE,
                                text=True, check=False, timeout=60)
        self.assertEqual(answer.returncode, 2)
        self.assertRegex(answer.stderr, r"\Ammusim: the output could not be written: [^\n]+\n\Z")

    def test_closed_errors_do_not_matter_when_there_are_none(self):
        answer = subprocess.run(["sh", "-c", 'exec "$0" list counters 2>&-', PROGRAM], stdout=subprocess.PIPE,
                                text=True, check=False, timeout=60)
        self.assertEqual(answer.returncode, 0)
        self.assertIn("l1d.hits", answer.stdout)

    def test_json_is_json_and_csv_has_a_header(self):
        for topic in (row["topic"] for row in json.loads(mmusim("list", "--json").stdout)):
            rows = json.loads(mmusim("list", topic, "--json").stdout)
            self.assertGreater(len(rows), 0)
            lines = mmusim("list", topic, "--csv").stdout.splitlines()
            self.assertEqual(lines[0].split(","), list(rows[0]))

    def test_formats_that_differ_by_address_bits_are_one_line_for_people_and_rows_for_programs(self):
        lines = mmusim("list", "formats").stdout.splitlines()
        names = [row["name"] for row in json.loads(mmusim("list", "formats", "--json").stdout)]
        self.assertEqual(len(set(names)), len(names))
        self.assertIn("vmsa-s2-4k-40-concatenated", names)
        self.assertEqual([line.split()[:3] for line in lines if line.startswith("vmsa-4k-")],
                         [["vmsa-4k-25..48", "2..4", "25..48"], ["vmsa-4k-25..48-high", "2..4", "25..48"]])
        self.assertLess(len(lines), len(names) / 4)


class TraceInfo(Program):
    def samples(self):
        """(path, format, {kind: (records, bytes, pages)}) as the samples' own counts have it."""
        counts = {}
        for line in (pathlib.Path(SAMPLES) / "counts.tsv").read_text(encoding="utf-8").splitlines()[1:]:
            sample, kind, *numbers = line.split("\t")
            counts.setdefault(sample, {})[kind] = tuple(int(number) for number in numbers)
        for sample, kinds in counts.items():
            yield str(pathlib.Path(SAMPLES) / f"{sample}.xz"), sample.rsplit(".", 1)[1], kinds

    def test_shipped_samples_are_counted_as_they_were_another_way(self):
        seen = 0
        for path, trace_format, kinds in self.samples():
            answer = mmusim("trace", "info", path, "--json")
            self.fine(answer)
            info = json.loads(answer.stdout)
            self.assertEqual((info["format"], info["compression"]), (trace_format, "xz"))
            for kind, numbers in kinds.items():
                row = info["kinds"][kind]
                self.assertEqual((row["records"], row["bytes"], row["pages"]), numbers, f"{path}: {kind}")
            self.assertEqual(info["records"], sum(numbers[0] for numbers in kinds.values()))
            seen += 1
        self.assertGreaterEqual(seen, 2)

    def test_shipped_vectors_agree_and_json_counts_the_same(self):
        folders = sorted(str(folder) for folder in pathlib.Path(VECTORS).iterdir())
        answer = mmusim("vectors", *folders)
        self.fine(answer, r"(?m)^\d+ rows agree \(\d+ with a column left open\), 0 differ, \d+ excluded, 0 unsupported\n\Z")
        counts = json.loads(mmusim("vectors", "--json", *folders).stdout)
        told = [int(number) for number in re.findall(r"\d+", answer.stdout.splitlines()[-1])]
        self.assertEqual(told, [counts[name] for name in ("agree", "with_a_column_left_open", "differ", "excluded",
                                                          "unsupported")])
        self.assertEqual(sum(told) - told[1], sum(file["rows"] for file in counts["files"]))
        row = json.loads(mmusim("vectors", "--json", "--id", "4946", *folders).stdout)["rows"][0]
        self.assertEqual((row["verdict"], row["image"], row["question"]["va"]), ("agrees", "s2_033", "0"))
        self.assertIn("manual", row["columns"]["fst"]["open"])

    def test_a_damaged_trace_is_refused(self):
        path = next(self.samples())[0]
        with tempfile.TemporaryDirectory() as folder:
            cut = pathlib.Path(folder) / "cut.xz"
            cut.write_bytes(pathlib.Path(path).read_bytes()[:-100])
            self.refused(mmusim("trace", "info", str(cut)), re.escape(str(cut)))


class Run(Program):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        self.write("work.lua", SCRIPT)

    def write(self, name, text):
        (self.path / name).write_text(text, encoding="utf-8")

    def run_in(self, *words, **options):
        return mmusim(*words, cwd=self.path, **options)

    def files(self):
        return sorted(file.name for file in self.path.iterdir())

    def test_a_correct_run_is_fine_and_leaves_its_record(self):
        answer = self.run_in("run", "work.lua")
        self.fine(answer, r"refinement: no violation found\n")
        self.assertEqual(self.files(), ["work.db", "work.lua"])
        for line in re.findall(r"(?m)^   (mmusim .*)$", answer.stdout):
            self.fine(self.run_in(*line.split()[1:]))

    def test_every_setting_is_recorded_as_a_script_writes_it(self):
        self.write("machine.lua", """
            machine {
              memory = { size = "64M" }, walker = { merge = false }, ordering = "riscv",
              tlb = { l1d = { sizes = { "2M", 4096 } }, l1d_1g = { sizes = "1G", entries = 4 } },
              walk_cache = { upper = { holds = "ipa" } }, cache = { l1 = {} },
            }""")
        self.fine(self.run_in("run", "machine.lua"), r"L1D_1G 4 entries 4-way 1 cycle 1G")
        answer = self.run_in("query", "machine.db", "SELECT name, value FROM configuration", "--csv")
        rows = dict(line.split(",") for line in answer.stdout.splitlines()[1:])
        wanted = {"memory.size": "67108864", "walker.merge": "false", "ordering": "riscv", "tlb.l1i.sizes": "all",
                  "tlb.l1d.sizes": "4K 2M", "tlb.l1d_1g.sizes": "1G", "tlb.l1d_1g.ways": "4",
                  "walk_cache.upper.holds": "ipa", "cache.l1.size": "32768"}
        self.assertEqual({name: rows.get(name) for name in wanted}, wanted)
        parameters = {row["name"] for row in json.loads(mmusim("list", "parameters", "--json").stdout)}
        families = r"^(tlb|walk_cache|cache)\.\w+(?=\.)"
        self.assertEqual({re.sub(families, r"\1.*", name) for name in rows},
                         parameters - {"tlb.*", "walk_cache.*", "cache.*"})

    def test_a_forgotten_invalidation_is_status_1_in_the_run_and_in_the_check(self):
        answer = self.run_in("run", "work.lua", "radix-forgets-invalidation", "all")
        self.assertRegex(answer.stdout, r"refinement: \d+ findings?, the first: ")
        self.assertEqual(answer.returncode, 1)
        self.assertEqual(self.run_in("check", "work.db").returncode, 1)
        found = json.loads(self.run_in("check", "work.db", "--json").stdout)
        self.assertTrue(found["found"])
        self.assertIn("stale_translation", {row["rule"] for row in found["violations"]})
        quiet = self.run_in("run", "work.lua", "radix-forgets-invalidation", "-f", "--quiet")
        self.assertRegex(quiet.stderr, r"\Ammusim: \d+ findings?, the first: [^\n]*\n\Z")
        self.assertEqual(quiet.returncode, 1)

    def test_counters_of_data_caches_that_do_not_add_up_are_noticed(self):
        self.write("caches.lua", """
            local m = machine {
              cores = 2, cache = { l1 = { size = "4K", ways = 2 }, l2 = { size = "16K", ways = 4, shared = true } },
            }
            local as = m:address_space { table = "radix", format = "vmsa-4k-48", asid = 1 }
            as:premap(0x10000000, m:frames("64K"), "4K", "rw-u", 16)
            for i = 1, 2 do
              m.core[i]:program(function(core)
                core:switch(as)
                core:run(stream.uniform { base = 0x10000000, size = "64K", n = 1000, stores = 0.3 }, { data = "bus" })
              end)
            end""")
        for counter in "cache.l1.hits", "cache.l2.merged", "transactions.fills":
            self.fine(self.run_in("run", "caches.lua", "--force"))
            self.fine(self.run_in("check", "caches.db"), r"no violations\n")
            with contextlib.closing(sqlite3.connect(self.path / "caches.db")) as database, database:
                database.execute("UPDATE counters SET value = value + 1 WHERE name = ? AND core = 2", (counter,))
            answer = self.run_in("check", "caches.db")
            self.assertEqual(answer.returncode, 1)
            self.assertIn("counters_add_up", answer.stdout)

    def test_a_record_is_not_overwritten_without_being_told_to(self):
        self.fine(self.run_in("run", "work.lua", "--quiet"))
        before = (self.path / "work.db").read_bytes()
        answer = self.run_in("run", "work.lua")
        self.assertEqual(answer.returncode, 2)
        self.assertRegex(answer.stderr, r"\Ammusim: [^\n]*work\.db[^\n]*\n\Z")
        self.assertEqual((self.path / "work.db").read_bytes(), before)
        self.fine(self.run_in("run", "work.lua", "--force"))

    def test_json_is_the_whole_of_standard_output(self):
        answer = self.run_in("run", "work.lua", "--json", "-o", "other.db", "--seed", "9", "--record=all")
        self.assertEqual(answer.returncode, 0)
        self.assertIn("loaded", answer.stderr)
        summary = json.loads(answer.stdout)
        self.assertEqual((summary["seed"], summary["database"], summary["record"]), (9, "other.db", "all"))
        self.assertEqual(summary["database_bytes"], (self.path / "other.db").stat().st_size)
        for counters in [summary["counters"]] + [core["counters"] for core in summary["cores"]]:
            self.assertEqual(counters["l1d.lookups"], counters["l1d.hits"] + counters["l1d.misses"])
        self.assertEqual(sum(core["counters"]["walker.walks"] for core in summary["cores"]),
                         summary["counters"]["walker.walks"])
        rows = json.loads(self.run_in("query", "other.db", "counter_table", "--json").stdout)
        recorded = {row["name"]: row["value"] for row in rows}
        for name in ("accesses.translations", "l1d.hits", "walker.steps", "bus.busy_cycles"):
            self.assertEqual(recorded[name], summary["counters"][name], name)

    def test_lock_step_sums_up_to_the_same(self):
        fast, slow = (json.loads(self.run_in("run", "work.lua", "--json", "--force", *more).stdout)
                      for more in ([], ["--lockstep"]))
        self.assertEqual((fast["lockstep"], slow["lockstep"]), (False, True))
        for summary in (fast, slow):
            del summary["host"], summary["lockstep"], summary["database_bytes"]
        self.assertEqual(fast, slow)

    def test_the_record_knows_its_command_line(self):
        self.fine(self.run_in("run", "work.lua", "--seed", "3", "--quiet"), "loaded")
        rows = json.loads(self.run_in("query", "work.db", "run", "--json").stdout)
        self.assertEqual(rows[0]["command_line"], "mmusim run work.lua --seed 3 --quiet")
        self.assertEqual(rows[0]["seed"], 3)
        self.assertEqual(f"mmusim {rows[0]['version']}\n", mmusim("--version").stdout)

    def test_without_a_record_no_file_is_left(self):
        self.fine(self.run_in("run", "work.lua", "--record", "none"), r"\n record: none\n")
        self.assertEqual(self.files(), ["work.lua"])

    def test_a_failing_script_is_told_with_its_place_and_leaves_nothing(self):
        self.write("bad.lua", "local m = machine {\n  cores = 2,\n  tbl = {},\n}\n")
        answer = self.run_in("run", "bad.lua")
        self.refused(answer, r"bad\.lua:\d+: .*tbl")
        self.refused(self.run_in("run", "nothing.lua"), r"nothing\.lua")
        self.assertEqual(self.files(), ["bad.lua", "work.lua"])

    def test_a_record_that_cannot_be_written_is_told(self):
        self.refused(self.run_in("run", "work.lua", "-o", "no/such/folder/run.db"), r"no/such/folder/run\.db")
        self.assertEqual(self.files(), ["work.lua"])

    def test_a_summary_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            answer = self.run_in("run", "work.lua", "--json", stdout=full)
        self.assertEqual(answer.returncode, 2)
        self.assertIn("mmusim: the output could not be written: No space left on device\n", answer.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 4 or not os.access(sys.argv[1], os.X_OK):
        sys.exit(__doc__)
    PROGRAM, SAMPLES, VECTORS = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
