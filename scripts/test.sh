#!/usr/bin/env bash
# Runs every test: format, unit tests with AddressSanitizer and UndefinedBehaviorSanitizer, short fuzz runs, lab tests with
# the release build. The last line is the total: "N passed, N failed" or "N passed, N failed, N skipped". Exit status 0
# only where nothing failed.
#
#   --unit     format and unit tests only
#   --lab      lab tests only
#   --fuzz     fuzz runs only
#   --thread   unit tests of the parts with threads, with ThreadSanitizer, instead
#   --tidy     clang-tidy on every file instead
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() { sed -n '2,/^set /{/^set /d; s/^# \{0,1\}//; p}' "${BASH_SOURCE[0]}"; }

parts=(format unit fuzz lab)
for flag in "$@"; do
  case $flag in
    --unit) parts=(format unit) ;;
    --lab) parts=(lab) ;;
    --fuzz) parts=(fuzz) ;;
    --thread) parts=(thread) ;;
    --tidy) parts=(tidy) ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done

# How long each fuzz target runs.
: "${FUZZ_SECONDS:=5}"

python=(/usr/bin/python3 -B)
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0 failed=0 skipped=0
failures=()

title() { printf '\n== %s\n' "$*"; }

# count RESULTS-FILE: adds the totals of a JUnit file.
count() {
  local tests errors skips
  read -r tests errors skips < <("${python[@]}" - "$1" <<'PYTHON'
import sys
import xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
total = lambda *names: sum(int(suite.get(name) or 0) for suite in suites for name in names)
print(total("tests"), total("failures", "errors"), total("skipped", "disabled"))
PYTHON
  )
  passed=$((passed + tests - errors - skips))
  failed=$((failed + errors))
  skipped=$((skipped + skips))
}

# step NAME COMMAND...: one check that counts as one test.
step() {
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    failures+=("$name")
  fi
}

# suite NAME RESULTS-FILE COMMAND...: a test runner that writes its results as JUnit. A runner that fails without one
# failed test in its file counts as one failure.
suite() {
  local name=$1 file=$2 before=$failed status=0
  shift 2
  "$@" || status=$?
  [[ ! -s $file ]] || count "$file"
  ((status == 0)) || failures+=("$name")
  if { ((status != 0)) && ((failed == before)); } || [[ ! -s $file ]]; then
    failed=$((failed + 1))
    echo "$name: the test runner ended with status $status and counted no failed test" >&2
  fi
}

# targets DIRECTORY PATTERN: the programs of a configured build directory whose names match.
targets() { ninja -C "$1" -t targets all | sed -nE "s/^($2): CXX_EXECUTABLE_LINKER.*/\1/p"; }

# unit PRESET PATTERN: builds the unit tests whose programs match, and runs them.
unit() {
  local programs
  cmake --preset "$1" >"$results/configure" || { cat "$results/configure" >&2 && return 1; }
  mapfile -t programs < <(targets "build/$1" "unit_($2)")
  scripts/build.sh "$1" "${programs[@]}" || return 1
  ctest --test-dir "build/$1" -R "^($2):" -E "^fuzz:" -j "$(nproc)" --output-on-failure --no-tests=error \
    --output-junit "$results/$1.xml" \
    >"$results/ctest" || { grep -v ' Passed \| Start ' "$results/ctest" >&2 && return 1; }
  grep 'tests passed' "$results/ctest"
}

lab() {
  scripts/build.sh release ballast ipvsadm || return 1
  "${python[@]}" -m pytest -q -n 4 --dist loadfile --junitxml "$results/lab.xml" tests/lab
}

fuzz() {
  local programs program corpus
  cmake --preset debug >"$results/configure" || { cat "$results/configure" >&2 && return 1; }
  mapfile -t programs < <(targets build/debug 'fuzz_[a-z0-9_]+')
  scripts/build.sh debug "${programs[@]}" || return 1
  for program in "${programs[@]}"; do
    mkdir -p "$results/$program"
    corpus=(tests/fuzz/corpus/"${program#fuzz_}")
    [[ -d ${corpus[0]} ]] || corpus=()
    echo "$program"
    step "$program" fuzz_one "build/debug/$program" "$results/$program" "${corpus[@]}"
  done
}

# fuzz_one PROGRAM DIRECTORY CORPUS...: new inputs go to the directory; an input that breaks the program is shown.
fuzz_one() {
  local program=$1 directory=$2
  shift
  "$program" -max_total_time="$FUZZ_SECONDS" -timeout=20 -rss_limit_mb=4096 -artifact_prefix="$directory/broken-" "$@" \
    >"$results/fuzz.log" 2>&1 && return 0
  tail -n 60 "$results/fuzz.log" >&2
  local input
  for input in "$directory"/broken-*; do
    [[ ! -f $input ]] || { echo "input, in base64:" && base64 "$input"; } >&2
  done
  return 1
}

scripts/setup.sh
started=$SECONDS
for part in "${parts[@]}"; do
  case $part in
    format) title "Format" && step format scripts/format.sh --check ;;
    unit) title "Unit tests" && suite "unit tests" "$results/debug.xml" unit debug '[a-z0-9_]+' ;;
    thread)
      title "Unit tests with ThreadSanitizer"
      suite "unit tests with ThreadSanitizer" "$results/thread.xml" unit thread 'process|health|checks|sync|vrrp|control'
      ;;
    lab) title "Lab tests" && suite "lab tests" "$results/lab.xml" lab ;;
    fuzz)
      if [[ -f tests/fuzz/CMakeLists.txt ]]; then
        title "Fuzzing, $FUZZ_SECONDS s for each target"
        fuzz || { failed=$((failed + 1)) && failures+=("building the fuzz targets"); }
      fi
      ;;
    tidy) title "clang-tidy" && step clang-tidy scripts/build.sh tidy ;;
  esac
done

title "Total after $((SECONDS - started)) s"
for failure in "${failures[@]}"; do echo "failed: $failure"; done
total="$passed passed, $failed failed"
((skipped == 0)) || total+=", $skipped skipped"
echo "$total"
((failed == 0))
