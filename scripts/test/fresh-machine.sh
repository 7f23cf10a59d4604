#!/usr/bin/env bash
# Proves the list of packages complete: a Debian 12 with nothing in it, a clone of this checkout's last commit, and
# the two commands of the README. Needs root, debootstrap, and the network for packages. Takes minutes; by name only.
#
#   scripts/test/fresh-machine.sh [--keep] [COMMAND]...      (quickstart.sh and test.sh, unless named)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

keep=no
if [[ ${1-} == --keep ]]; then
    keep=yes
    shift
fi
commands=("$@")
if ((${#commands[@]} == 0)); then
    commands=(scripts/quickstart.sh scripts/test.sh)
fi
if ((EUID != 0)); then
    echo "fresh-machine.sh needs root, for debootstrap and chroot." >&2
    exit 2
fi
if ! command -v debootstrap >/dev/null; then
    echo "fresh-machine.sh needs debootstrap: apt-get install debootstrap" >&2
    exit 2
fi

machine=$(mktemp -d -t mmusim-fresh-machine.XXXXXX)
mounted=no
clean_up() {
    if [[ $mounted == yes ]]; then
        umount "$machine/proc" || return # deleting through a mount would reach the host
    fi
    if [[ $keep == yes ]]; then
        echo "The machine is kept in $machine."
    else
        rm -rf --one-file-system "$machine"
    fi
}
chmod 755 "$machine" # a root folder that only root may enter would stop every other user in it
trap clean_up EXIT

echo "== debootstrap into $machine"
# Only Debian's own sources: others need keys that a fresh machine does not have.
mapfile -t sources < <(grep -lE '/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null)
mirror=$(cat /dev/null "${sources[@]}" | grep -v '^#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1)
debootstrap --variant=minbase bookworm "$machine" ${mirror:+"${mirror% }"} >"$machine.log" 2>&1 ||
    { cat "$machine.log" >&2 && exit 1; }
rm "$machine.log"
cp -L /etc/resolv.conf "$machine/etc/"
cp /etc/apt/apt.conf.d/* "$machine/etc/apt/apt.conf.d/"
if ((${#sources[@]} > 0)); then
    rm -f "$machine/etc/apt/sources.list"
    cp --parents "${sources[@]}" "$machine/"
fi
mount -t proc proc "$machine/proc"
mounted=yes

git clone --quiet --no-hardlinks . "$machine/root/mmusim"
for command in "${commands[@]}"; do
    echo "== $command"
    started=$SECONDS
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb \
        chroot "$machine" bash -c "cd /root/mmusim && $command"
    echo "== $command: $((SECONDS - started)) s"
done
