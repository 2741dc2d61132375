#!/usr/bin/env bash
# Installs what is missing, builds, and shows Ballast at work in a small network of namespaces. Leaves nothing behind
# but the build directory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ((EUID != 0)); then
  echo "demo.sh: the demo makes network namespaces and loads eBPF programs: run it as root" >&2
  exit 1
fi

scripts/setup.sh
scripts/build.sh release ballast ipvsadm
exec /usr/bin/python3 -B tests/lab/demo.py
