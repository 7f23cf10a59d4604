#!/usr/bin/env bash
# scripts/capture-trace.sh: what it captures is a trace that the reader takes, and its mistakes are sentences.
# usage: test_capture.sh ROOT TRACE_COUNT PLUGIN      (TRACE_COUNT prints a trace's records; exit 77: skipped)
set -euo pipefail
capture=$1/scripts/capture-trace.sh count=$2 plugin=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

good() { # name, file, least and most records
    local records
    records=$("$count" "$2") || fail "$1: $2 is not readable"
    [[ $records -ge $3 && $records -le $4 ]] || fail "$1: $records records, not $3 to $4"
    [[ ! -e $2.partial ]] || fail "$1: left $2.partial"
    echo "ok $1 ($records records)"
}

bad() { # name, words that the sentence must have, arguments
    local name=$1 words=$2 status=0
    shift 2
    "$capture" "$@" >out.txt 2>err.txt </dev/null || status=$?
    [[ $status -eq 2 ]] || fail "$name: exit status $status, not 2"
    grep -qF -- "$words" err.txt || fail "$name: \"$(cat err.txt)\" has not \"$words\""
    [[ ! -e new.xz && ! -e new.xz.partial ]] || fail "$name: left a file behind"
    echo "ok $name"
}

echo old >old.xz
bad bad_no_program "what to run after --" --output new.xz
bad bad_no_output "--output FILE" -- true
bad bad_existing_output "exists already" --output old.xz -- true
bad bad_unknown_program "can be found" --output new.xz -- no-such-program
bad bad_number "must be a whole number" --output new.xz --skip 1k -- true
bad bad_option "is no option" --frobnicate --output new.xz -- true
bad bad_value_missing "followed by a value" --output
printf '#!/bin/sh\n' >script && chmod +x script
bad bad_script "name its interpreter" --output new.xz -- ./script

ran=0
if command -v qemu-x86_64 >/dev/null && [[ $(uname -m) == x86_64 ]]; then
    ran=1
    "$capture" --plugin "$plugin" --output all.xz -- true
    good good_whole_program all.xz 1000 100000000
    "$capture" --skip 100 --events 5000 --output some.xz -- true # builds the plug-in itself
    good good_events some.xz 5000 5100
    "$capture" --skip 100 --events 5000 --plugin "$plugin" --output again.xz -- true
    cmp some.xz again.xz || fail "good_same_again: the two differ"
    echo "ok good_same_again"
    [[ $(xz -dc some.xz | head -n 1) == I* ]] || fail "good_begins_with_an_instruction"
    bad bad_skip_of_everything "skip fewer" --skip 1000000000 --plugin "$plugin" --output new.xz -- true
    bad bad_plugin "cannot be read" --plugin none.so --output new.xz -- true
    "$capture" --events 3000 --plugin "$plugin" --output first.xz -- true
    xz -dc first.xz | awk '/^I/ { n++ } n > 100' | sed -n 1,1000p >expected
    xz -dc some.xz | sed -n 1,1000p >skipped
    if [[ $(wc -l <expected) -ne 1000 ]] || ! cmp skipped expected; then
        fail "good_skip: other instructions were left out"
    fi
    echo "ok good_skip"
fi
if command -v valgrind >/dev/null; then
    ran=1
    "$capture" --lackey --skip 100 --events 5000 --output lackey.xz -- true
    good good_lackey lackey.xz 5000 5100
fi
[[ $ran -eq 1 ]] || { echo "skipped: neither qemu-user nor valgrind is installed"; exit 77; }
