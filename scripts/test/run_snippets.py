#!/usr/bin/env python3
"""Runs every snippet of a README, so that none can go stale.

    run_snippets.py [--program MMUSIM] ROOT README

A fenced block is run by its first word; blocks with any other first word, or none, are not:

    sh   by bash -euo pipefail, from the top of a copy of the project. build/release is the build under test, and is
         in PATH too. All blocks of one README share the copy, so a later one finds the files of an earlier one.
    lua  by `mmusim run`.
    sql  by `mmusim query build/quickstart.db`, the database that scripts/quickstart.sh leaves.
    c    by the C compiler, for syntax and types only, with the project's root as the include path.
    cpp  the same by the C++ compiler, with SystemC's headers.

A block must end with exit status 0; ```sh exit=1 says that it ends with 1. If a ```text block follows with nothing
but blank lines between, it is what the block prints (standard output and error together), to the letter but for
spaces at the end of lines; a line `...` stands for any number of lines, none included.

So that a test does not start the tests again, three commands stand in for themselves in the copy:

    scripts/quickstart.sh  runs its last part, the main job, without packages and build;
    scripts/test.sh        does nothing;
    cmake, ctest           with --preset only see that CMakePresets.json has the preset; ctest without lists tests.
"""
import argparse
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```[ ]*(?P<info>[^\n`]*)\n(?P<body>.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)
TIMEOUT_SECONDS = 300

QUICKSTART = """#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib/main-job.sh
main_job
"""

PRESETS_ONLY = """#!/usr/bin/env bash
while (($#)); do
    case $1 in
    --preset) preset=$2; shift ;;
    --preset=*) preset=${1#--preset=} ;;
    *) other+=("$1") ;;
    esac
    shift
done
if [[ -z ${preset+set} ]]; then
    exec REAL "${other[@]}"
fi
grep -q "\\"name\\": \\"$preset\\"" CMakePresets.json || { echo "no preset $preset in CMakePresets.json" >&2; exit 1; }
"""


class Snippet:
    def __init__(self, text, match, following):
        words = match["info"].split()
        self.language = words[0] if words else ""
        self.body = match["body"]
        self.line = text.count("\n", 0, match.start()) + 1
        self.status = next((int(word[5:]) for word in words[1:] if word.startswith("exit=")), 0)
        self.expected = None
        if following and following["info"].strip() == "text" and not text[match.end():following.start()].strip():
            self.expected = following["body"]


def snippets_of(text):
    matches = list(FENCE.finditer(text))
    for match, following in zip(matches, matches[1:] + [None]):
        snippet = Snippet(text, match, following)
        if snippet.language in RUNNERS:
            yield snippet


def lines_of(text):
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def same_output(expected, printed):
    pattern = "".join("(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in lines_of(expected))
    return re.fullmatch(pattern, "".join(line + "\n" for line in lines_of(printed))) is not None


def write_program(path, text):
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


class Copy:
    """A copy of the project to run snippets in."""

    def __init__(self, folder, root, program):
        self.root = folder / "mmusim"
        self.program = program
        shutil.copytree(root, self.root, symlinks=True,
                        ignore=lambda where, names: {"build", ".git"} & set(names) if where == str(root) else set())
        for script in ("quickstart.sh", "test.sh"):
            if not os.access(self.root / "scripts" / script, os.X_OK):
                sys.exit(f"scripts/{script} is not there, or not executable")
        write_program(self.root / "scripts/quickstart.sh", QUICKSTART)
        write_program(self.root / "scripts/test.sh", "#!/bin/sh\n")
        tools = folder / "tools"
        tools.mkdir()
        for name, extra in (("cmake", ""), ("ctest", " -N")):
            write_program(tools / name, PRESETS_ONLY.replace("REAL", f"{shutil.which(name)}{extra}"))
        (self.root / "build").mkdir()
        self.environment = dict(os.environ, CMAKE_GENERATOR="Ninja", PATH=f"{tools}:{os.environ['PATH']}")
        if program:
            (self.root / "build/release").symlink_to(program.parent)
            self.environment["PATH"] = f"{tools}:{program.parent}:{os.environ['PATH']}"

    def run(self, *command):
        return subprocess.run([str(word) for word in command], cwd=self.root, env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TIMEOUT_SECONDS, check=False)

    def write(self, name, text):
        (self.root / name).write_text(text, encoding="utf-8")
        return name


def run_sh(copy, snippet):
    return copy.run("bash", "-euo", "pipefail", "-c", snippet.body)


def run_lua(copy, snippet):
    script = copy.write(f"snippet-{snippet.line}.lua", snippet.body)
    return copy.run(copy.program, "run", "--force", "-o", f"build/snippet-{snippet.line}.db", script)


def run_sql(copy, snippet):
    if not (copy.root / "build/quickstart.db").exists():
        made = copy.run("scripts/quickstart.sh")
        if made.returncode:
            return made
    return copy.run(copy.program, "query", "build/quickstart.db", snippet.body)


def run_c(copy, snippet):
    source = copy.write(f"build/snippet-{snippet.line}.c", snippet.body)
    return copy.run(os.environ.get("CC", "cc"), "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I.",
                    source)


def run_cpp(copy, snippet):
    source = copy.write(f"build/snippet-{snippet.line}.cpp", snippet.body)
    flags = subprocess.run(["pkg-config", "--cflags", "systemc", "tlm"], check=True, capture_output=True, text=True)
    return copy.run(os.environ.get("CXX", "c++"), "-std=gnu++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                    "-I.", *flags.stdout.split(), source)


RUNNERS = {"sh": run_sh, "lua": run_lua, "sql": run_sql, "c": run_c, "cpp": run_cpp}


def complaint_about(snippet, result):
    if result.returncode != snippet.status:
        return f"exit status {result.returncode} instead of {snippet.status}; it printed:\n{result.stdout}"
    if snippet.expected is not None and not same_output(snippet.expected, result.stdout):
        difference = difflib.unified_diff(lines_of(snippet.expected), lines_of(result.stdout), "in the README",
                                          "printed", lineterm="")
        return "it prints something else:\n" + "\n".join(difference)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("root", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("readme", type=lambda path: pathlib.Path(path).resolve())
    arguments = parser.parse_args()
    name, failed, ran = arguments.readme.relative_to(arguments.root), 0, 0
    with tempfile.TemporaryDirectory(prefix="mmusim-snippets-") as folder:
        copy = Copy(pathlib.Path(folder), arguments.root, arguments.program)
        for snippet in snippets_of(arguments.readme.read_text(encoding="utf-8")):
            complaint = complaint_about(snippet, RUNNERS[snippet.language](copy, snippet))
            print(f"{name}:{snippet.line}: {snippet.language}: {complaint or 'fine'}")
            failed += complaint is not None
            ran += 1
    print(f"{name}: {ran} snippets, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
