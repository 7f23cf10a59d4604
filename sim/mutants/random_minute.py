#!/usr/bin/env python3
"""Whether a minute of random runs finds a mutant that an exploration finds, and random-minutes.csv with what came out.

    random_minute.py MMUSIM_MUTANTS [NAME...]      all mutants that are explored, or those named

Runs of sim/test/random.lua with the mutant, of seeds 1, 2, 3 and so on, recorded at the level "all", with the page table of
the exploration, until they have taken 60 seconds of processor time; MMUSIM_SECONDS and MMUSIM_SEED are other numbers. The
checker that runs along judges them. What counts is that one of the mutant's rules is broken, and that the right machine is not
accused with the same seed. A row of the file tells of one mutant how many runs that were, the seconds, and the seed
that found it, if one did; and which text of the mutant it was, so that the test of the table notices when it is another one.
"""
import csv
import hashlib
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".cmake"))
import mutate  # noqa: E402

FILE = ROOT / "sim/mutants/random-minutes.csv"
COLUMNS = ["mutant", "text", "runs", "seconds", "found_by_seed"]
TABLES = ("hashed", "cuckoo", "ranges")


def text_of(mutant):
    """What tells one form of a mutant from another."""
    edits = [(edit.file, " ".join(edit.old.split()), " ".join(edit.new.split())) for edit in mutant.edits]
    return hashlib.sha256(repr(edits).encode()).hexdigest()[:12]


def explored():
    return {mutant.name: mutant for mutant in mutate.read_mutants(ROOT) if mutant.explored}


def rows():
    """What is known, by the mutant's name."""
    if not FILE.is_file():
        return {}
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["mutant"]: row for row in csv.DictReader(file)}


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def rules_broken(program, words, seed, table, folder):
    """What the checker finds in this run; the time that it takes is told by processor_seconds."""
    answer = subprocess.run([program, *words, "run", "--force", "--quiet", "-o", f"{folder}/run.db",
                             str(ROOT / "sim/test/random.lua"), str(seed), table, "all", "mutant"],
                            capture_output=True, text=True)
    if answer.returncode not in (0, 1):
        sys.exit(f"random_minute.py: {words}, seed {seed}: {answer.returncode}: {answer.stderr}")
    if answer.returncode == 0:
        return set()
    check = subprocess.run([program, "check", "--json", f"{folder}/run.db"], capture_output=True, text=True)
    return {finding["rule"] for finding in json.loads(check.stdout)["checker_findings"]}


def minute(program, mutant, folder):
    """Runs until the time is over, or one finds the mutant."""
    first, seconds = int(os.environ.get("MMUSIM_SEED", "1")), float(os.environ.get("MMUSIM_SECONDS", "60"))
    table = next((table for table in TABLES if table in mutant.arguments), "radix")
    begin, runs, found = processor_seconds(), 0, ""
    while processor_seconds() - begin < seconds and not found:
        seed = first + runs
        broken = rules_broken(program, ["--mutant", mutant.name], seed, table, folder) & set(mutant.rules)
        runs += 1
        if broken and not rules_broken(program, [], seed, table, folder):
            found = str(seed)
    return {"mutant": mutant.name, "text": text_of(mutant), "runs": runs,
            "seconds": f"{processor_seconds() - begin:.0f}", "found_by_seed": found}


def write(known):
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(known[name] for name in sorted(known))


def main(words):
    if not words:
        sys.exit(__doc__)
    program, mutants = os.path.abspath(words[0]), explored()
    with tempfile.TemporaryDirectory() as folder:
        for name in words[1:] or mutants:
            if name not in mutants:
                sys.exit(f"random_minute.py: no mutant '{name}' is explored")
            row = minute(program, mutants[name], folder)
            print(" ".join(f"{key}={value}" for key, value in row.items()), flush=True)
            known = {other: rest for other, rest in rows().items() if other in mutants}
            write(known | {name: row})


if __name__ == "__main__":
    main(sys.argv[1:])
