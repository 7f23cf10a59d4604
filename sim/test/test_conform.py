#!/usr/bin/env python3
"""`mmusim conform` from outside: what it finds in page tables that are wrong on purpose, and whether the scripts that
it writes show it on the machine.

    test_conform.py MMUSIM BROKEN_TABLES
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
BROKEN = ""

# The table, the property that is meant for it, and whether the machine can show it.
SHOWN = [
    ("broken-overlap-code.so", "overlap"), ("broken-overlap-unmaps.so", "unchanged"),
    ("broken-unmap-answer.so", "results"), ("broken-attributes.so", "attributes"),
    ("broken-large-query.so", "query"), ("broken-executable.so", "view"),
    ("broken-leak-on-failure.so", "no-memory"), ("broken-keeps.so", "empty-tables"),
    ("broken-asid.so", "identifiers"), ("broken-global.so", "globals"),
    ("broken-no-break.so", "break-before-make"), ("broken-link-first.so", "walks"),
    ("radix-forgets-invalidation", "stale"), ("radix-forgets-barrier", "stale"),
    ("radix-forgets-tables", "releases"), ("radix-forgets-break", "break-before-make"),
    ("broken-leak.so", "leaks"),
]
SILENT = [
    ("broken-late-read.so", "own-memory"), ("broken-invariants.so", "damage"), ("broken-stop.so", "stopped"),
    ("broken-self-pointer.so", "determinism"),
]


class Conform(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def mmusim(self, *words):
        return subprocess.run([PROGRAM, *words], cwd=self.folder, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, check=False)

    def conform(self, table, *options):
        path = os.path.join(BROKEN, table) if table.endswith(".so") else table
        return self.mmusim("conform", path, "--runs", "1", *options)

    def script_of(self, table, name):
        return self.folder / f"{table.removesuffix('.so')}-{name}.lua"

    def find(self, table, name):
        """The script of the property's failure."""
        answer = self.conform(table)
        self.assertEqual(answer.returncode, 1, answer.stderr)
        self.assertRegex(answer.stdout, rf"(?m)^FAILED +{name} ")
        script = self.script_of(table, name)
        self.assertTrue(script.exists(), answer.stdout)
        return script

    def run_script(self, script):
        return self.mmusim("run", str(script), "--record", "none", "--quiet")

    def find_nothing(self, script, right):
        """The same script with the right table."""
        text, changes = re.subn(r'(?m)^local SPACE = \{ table = "[^"]*"', f'local SPACE = {{ table = "{right}"',
                                script.read_text())
        self.assertEqual(changes, 1)
        script.write_text(text)
        answer = self.run_script(script)
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    def test_scripts_show_on_the_machine_what_is_wrong_and_nothing_in_the_right_table(self):
        for table, name in SHOWN:
            with self.subTest(table=table):
                script = self.find(table, name)
                answer = self.run_script(script)
                self.assertIn(answer.returncode, (1, 2), answer.stdout)
                self.assertRegex(answer.stderr, "step|finding|page table has|hardware|query of")
                if name != "empty-tables":  # memory is in blocks of this table's size, and radix has another one
                    self.find_nothing(script, "hashed" if table == "broken-link-first.so" else "radix")

    def test_good_what_the_machine_cannot_show_is_said_so(self):
        for table, name in SILENT:
            with self.subTest(table=table):
                script = self.find(table, name)
                self.assertIn("shows in the kit alone", script.read_text())
                self.assertEqual(self.run_script(script).returncode, 0)

    def test_good_a_right_table_has_no_failure_and_no_script(self):
        answer = self.conform("hashed")
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        self.assertEqual(len(re.findall("(?m)^ok ", answer.stdout)), 22)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_good_json_has_every_property_and_the_minimal_sequence(self):
        answer = self.conform("radix-forgets-tables", "--json", "--script", "mine.lua")
        self.assertEqual(answer.returncode, 1, answer.stderr)
        report = json.loads(answer.stdout)[0]
        self.assertEqual((report["table"], report["format"]), ("radix-forgets-tables", "vmsa-4k-48"))
        self.assertEqual(len(report["properties"]), 22)
        failed = [row for row in report["properties"] if row["verdict"] == "FAILED"]
        self.assertEqual([row["name"] for row in failed], ["releases"])
        self.assertEqual([step["kind"] for step in failed[0]["failure"]["steps"]], ["map", "unmap"])
        self.assertEqual(failed[0]["failure"]["script"], "mine.lua")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["mine.lua"])

    def test_bad_a_script_that_is_there_is_kept_unless_forced(self):
        script = self.script_of("radix-forgets-tables", "releases")
        script.write_text("mine")
        answer = self.conform("radix-forgets-tables")
        self.assertEqual(answer.returncode, 2)
        self.assertRegex(answer.stderr, r"\Ammusim: '[^']*' cannot be written: .*--force replaces it\n\Z")
        self.assertEqual(script.read_text(), "mine")
        self.assertEqual(self.conform("radix-forgets-tables", "--force").returncode, 1)
        self.assertNotEqual(script.read_text(), "mine")

    def test_bad_what_cannot_be_tried_is_refused_with_a_sentence(self):
        for words, pattern in [
                (["radx"], "there is no page table 'radx', the nearest is radix"),
                (["./nowhere.so"], "./nowhere.so: No such file or directory; a plug-in, a shared object, would be right"),
                (["radix", "--format", "vmsa-5k"], "there is no format 'vmsa-5k'"),
                (["hashed", "--format", "vmsa-4k-48"], "cannot be made with the format 'vmsa-4k-48'"),
                (["radix", "--runs", "many"], "--runs is 'many'"),
                (["radix", "--seed", "-1"], "--seed is '-1'"),
        ]:
            answer = self.mmusim("conform", *words)
            self.assertEqual(answer.returncode, 2)
            self.assertEqual(answer.stdout, "")
            self.assertIn(pattern, answer.stderr)


if __name__ == "__main__":
    PROGRAM, BROKEN = (os.path.abspath(word) for word in sys.argv[1:3])
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
