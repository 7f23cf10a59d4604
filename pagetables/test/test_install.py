#!/usr/bin/env python3
"""What is installed is enough: plug-ins and programs built against it alone, outside of the source tree.

    test_install.py --cmake CMAKE --build FOLDER --source FOLDER --cc CC --cxx CXX [--flags FLAGS] [--program NAME]

The build folder is installed into a temporary one, which is then moved, since all of it must be relocatable. --flags are
those that the libraries were instrumented with. With --program (its installed name) plug-ins run under the machine.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

OPTIONS = argparse.Namespace()
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wno-unused-parameter", "-Werror"]
SHARED = ["-O1", "-fPIC", "-shared", "-fvisibility=hidden", "-Wl,-z,defs"]

# A program that maps a page of the installed library's table in flat memory.
FLAT = """
#include <mmusim/pagetables/flat_memory.h>
#include <mmusim/tlb/tlb.h>
#include <mmusim/mmu/machine.h>
#include <mmusim/pagetables/plugin_load.h>

#include <stdio.h>

int main(int count, char **arguments)
{
    char error[512];
    struct mmu_config config;
    mmu_config_defaults(&config);
    struct machine *machine = machine_create(&config, error, sizeof error);
    struct loaded_plugin *plugin = plugin_load(arguments[count - 1], error, sizeof error);
    if (!machine || !plugin)
        return 1;
    printf("%s\\n", plugin->table->name);
    plugin_unload(plugin);
    machine_destroy(machine);
    return pagetable_class_find("radix") == NULL;
}
"""


def run(*command, where=None, status=0, environment=None):
    result = subprocess.run([str(word) for word in command], cwd=where, env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240, check=False)
    if result.returncode != status:
        raise AssertionError(f"{shlex.join(map(str, command))}\nended with {result.returncode}:\n{result.stdout}")
    return result.stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="mmusim-install-")
        cls.addClassCleanup(cls.temporary.cleanup)
        base = pathlib.Path(cls.temporary.name).resolve()
        run(OPTIONS.cmake, "--install", OPTIONS.build, "--prefix", base / "first")
        cls.prefix = base / "moved"
        (base / "first").rename(cls.prefix)
        package = next(cls.prefix.rglob("mmusim-plugin.pc")).parent
        path = os.pathsep.join([str(package)] + os.environ.get("PKG_CONFIG_PATH", "").split(os.pathsep))
        cls.environment = {**os.environ, "PKG_CONFIG_PATH": path,
                           "PATH": str(cls.prefix / "bin") + os.pathsep + os.environ["PATH"],
                           "ASAN_OPTIONS": "detect_leaks=0"}
        cls.environment.pop("CPATH", None)
        cls.template = cls.prefix / "share/mmusim/template"
        cls.examples = OPTIONS.source / "pagetables/test/plugins"

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="work-", dir=self.temporary.name)
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)

    # ---- helpers ----

    def call(self, *command, status=0):
        return run(*command, where=self.work, status=status, environment=self.environment)

    def flags(self, *arguments):
        return shlex.split(self.call("pkg-config", *arguments))

    def copy(self, *files):
        for file in files:
            shutil.copy(file, self.work)

    def try_plugin(self, path, name):
        """Two cores use it in the timed machine, and both judges find nothing."""
        if not OPTIONS.program:
            return
        if not (self.work / "try.lua").exists():
            self.copy(self.template / "try.lua")
        self.assertEqual(self.call("mmusim", "run", "-q", "--force", "-o", "try.db", "try.lua", path), "tried\n")
        self.assertIn("no violations", self.call("mmusim", "check", "try.db"))
        self.assertIn(name, self.call("mmusim", "query", "--csv", "try.db", "SELECT page_table, path FROM plugins"))

    def conform(self, path, runs):
        """The conformance kit finds nothing, and leaves no property out."""
        if OPTIONS.program:
            told = self.call("mmusim", "conform", "--runs", runs, path)
            self.assertNotIn("The time was over", told)
            self.assertGreater(told.count("\nok "), 20, told)

    def compile_plugin(self, compiler, standard, source, output):
        self.call(compiler, standard, *WARNINGS, *SHARED, *self.flags("--cflags", "mmusim-plugin"), "-o", output, source)

    def cmake_project(self, text, *sources):
        self.copy(*sources)
        (self.work / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.20)\n" + text, encoding="utf-8")

    def configure(self, status=0):
        return self.call(OPTIONS.cmake, "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                         f"-DCMAKE_C_COMPILER={OPTIONS.cc}", f"-DCMAKE_CXX_COMPILER={OPTIONS.cxx}",
                         f"-DCMAKE_C_FLAGS={OPTIONS.flags}", f"-DCMAKE_CXX_FLAGS={OPTIONS.flags}", status=status)

    def cmake_build(self, status=0):
        self.configure()
        return self.call(OPTIONS.cmake, "--build", "build", status=status)

    # ---- headers ----

    def headers(self):
        found = sorted(path.relative_to(self.prefix / "include") for path in self.prefix.rglob("include/mmusim/**/*.h"))
        self.assertIn(pathlib.Path("mmusim/plugin.h"), found)
        foreign = re.compile(r"mmu/systemc/|traces/decode")  # which need libraries of others
        return [path for path in found if not foreign.search(str(path))]

    def test_each_header_compiles_alone_and_sees_nothing_of_the_source_tree(self):
        flags = self.flags("--cflags", "mmusim-plugin")

        def check(job):
            compiler, standard, header = job
            source = self.work / (str(header).replace("/", "_") + (".c" if standard == "-std=c17" else ".cpp"))
            source.write_text(f"#include <{header}>\n#include <{header}>\nint used;\n", encoding="utf-8")
            self.call(compiler, standard, *WARNINGS, "-Wno-shadow", *flags, "-fsyntax-only", source)
            seen = self.call(compiler, standard, *flags, "-MM", source)
            self.assertNotIn(str(OPTIONS.source), seen)
            self.assertIn(f"/include/{header}", seen)

        jobs = [(compiler, standard, header) for header in self.headers()
                for compiler, standard in ((OPTIONS.cc, "-std=c17"), (OPTIONS.cxx, "-std=c++17"))]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(check, jobs))

    # ---- plug-ins ----

    def test_the_template_is_built_and_tried_as_its_readme_says(self):
        self.copy(*self.template.iterdir())
        commands = re.findall(r"(?:^    .*\n)+", (self.work / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
        self.assertEqual(len(commands), 3)
        self.environment["CC"] = OPTIONS.cc
        if not OPTIONS.program:
            commands.pop()
        self.environment["CMAKE_PREFIX_PATH"] = str(self.prefix)
        for command in commands:
            self.call("sh", "-ec", command)
        self.try_plugin("./libmytable.so", "mytable")
        self.conform("./libmytable.so", 1)

    def test_the_template_serves_other_formats(self):
        self.copy(self.template / "mytable.c")
        self.compile_plugin(OPTIONS.cc, "-std=c17", "mytable.c", "libmytable.so")
        if OPTIONS.program:
            self.copy(self.template / "try.lua")
            self.assertEqual(self.call("mmusim", "run", "-q", "-f", "-o", "try.db", "try.lua", "./libmytable.so",
                                       "vmsa-4k-39"), "tried\n")
            self.call("mmusim", "check", "try.db")

    def test_the_program_with_mutants_is_found(self):
        if OPTIONS.program:
            self.assertIn("1 mutant: 1 killed\n", self.call("mmusim", "mutants", "message-to-the-wrong-core"))

    def test_a_plugin_with_a_format_in_c(self):
        self.copy(self.examples / "linear.c")
        self.compile_plugin(OPTIONS.cc, "-std=c17", "linear.c", "linear.so")
        self.try_plugin("./linear.so", "linear-c")
        self.conform("./linear.so", 3)

    def test_a_plugin_with_a_format_in_cpp(self):
        self.copy(self.examples / "linear.cpp")
        self.compile_plugin(OPTIONS.cxx, "-std=c++17", "linear.cpp", "linear.so")
        self.try_plugin("./linear.so", "linear-cpp")
        self.conform("./linear.so", 3)

    def test_plugins_in_c_and_cpp_by_the_cmake_package(self):
        self.cmake_project("""
            project(linear LANGUAGES C CXX)
            find_package(mmusim 0.1 REQUIRED COMPONENTS plugin)
            add_library(c MODULE linear.c)
            add_library(cpp MODULE linear.cpp)
            foreach(plugin c cpp)
                target_link_libraries(${plugin} PRIVATE mmusim::plugin)
            endforeach()
            target_compile_features(cpp PRIVATE cxx_std_17)
        """, self.examples / "linear.c", self.examples / "linear.cpp")
        self.cmake_build()
        self.try_plugin("./build/libc.so", "linear-c")
        self.try_plugin("./build/libcpp.so", "linear-cpp")

    @unittest.skipUnless(shutil.which("rustc"), "rustc is not in PATH")
    def test_a_plugin_with_a_format_in_rust(self):
        self.copy(self.examples / "linear.rs")
        self.call("rustc", "--edition", "2021", "-D", "warnings", "--crate-type", "cdylib", "-C", "panic=abort", "-O",
                  "-o", "linear.so", "linear.rs")
        self.try_plugin("./linear.so", "linear-rust")
        self.conform("./linear.so", 3)

    @unittest.skipIf("-fsanitize" in " ".join(sys.argv), "sanitizers leave symbols to be found later")
    def test_a_call_of_the_programs_functions_is_an_error_of_the_build(self):
        self.cmake_project("""
            project(wrong LANGUAGES C)
            find_package(mmusim REQUIRED COMPONENTS plugin)
            add_library(wrong MODULE wrong.c)
            target_link_libraries(wrong PRIVATE mmusim::plugin)
        """)
        (self.work / "wrong.c").write_text("""
            #include <mmusim/plugin.h>
            const struct mmusim_plugin *mmusim_plugin(const char **why)
            {
                *why = walk_format_find("vmsa-4k-48")->summary;
                return NULL;
            }
        """, encoding="utf-8")
        self.configure()
        result = subprocess.run([OPTIONS.cmake, "--build", "build"], cwd=self.work, text=True, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("walk_format_find", result.stdout)

    # ---- programs that link the libraries ----

    def build_plugin_beside(self):
        self.copy(self.examples / "linear.c")
        self.compile_plugin(OPTIONS.cc, "-std=c17", "linear.c", "linear.so")

    def test_a_program_links_the_core_by_pkg_config(self):
        self.build_plugin_beside()
        (self.work / "flat.c").write_text(FLAT, encoding="utf-8")
        self.call(OPTIONS.cc, "-std=c17", *shlex.split(OPTIONS.flags), *self.flags("--cflags", "mmusim"), "-o", "flat",
                  "flat.c", *self.flags("--libs", "mmusim"))
        self.assertEqual(self.call("./flat", "./linear.so"), "linear-c\n")

    def test_a_program_links_the_core_by_the_cmake_package(self):
        self.build_plugin_beside()
        self.cmake_project("""
            project(flat LANGUAGES C)
            find_package(mmusim REQUIRED COMPONENTS core)
            add_executable(flat flat.c)
            target_link_libraries(flat PRIVATE mmusim::mmu mmusim::plugin_loader)
        """)
        (self.work / "flat.c").write_text(FLAT, encoding="utf-8")
        self.cmake_build()
        self.assertEqual(self.call("build/flat", "./linear.so"), "linear-c\n")

    def readme_program(self, fence, name):
        """A program of mmu/README.md, with includes as an installed mmusim has them."""
        text = (OPTIONS.source / "mmu/README.md").read_text(encoding="utf-8")
        program = next(body for body in re.findall(rf"^```{fence}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
                       if "main(" in body)
        program = re.sub(r'#include "(.*)"', r"#include <mmusim/\1>", program)
        (self.work / name).write_text(program, encoding="utf-8")

    @unittest.skipUnless("--program" in sys.argv, "there is no SystemC in the C core")
    def test_the_systemc_module_is_built_outside(self):
        self.readme_program("cpp", "platform.cpp")
        flags = [*shlex.split(OPTIONS.flags), *self.flags("--cflags", "mmusim-systemc")]
        self.call(OPTIONS.cxx, "-std=c++17", *flags, "-o", "platform", "platform.cpp",
                  *self.flags("--libs", "mmusim-systemc"))
        self.assertIn("TLM_OK_RESPONSE", self.call("./platform"))

    def test_every_component_that_was_built_is_found(self):
        self.cmake_project("""
            project(all LANGUAGES C CXX)
            find_package(mmusim REQUIRED)
            foreach(name plugin pagetables plugin_loader conform tlb mmu traces @MORE@)
                if(NOT TARGET mmusim::${name})
                    message(FATAL_ERROR "no mmusim::${name}")
                endif()
            endforeach()
        """.replace("@MORE@", "decode systemc" if OPTIONS.program else ""))
        self.configure()

    def test_a_component_that_is_not_there_is_told(self):
        self.cmake_project("""
            project(none LANGUAGES C)
            find_package(mmusim REQUIRED COMPONENTS no-such)
        """)
        self.assertIn("this mmusim has no component no-such", " ".join(self.configure(status=1).split()))

    def test_another_version_is_not_found(self):
        self.cmake_project("""
            project(none LANGUAGES C)
            find_package(mmusim 99.0 REQUIRED COMPONENTS plugin)
        """)
        self.assertIn("99.0", self.configure(status=1))


def main():
    parser = argparse.ArgumentParser()
    for name in ("cmake", "build", "source", "cc", "cxx"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--flags", default="")
    parser.add_argument("--program", default="")
    options, rest = parser.parse_known_args(namespace=OPTIONS)
    options.source = pathlib.Path(options.source).resolve()
    unittest.main(argv=sys.argv[:1] + rest)


if __name__ == "__main__":
    main()
