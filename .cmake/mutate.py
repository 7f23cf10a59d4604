#!/usr/bin/env python3
"""Mutants of components: faults that are seeded on purpose, as data beside the sources that they change.

    mutate.py sources ROOT
        prints the C files to be compiled for the program with all mutants, one a line: those that some mutant changes, and
        those that include a header that some mutant changes. A changed one is named by its path in the output folder.
    mutate.py write ROOT OUTPUT
        checks every mutant against its sources, and writes to the folder OUTPUT the changed sources and headers under
        their own paths, and mutants_table.c with what is known of each mutant and the texts of their scripts.

The files are */mutants/*.mutants; sim/mutants/README.md describes them. In the changed sources every function that a mutant
changes stands once more for that mutant, under a name of its own, and the original begins by asking which one is selected:
so any text inside of a function can be changed, by any number of mutants. What is wrong is told as FILE:LINE: SENTENCE, and
the exit status is 1.
"""
import pathlib
import re
import sys

FOLDERS = ("pagetables", "tlb", "mmu", "sim")
GROUPS = ("page table", "TLB", "walker", "network", "recorder")
KEYS = ("mutant", "what", "group", "rule", "form", "adversary", "gap", "script", "explore", "in", "replace", "by")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


class Wrong(Exception):
    pass


def require(good, path, line, sentence):
    if not good:
        raise Wrong(f"{path}:{line}: {sentence}")


# ---- Reading the descriptions ----


class Mutant:
    def __init__(self, path, line, name):
        self.path, self.line, self.name = path, line, name
        self.what = self.group = self.form = self.gap = self.script = ""
        self.rules, self.arguments, self.edits = [], [], []
        self.adversary = self.explored = False
        self.number = 0

    def fail(self, sentence):
        raise Wrong(f"{self.path}:{self.line}: mutant '{self.name}' {sentence}")


class Edit:
    """In this file of the project, the text `old` becomes `new`."""

    def __init__(self, path, line, file):
        self.path, self.line, self.file, self.old, self.new = path, line, file, None, None


def fields(path, text):
    """(line, key, value) of each field; a value goes on in lines that are indented by four spaces."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("    ") and found:
            found[-1][2].append(line[4:])
        elif not line.strip():
            if found:
                found[-1][2].append("")
        elif not line.startswith("#"):
            key, colon, value = line.partition(":")
            require(colon and key in KEYS, path, number, f"'{line}' is no field; it must be one of {', '.join(KEYS)}, "
                    "a colon and its value, or go on with four spaces")
            found.append((number, key, [value.strip()] if value.strip() else []))
    return [(number, key, "\n".join(lines).strip("\n")) for number, key, lines in found]


def add_field(mutant, path, line, key, value):
    if key == "what":
        mutant.what = " ".join(value.split())
    elif key == "group":
        require(value in GROUPS, path, line, f"there is no group '{value}'; it must be one of {', '.join(GROUPS)}")
        mutant.group = value
    elif key == "rule":
        mutant.rules = [rule.strip() for rule in value.split(",")]
    elif key == "form":
        mutant.form = value
    elif key == "gap":
        mutant.gap = " ".join(value.split())
    elif key == "adversary":
        require(value == "needed", path, line, "an adversary is 'needed', or the field is left out")
        mutant.adversary = True
    elif key in ("script", "explore"):
        words = value.split()
        require(words, path, line, "a script has a name")
        require(not mutant.script, path, line, "a mutant has one script, or one exploration")
        mutant.script, mutant.arguments, mutant.explored = words[0], words[1:], key == "explore"
    elif key == "in":
        mutant.edits.append(Edit(path, line, value))
    else:
        require(mutant.edits, path, line, f"'{key}' stands behind the file in which, 'in: FILE'")
        add_text(mutant, path, line, key, value)


def add_text(mutant, path, line, key, value):
    edit = mutant.edits[-1]
    if key == "replace":
        if edit.old is not None:
            edit = Edit(path, line, edit.file)
            mutant.edits.append(edit)
        edit.old, edit.line = value, line
    else:
        require(edit.old is not None and edit.new is None, path, line, "'by' stands behind one 'replace'")
        edit.new = value


def read_mutants(root):
    mutants = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("mutants/*.mutants")):
            name, mutant = path.relative_to(root).as_posix(), None
            for line, key, value in fields(name, path.read_text(encoding="utf-8")):
                if key == "mutant":
                    require(NAME.fullmatch(value), name, line, f"'{value}' is no name: small letters, digits and '-'")
                    require(value not in mutants, name, line, f"there is a mutant '{value}' already")
                    mutant = mutants[value] = Mutant(name, line, value)
                else:
                    require(mutant, name, line, "a mutant begins with its name, 'mutant: NAME'")
                    add_field(mutant, name, line, key, value)
    for number, mutant in enumerate(mutants.values(), 1):
        mutant.number = number
        check(root, mutant)
    return list(mutants.values())


def check(root, mutant):
    for key in ("what", "group", "script", "edits"):
        if not getattr(mutant, key):
            mutant.fail(f"has no field '{'in' if key == 'edits' else key}'")
    if bool(mutant.rules) == bool(mutant.form):
        mutant.fail("is killed by a 'rule' or by a closed 'form': one of the two must be said")
    if mutant.explored and (mutant.form or mutant.adversary):
        mutant.fail("is explored: there every adversary is, and there is no time for a closed form")
    needed = [mutant.script] + ([form_path(mutant)] if mutant.form else [])
    for file in needed:
        if not (root / file).is_file():
            mutant.fail(f"names the file '{file}', which is not there")
    for edit in mutant.edits:
        if edit.old is None or edit.new is None:
            mutant.fail(f"has 'in: {edit.file}' without both 'replace' and 'by'")
        if not (root / edit.file).is_file() or not edit.file.endswith((".c", ".h")):
            mutant.fail(f"changes '{edit.file}', which is no C file of the project")


def form_path(mutant):
    """A closed form is an SQL file beside the description."""
    return f"{pathlib.PurePosixPath(mutant.path).parent}/{mutant.form}.sql"


# ---- Changing the sources ----


class Function:
    """One definition in a source, as clang-format leaves it: braces alone in the first column."""

    def __init__(self, lines, first, brace, last):
        self.first, self.brace, self.last = first, brace, last  # line indexes; header, '{' and '}'
        self.header = "\n".join(lines[first:brace])
        match = re.search(r"(\w+)\s*\(", self.header)
        self.name = match[1] if match else None
        self.clones = []  # (mutant, text)

    def returns_nothing(self):
        before = self.header[:re.search(r"\w+\s*\(", self.header).start()]
        return before.split()[-1] == "void"

    def parameters(self):
        inside = self.header[self.header.index("(") + 1:self.header.rindex(")")]
        names, depth, start = [], 0, 0
        for place, letter in enumerate(inside + ","):
            depth += (letter == "(") - (letter == ")")
            if letter == "," and depth == 0:
                names.append(self.parameter(inside[start:place]))
                start = place + 1
        return [name for name in names if name]

    @staticmethod
    def parameter(text):
        if text.strip() in ("void", ""):
            return None
        match = re.search(r"\(\*(\w+)\)", text) or re.search(r"(\w+)\s*(\[[^]]*\])*\s*$", text)
        return match[1]


def functions_of(text):
    lines, found, body = text.split("\n"), [], None
    for index, line in enumerate(lines):
        if line == "{":
            body = index
        elif line == "}" and body is not None:
            first = body
            while first > 0 and lines[first - 1].strip() and not lines[first - 1].startswith(("#", "}")) and \
                    not lines[first - 1].endswith(("*/", ";")):
                first -= 1
            found.append(Function(lines, first, body, index))
            body = None
    return lines, [function for function in found if function.name]


def pattern_of(old):
    """The text as it stands, but for how its lines are broken and indented."""
    return re.compile(r"\s+".join(re.escape(word) for word in old.split()))


def place_of(edit, text):
    """Where the text to be replaced stands: once in its file."""
    places = list(pattern_of(edit.old).finditer(text))
    if not edit.old or len(places) != 1:
        raise Wrong(f"{edit.path}:{edit.line}: the text to be replaced stands {len(places)} times in {edit.file}, "
                    "and must stand there once")
    return places[0]


def function_at(functions, text, edit, match):
    first = text.count("\n", 0, match.start())
    last = text.count("\n", 0, match.end())
    for function in functions:
        if function.first <= first and last <= function.last:
            return function
    raise Wrong(f"{edit.path}:{edit.line}: the text to be replaced is not inside of one function of {edit.file}")


def clone(function, text, lines, mutant, edits):
    """The function as the mutant has it, under the mutant's name."""
    begin = sum(len(line) + 1 for line in lines[:function.first])
    end = begin + sum(len(line) + 1 for line in lines[function.first:function.last + 1])
    body = text[begin:end]
    for edit, match in sorted(edits, key=lambda pair: -pair[1].start()):
        body = body[:match.start() - begin] + edit.new + body[match.end() - begin:]
    body = re.sub(rf"\b{function.name}\b(?=\s*\()", f"{function.name}_mutant_{mutant.number}", body, count=1)
    return body if re.match(r"\s*static\b", body) else "static " + body


def change(root, file, mutants):
    """The text of a file with a clone of each function for each mutant that changes it."""
    text = (root / file).read_text(encoding="utf-8")
    lines, functions = functions_of(text)
    for mutant in mutants:
        of_function = {}
        for edit in mutant.edits:
            if edit.file == file:
                match = place_of(edit, text)
                of_function.setdefault(function_at(functions, text, edit, match), []).append((edit, match))
        for function, edits in of_function.items():
            function.clones.append((mutant, clone(function, text, lines, mutant, edits)))
    out, copied = [f'extern unsigned mutant_selected;\n#line 1 "{file}"'], 0
    for function in functions:
        if not function.clones:
            continue
        out += lines[copied:function.first]
        out.append(function.header + ";")
        for mutant, body in function.clones:
            out += [f'#line {function.first + 1} "{file}"', body.rstrip("\n")]
        out += [f'#line {function.first + 1} "{file}"', function.header, "{", dispatch(function),
                f'#line {function.brace + 2} "{file}"']
        copied = function.brace + 1
    return "\n".join(out + lines[copied:])


def dispatch(function):
    arguments = ", ".join(function.parameters())
    asked = []
    for mutant, _ in function.clones:
        call = f"{function.name}_mutant_{mutant.number}({arguments});"
        call = f"{{ {call} return; }}" if function.returns_nothing() else f"return {call}"
        asked.append(f"if (mutant_selected == {mutant.number}u) {call}")
    return "if (__builtin_expect(mutant_selected != 0, 0)) { " + " ".join(asked) + " }"


# ---- What is known of the mutants, as C ----


def literal(text):
    """A C string; long texts line by line."""
    pieces = []
    for line in text.splitlines(keepends=True) or [""]:
        line = line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("?", "\\?")
        pieces.append(f'"{line}"')
    return "\n    ".join(pieces)


def table(root, mutants):
    scripts = sorted({mutant.script for mutant in mutants} | {form_path(mutant) for mutant in mutants if mutant.form})
    out = ['/* Made by .cmake/mutate.py. */', '#include "sim/mutants/mutant.h"', "", "unsigned mutant_selected;", "",
           "const struct mutant mutants[] = {"]
    for mutant in mutants:
        texts = {"name": mutant.name, "what": mutant.what, "group": mutant.group, "rules": ", ".join(mutant.rules),
                 "form": form_path(mutant) if mutant.form else "", "gap": mutant.gap, "script": mutant.script,
                 "arguments": " ".join(mutant.arguments), "file": mutant.edits[0].file}
        body = ", ".join(f".{name} = {literal(value)}" for name, value in texts.items())
        out.append(f"    {{{body}, .adversary = {str(mutant.adversary).lower()}, "
                   f".explored = {str(mutant.explored).lower()}}},")
    out += ["    {.name = 0},", "};", "", "const struct mutant_text mutant_texts[] = {"]
    for script in scripts:
        out.append(f"    {{{literal(script)},\n    {literal((root / script).read_text(encoding='utf-8'))}}},")
    return "\n".join(out + ["    {0, 0},", "};", ""])


# ---- The two commands ----


def includes_changed(root, path, changed, known):
    """Whether a file includes a changed header, however far away."""
    if path not in known:
        known[path] = False  # while it is being found out: headers do not include each other in circles
        text = (root / path).read_text(encoding="utf-8")
        known[path] = any(header in changed or ((root / header).is_file() and
                                                includes_changed(root, header, changed, known))
                          for header in INCLUDE.findall(text))
    return known[path]


def print_sources(root, mutants):
    changed = {edit.file for mutant in mutants for edit in mutant.edits}
    known = {}
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*.c")):
            path = file.relative_to(root).as_posix()
            if any(part in ("test", "bench", "template", "radix_verified", "explore", "litmus") for part in path.split("/")):
                continue
            if path in changed:
                print(f"changed {path}")
            elif includes_changed(root, path, changed, known):
                print(f"same {path}")
    for path in sorted(changed):
        if path.endswith(".h"):
            print(f"header {path}")
    for path in sorted({mutant.script for mutant in mutants} | {form_path(mutant) for mutant in mutants if mutant.form}):
        print(f"script {path}")


def write(path, text):
    """Files that stay the same keep their time, so that nothing is compiled for them."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_sources(root, output, mutants):
    for file in sorted({edit.file for mutant in mutants for edit in mutant.edits}):
        write(output / file, change(root, file, mutants))
    write(output / "mutants_table.c", table(root, mutants))


def main(words):
    if len(words) not in (2, 3) or words[0] != ("sources", "write")[len(words) - 2]:
        sys.exit(__doc__)
    root = pathlib.Path(words[1]).resolve()
    try:
        mutants = read_mutants(root)
        if words[0] == "sources":
            print_sources(root, mutants)
        else:
            write_sources(root, pathlib.Path(words[2]), mutants)
    except Wrong as wrong:
        sys.exit(str(wrong))


if __name__ == "__main__":
    main(sys.argv[1:])
