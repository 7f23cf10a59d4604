#!/usr/bin/env python3
"""What the timed machine shows to be wrong in a shipped script, the explorer finds on the script's small form.

    test_small_forms.py PROGRAM PLUGINS

explore/small-forms.csv names the script and its arguments, the exploration with its options and arguments, and a rule: both
judges of the timed machine find it broken, and so does the exploration. A script without a small form has the reason why.
Every script of sim/test/scripts whose first line says that it ends with findings is in the list.
"""
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = pathlib.Path(__file__).with_name("explore") / "small-forms.csv"
SECONDS = 240


def fail(what):
    sys.exit(f"test_small_forms.py: {what}")


def words_of(cell, plugins):
    return [f"{plugins}/{word}" if word.endswith(".so") else word for word in cell.split()]


def performed(words):
    answer = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    if answer.returncode != 1:
        fail(f"{' '.join(words)} gives {answer.returncode}: {answer.stderr}")
    return answer.stdout


def rules_of_run(program, script, plugins, folder):
    """Those that both judges find."""
    database = f"{folder}/run.db"
    performed([program, "run", "--quiet", "--force", "-o", database, *words_of(script, plugins)])
    report = json.loads(performed([program, "check", "--json", database]))
    judges = [{found["rule"] for found in report[judge]} for judge in ("violations", "checker_findings")]
    return judges[0] & judges[1]


def rule_of_exploration(program, exploration, plugins):
    answer = subprocess.run([program, "explore", "--quiet", *words_of(exploration, plugins)], cwd=ROOT, capture_output=True,
                            text=True, timeout=SECONDS)
    if answer.returncode != 1:
        fail(f"explore {exploration} gives {answer.returncode}: {answer.stderr}")
    return answer.stderr.split(": ")[1]


def check_complete(rows):
    listed = {row["script"].split()[0] for row in rows}
    for script in sorted((ROOT / "sim/test/scripts").glob("*.lua")):
        path = script.relative_to(ROOT).as_posix()
        if script.read_text(encoding="utf-8").startswith("-- exit 1\n") and path not in listed:
            fail(f"{path} ends with findings, and {LIST.name} has neither a small form of it nor the reason")


def main():
    if len(sys.argv) != 3:
        fail(__doc__)
    program, plugins = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with LIST.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    check_complete(rows)
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            rules = rules_of_run(program, row["script"], plugins, folder)
            if row["missing"]:
                print(f"{row['script']}: no small form yet: {row['missing']}")
                continue
            found = rule_of_exploration(program, row["exploration"], plugins)
            if row["rule"] not in rules or found != row["rule"]:
                fail(f"{row['script']}: the judges find {sorted(rules)}, its small form {found}, and it should be {row['rule']}")
            print(f"{row['script']}: {row['rule']} by both")


main()
