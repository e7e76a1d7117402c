#!/usr/bin/env bash
# apps/demo.sh with the program of KITH_PROGRAM.  The argument names the test.
set -euo pipefail
# What runs in the background has a process group of its own, which holds all that it starts.
set -m

demo=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)/apps/demo.sh
folder=$(mktemp -d)
group=
# Where the demo gave what it started a group of its own: that.
build=
clean_up() {
  local process
  for process in $group $build; do kill -KILL -- "-$process" 2>/dev/null || true; done
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

# A tool of the build that starts another one, says so, and then waits, each of them for a pipe that
# nobody writes to.
stand_in_for_the_build() {
  mkdir "$folder/bin"
  mkfifo "$folder/started" "$folder/never"
  printf '#!/bin/sh\necho installed\n' >"$folder/bin/dpkg-query"
  cat >"$folder/bin/cmake" <<EOF
#!/bin/sh
[ "\$1" = --build ] || exit 0
cat "$folder/never" &
trap 'wait; exit 1' TERM
cut -d ' ' -f 5 /proc/\$\$/stat >"$folder/started"
wait
EOF
  chmod +x "$folder/bin/dpkg-query" "$folder/bin/cmake"
}

leaves_no_build_when_interrupted() {
  local code=0
  stand_in_for_the_build
  env -u KITH_PROGRAM PATH="$folder/bin:$PATH" KITH_BUILD_DIR="$folder/build" \
    "$demo" "$demo" >"$folder/out" 2>&1 &
  group=$!
  read -r build <"$folder/started"
  kill -TERM "$group"
  wait "$group" || code=$?
  cat "$folder/out"
  ((code == 143)) || fail "exit code $code"
  ! kill -0 -- "-$build" 2>/dev/null || fail "the build goes on"
  expect_nothing_left
}

"$1"
