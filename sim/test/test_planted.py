#!/usr/bin/env python3
"""Software that is wrong on purpose: both judges name the rule, the cycle, the core and the address, and the same script is
clean without the bug.

    test_planted.py PROGRAM
"""
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).with_name("planted")
# What both judges must say, among other things: rule, core, base of the page.
EXPECTED = {
    "released-table": {("never_mapped", 2, 0x40000000)},
    "conflict": {("wrong_frame", 1, 0x40000000)},
}
# Seen in an access that hits the first level, of which level `misses` has no row.
ONLY_IN_ALL = {"conflict"}


def fail(what):
    sys.exit(f"test_planted.py: {what}")


def run(*words):
    return subprocess.run(words, capture_output=True, text=True)


def said(database, table):
    """What one of the judges says, and in which cycles."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    rows = connection.execute(f"SELECT rule, core, va & ~4095, cycle FROM {table}").fetchall()
    connection.close()
    return {row[:3] for row in rows}, {row[3] for row in rows}


def judged(program, script, database, words, what):
    answer = run(program, "run", "--force", "--quiet", "-o", database, str(script), *words)
    check = run(program, "check", database)
    if check.returncode != answer.returncode or "the judges agree" not in check.stdout:
        fail(f"{what}: run gives {answer.returncode}, check {check.returncode}\n{answer.stderr}{check.stdout[-2000:]}")
    return answer.returncode


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        database = f"{folder}/run.db"
        for name, expected in EXPECTED.items():
            script = FOLDER / f"{name}.lua"
            for level in ("all",) if name in ONLY_IN_ALL else ("all", "misses"):
                what = f"{name}, {level}"
                if judged(program, script, database, ["right", level], f"{what}, right") != 0:
                    fail(f"{what}: the right machine is accused")
                if judged(program, script, database, ["wrong", level], f"{what}, wrong") != 1:
                    fail(f"{what}: the bug is not found")
                for table in ("violations", "checker_findings"):
                    found, cycles = said(database, table)
                    if not expected <= found or None in cycles or not cycles:
                        fail(f"{what}: {table} has {found} in cycles {cycles}, expected {expected}")


main()
