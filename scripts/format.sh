#!/usr/bin/env bash
# Formats every C and C++ source with clang-format. With --check it changes nothing and fails where something is to do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=(-i)
[[ ${1:-} != --check ]] || mode=(--dry-run -Werror)

folders=()
for folder in bpf src tests bench; do
  [[ ! -d $folder ]] || folders+=("$folder")
done
find "${folders[@]}" -type f \( -name '*.h' -o -name '*.c' -o -name '*.cc' \) -print0 |
  xargs -0 -r -n 16 -P "$(nproc)" clang-format-19 --style=file "${mode[@]}"
