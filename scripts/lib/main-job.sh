# shellcheck shell=bash
# The main job on the shipped trace: run, judge, and what to try next. Sourced; the current directory is the
# project's root, and build/release/mmusim is built.

main_job() {
    local database=build/quickstart.db
    build/release/mmusim run --force -o "$database" scripts/quickstart.lua
    echo
    build/release/mmusim check "$database"
    cat <<TEXT

The record of the run is $database. Worth trying next:
  build/release/mmusim query $database "SELECT * FROM miss_by_instruction LIMIT 5"
  build/release/mmusim run -f -o build/bug.db scripts/unmap-forgets-invalidation.lua   # a bug, and it is caught
  build/release/mmusim run --lockstep -f -o build/lockstep.db scripts/quickstart.lua   # the same rows, step by step
TEXT
}
