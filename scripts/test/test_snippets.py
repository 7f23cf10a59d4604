#!/usr/bin/env python3
"""The runner of README snippets: what it accepts, and what it must not let pass."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

RUNNER = pathlib.Path(__file__).with_name("run_snippets.py")

# Stands for the program: prints its arguments, and makes the database that -o names.
PROGRAM = """#!/usr/bin/env bash
while (($#)); do
    echo "$1"
    if [[ $1 == -o ]]; then echo >"$2"; fi
    shift
done
"""
MAIN_JOB = 'main_job() { build/release/mmusim run -o build/quickstart.db; }\n'


def fence(info, body):
    return f"```{info}\n{body}\n```\n"


HAS_SYSTEMC = subprocess.run(["pkg-config", "--exists", "systemc", "tlm"], check=False).returncode == 0


class Snippets(unittest.TestCase):
    def run_readme(self, *blocks):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in {"README.md": "# A README\n\n" + "\n".join(blocks), "scripts/quickstart.sh": "exit 1\n",
                               "scripts/test.sh": "exit 1\n", "scripts/lib/main-job.sh": MAIN_JOB,
                               "tlb/tlb.h": "int tlb;\n", "CMakePresets.json": '{ "name": "core" }\n',
                               "build/out/mmusim": PROGRAM}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
                (root / path).chmod(0o755)
            result = subprocess.run([sys.executable, RUNNER, "--program", root / "build/out/mmusim", root,
                                     root / "README.md"], capture_output=True, text=True, check=False)
            return result.returncode, result.stdout + result.stderr

    def assert_good(self, count, *blocks):
        status, output = self.run_readme(*blocks)
        self.assertEqual(status, 0, output)
        self.assertIn(f"README.md: {count} snippets, 0 failed", output)

    def assert_bad(self, reason, *blocks):
        status, output = self.run_readme(*blocks)
        self.assertEqual(status, 1, output)
        self.assertIn(reason, output)

    def test_good_each_language(self):
        self.assert_good(4, fence("sh", "mmusim list\nbuild/release/mmusim list"), fence("text", "list\nlist"),
                         fence("lua", "machine {}"), fence("text", "run\n...\nsnippet-13.lua"),
                         fence("sql", "SELECT 1"), fence("text", "query\nbuild/quickstart.db\nSELECT 1"),
                         fence("c", '#include "tlb/tlb.h"\nint f(void);'), fence("text", ""))

    @unittest.skipUnless(HAS_SYSTEMC, "C++ is for SystemC, which is not here")
    def test_good_cpp(self):
        self.assert_good(1, fence("cpp", '#include "tlb/tlb.h"\nint f();'), fence("text", ""))

    @unittest.skipUnless(HAS_SYSTEMC, "C++ is for SystemC, which is not here")
    def test_bad_cpp(self):
        self.assert_bad("exit status 1 instead of 0", fence("cpp", "int f() { return nothing; }"))

    def test_good_other_blocks_are_left_alone(self):
        self.assert_good(0, fence("text", "false"), fence("", "false"), fence("console", "$ false"))

    def test_good_a_line_of_dots_stands_for_lines(self):
        self.assert_good(2, fence("sh", "seq 9"), fence("text", "1\n...\n8\n9\n..."),
                         fence("sh", "echo a.c"), fence("text", "...\na.c"))

    def test_bad_other_output(self):
        self.assert_bad("it prints something else", fence("sh", "seq 3"), fence("text", "1\n3"))
        self.assert_bad("it prints something else", fence("sh", "echo abc"), fence("text", "a.c"))
        self.assert_bad("it prints something else", fence("sh", "seq 3"), fence("text", "1\n...\n4"))

    def test_good_text_after_a_sentence_is_not_the_output(self):
        self.assert_good(1, fence("sh", "true"), "A layout:\n", fence("text", "a b c"))

    def test_bad_exit_status(self):
        self.assert_bad("exit status 1 instead of 0", fence("sh", "false\ntrue"))
        self.assert_bad("exit status 0 instead of 1", fence("sh exit=1", "true"))
        self.assert_bad("exit status 1 instead of 0", fence("c", "#include <no_such_header.h>"))

    def test_good_exit_status_that_is_said(self):
        self.assert_good(1, fence("sh exit=3", "echo no\nexit 3"), fence("text", "no"))

    def test_good_blocks_share_their_files(self):
        self.assert_good(2, fence("sh", "echo 5 >tlb/five"), fence("sh", "cat tlb/five"), fence("text", "5"))

    def test_good_set_up_commands_do_not_start_the_tests_again(self):
        self.assert_good(1, fence("sh", "scripts/quickstart.sh\nscripts/test.sh\ncmake --preset core\n"
                                        "cmake --build --preset core\nctest --preset core -L unit"))

    def test_bad_preset_that_is_not_there(self):
        self.assert_bad("no preset cores", fence("sh", "cmake --preset cores"))


if __name__ == "__main__":
    unittest.main()
