#!/usr/bin/env bash
# apps/demo.sh with the program of KITH_PROGRAM.  The argument names the test.
set -euo pipefail
# What runs in the background has a process group of its own, which holds all that it starts.
set -m

demo=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)/apps/demo.sh
folder=$(mktemp -d)
group=
clean_up() {
  [[ -z $group ]] || kill -KILL -- "-$group" 2>/dev/null || true
  rm -rf -- "$folder"
}
trap clean_up EXIT
mkdir "$folder/work"
export TMPDIR=$folder/work

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# expect_nothing_left: of its processes and of its files.
expect_nothing_left() {
  ! kill -0 -- "-$group" 2>/dev/null || fail "processes are left"
  [[ -z $(ls -A "$folder/work") ]] || fail "files are left"
}

delivers_every_line() {
  local code=0
  printf 'one\ntwo\n\nthree without a break' >"$folder/lines"
  "$demo" "$folder/lines" >"$folder/out" 2>&1 &
  group=$!
  wait "$group" || code=$?
  cat "$folder/out"
  ((code == 0)) || fail "exit code $code"
  [[ $(tail -n 1 "$folder/out") == 'All equal: '* ]] || fail "not all is equal"
  expect_nothing_left
}

leaves_nothing_when_interrupted() {
  local code=0 line is_started=
  mkfifo "$folder/out"
  "$demo" "$demo" >"$folder/out" 2>&1 &
  group=$!
  exec 3<"$folder/out"
  while IFS= read -r line <&3; do
    printf '%s\n' "$line"
    [[ $line != *'nodes are ready' ]] || { is_started=yes; break; }
  done
  [[ -n $is_started ]] || fail "its nodes did not start"
  kill -TERM "$group"
  cat <&3
  wait "$group" || code=$?
  ((code == 143)) || fail "exit code $code"
  expect_nothing_left
}

"$1"
