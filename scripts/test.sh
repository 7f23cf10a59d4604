#!/usr/bin/env bash
# Everything that CI runs: format, warnings as errors, all tests but the long ones (release, sanitizers, the C core
# alone), static analysis, a short fuzz run. Stops at the first failure; ends with the test runner's own summary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/packages.sh
source scripts/lib/packages.sh

jobs=$(nproc)
started=$SECONDS

step() {
    printf '\n== %s (%d s)\n' "$*" "$((SECONDS - started))"
}

tracked() { # PATTERN...
    git -c safe.directory="$PWD" ls-files "$@" # a checkout may belong to somebody else
}

configure_and_build() { # PRESET
    cmake --preset "$1" >"build/$1.configure.log" || { cat "build/$1.configure.log" && return 1; }
    cmake --build --preset "$1" -j "$jobs"
}

# An include path with headers that stop the compiler, and a pkg-config path with only what the C core may use:
# the core must build and pass as if SystemC, Lua, SQLite and Capstone were not there.
hide_all_but_core_libraries() { # FOLDER
    local header module
    rm -rf "$1"
    mkdir -p "$1"/include/capstone "$1"/pkgconfig
    for header in systemc systemc.h tlm tlm.h lua.h lauxlib.h lualib.h sqlite3.h capstone.h capstone/capstone.h; do
        echo "#error \"the C core includes $header\"" >"$1/include/$header"
    done
    for module in cmocka libarchive; do
        ln -s "$(pkg-config --variable=pcfiledir "$module")/$module.pc" "$1/pkgconfig/"
    done
}

packages_install "${packages_build[@]}" "${packages_test[@]}"
mkdir -p build

step "scripts: shellcheck"
tracked '*.sh' .ci/run | xargs shellcheck -x

step "format"
tracked '*.c' '*.h' '*.cpp' '*.hpp' | xargs clang-format --dry-run -Werror

step "the C core alone, without the other libraries, with sanitizers and leak check"
hide_all_but_core_libraries build/core-only
(
    export PKG_CONFIG_LIBDIR=$PWD/build/core-only/pkgconfig CPATH=$PWD/build/core-only/include
    configure_and_build core-asan
    ctest --preset core-asan -j "$jobs"
)

step "address and undefined-behaviour sanitizers"
configure_and_build asan
ctest --preset asan -j "$jobs"

step "fuzz, ten seconds a target"
configure_and_build fuzz
if ctest --preset fuzz -N | grep -q 'Total Tests: 0$'; then
    echo "There are no fuzz targets."
else
    ctest --preset fuzz -j "$jobs"
fi

step "release"
configure_and_build release

step "static analysis"
sed -n 's/^ *"file": "\(.*\.c\)",*$/\1/p' build/release/compile_commands.json |
    grep -vE '/(test|bench|changed)/' | sort -u | xargs -P "$jobs" -n 2 clang-tidy -p build/release --quiet --extra-arg=-Wno-ignored-optimization-argument

step "tests of the release"
ctest --preset release -j "$jobs"
