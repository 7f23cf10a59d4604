#!/usr/bin/env python3
"""Presets from outside: each builds a machine that runs, and its record says what the preset's file says.

    test_presets.py MMUSIM FOLDER_OF_PRESETS
"""
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""
FOLDER = pathlib.Path()
SCRIPT = """
local m = machine { preset = arg[1], seed = 3, record = "counters" }
local as = m:address_space {}
as:premap(0x400000, m:frames("1M"), "4K", "rwxu", 256)
for n = 1, math.min(2, #m.core) do
  m.core[n]:program(function(core)
    core:switch(as)
    core:run(stream.uniform { base = 0x400000, size = "1M", n = 2000, stores = 0.2 }, { data = "bus" })
    core:run(stream.sequential { base = 0x400000, size = "1M", n = 500, kind = "fetch", bytes = 4 })
  end)
end
"""
TOKEN = re.compile(r'--[^\n]*|\s+|("[^"]*"|\w+|[{}=,])')
FAMILIES = ("tlb", "walk_cache", "cache")
# Cores that the engine refuses so far: it has the three standard TLBs only.
NOT_YET = {"rocket"}


def read_preset(name):
    """The table of a preset that consists of literals only, as every preset of ours does."""
    text = (FOLDER / f"{name}.lua").read_text(encoding="utf-8")
    tokens = [token for token in TOKEN.findall(text) if token]
    if "".join(TOKEN.sub("", text).split()) or tokens.pop(0) != "return":
        raise AssertionError(f"{name}.lua is no table of literals")
    table, rest = read_value(tokens)
    if rest:
        raise AssertionError(f"{name}.lua goes on after its table")
    return table


def read_value(tokens):
    first, *tokens = tokens
    if first != "{":
        return (first.strip('"') if first[0] == '"' else {"true": True, "false": False}.get(first, first)), tokens
    table, items = {}, []
    while tokens[0] != "}":
        if tokens[1] == "=":
            key = tokens[0]
            table[key], tokens = read_value(tokens[2:])
        else:
            item, tokens = read_value(tokens)
            items.append(item)
        if tokens[0] == ",":
            tokens = tokens[1:]
    return (items or table), tokens[1:]


def number(text):
    match = re.fullmatch(r"(\d+)([KMGT]?)", text)
    return int(match[1]) << 10 * (" KMGT".index(match[2]) if match[2] else 0) if match else text


def comparable(value):
    """A setting as the file says it and as the record says it."""
    if isinstance(value, bool):
        return [str(value).lower()]
    values = value if isinstance(value, list) else value.split()
    return sorted((number(one) for one in values), key=str)


def flatten(table, prefix=""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def settings_of(name):
    """What the file says, and what the preset says that it begins with."""
    table = read_preset(name)
    settings = settings_of(table["preset"]) if "preset" in table else {}
    return {**settings, **dict(flatten(table))}


def mmusim(*words, **options):
    return subprocess.run([PROGRAM, *words], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False, **options)


class Presets(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="mmusim-presets-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "run.lua").write_text(SCRIPT, encoding="utf-8")

    def record_of(self, preset):
        answer = mmusim("run", "--quiet", "-f", "run.lua", preset, cwd=self.folder)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""), preset)
        with sqlite3.connect(f"file:{self.folder}/run.db?mode=ro", uri=True) as connection:
            self.assertGreater(connection.execute(
                "SELECT sum(value) FROM counters WHERE name = 'accesses.translations'").fetchone()[0], 2000)
            return dict(connection.execute("SELECT name, value FROM configuration"))

    def test_the_record_of_each_preset_says_what_its_file_says(self):
        files = sorted(file.stem for file in FOLDER.glob("*.lua"))
        self.assertGreaterEqual(len(files), 4)
        for preset in files:
            with self.subTest(preset):
                if preset in NOT_YET:
                    self.skipTest("the engine cannot make it yet")
                record, said = self.record_of(preset), settings_of(preset)
                self.assertEqual(record["preset"], preset)
                said.pop("summary")
                said.pop("preset", None)
                for name, value in said.items():
                    if value is False and name.split(".")[0] in FAMILIES and name.count(".") == 1:
                        self.assertFalse([other for other in record if other.startswith(name + ".")], name)
                    else:
                        self.assertEqual(comparable(record[name]), comparable(value), name)

    def test_a_preset_has_no_more_members_than_its_file_names(self):
        standard = {"tlb.l1i", "tlb.l1d", "tlb.l2"}
        for preset in ("cortex-a53", "skylake", "sifive-u74"):
            members = {name.rsplit(".", 1)[0] for name in self.record_of(preset) if name.count(".") == 2}
            named = {name.rsplit(".", 1)[0] for name in settings_of(preset) if name.count(".") == 2}
            self.assertEqual(members, named | standard)

    def test_a_machine_without_a_preset_has_none_in_its_record(self):
        (self.folder / "plain.lua").write_text("machine { record = 'counters' }", encoding="utf-8")
        self.assertEqual(mmusim("run", "-q", "plain.lua", cwd=self.folder).returncode, 0)
        with sqlite3.connect(f"file:{self.folder}/plain.db?mode=ro", uri=True) as connection:
            self.assertFalse(connection.execute("SELECT * FROM configuration WHERE name = 'preset'").fetchall())

    def test_a_users_file_is_found_from_the_current_folder_and_named_in_the_record(self):
        (self.folder / "mine.lua").write_text("return { cores = 2, window = 5 }", encoding="utf-8")
        record = self.record_of("./mine.lua")
        self.assertEqual((record["preset"], record["cores"], record["window"]), ("./mine.lua", "2", "5"))

    def test_the_list_shows_every_preset(self):
        listed = {row["name"]: row for row in json.loads(mmusim("list", "machines", "--json").stdout)}
        self.assertEqual(set(listed), {"default"} | {file.stem for file in FOLDER.glob("*.lua")})
        self.assertEqual(listed["skylake"]["tlbs"], "l1i 128+8, l1d 64+4+32, l2 1536+16")
        for name, row in listed.items():
            if name != "default":
                said = settings_of(name)
                self.assertEqual((str(row["cores"]), row["description"]), (said["cores"], said["summary"]))


if __name__ == "__main__":
    PROGRAM = pathlib.Path(sys.argv[1]).resolve()
    FOLDER = pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=sys.argv[:1])
