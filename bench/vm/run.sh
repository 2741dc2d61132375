#!/bin/bash
# What a packet costs in Ballast and in the kernel's ip_vs, in instructions: both in one virtual machine whose clock
# counts them. docs/performance.md says what it needs and what it measures.
#
#   bench/vm/run.sh RUNNER [BUILD]
#
#   RUNNER  a program that boots a virtual machine: RUNNER -i -t SECONDS -a WORDS SCRIPT FILE... runs SCRIPT in it as root
#           with the FILEs in the same folder, prints what it prints, and ends with its status. -i: one processor, the
#           clock goes on by a nanosecond with each instruction; -t: time limit; -a: more words for the kernel.
#   BUILD   folder of the programs, default build/release
#
# FRAMES and OPENED in the environment: frames of an established flow's row, and of a new connection's.
set -euo pipefail
[[ $# -ge 1 && $# -le 2 ]] || { sed -n 's/^# \?//; 5,12p' "$0" >&2; exit 64; }
here=$(dirname "$(realpath "$0")")
runner=$1
build=${2:-$here/../../build/release}

programs=()
for name in ballast ipvsadm bench-pump; do
  [[ -x $build/$name ]] || { echo "run.sh: no $name in $build: build it, or name its folder" >&2; exit 1; }
  programs+=("$build/$name")
done
mapfile -t libraries < <(ldd "${programs[@]}" | grep -oE '/[^ ]+\.so[^ ]*' | sort -u)
script=$(mktemp)
trap 'rm -f "$script"' EXIT
{ echo "established=${FRAMES:-400000} opened=${OPENED:-20000}"; cat "$here/guest.sh"; } > "$script"
# Memory that is wiped when it is taken costs ip_vs 500 instructions for each packet; Ballast takes none.
"$runner" -i -t 1800 -a init_on_alloc=0 "$script" "${programs[@]}" "${libraries[@]}" | tee /dev/stderr |
  awk -F '|' -f "$here/table.awk"
