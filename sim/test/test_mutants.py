#!/usr/bin/env python3
"""Every mutant is killed, and the table of mutants, judges and rules is what comes out.

    test_mutants.py PROGRAM [--accept]      --accept writes the table anew
"""
import json
import os
import pathlib
import subprocess
import sys

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


def rules(text):
    return ", ".join(marked(rule) for rule in text.split(", "))


def judges(mutant):
    """What the judges said, as two cells."""
    if mutant["kind"] == "performance":
        form = mutant["killed_by"].rpartition("/")[2].removesuffix(".sql")
        return [f"closed form [{form}](../../{mutant['killed_by']})", mutant["reason"] or "-"]
    along, record = mutant["c_along"], mutant["c_over_record"]
    cell = rules(along) if along or not record else f"over the record: {rules(record)}"
    return [cell, rules(mutant["sql"])]


def counts(mutants):
    yield "| group | mutants | functional | performance | need the adversary | killed |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for group in GROUPS + ["all"]:
        members = [mutant for mutant in mutants if group in (mutant["group"], "all")]
        numbers = (len(members), sum(mutant["kind"] == "functional" for mutant in members),
                   sum(mutant["kind"] == "performance" for mutant in members),
                   sum(mutant["needs_adversary"] for mutant in members),
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
            cells = [f"[{mutant['mutant']}](../../{mutant['script']})", what, *judges(mutant), mutant["verdict"]]
            lines.append("| " + " | ".join(cells) + " |")
    return HEAD + "\n".join(lines) + "\n"


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
    print("\n".join(alive + [f"{len(mutants)} mutants, {len(alive)} alive"]))


main()
