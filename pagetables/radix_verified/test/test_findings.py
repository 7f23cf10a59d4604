#!/usr/bin/env python3
"""Each script beside the plug-in shows its finding, in the cycle that README.md tells, and `radix` does not have it;
the conformance kit names the properties that do not hold.

usage: test_findings.py PROGRAM PLUGIN [--accept]

SCRIPT.expected has what both runs print, with their exit status, conform.expected the properties; --accept writes them.
"""
import pathlib
import subprocess
import sys
import tempfile


def run(program, script, table, folder):
    command = [program, "run", "--quiet", "--force", "--output", str(folder / "run.db"), str(script), table]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    judged = subprocess.run([program, "check", str(folder / "run.db")], capture_output=True, text=True, timeout=120,
                            check=False)
    judges = [line for line in judged.stdout.splitlines() if line.startswith("the judges")]
    return done.stdout + done.stderr + f"exit {done.returncode}\n" + "".join(f"{line}\n" for line in judges)


def outcome(program, script, plugin, folder):
    text = "-- radix-verified\n" + run(program, script, plugin, folder)
    return text + "-- radix\n" + run(program, script, "radix", folder)


def conform(program, plugin, folder):
    command = [program, "conform", "--format", "vmsa-s2-4k-39", "--runs", "1", plugin]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, cwd=folder)
    failed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAILED")]
    return "".join(f"{name}\n" for name in failed) + f"exit {done.returncode}\n"


def compare(name, expected, text):
    """Whether they differ; says so."""
    if "--accept" in sys.argv:
        expected.write_text(text)
    elif not expected.exists() or expected.read_text() != text:
        print(f"{name}: another outcome than {expected.name} has:\n{text}")
        return 1
    return 0


def main():
    program, plugin = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
    here = pathlib.Path(__file__).resolve().parent
    scripts = sorted(here.parent.glob("*.lua"))
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for script in scripts:
            text = outcome(program, script, plugin, pathlib.Path(folder))
            wrong += compare(script.name, here / (script.stem + ".expected"), text)
        wrong += compare("conform", here / "conform.expected", conform(program, plugin, folder))
    if not scripts:
        print("there is no script")
    return 1 if wrong or not scripts else 0


if __name__ == "__main__":
    sys.exit(main())
