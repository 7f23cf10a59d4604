#!/usr/bin/env bash
# From a fresh clone to a judged run: installs what is missing, builds the release, runs the main job.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/packages.sh
source scripts/lib/packages.sh
# shellcheck source=scripts/lib/main-job.sh
source scripts/lib/main-job.sh

packages_install "${packages_build[@]}"
echo "Building build/release/mmusim ..."
mkdir -p build
if ! { cmake --preset release && cmake --build --preset release --target mmusim; } >build/quickstart.log 2>&1; then
    cat build/quickstart.log >&2
    echo "The build failed; the lines above are in build/quickstart.log too." >&2
    exit 1
fi
echo
main_job
