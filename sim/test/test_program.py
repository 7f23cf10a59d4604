#!/usr/bin/env python3
"""The program from outside: exit statuses, streams, and sentences that no test within one process can see.

    test_program.py MMUSIM SAMPLES
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""
SAMPLES = ""
VERBS = [["run"], ["check"], ["query"], ["trace", "info"], ["list"], ["help"]]


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
        for words in (["check"], ["query"], ["trace", "info"]):
            self.refused(mmusim(*words, "/nonexistent/file"), "/nonexistent/file.*[Nn]o such file")

    def test_files_of_another_kind(self):
        for words in (["check"], ["query"], ["trace", "info"]):
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

    def test_a_damaged_trace_is_refused(self):
        path = next(self.samples())[0]
        with tempfile.TemporaryDirectory() as folder:
            cut = pathlib.Path(folder) / "cut.xz"
            cut.write_bytes(pathlib.Path(path).read_bytes()[:-100])
            self.refused(mmusim("trace", "info", str(cut)), re.escape(str(cut)))


if __name__ == "__main__":
    if len(sys.argv) != 3 or not os.access(sys.argv[1], os.X_OK):
        sys.exit(__doc__)
    PROGRAM, SAMPLES = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
