#!/usr/bin/env python3
"""Rules of the project's structure that no compiler checks.

    check_structure.py includes ROOT    which folder may include which, and where each library may appear
    check_structure.py globals LIB...   the C core's static libraries keep no writable globals
    check_structure.py toplevel ROOT    the top level has exactly the entries that it is meant to have

Prints one line a violation, and exits 1 if there are any.
"""
import pathlib
import re
import subprocess
import sys

# Folder -> folders whose headers it may include. Arrows of the layers point down only; mmu/systemc is a layer of
# its own: the C core of mmu/ does not know it.
CORE = {"pagetables", "tlb", "traces", "mmu"}
MAY_INCLUDE = {
    "pagetables": {"pagetables"},
    "tlb": {"tlb", "pagetables"},
    "traces": {"traces"},
    "mmu": CORE,
    "mmu/systemc": CORE | {"mmu/systemc"},
    "sim": CORE | {"mmu/systemc", "sim"},
    "scripts": {"pagetables", "scripts"},
}

# Programs for other hosts, which one compiler call builds out of their own folder.
STANDALONE = {"traces/capture"}

# Headers of a library -> the files that may include them. Lua has two hosts: the one of scripts, and the one of the program
# in Lua that makes scripts small (sim/shrink/README.md says why it has its own).
LIBRARIES = {
    "SystemC": (r"(systemc|tlm)(\.h)?$|(sysc|tlm_core|tlm_utils)/", r"mmu/systemc/|sim/.*\.[ch]pp$"),
    "Lua": (r"(lua|lauxlib|lualib)\.h(pp)?$|lua5\.4/", r"sim/lua/|sim/shrink/lua_host\.c$"),
    "SQLite": (r"sqlite3(ext)?\.h$", r"sim/.*(record|query|sql)"),
    "Capstone": (r"capstone(/|\.h$)", r"traces/.*(decode|classify)"),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)
SOURCES = {".c", ".h", ".cpp", ".hpp"}

TOPLEVEL = {"sim", "mmu", "tlb", "pagetables", "scripts", "traces", "CMakeLists.txt", "README.md",
            "CMakePresets.json", "LICENSE", "CHANGELOG.md"}


def layer(path):
    return "mmu/systemc" if path.startswith("mmu/systemc/") else path.split("/")[0]


def check_include(path, quoted, header):
    """The complaint about one include of one file, or None."""
    if quoted:
        if "/" not in header and path.rpartition("/")[0] in STANDALONE:
            return None
        if "/" not in header or layer(header) not in MAY_INCLUDE:
            return f'"{header}" is not written from the project\'s root'
        if layer(header) not in MAY_INCLUDE[layer(path)]:
            return f'"{header}": {layer(path)} may not include {layer(header)}'
        return None
    for library, (headers, files) in LIBRARIES.items():
        if re.match(headers, header) and not re.match(files, path):
            return f"<{header}>: {library} has no place in this file"
    return None


def check_includes(root):
    for folder in sorted({name.split("/")[0] for name in MAY_INCLUDE}):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix not in SOURCES or not file.is_file():
                continue
            path, text = file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")
            for match in INCLUDE.finditer(text):
                complaint = check_include(path, match[1] == '"', match[2])
                if complaint:
                    yield f"{path}:{text.count(chr(10), 0, match.start(2)) + 1}: {complaint}"


def check_globals(libraries):
    # By section, not by nm's letters: constant tables of pointers are in .data.rel.ro, for which nm says `d` too.
    writable = re.compile(r"\.?(data(?!\.rel\.ro)|bss|tdata|tbss|sdata|sbss|COM)|\*COM\*")
    for library in libraries:
        listing = subprocess.run(["nm", "--format=sysv", str(library)], check=True, capture_output=True, text=True)
        member, symbols = str(library), 0
        for line in listing.stdout.splitlines():
            if line.startswith("Symbols from "):
                member = line[len("Symbols from "):].rstrip(":")
            fields = [field.strip() for field in line.split("|")]
            if len(fields) != 7 or fields[0] == "Name":
                continue
            symbols += 1
            if writable.match(fields[6]):
                yield f"{member}: writable global {fields[0]} in {fields[6]}"
        if symbols == 0:
            yield f"{library}: nm finds no symbols, so nothing was checked"


def entries_of(root):
    """Tracked top-level entries; without git, all but the build folder."""
    try:
        listing = subprocess.run(["git", "-c", f"safe.directory={root}", "-C", root, "ls-files", "-z"], check=True,
                                 capture_output=True, text=True)
        return {name.split("/")[0] for name in listing.stdout.split("\0") if name}
    except (OSError, subprocess.CalledProcessError):
        return {entry.name for entry in root.iterdir()} - {"build"}


def check_toplevel(root):
    entries = {name for name in entries_of(root) if not name.startswith(".")}
    for name in sorted(entries - TOPLEVEL):
        yield f"{name}: no entry of the top level; it belongs into one of the folders"
    for name in sorted(TOPLEVEL - entries):
        yield f"{name}: missing from the top level"


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "includes":
        complaints = check_includes(pathlib.Path(arguments[1]).resolve())
    elif len(arguments) >= 2 and arguments[0] == "globals":
        complaints = check_globals(arguments[1:])
    elif len(arguments) == 2 and arguments[0] == "toplevel":
        complaints = check_toplevel(pathlib.Path(arguments[1]).resolve())
    else:
        sys.exit(__doc__)
    complaints = list(complaints)
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
