#!/usr/bin/env python3
"""The litmus tests that are Lua scripts: nothing forbidden is reached, and everything allowed is.

    test_own_litmus.py PROGRAM FOLDER
"""
import concurrent.futures
import json
import pathlib
import subprocess
import sys

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


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    paths = sorted(pathlib.Path(sys.argv[2]).glob("*/*.lua"))
    if not paths:
        sys.exit(f"there is no script in the folders of {sys.argv[2]}")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [text for text in pool.map(lambda path: wrong_with(sys.argv[1], path), paths) if text]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(paths)} scripts have the outcomes that they may have, all of them")


main()
