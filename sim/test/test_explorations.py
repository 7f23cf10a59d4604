#!/usr/bin/env python3
"""Shipped explorations have the states and findings that scripts/explore/README.md tells, and their replays replay.

    test_explorations.py PROGRAM PLUGINS small|large [--accept]      --accept writes the rows anew
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).parents[2] / "scripts" / "explore"
README = FOLDER / "README.md"
SECONDS = 240


def fail(what):
    sys.exit(f"test_explorations.py: {what}")


def rows_of(text, section):
    """The lines of the table behind the line 'Small:' or 'Large:'."""
    lines = text.splitlines()
    at = lines.index(section.capitalize() + ":") + 4
    while lines[at].startswith("| `"):
        yield at, lines[at]
        at += 1


def command(cell, program, plugins):
    words = [plugins + "/" + word if word.endswith(".so") else word for word in cell.strip("` ").split()]
    options = [word for word in words if word.startswith("--")]
    return [program, "explore", *options, "--json", *[word for word in words if word not in options]]


def replays(program, finding, folder):
    """Whether the script that came with a finding shows both judges of the timed machine the same rule."""
    script, record = folder / "replay.lua", folder / "replay.db"
    script.write_text(finding["replay"]["script"])
    ran = subprocess.run([program, "run", "-q", "-o", record, script], capture_output=True, text=True, timeout=SECONDS)
    if ran.returncode != 1:
        fail(f"the replay of {finding['sentence']} ends with {ran.returncode}: {ran.stderr}")
    checked = subprocess.run([program, "check", "--json", record], capture_output=True, text=True, timeout=SECONDS)
    report = json.loads(checked.stdout)
    return all(finding["rule"] in [found["rule"] for found in report[judge]]
               for judge in ("violations", "checker_findings"))


def explore(row, program, plugins):
    cell = row.split("|")[1].strip()
    ran = subprocess.run(command(cell, program, plugins), cwd=FOLDER, capture_output=True, text=True, timeout=SECONDS)
    if ran.returncode not in (0, 1):
        fail(f"{cell} ends with {ran.returncode}: {ran.stderr}")
    report = json.loads(ran.stdout)
    rule = steps = replay = ""
    if report["findings"]:
        finding = report["findings"][0]
        rule, steps, replay = f"`{finding['rule']}`", finding["steps"], "no"
        if finding["replay"]["reproduced"]:
            with tempfile.TemporaryDirectory() as folder:
                replay = "yes" if replays(program, finding, pathlib.Path(folder)) else "another rule"
    if (ran.returncode == 1) != bool(report["findings"]):
        fail(f"{cell} ends with {ran.returncode}, and has {len(report['findings'])} findings")
    line = f"| {cell} | {report['states']:,} | {rule} | {steps} | {replay} |"
    return re.sub(" +", " ", line)


def expect(program, words, status, sentence):
    """How an exploration ends: its status, and one line on standard error with these words."""
    ran = subprocess.run([program, "explore", *words], cwd=FOLDER, capture_output=True, text=True, timeout=SECONDS)
    lines = ran.stderr.splitlines()
    if ran.returncode != status or len(lines) != 1 or sentence not in lines[0]:
        fail(f"explore {' '.join(words)} ends with {ran.returncode}, not {status}, and says {ran.stderr}")
    return ran.stdout


def check_ends(program):
    """Limits and mistakes end with 2 and one sentence, findings with 1."""
    if "not all states were visited" not in expect(program, ["sequences.lua", "--memory", "4M"], 2, "memory limit of 4 MiB"):
        fail("a search that ends at its memory limit has no figures")
    expect(program, ["sequences.lua", "--memory", "50K"], 2, "memory")
    expect(program, ["unmap.lua", "--states", "100", "-q"], 2, "limit of 100 states")
    expect(program, ["unmap.lua", "radixx"], 2, 'did you mean "radix"?')
    expect(program, ["../quickstart.lua"], 2, "explore { ... }")
    if expect(program, ["unmap.lua", "radix-forgets-invalidation", "-q"], 1, "stale_entry: the TLB of core"):
        fail("--quiet is not quiet")


def main():
    if len(sys.argv) < 4 or sys.argv[3] not in ("small", "large"):
        fail(__doc__)
    program, plugins = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    if sys.argv[3] == "small":
        check_ends(program)
    text = README.read_text()
    known = list(rows_of(text, sys.argv[3]))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda row: explore(row[1], program, plugins), known))
    if "--accept" in sys.argv:
        lines = text.splitlines()
        for (at, _), row in zip(known, found):
            lines[at] = row
        README.write_text("\n".join(lines) + "\n")
        return
    differences = [f"told is {row}\n  found is {new}" for (_, row), new in zip(known, found) if row != new]
    if differences:
        fail(f"{README} is not what comes out; --accept writes it anew:\n  " + "\n  ".join(differences))
    print(f"{len(found)} explorations are as told")


main()
