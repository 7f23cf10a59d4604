#!/usr/bin/env python3
"""The litmus tests that are Lua scripts: nothing forbidden is reached, and everything allowed is.

    test_own_litmus.py PROGRAM FOLDER

And what is forbidden and reached is told: a script whose allowed outcome is called forbidden.
"""
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile

SECONDS = 120


def wrong_with(program, path):
    """What is wrong, a sentence; None if nothing is."""
    ran = subprocess.run([program, "explore", "--json", path], capture_output=True, text=True, timeout=SECONDS)
    if ran.returncode not in (0, 1):
        return f"{path} ends with {ran.returncode}: {ran.stderr}"
    report = json.loads(ran.stdout)
    for finding in report["findings"]:
        return f"{path} breaks a rule: {finding['sentence']}"
    if not report["outcomes"]:
        return f"{path} names no outcome"
    for outcome in report["outcomes"]:
        forbidden = outcome["verdict"] == "forbidden"
        if outcome["reached"] == forbidden:
            return f"{path}: '{outcome['name']}' is {outcome['verdict']}, and {'' if forbidden else 'not '}reached"
    if ran.returncode != 0:
        return f"{path} ends with {ran.returncode}, and nothing is wrong"
    return None


def untold(program, path):
    """How a script with a forbidden outcome that is reached is not told as such; None if it is."""
    called = path.read_text().replace('"allowed"', '"forbidden"', 1)
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder) / "script.lua"
        script.write_text(called)
        told = [subprocess.run([program, "explore", *options, script], capture_output=True, text=True, timeout=SECONDS)
                for options in ([], ["--json"], ["--quiet"])]
    if [ran.returncode for ran in told] != [1, 1, 1]:
        return f"{path}, called forbidden, ends with {[ran.returncode for ran in told]}"
    outcome = json.loads(told[1].stdout)["outcomes"][0]
    if outcome["verdict"] != "forbidden" or not outcome["reached"] or not outcome["story"]:
        return f"{path}, called forbidden, is told in JSON as {outcome}"
    if f"{outcome['name']}, which is forbidden\nthe shortest run to it has " not in told[0].stdout:
        return f"{path}, called forbidden, has no story"
    if told[2].stderr != f"mmusim: the outcome '{outcome['name']}' is forbidden, and reached\n" or told[2].stdout:
        return f"{path}, called forbidden, is told quietly as {told[2].stderr}"
    return None


def litmus(program, *words):
    return subprocess.run([program, "litmus", *words], capture_output=True, text=True, timeout=SECONDS)


def wrong_rows(program, folder):
    """What is wrong with how 'mmusim litmus' tells scripts; None if nothing is."""
    path = folder / "reuse" / "store-local-tlbi.lua"
    ran = litmus(program, "--trace", path)
    row = f"{'store-local-tlbi':<52} reached     Allowed    the store lands behind the new owner's\n    core "
    if ran.returncode != 0 or row not in ran.stdout or "\n    core 2: store of 0x1 to 0x0 goes to 0x" not in ran.stdout:
        return f"mmusim litmus --trace {path} ends with {ran.returncode} and tells {ran.stdout}{ran.stderr}"
    rows = json.loads(litmus(program, "--json", folder / "reuse").stdout)["tests"]
    if {row["family"] for row in rows} != {"reuse"}:
        return "the family of a script's outcomes is not its folder"
    with tempfile.TemporaryDirectory() as temporary:
        script = pathlib.Path(temporary) / "script.lua"
        script.write_text(path.read_text().replace('"allowed"', '"forbidden"', 1))
        ran = litmus(program, temporary)
        if ran.returncode != 1 or "  WRONG: what is forbidden is reached\n" not in ran.stdout:
            return f"what is forbidden and reached ends with {ran.returncode} and tells {ran.stdout}{ran.stderr}"
        script.write_text(path.read_text().split("m:outcome")[0])
        ran = litmus(program, temporary)
        if ran.returncode != 2 or ran.stderr != (f"mmusim: {script}: names no outcome; m:outcome(name, verdict, f) "
                                                 "names one\n"):
            return f"a script without outcomes ends with {ran.returncode}: {ran.stderr}"
    return None


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    paths = sorted(pathlib.Path(sys.argv[2]).glob("*/*.lua"))
    if not paths:
        sys.exit(f"there is no script in the folders of {sys.argv[2]}")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [text for text in pool.map(lambda path: wrong_with(sys.argv[1], path), paths) if text]
    mistold = untold(sys.argv[1], pathlib.Path(sys.argv[2]) / "reuse" / "store-local-tlbi.lua")
    wrong += [mistold] if mistold else []
    mistold = wrong_rows(sys.argv[1], pathlib.Path(sys.argv[2]))
    wrong += [mistold] if mistold else []
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(paths)} scripts have the outcomes that they may have, all of them")


main()
