#!/usr/bin/env python3
"""Random runs of the whole program: the right page table is never accused, the judges agree on every run, the fast mode and
lock-step give the same record, and planted bugs are found. On mutants of the machine they agree, found or not.

    test_random_runs.py PROGRAM [PROGRAM_WITH_MUTANTS]      MMUSIM_SEED: the first seed (1); MMUSIM_RUNS: how many (12)
"""
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).with_name("random.lua")
GUESTS = pathlib.Path(__file__).with_name("random_guests.lua")
PLANTED = ["radix-forgets-invalidation", "radix-forgets-barrier"]
MUTANTS = ["early-acknowledgement", "walk-refill-race", "stale-controls"]
FORGETS = PLANTED[0]
TABLES = ["hashed", "cuckoo", "ranges", "radix-keeps-tables"]
# An adversary gave its core, from a shared level, entries of a space that it had never run.
FOUND = [(718, "hashed"), (68, "ranges")]
PROVENANCE = 'INSERT INTO "runs"'


def fail(what):
    sys.exit(f"test_random_runs.py: {what}")


def run(program, database, *words, mutant=()):
    return subprocess.run([program, *mutant, "run", "--force", "--quiet", "-o", database, *words], capture_output=True, text=True)


def checked(program, database, what):
    """Exit status of the check, in which the judges must agree."""
    answer = subprocess.run([program, "check", database], capture_output=True, text=True)
    if answer.returncode not in (0, 1) or "the judges agree" not in answer.stdout:
        fail(f"{what}: check gives {answer.returncode}\n{answer.stdout[-2000:]}{answer.stderr}")
    return answer.returncode


def rows(database):
    """Every row but where and when it was recorded."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    lines = [line for line in connection.iterdump() if not line.startswith(PROVENANCE)]
    connection.close()
    return lines


def right_table(program, folder, script, seed):
    fast, lockstep = f"{folder}/fast.db", f"{folder}/lockstep.db"
    for database, words in ((fast, []), (lockstep, ["--lockstep"])):
        answer = run(program, database, *words, str(script), str(seed))
        if answer.returncode != 0:
            fail(f"{script.name}, seed {seed}: run {words} gives {answer.returncode}: {answer.stderr}")
    if rows(fast) != rows(lockstep):
        fail(f"{script.name}, seed {seed}: the fast mode and lock-step differ")
    if checked(program, fast, f"{script.name}, seed {seed}") != 0:
        fail(f"{script.name}, seed {seed}: the right page table is accused")


def other_tables(program, folder, seed):
    """Each seed one of the other right tables; the two that once were accused at any rate."""
    for number, table in ((seed, TABLES[seed % len(TABLES)]), *(FOUND if seed % 12 == 1 else ())):
        database = f"{folder}/{table}.db"
        answer = run(program, database, str(SCRIPT), str(number), table, "all")
        if answer.returncode != 0:
            fail(f"seed {number}, {table}: run gives {answer.returncode}: {answer.stderr}")
        if checked(program, database, f"seed {number}, {table}") != 0:
            fail(f"seed {number}, {table}: the right page table is accused")


def planted_bugs(program, folder, seed):
    found = set()
    for table in PLANTED:
        for level in ("all", "misses"):
            database = f"{folder}/{table}.db"
            answer = run(program, database, str(SCRIPT), str(seed), table, level)
            if answer.returncode not in (0, 1):
                fail(f"seed {seed}, {table}: run gives {answer.returncode}: {answer.stderr}")
            if checked(program, database, f"seed {seed}, {table}, {level}") != answer.returncode:
                fail(f"seed {seed}, {table}, {level}: run and check differ")
            if answer.returncode == 1:
                found.add((table, level))
    return found


def planted_in_guests(program, folder, seed):
    """Every fourth seed: the bug is in the guest's table, or in that of the second stage; the judges agree on what it does."""
    for tables in ((PLANTED[0], "all", "radix"), ("radix", "misses", PLANTED[0])) if seed % 4 == 2 else ():
        database = f"{folder}/guests.db"
        answer = run(program, database, str(GUESTS), str(seed), *tables)
        if answer.returncode not in (0, 1):
            fail(f"guests, seed {seed}, {tables}: run gives {answer.returncode}: {answer.stderr}")
        if checked(program, database, f"guests, seed {seed}, {tables}") != answer.returncode:
            fail(f"guests, seed {seed}, {tables}: run and check differ")


def wrong_guests(program, folder, seed):
    """Of a guest's table, or of its virtual machine's: whether both were found."""
    found = set()
    for stage, tables in (("stage 1", [FORGETS, "all", "radix"]), ("stage 2", ["radix", "all", FORGETS])):
        database = f"{folder}/guests.db"
        answer = run(program, database, str(GUESTS), str(seed), *tables)
        if answer.returncode not in (0, 1):
            fail(f"guests, seed {seed}, {stage}: run gives {answer.returncode}: {answer.stderr}")
        if checked(program, database, f"guests, seed {seed}, {stage}") != answer.returncode:
            fail(f"guests, seed {seed}, {stage}: run and check differ")
        if answer.returncode == 1:
            found.add(("guests", stage))
    return found


def mutants(program, mutated, folder, seed):
    """Every fourth seed: what is wrong shows itself seldom, and agreeing is what is asked."""
    for mutant in MUTANTS if mutated and seed % 4 == 1 else []:
        database = f"{folder}/{mutant}.db"
        answer = run(mutated, database, str(SCRIPT), str(seed), "radix", "all", "mutant", mutant=("--mutant", mutant))
        if answer.returncode not in (0, 1):
            fail(f"seed {seed}, {mutant}: run gives {answer.returncode}: {answer.stderr}")
        if checked(program, database, f"seed {seed}, {mutant}") != answer.returncode:
            fail(f"seed {seed}, {mutant}: run and check differ")


def main():
    program = os.path.abspath(sys.argv[1])
    mutated = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
    first = int(os.environ.get("MMUSIM_SEED", "1"))
    count = int(os.environ.get("MMUSIM_RUNS", "12"))
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            right_table(program, folder, SCRIPT, seed)
            right_table(program, folder, GUESTS, seed)
            other_tables(program, folder, seed)
            planted_in_guests(program, folder, seed)
            mutants(program, mutated, folder, seed)
            for bug in planted_bugs(program, folder, seed) | wrong_guests(program, folder, seed):
                counts[bug] = counts.get(bug, 0) + 1
    print(f"{count} runs from seed {first}; found: {counts}")
    wanted = [(table, level) for table in PLANTED for level in ("all", "misses")]
    wanted += [("guests", "stage 1"), ("guests", "stage 2")]
    if count >= 12 and any(counts.get(bug, 0) == 0 for bug in wanted):
        fail("a planted bug was never found")


main()
