#!/usr/bin/env python3
"""How mutants become sources, and what is said of mutants that do not fit theirs.

    test_mutate.py MUTATE_PY
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

MUTATE = None
SOURCE = """#include "tlb/part.h"

/* Half of it. */
static int half(int value)
{
    return value / 2;
}

void both(int *one, int (*other)(int value),
          const int list[])
{
    *one = half(list[0]);
    *one += other(1);
}
"""
HEADER = "static inline int one(void)\n{\n    return 1;\n}\n"
MAIN = """#include <stdio.h>
#include "tlb/part.h"
void both(int *one, int (*other)(int value), const int list[]);
unsigned mutant_selected;
static int same(int value) { return value; }
int main(int argc, char **argv)
{
    int list[] = {8}, sum;
    for (mutant_selected = 0; mutant_selected <= 3; mutant_selected++) {
        both(&sum, same, list);
        printf("%d %d\\n", sum, one());
    }
    return 0;
}
"""
GOOD = """# a comment
mutant: third
what: a third
    of it
group: TLB
rule: wrong_frame, stale_entry
script: tlb/mutants/a.lua all
in: tlb/part.c
replace: value / 2
by: value / 4

mutant: no-sum
what: forgets the first
group: TLB
form: count
script: tlb/mutants/a.lua
in: tlb/part.c
replace:
    half(list[0]); *one
    += other(1);
by:
    0;
    *one += other(1);
replace: return value / 2
by: return 100

mutant: header
what: two
group: TLB
rule: wrong_frame
adversary: needed
script: tlb/mutants/a.lua
in: tlb/part.h
replace: return 1;
by: return 2;
"""


class Mutate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root, self.out = pathlib.Path(folder.name, "root"), pathlib.Path(folder.name, "out")
        (self.root / "tlb" / "mutants").mkdir(parents=True)
        for name, text in (("part.c", SOURCE), ("part.h", HEADER), ("main.c", MAIN), ("mutants/a.lua", "print(1)\n"),
                           ("mutants/count.sql", "SELECT 1, 1"), ("mutants/a.mutants", GOOD)):
            (self.root / "tlb" / name).write_text(text)

    def mutate(self, *words):
        return subprocess.run([sys.executable, MUTATE, *words], capture_output=True, text=True, check=False)

    def refused(self, old, new, sentence):
        self.assertIn(old, GOOD)
        (self.root / "tlb/mutants/a.mutants").write_text(GOOD.replace(old, new, 1))
        answer = self.mutate("write", str(self.root), str(self.out))
        self.assertEqual(answer.returncode, 1)
        self.assertIn(sentence, answer.stderr)

    def test_good_each_mutant_does_its_own_and_none_does_nothing(self):
        self.assertEqual(self.mutate("write", str(self.root), str(self.out)).stderr, "")
        program = self.out / "program"
        subprocess.run(["cc", "-Wall", "-Werror", "-I", str(self.out), "-I", str(self.root), "-o", str(program),
                        str(self.out / "tlb/part.c"), str(self.root / "tlb/main.c")], check=True)
        # 8 / 2 + 1; 8 / 4 + 1; the second leaves half out; the third changes the header
        answer = subprocess.run([str(program)], capture_output=True, text=True, check=True)
        self.assertEqual(answer.stdout, "5 1\n3 1\n1 1\n5 2\n")

    def test_good_what_includes_a_changed_header_is_compiled_too(self):
        answer = self.mutate("sources", str(self.root)).stdout.split("\n")
        for line in ("changed tlb/part.c", "same tlb/main.c", "header tlb/part.h", "script tlb/mutants/a.lua",
                     "script tlb/mutants/count.sql"):
            self.assertIn(line, answer)

    def test_good_the_table_has_what_is_known(self):
        self.mutate("write", str(self.root), str(self.out))
        table = (self.out / "mutants_table.c").read_text()
        for text in ('.name = "third", .what = "a third of it"', '.rules = "wrong_frame, stale_entry"',
                     '.form = "tlb/mutants/count.sql"', '.arguments = "all"', ".adversary = true"):
            self.assertIn(text, table)

    def test_bad_a_text_that_is_gone(self):
        self.refused("replace: value / 2", "replace: value / 3",
                     "tlb/mutants/a.mutants:9: the text to be replaced stands 0 times in tlb/part.c")

    def test_bad_a_text_that_stands_twice(self):
        self.refused("replace: value / 2", "replace: *one", "stands 3 times in tlb/part.c")

    def test_bad_a_text_outside_of_functions(self):
        self.refused("replace: value / 2", "replace: Half", "is not inside of one function of tlb/part.c")

    def test_bad_a_field_that_there_is_not(self):
        self.refused("what: a third", "why: a third", "a.mutants:3: 'why: a third' is no field")

    def test_bad_neither_rule_nor_form(self):
        self.refused("rule: wrong_frame, stale_entry\n", "", "mutant 'third' is killed by a 'rule' or by a closed 'form'")

    def test_bad_a_name_twice(self):
        self.refused("mutant: no-sum", "mutant: third", "there is a mutant 'third' already")

    def test_bad_a_script_that_is_not_there(self):
        self.refused("a.lua all", "b.lua all", "names the file 'tlb/mutants/b.lua', which is not there")

    def test_bad_a_group_that_there_is_not(self):
        self.refused("group: TLB", "group: tlb", "there is no group 'tlb'; it must be one of page table, TLB")


if __name__ == "__main__":
    MUTATE = sys.argv.pop(1)
    unittest.main()
