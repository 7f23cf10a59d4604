#!/usr/bin/env python3
"""What cmake says when something is missing or wrong: one message with what, and the line that cures it.

    test_configure.py ROOT
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = None


class Configure(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def configure(self, *options, **environment):
        """Exit status, and what cmake printed in one line with single spaces, since it breaks lines as it likes."""
        result = subprocess.run(["cmake", "-G", "Ninja", "-S", ROOT, "-B", self.folder / "build", *options], text=True,
                                env=dict(os.environ, **environment), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, check=False)
        return result.returncode, " ".join(result.stdout.split())

    def modules(self, *names):
        """A pkg-config folder with these modules only."""
        folder = self.folder / "pkgconfig"
        folder.mkdir()
        for name in names:
            where = subprocess.run(["pkg-config", "--variable=pcfiledir", name], check=True, capture_output=True,
                                   text=True).stdout.strip()
            shutil.copy(f"{where}/{name}.pc", folder)
        return str(folder)

    def test_good_the_core_needs_libarchive_and_cmocka_only(self):
        status, output = self.configure("-DMMUSIM_CORE_ONLY=ON", PKG_CONFIG_LIBDIR=self.modules("libarchive", "cmocka"))
        self.assertEqual(status, 0, output)

    def test_bad_nothing_is_installed(self):
        status, output = self.configure(PKG_CONFIG_LIBDIR=self.modules())
        self.assertNotEqual(status, 0)
        for package in ("libsystemc-dev", "liblua5.4-dev", "libsqlite3-dev", "libcapstone-dev", "libarchive-dev",
                        "libcmocka-dev"):
            self.assertIn(f"(Debian package {package})", output)
        self.assertIn("apt-get install libarchive-dev libcmocka-dev libsystemc-dev liblua5.4-dev libsqlite3-dev "
                      "libcapstone-dev", output)

    def test_bad_one_library_is_missing_and_only_that_is_named(self):
        there = self.modules("libarchive", "cmocka", "systemc", "tlm", "sqlite3", "capstone")
        status, output = self.configure(PKG_CONFIG_LIBDIR=there)
        self.assertNotEqual(status, 0)
        self.assertIn("lua5.4 (Debian package liblua5.4-dev) This installs all of it: apt-get install liblua5.4-dev "
                      "Call Stack", output)

    def test_bad_another_cxx_standard(self):
        status, output = self.configure("-DCMAKE_CXX_STANDARD=20")
        self.assertNotEqual(status, 0)
        self.assertIn("CMAKE_CXX_STANDARD is 20, but must be 17: SystemC 2.3.4 is built as C++17", output)

    def test_bad_a_systemc_of_another_cxx_standard(self):
        fake = pathlib.Path(self.modules("libarchive", "cmocka", "tlm", "lua5.4", "sqlite3", "capstone"))
        (fake / "systemc").write_text('extern int sc_api_version_2_3_4_cxx201402L;\n'
                                      'namespace sc_core { enum { SC_NS, SC_ZERO_TIME = 0 };\n'
                                      'inline int sc_time(int, int) { return sc_api_version_2_3_4_cxx201402L; } }\n')
        (fake / "systemc.pc").write_text(f"Name: systemc\nDescription: fake\nVersion: 2.3.4\nCflags: -I{fake}\n")
        status, output = self.configure(PKG_CONFIG_LIBDIR=str(fake))
        self.assertNotEqual(status, 0)
        self.assertIn("A program in C++17 does not link with the SystemC that pkg-config found (version 2.3.4", output)

    def test_bad_fuzzing_without_clang(self):
        status, output = self.configure("-DMMUSIM_CORE_ONLY=ON", "-DMMUSIM_FUZZ=ON", "-DCMAKE_C_COMPILER=gcc")
        self.assertNotEqual(status, 0)
        self.assertIn("MMUSIM_FUZZ needs clang, not GNU", output)


if __name__ == "__main__":
    ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
