#!/usr/bin/env python3
"""Break-before-make over whole runs: a right guest is not accused, a wrong one is, by both judges; and of software that stores to live
tables at random both judges tell the same stores.

    test_protocol_runs.py PROGRAM      MMUSIM_SEED: the first seed (1); MMUSIM_RUNS: how many (12)
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
RULES = {"changed_without_break", "made_before_clean", "write_below_unclean", "table_twice"}


def fail(what):
    sys.exit(f"test_protocol_runs.py: {what}")


def findings(program, database, script, *words):
    """What SQL and the checker over the record have against a run by the protocol: rule, cycle, space, address."""
    answer = subprocess.run([program, "run", "-q", "-f", "-o", database, str(script), *words], capture_output=True, text=True, timeout=60)
    if answer.returncode not in (0, 1):
        fail(f"{script.name} {words}: run gives {answer.returncode}: {answer.stderr}")
    answer = subprocess.run([program, "check", "--json", database], capture_output=True, text=True, timeout=60)
    if answer.returncode not in (0, 1):
        fail(f"{script.name} {words}: check gives {answer.returncode}: {answer.stderr}")
    told = json.loads(answer.stdout)
    return [{(row["rule"], row["cycle"], row["space"], row["va"]) for row in told[judge] if row["rule"] in RULES}
            for judge in ("violations", "record_findings", "checker_findings")]


def guests(program, database):
    for table, wanted in (("radix", set()), ("radix-forgets-invalidation", {("made_before_clean", 2, 0x400000)})):
        for judge in findings(program, database, HERE / "guest_protocol.lua", table):
            if {(rule, space, va) for rule, _, space, va in judge} != wanted:
                fail(f"a guest with {table}: {judge}")


def main():
    program = os.path.abspath(sys.argv[1])
    first = int(os.environ.get("MMUSIM_SEED", "1"))
    count = int(os.environ.get("MMUSIM_RUNS", "12"))
    counts = dict.fromkeys(sorted(RULES), 0)
    with tempfile.TemporaryDirectory() as folder:
        guests(program, f"{folder}/guest.db")
        for seed in range(first, first + count):
            sql, heard, along = findings(program, f"{folder}/random.db", HERE / "random_protocol.lua", str(seed))
            if not sql == heard == along:
                fail(f"seed {seed}: by SQL alone {sql - heard}, by the checker alone {heard - sql}, along with the run {along ^ heard}")
            for rule, *_ in sql:
                counts[rule] += 1
    print(f"{count} runs from seed {first}; found: {counts}")
    if count >= 12 and not all(counts.values()):
        fail("a rule was never broken")


main()
