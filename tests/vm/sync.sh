#!/bin/bash
# Synchronization with the kernel's own daemon, both ways, in a virtual machine that has ip_vs. docs/sync.md says what
# passes between the two. Prints a line for each thing that holds; ends with 0 where all do.
#
#   tests/vm/sync.sh RUNNER [BUILD]
#
#   RUNNER  a program that boots a virtual machine: RUNNER -t SECONDS -m MIB --python SCRIPT FILE... runs SCRIPT in it as
#           root with the FILEs in the same folder, prints what it prints, and ends with its status. The machine has
#           ip_vs, ipvsadm, iproute2 and Python. -t: time limit; -m: memory.
#   BUILD   folder of the programs, default build/release
set -euo pipefail
[[ $# -ge 1 && $# -le 2 ]] || { sed -n 's/^# \?//; 5,11p' "$0" >&2; exit 64; }
here=$(dirname "$(realpath "$0")")
runner=$1
build=${2:-$here/../../build/release}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for name in ballast ipvsadm; do
  [[ -x $build/$name ]] || { echo "sync.sh: no $name in $build: build it, or name its folder" >&2; exit 1; }
  strip -o "$folder/$name" "$build/$name"
done
mapfile -t libraries < <(ldd "$build/ballast" "$build/ipvsadm" | grep -oE '/[^ ]+\.so[^ ]*' | sort -u)
echo 'LD_LIBRARY_PATH=$PWD exec python3 guest.py' > "$folder/guest.sh"
cp "$here/sync_guest.py" "$folder/guest.py"
"$runner" -t 900 -m 1400 --python "$folder/guest.sh" "$folder/guest.py" "$folder/ballast" "$folder/ipvsadm" "${libraries[@]}"
