#!/usr/bin/env bash
# shellcheck disable=SC2317  # `step` calls the functions that look unreachable.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: tests/run.sh [--quick]

Installs what is missing (Debian 12), builds outside of the tree, and runs everything that tells
whether this tree is sound:

  format      clang-format                             always
  gcc         g++, release: all tests, the package     always
  asan        clang, address + undefined: all tests, a short run of each fuzz target
  tsan        clang, thread: the tests of what has threads
  clang-tidy  over the sources of library and program

The names of tests begin with their build; `ctest --test-dir DIR -R NAME` runs one again.

  --quick     only what is marked "always"
  --help      this text

Environment:
  KITH_BUILD_DIR      where to build    (default: ${XDG_CACHE_HOME:-~/.cache}/kith-build/…)
  KITH_JOBS           how many at once  (default: the number of processors); of tests one more
  KITH_FUZZ_SECONDS   for each target   (default: 5)
  KITH_TEST_SEED      the one seed that property tests run
EOF
}

mode=full
case ${1:-} in
  '') ;;
  --quick) mode=quick ;;
  --help | -h)
    usage
    exit 0
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# Two clones must not share a build, nor the same clone need two.
clone=$(basename "$root")-$(printf '%s' "$root" | cksum | cut -d ' ' -f 1)
build=${KITH_BUILD_DIR:-${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/kith-build/$clone}
jobs=${KITH_JOBS:-$(nproc)}
fuzz_seconds=${KITH_FUZZ_SECONDS:-5}

# The machine's own ideas of flags and paths are not what is tested here.
unset CC CXX CFLAGS CXXFLAGS CPPFLAGS LDFLAGS CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH LIBRARY_PATH \
  LD_LIBRARY_PATH LD_PRELOAD CMAKE_GENERATOR CMAKE_PREFIX_PATH CMAKE_BUILD_TYPE CMAKE_TOOLCHAIN_FILE \
  CTEST_PARALLEL_LEVEL CTEST_OUTPUT_ON_FAILURE GTEST_FILTER MAKEFLAGS
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

failed=()
steps=3
[[ $mode == quick ]] || steps=6
number=0

# step NAME COMMAND...: runs a step, and remembers its name if it fails.
step() {
  local name=$1 begin=$SECONDS
  shift
  number=$((number + 1))
  printf '\n[%d/%d] %s\n' "$number" "$steps" "$name"
  if "$@"; then
    printf '[%d/%d] %s: done in %d s\n' "$number" "$steps" "$name" $((SECONDS - begin))
  else
    printf '[%d/%d] %s: FAILED after %d s\n' "$number" "$steps" "$name" $((SECONDS - begin))
    failed+=("$name")
  fi
}

# must NAME COMMAND...: a step without which the others make no sense.
must() {
  step "$@"
  [[ ${failed[*]} != *"$1"* ]] || finish
}

finish() {
  ((${#failed[@]} == 0)) && exit 0
  local name
  for name in "${failed[@]}"; do printf 'FAILED: %s\n' "$name"; done
  exit 1
}

sources() {
  local folder
  for folder in "$@"; do
    [[ ! -d $root/$folder ]] || find "$root/$folder" -name '*.cpp' -o -name '*.hpp'
  done | sort
}

check_format() {
  sources core tokens routing overlay apps bench tests |
    xargs clang-format-19 --dry-run -Werror
}

# configure NAME CMAKE_OPTION...: in a folder of that name.
configure() {
  local name=$1
  shift
  cmake -S "$root" -B "$build/$name" -G Ninja -DKITH_WERROR=ON -DKITH_TEST_PREFIX="$name/" \
    -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"
}

build() {
  configure "$@" && cmake --build "$build/$1" --parallel "$jobs" -- -k 0
}

# What is inlined is instrumented wherever it goes: little of it halves the time to compile.
build_clang() {
  build "$@" -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_CXX_FLAGS_RELWITHDEBINFO='-O1 -gline-tables-only -mllvm -inline-threshold=10' \
    -DCMAKE_EXE_LINKER_FLAGS='-fuse-ld=lld -Wno-unused-command-line-argument'
}

check_clang_tidy() {
  configure tidy -DCMAKE_CXX_COMPILER=clang++-19 -DKITH_TESTS=OFF || return
  run-clang-tidy-19 -quiet -config-file="$root/.clang-tidy" -p "$build/tidy" -j "$jobs" \
    '/kith(_library|_program)?\.dir/Unity/' >"$build/clang-tidy.log" 2>&1 &&
    grep -q 'unity_overlay_' "$build/clang-tidy.log" && return
  grep -E 'warning:|error:' -A 3 "$build/clang-tidy.log"
  return 1
}

# One ctest over all builds, so that there is one summary.  Some tests wait more than they compute.
run_tests() {
  printf 'subdirs("%s")\n' "$@" >"$build/CTestTestfile.cmake"
  ctest --test-dir "$build" --parallel "$((jobs + 1))" --output-on-failure --no-label-summary \
    --no-tests=error
}

mkdir -p "$build"
printf 'Testing %s in %s\n' "$root" "$build"
"$root/.cmake/install-packages.sh" tests

step 'check the format' check_format
if [[ $mode == quick ]]; then
  builds=(gcc)
  must 'build with g++' build gcc \
    -DCMAKE_CXX_COMPILER=g++ -DCMAKE_BUILD_TYPE=Release -DKITH_BENCH=OFF
else
  builds=(gcc asan tsan)
  must 'build with g++' build gcc \
    -DCMAKE_CXX_COMPILER=g++ -DCMAKE_BUILD_TYPE=Release -DKITH_BENCH=ON
  must 'build with clang, address and undefined' build_clang asan \
    -DKITH_SANITIZE=address,undefined -DKITH_FUZZERS=ON \
    -DKITH_FUZZ_SECONDS="$fuzz_seconds" -DKITH_TEST_TIMEOUT=900
  must 'build with clang, thread' build_clang tsan -DKITH_SANITIZE=thread
  step 'run clang-tidy' check_clang_tidy
fi
# Not a `step`: the last lines are to be those of ctest.
printf '\n[%d/%d] run the tests\n' "$steps" "$steps"
run_tests "${builds[@]}" || failed+=('run the tests')
finish
