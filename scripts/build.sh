#!/usr/bin/env bash
# build.sh PRESET [TARGET...]: configures a CMake preset and builds it (all of it, where no target is given). On a
# terminal one line shows the progress; elsewhere only failures are printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=$1
shift
targets=()
(($# == 0)) || targets=(--target "$@")

log=$(mktemp)
trap 'rm -f "$log"' EXIT
fail() {
  cat "$log" >&2
  echo "build.sh: $1 of preset '$preset' failed (see above)" >&2
  exit 1
}

cmake --preset "$preset" >"$log" 2>&1 || fail configuring
if [[ -t 1 ]]; then
  cmake --build --preset "$preset" "${targets[@]}"
else
  cmake --build --preset "$preset" "${targets[@]}" >"$log" 2>&1 || fail building
fi
