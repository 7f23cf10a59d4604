#!/usr/bin/env python3
"""Every mutant is killed, and the table of mutants, judges and rules is what comes out.

    test_mutants.py PROGRAM [--accept]      --accept writes the table anew
"""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "sim/mutants"))
import random_minute  # noqa: E402

TABLE = pathlib.Path(__file__).parents[1] / "mutants" / "MUTANTS.md"
GROUPS = ["page table", "TLB", "walker", "network", "recorder"]
HEAD = """# The table of mutants

What each seeded fault is, what kills it, and what the judges said. [README.md](README.md) says what the words mean. This page is
made by `sim/test/test_mutants.py PROGRAM --accept`.

"""


def fail(what):
    sys.exit(f"test_mutants.py: {what}")


def marked(name):
    return f"`{name}`" if name else "-"


def rules(mutant, found):
    """Those of the mutant's rules that a judge found broken; what else it found may change with the judges."""
    return ", ".join(marked(rule) for rule in mutant["killed_by"].split(", ") if rule in found.split(", ")) or "-"


def random_runs(mutant):
    """What a minute of random runs said of a mutant that is explored."""
    row, known = random_minute.rows().get(mutant["mutant"]), random_minute.explored()[mutant["mutant"]]
    if not row or row["text"] != random_minute.text_of(known):
        fail(f"{mutant['mutant']}: whether random runs find it is not known; sim/mutants/random_minute.py PROGRAM "
             f"{mutant['mutant']} tries")
    if row["found_by_seed"]:
        fail(f"{mutant['mutant']}: a minute of random runs finds it, with seed {row['found_by_seed']}: it needs no exploration")
    return f"none of {row['runs']} random runs in {row['seconds']} s"


def judges(mutant):
    """What the judges said, as two cells."""
    if mutant["explored"]:
        return [f"exploration: {rules(mutant, mutant['exploration'])}", random_runs(mutant)]
    if mutant["kind"] == "performance":
        form = mutant["killed_by"].rpartition("/")[2].removesuffix(".sql")
        return [f"closed form [{form}](../../{mutant['killed_by']})", mutant["reason"] or "-"]
    over = "over the record: " if mutant["group"] == "recorder" else ""
    return [over + rules(mutant, mutant["c_over_record"]), rules(mutant, mutant["sql"])]


def counts(mutants):
    yield "| group | mutants | functional | performance | need the adversary | by exploration | killed |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for group in GROUPS + ["all"]:
        members = [mutant for mutant in mutants if group in (mutant["group"], "all")]
        numbers = (len(members), sum(mutant["kind"] == "functional" for mutant in members),
                   sum(mutant["kind"] == "performance" for mutant in members),
                   sum(mutant["needs_adversary"] for mutant in members), sum(mutant["explored"] for mutant in members),
                   sum(mutant["verdict"] == "killed" for mutant in members))
        yield "| " + " | ".join([group] + [str(number) for number in numbers]) + " |"


def table(mutants):
    lines = list(counts(mutants))
    for group in GROUPS:
        members = [mutant for mutant in mutants if mutant["group"] == group]
        if not members:
            continue
        lines += ["", f"## {group[0].upper()}{group[1:]}", "",
                  "| mutant | what is wrong | the checker in C | SQL | verdict |", "| --- | --- | --- | --- | --- |"]
        for mutant in members:
            what = mutant["what"] + (" (with the adversary)" if mutant["needs_adversary"] else "")
            verdict = f"a gap: {mutant['gap']}" if mutant["gap"] else mutant["verdict"]
            cells = [f"[{mutant['mutant']}](../../{mutant['script']})", what, *judges(mutant), verdict]
            lines.append("| " + " | ".join(cells) + " |")
    return HEAD + "\n".join(lines) + "\n"


def check_numbers(mutants):
    """What there has to be of each kind, at the least; and a survivor is a gap that is known, and no other."""
    killed = [mutant for mutant in mutants if mutant["verdict"] == "killed"]
    numbers = {group: sum(mutant["group"] == group for mutant in killed) for group in GROUPS}
    numbers["the adversary"] = sum(mutant["needs_adversary"] for mutant in killed)
    numbers["exploration"] = sum(mutant["explored"] for mutant in killed)
    numbers["all"] = len(killed)
    for what, least in {"page table": 10, "TLB": 10, "walker": 10, "network": 10, "recorder": 5, "the adversary": 10,
                        "exploration": 10, "all": 60}.items():
        if numbers[what] < least:
            fail(f"{numbers[what]} mutants of {what} are killed, and {least} should be")
    for mutant in mutants:
        if mutant["verdict"] != ("survives" if mutant["gap"] else "killed"):
            fail(f"{mutant['mutant']}: {mutant['verdict']} {mutant['reason']}")


def main():
    program = os.path.abspath(sys.argv[1])
    answer = subprocess.run([program, "mutants", "--json"], capture_output=True, text=True)
    if answer.returncode not in (0, 1):
        fail(f"mmusim mutants gives {answer.returncode}: {answer.stderr}")
    mutants = json.loads(answer.stdout)
    alive = [f"{mutant['mutant']}: {mutant['verdict']} {mutant['reason']}" for mutant in mutants
             if mutant["verdict"] != "killed"]
    if (answer.returncode == 0) != (not alive):
        fail(f"the exit status is {answer.returncode}, and alive are {alive}")
    made = table(mutants)
    if "--accept" in sys.argv:
        TABLE.write_text(made, encoding="utf-8")
    elif made != TABLE.read_text(encoding="utf-8"):
        fail("the table is not what comes out; --accept writes it anew:\n" + made)
    check_numbers(mutants)
    print("\n".join(alive + [f"{len(mutants)} mutants, {len(alive)} alive"]))


main()
