# shellcheck shell=bash
# Debian packages that mmusim needs, and how to install those that are missing. Sourced.
#
# A need is "PACKAGE PROBE ARGUMENT". The probe asks for the thing, not for the package, so a compiler or library of
# the user's own counts too: `command` a program in PATH, `module` a pkg-config module, `fuzzer` clang's libFuzzer.
# shellcheck disable=SC2034 # the lists are for those who source this

packages_build=(
    "g++ command c++"
    "gcc command cc"
    "cmake command cmake"
    "ninja-build command ninja"
    "pkg-config command pkg-config"
    "libsystemc-dev module systemc"
    "liblua5.4-dev module lua5.4"
    "libsqlite3-dev module sqlite3"
    "libcapstone-dev module capstone"
    "libarchive-dev module libarchive"
    "libcmocka-dev module cmocka"
)

# What the tests need beyond the build.
packages_test=(
    "clang command clang"
    "libclang-rt-14-dev fuzzer clang"
    "clang-format command clang-format"
    "clang-tidy command clang-tidy"
    "shellcheck command shellcheck"
    "git command git"
    "python3 command python3"
    "sqlite3 command sqlite3"
    "xz-utils command xz"
    "zstd command zstd"
    "gzip command gzip"
    "binutils command nm"
    "rustc command rustc" # a plug-in through the C interface
)

packages_have() { # PROBE ARGUMENT
    case $1 in
    command) command -v "$2" >/dev/null ;;
    module) command -v pkg-config >/dev/null && pkg-config --exists "$2" ;;
    fuzzer) command -v "$2" >/dev/null && [[ -f $("$2" -print-file-name="libclang_rt.fuzzer-$(uname -m).a") ]] ;;
    *) echo "packages.sh: there is no probe $1" >&2 && exit 2 ;;
    esac
}

# Prints the packages whose need is not met, one a line.
packages_missing() { # NEED...
    local need package probe argument
    for need in "$@"; do
        read -r package probe argument <<<"$need"
        packages_have "$probe" "$argument" || echo "$package"
    done
}

packages_apt_get() { # PREFIX... -- ARGUMENTS OF apt-get
    local prefix=()
    while [[ $1 != -- ]]; do
        prefix+=("$1")
        shift
    done
    shift
    "${prefix[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >/dev/null
}

# Installs what is missing, as root or with a sudo that asks nothing; else says what to run, and fails.
packages_install() { # NEED...
    local missing prefix=()
    mapfile -t missing < <(packages_missing "$@")
    if ((${#missing[@]} == 0)); then
        echo "Packages: everything is installed."
        return
    fi
    if ! command -v apt-get >/dev/null; then
        echo "Missing, and there is no apt-get to install it with: ${missing[*]} (names as in Debian 12)." >&2
        return 1
    fi
    if ((EUID != 0)); then
        if ! sudo -n true 2>/dev/null; then
            echo "Missing packages, and no right to install them. Run this, then start again:" >&2
            echo "  sudo apt-get install ${missing[*]}" >&2
            return 1
        fi
        prefix=(sudo -n)
    fi
    echo "Packages: installing ${missing[*]}"
    packages_apt_get "${prefix[@]}" -- update
    packages_apt_get "${prefix[@]}" -- install -y --no-install-recommends "${missing[@]}"
    mapfile -t missing < <(packages_missing "$@")
    if ((${#missing[@]} > 0)); then
        echo "Installed, but still not found: ${missing[*]}" >&2
        return 1
    fi
}
