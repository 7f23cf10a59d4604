#!/usr/bin/env python3
"""The structure rules bite: each is run over a made-up tree that keeps it and one that does not."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import check_structure  # noqa: E402


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, text=""):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


class Includes(Tree):
    def assert_complaints(self, *expected):
        self.assertEqual(list(check_structure.check_includes(self.root)), list(expected))

    def test_good_arrows_point_down(self):
        self.write("tlb/tlb.c", '#include "tlb/tlb.h"\n#include "pagetables/frame.h"\n#include <stdio.h>\n')
        self.write("mmu/walker.c", '#include "traces/trace.h"\n#include "tlb/tlb.h"\n')
        self.write("mmu/systemc/shell.cpp", '#include <systemc>\n#include <tlm_utils/simple_target_socket.h>\n'
                                            '#include "mmu/walker.h"\n#include "mmu/systemc/shell.hpp"\n')
        self.write("sim/machine.cpp", '#include <systemc>\n#include "mmu/systemc/shell.hpp"\n')
        self.write("sim/lua/lua_machine.c", "#include <lua.h>\n#include <lauxlib.h>\n")
        self.write("sim/shrink/lua_host.c", "#include <lua.h>\n")
        self.write("sim/record/recorder.c", "#include <sqlite3.h>\n")
        self.write("traces/decode.c", "#include <capstone/capstone.h>\n")
        self.assert_complaints()

    def test_bad_arrows_point_up(self):
        self.write("pagetables/radix.c", '#include <stdint.h>\n\n# include "tlb/tlb.h"\n')
        self.write("traces/reader.c", '#include "pagetables/frame.h"\n')
        self.write("tlb/test/test_tlb.c", '#include "mmu/event.h"\n')
        self.assert_complaints('pagetables/radix.c:3: "tlb/tlb.h": pagetables may not include tlb',
                               'tlb/test/test_tlb.c:1: "mmu/event.h": tlb may not include mmu',
                               'traces/reader.c:1: "pagetables/frame.h": traces may not include pagetables')

    def test_bad_the_core_of_mmu_includes_a_systemc_shell(self):
        self.write("mmu/walker.c", '#include "mmu/systemc/shell.hpp"\n')
        self.assert_complaints('mmu/walker.c:1: "mmu/systemc/shell.hpp": mmu may not include mmu/systemc')

    def test_bad_libraries_out_of_their_place(self):
        self.write("mmu/walker.c", "#include <systemc>\n")
        self.write("sim/machine.c", "#include <lua.h>\n#include <sqlite3.h>\n#include <systemc.h>\n")
        self.write("sim/shrink/lua_trial.c", "#include <lua.h>\n")
        self.write("traces/reader.c", "#include <capstone.h>\n")
        self.assert_complaints("mmu/walker.c:1: <systemc>: SystemC has no place in this file",
                               "sim/machine.c:1: <lua.h>: Lua has no place in this file",
                               "sim/machine.c:2: <sqlite3.h>: SQLite has no place in this file",
                               "sim/machine.c:3: <systemc.h>: SystemC has no place in this file",
                               "sim/shrink/lua_trial.c:1: <lua.h>: Lua has no place in this file",
                               "traces/reader.c:1: <capstone.h>: Capstone has no place in this file")

    def test_bad_include_not_from_the_root(self):
        self.write("tlb/tlb.c", '#include "tlb.h"\n#include "../tlb/tlb.h"\n')
        self.assert_complaints('tlb/tlb.c:1: "tlb.h" is not written from the project\'s root',
                               'tlb/tlb.c:2: "../tlb/tlb.h" is not written from the project\'s root')


class Globals(Tree):
    def library(self, text):
        self.write("part.c", text)
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, "-O0", "-fPIC", "-fcommon", "-c", "part.c"], cwd=self.root, check=True)
        subprocess.run(["ar", "rc", "libpart.a", "part.o"], cwd=self.root, check=True)
        return self.root / "libpart.a"

    def complaints(self, text):
        return [line.split(": ", 1)[1] for line in check_structure.check_globals([self.library(text)])]

    def test_good_constants_and_tables_of_pointers(self):
        self.assertEqual(self.complaints('const int one = 1; static int f(void) { return 1; }\n'
                                         'static const char *const names[] = {"a", "b"};\n'
                                         'const struct { int (*f)(void); const char *const *n; } table = {f, names};\n'), [])

    def test_bad_every_kind_of_writable_global(self):
        found = self.complaints("int common; int set = 1; static int zero; _Thread_local int thread; extern int f(void);\n"
                                "static const char *pointer = \"a\";\n"
                                "int f(void) { static int counter; return ++counter + zero + *pointer; }\n")
        names = sorted(line.split()[2].split(".")[0] for line in found)
        self.assertEqual(names, ["common", "counter", "pointer", "set", "thread", "zero"])

    def test_bad_library_without_symbols(self):
        self.assertEqual(self.complaints("extern int nothing;\n"), ["nm finds no symbols, so nothing was checked"])


class Toplevel(Tree):
    def setUp(self):
        super().setUp()
        for name in check_structure.TOPLEVEL:
            self.write(name if "." in name or name == "LICENSE" else f"{name}/README.md")
        self.write(".clang-format")
        self.write("build/release/mmusim")

    def test_good(self):
        self.assertEqual(list(check_structure.check_toplevel(self.root)), [])

    def test_bad(self):
        self.write("docs/README.md")
        (self.root / "LICENSE").unlink()
        self.assertEqual(list(check_structure.check_toplevel(self.root)),
                         ["docs: no entry of the top level; it belongs into one of the folders",
                          "LICENSE: missing from the top level"])


if __name__ == "__main__":
    unittest.main()
