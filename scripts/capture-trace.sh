#!/usr/bin/env bash
# Captures what a program does as a trace that mmusim reads, compressed with xz.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/capture-trace.sh [OPTION...] --output FILE -- PROGRAM [ARGUMENT...]

Runs PROGRAM and writes its instructions, loads and stores to FILE (xz), in the order in which they happen.

  --output FILE   where to write; an existing file is not overwritten
  --skip N        leave out the first N instructions (0)
  --events N      end the program at the first instruction after N lines (0: let it run to its end)
  --lackey        with valgrind's lackey instead of QEMU: the format lackey, without instruction bytes
  --seed N        seed of the random numbers that QEMU gives the program (1)
  --environment   give the program this shell's environment; it otherwise gets PATH and LC_ALL=C only, since the
                  environment lies on its stack, and the same trace can then be captured again
  --plugin FILE   a plug-in that is already built (the script otherwise builds traces/capture/mtrace_plugin.c)

Without --lackey the format is mtrace. PROGRAM is an ELF program for x86-64 or AArch64; QEMU's user-mode
emulation runs it, whatever this machine is. Only the program's first thread is recorded.
TEXT
}

fail() {
    echo "capture-trace.sh: $1" >&2
    exit 2
}

need() { # program, Debian package
    command -v "$1" >/dev/null || fail "$1 is missing; install it: apt-get install $2"
}

number() { # option, value
    [[ $2 =~ ^[0-9]{1,18}$ ]] || fail "$1 must be a whole number, not \"$2\""
    echo $((10#$2))
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
in_environment=(env -i PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C)
output='' skip=0 events=0 seed=1 plugin='' tool=qemu
while [[ $# -gt 0 && $1 != -- ]]; do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --lackey) tool=lackey; shift; continue ;;
        --environment) in_environment=(); shift; continue ;;
        --output | --skip | --events | --seed | --plugin) [[ $# -gt 1 ]] || fail "$1 must be followed by a value" ;;
        *) fail "$1 is no option; see --help" ;;
    esac
    case $1 in
        --output) output=$2 ;;
        --skip) skip=$(number "$1" "$2") ;;
        --events) events=$(number "$1" "$2") ;;
        --seed) seed=$(number "$1" "$2") ;;
        --plugin) plugin=$2 ;;
    esac
    shift 2
done
[[ $# -gt 1 ]] || fail "say what to run after --, as in: --output ls.mtrace.xz -- /bin/ls -l"
shift
[[ -n $output ]] || fail "say where to write with --output FILE"
[[ ! -e $output ]] || fail "$output exists already; remove it or give another --output"
need xz xz-utils

program=$(type -P -- "$1") || fail "$1 is not a program that can be found; give its path"
shift

# The architecture of an ELF program: its e_machine, two bytes at offset 18.
architecture_of() {
    [[ $(head -c 4 -- "$1" | od -An -tx1 | tr -d ' \n') == 7f454c46 ]] ||
        fail "$1 is not an ELF program; if it is a script, name its interpreter in front of it"
    case $(od -An -tx1 -j18 -N2 -- "$1" | tr -d ' \n') in
        3e00) echo x86_64 ;;
        b700) echo aarch64 ;;
        *) fail "$1 is a program for a processor that this script does not know; give one for x86-64 or AArch64" ;;
    esac
}

work=$(mktemp -d)
partial=$output.partial
clean_up() {
    exec 9>&- || true
    rm -rf "$work"
    rm -f "$partial"
}
trap clean_up EXIT

# Everything that is written to descriptor 9 goes through the given filter and xz into the partial file.
open_output() { # filter...
    : >"$partial" || fail "$partial cannot be written; give another --output"
    exec 9> >("$@" | xz -T1 -9e -c >"$partial")
    compressor=$!
}

close_output() {
    exec 9>&-
    wait "$compressor" || fail "compressing to $partial failed; is the disk full?"
    [[ $(xz -dc "$partial" | head -c 1 | wc -c) -eq 1 ]] ||
        fail "nothing was recorded (the program's exit status was $status); skip fewer instructions"
    mv "$partial" "$output"
}

capture_with_qemu() {
    local architecture emulator options=(-seed "$seed")
    architecture=$(architecture_of "$program")
    emulator=qemu-$architecture
    need "$emulator" qemu-user
    if [[ -z $plugin ]]; then
        need cc gcc
        plugin=$work/mtrace_plugin.so
        cc -std=gnu17 -O2 -shared -fPIC -fvisibility=hidden "$root/traces/capture/mtrace_plugin.c" -o "$plugin"
    fi
    [[ -r $plugin ]] || fail "$plugin cannot be read; give a plug-in that is built with --plugin"
    if [[ $architecture == aarch64 ]]; then
        options+=(-cpu cortex-a57) # the default has SVE, which Capstone cannot decode and glibc would use
        [[ ! -d /usr/aarch64-linux-gnu || $(uname -m) == aarch64 ]] || options+=(-L /usr/aarch64-linux-gnu)
    fi
    open_output cat
    "${in_environment[@]}" "$(type -P "$emulator")" "${options[@]}" -plugin "$plugin,fd=9,skip=$skip,events=$events" "$program" "$@" || status=$?
    close_output
}

# Leaves out the first instructions and ends after enough lines; messages of valgrind are kept.
select_lines='
    /^[=*-]/ { print; next }
    /^I/ { if (instructions++ < skip) next; if (events && printed >= events) { exit } }
    instructions > skip { print; printed++ }'

capture_with_lackey() {
    need valgrind valgrind
    need awk mawk
    open_output awk -v skip="$skip" -v events="$events" "$select_lines"
    "${in_environment[@]}" "$(type -P valgrind)" --tool=lackey --trace-mem=yes --basic-counts=no --log-fd=9 "$program" "$@" || status=$?
    close_output
}

status=0
"capture_with_$tool" "$@"
[[ $tool != lackey || $events -eq 0 || $status -ne 141 ]] || status=0 # ended by us: SIGPIPE after enough lines
[[ $status -eq 0 ]] || echo "capture-trace.sh: the program ended with status $status" >&2
echo "$output: $(xz -dc "$output" | wc -l) lines, $(stat -c %s "$output") bytes" >&2
