#!/usr/bin/env python3
"""Runs scripts and compares.

    run_scripts.py golden PROGRAM FOLDER [--accept]     each FOLDER/NAME.lua against NAME.expected
    run_scripts.py same PROGRAM SCRIPT...               each script in all ways that must not matter

golden: what a script prints, and then what it says on standard error, stands in NAME.expected. A first line
`-- exit N` says with which status it ends (0 if there is none). A script that is refused (2) leaves no database, and
the message names a line of it, but for those of NO_LINE. --accept writes what is printed; read it before you commit it.

same: a second run, a run in lock-step, and the runs of the golden scripts at other recording levels. The dump of the
record must be the same but for the table of provenance, and the counters at every level; the judges must agree, and
find something if and only if the run said so.
"""
import concurrent.futures
import difflib
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

TIMEOUT_SECONDS = 300
NO_LINE = {"error-no-machine", "error-deadlock", "error-starved", "error-machine-caught", "error-too-long"}
# Short forms of the shipped scripts that take arguments.
ARGUMENTS = {"shootdown-cost": ["8"], "shootdown": ["threshold", "4", "5"], "zipf": ["0.99", "4K", "20000"]}
# Shipped scripts whose page table is wrong on purpose.
CAUGHT = {"unmap-forgets-invalidation", "unmap-forgets-barrier"}


def call(program, *arguments, where):
    return subprocess.run([program, *map(str, arguments)], cwd=where, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS, check=False)


def run(program, script, database, *options):
    return call(program, "run", "--quiet", *options, "-o", database, script.name, *ARGUMENTS.get(script.stem, []),
                where=script.parent)


def expected_status(script):
    match = re.match(r"-- exit (\d)\n", script.read_text(encoding="utf-8"))
    return int(match[1]) if match else int(script.stem in CAUGHT)


def golden_complaints(program, script, folder, accept):
    database = folder / f"{script.stem}.db"
    result = run(program, script, database)
    printed = result.stdout + result.stderr
    status = expected_status(script)
    if result.returncode != status:
        yield f"exit status {result.returncode} instead of {status}; it printed:\n{printed}"
    if status == 2 and database.exists():
        yield "it was refused, and there is a database"
    if status == 2 and script.stem not in NO_LINE and not re.match(rf"mmusim: {script.name}:\d+: ", result.stderr):
        yield f"the message does not name a line of the script: {result.stderr}"
    file = script.with_suffix(".expected")
    if accept:
        file.write_text(printed, encoding="utf-8")
    expected = file.read_text(encoding="utf-8") if file.exists() else ""
    if printed != expected:
        yield "it prints something else:\n" + "\n".join(
            difflib.unified_diff(expected.splitlines(), printed.splitlines(), "expected", "printed", lineterm=""))


def rows_of(database):
    """The dump without the row of provenance."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return [line for line in connection.iterdump() if not line.startswith('INSERT INTO "runs"')]


def counters_of(database):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return sorted(connection.execute("SELECT region, core, name, value FROM counters"), key=str)


def first_difference(one, other):
    return next((f"{a!r} and {b!r}" for a, b in zip(one, other) if a != b), f"{len(one)} and {len(other)} rows")


def same_complaints(program, script, folder):
    status = expected_status(script)
    ways = {"first": [], "second": [], "lock-step": ["--lockstep"]}
    levels = ["counters", "misses", "all"]
    ways.update({level: ["--record", level] for level in levels})
    files = {way: folder / f"{script.stem}-{way}.db" for way in ways}
    printed = {}
    for way, options in ways.items():
        result = run(program, script, files[way], *options)
        printed[way] = result.stdout
        if result.returncode not in ((status,) if way not in levels else (0, status)):
            yield f"{way}: exit status {result.returncode}: {result.stderr}"
            return
    rows = rows_of(files["first"])
    for way in ("second", "lock-step"):
        other = rows_of(files[way])
        if rows != other:
            yield f"{way}: another record: {first_difference(rows, other)}"
    for way in list(ways)[1:]:
        if printed[way] != printed["first"]:
            yield f"{way}: it prints something else: {printed[way]!r} instead of {printed['first']!r}"
        if counters_of(files[way]) != counters_of(files["first"]):
            yield f"{way}: other counters: " + first_difference(counters_of(files["first"]), counters_of(files[way]))
    for way in ("first", "all"):
        verdict = call(program, "check", files[way], where=folder)
        if verdict.returncode != status:
            yield f"check at {way}: exit status {verdict.returncode}:\n{verdict.stdout}{verdict.stderr}"


def scripts_of(arguments, what):
    for argument in arguments:
        path = pathlib.Path(argument).resolve()
        for script in sorted(path.glob("*.lua")) if path.is_dir() else [path]:
            if what == "golden" or expected_status(script) != 2:
                yield script


def main():
    what, program, *arguments = sys.argv[1:]
    program = pathlib.Path(program).resolve()
    accept = "--accept" in arguments
    scripts = list(scripts_of([argument for argument in arguments if argument != "--accept"], what))
    failed = 0
    with tempfile.TemporaryDirectory(prefix="mmusim-scripts-") as name:
        def judge(script):
            folder = pathlib.Path(name)
            if what == "golden":
                return list(golden_complaints(program, script, folder, accept))
            return list(same_complaints(program, script, folder))
        with concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
            for script, complaints in zip(scripts, pool.map(judge, scripts)):
                for complaint in complaints:
                    print(f"{script.name}: {complaint}")
                failed += bool(complaints)
    print(f"{what}: {len(scripts)} scripts, {failed} failed")
    return 1 if failed or not scripts else 0


if __name__ == "__main__":
    sys.exit(main())
