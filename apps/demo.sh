#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'EOF'
usage: apps/demo.sh [FILE]

An overlay of 16 nodes on this machine, two subscribers and a publisher.  Installs what is missing
(Debian 12), builds outside of the tree, starts the nodes, publishes every line of FILE (without it,
a text that this machine has) to a subject, and compares what each subscriber received with what was
sent.  Exit code 0 only if all are equal, byte for byte.

Each line is a message, of 1,048,512 bytes at most.  An empty FILE is refused: nothing would be sent.

Environment:
  KITH_BUILD_DIR   where to build    (default: ${XDG_CACHE_HOME:-~/.cache}/kith-build/…)
  KITH_JOBS        how many at once  (default: the number of processors)
  KITH_PROGRAM     a `kith` that is built already
EOF
}

readonly node_count=16
readonly subject=demo/lines
readonly ready_seconds=60
# The subscribers have everything when the publisher ends.
end_seconds=15

die() {
  printf 'demo: %s\n' "$*" >&2
  exit 1
}

say() { printf '%7.2f s  %s\n' "$(elapsed)" "$*"; }
now() { printf '%s' "${EPOCHREALTIME/[.,]/}"; }
start=$(now)
elapsed() {
  local microseconds=$(($(now) - start))
  printf '%d.%06d' $((microseconds / 1000000)) $((microseconds % 1000000))
}

case ${1:-} in
  --help | -h)
    usage
    exit 0
    ;;
  -*)
    usage >&2
    exit 2
    ;;
esac
(($# <= 1)) || { usage >&2; exit 2; }

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
file=${1:-}
if [[ -z $file ]]; then
  for file in /usr/share/zoneinfo/tzdata.zi /usr/share/common-licenses/GPL-3 "$root/README.md"; do
    [[ ! -r $file ]] || break
  done
fi
[[ -f $file && -r $file ]] || die "$file: not a file that can be read; name another one"
[[ -s $file ]] || die "$file: empty, there is nothing to publish; name another one"

# From here on there is something to clean up, on every way out.  A process group stands there by its
# number with a minus, as `kill` takes it.
processes=()
work=$(mktemp -d)

is_running() { kill -0 -- "$1" 2>/dev/null; }

clean_up() {
  local code=$? process tries
  trap - EXIT
  trap '' INT TERM HUP
  for process in "${processes[@]}"; do
    # A group that is not there yet is the process that is about to found it.
    kill -TERM -- "$process" 2>/dev/null || kill -TERM "${process#-}" 2>/dev/null || true
  done
  # Each node takes leave of the others, in four seconds at most.
  for process in "${processes[@]}"; do
    for ((tries = 0; tries < 100; ++tries)); do
      is_running "$process" || break
      sleep 0.05
    done
    kill -KILL -- "$process" 2>/dev/null || true
    wait "${process#-}" 2>/dev/null || true
  done
  rm -rf -- "$work"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# build_step COMMAND...: runs it with all that it starts in a process group of its own, by which
# that can be ended while we wait.
build_step() {
  setsid -- "$@" &
  processes=("-$!")
  wait "$!"
  processes=()
}

# What the program builds on is this tree, not what the caller's shell happens to set.
build_program() {
  local clone build
  clone=$(basename "$root")-$(printf '%s' "$root" | cksum | cut -d ' ' -f 1)
  build=${KITH_BUILD_DIR:-${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/kith-build/$clone}/demo
  # Not to be ended half-way: a signal to us alone counts once it is done.
  "$root/.cmake/install-packages.sh" program
  printf 'Building in %s\n' "$build"
  build_step env -u CC -u CXX -u CFLAGS -u CXXFLAGS -u CPPFLAGS -u LDFLAGS -u CMAKE_GENERATOR \
    cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DKITH_TESTS=OFF \
    -DCMAKE_CXX_COMPILER=g++ -DCMAKE_CXX_COMPILER_LAUNCHER=ccache >/dev/null
  build_step cmake --build "$build" --parallel "${KITH_JOBS:-$(nproc)}" --target kith
  kith=$build/apps/kith
}

kith=${KITH_PROGRAM:-}
[[ -n $kith ]] || build_program
[[ -x $kith ]] || die "$kith: no program"

# Only these nodes are meant, whatever else runs here and whatever is set for it.
unset "${!KITH_@}"

# Rewrites one line on a terminal; elsewhere a line each time it differs.
shown=
progress() {
  if [[ -t 1 ]]; then
    printf '\r\033[K%7.2f s  %s' "$(elapsed)" "$*"
  elif [[ $* != "$shown" ]]; then
    say "$*"
  fi
  shown=$*
}
end_progress() {
  [[ ! -t 1 || -z $shown ]] || printf '\n'
  shown=
}

start_node() {
  local number=$1
  shift
  : >"$work/node$number.out"
  "$kith" up --listen tcp://127.0.0.1:0 --control "$work/$number.sock" --log-level warning --json \
    "$@" >"$work/node$number.out" 2>"$work/node$number.err" &
  processes+=($!)
}

# address_of NUMBER: waits for the first line of that node.
address_of() {
  local number=$1 tries line
  for ((tries = 0; tries < ready_seconds * 20; ++tries)); do
    if IFS= read -r line <"$work/node$number.out" && [[ $line =~ \"address\":\"([^\"]+)\" ]]; then
      printf '%s' "${BASH_REMATCH[1]}"
      return
    fi
    is_running "${processes[number - 1]}" || break
    sleep 0.05
  done
  cat "$work/node$number.err" >&2
  die "node $number did not start"
}

count_ready() { cat "$work"/node*.out | grep -c '"event":"ready"' || true; }

start_nodes() {
  local number tries ready=0
  start_node 1
  first=$(address_of 1)
  for ((number = 2; number <= node_count; ++number)); do start_node "$number" --join "$first"; done
  for ((tries = 0; tries < ready_seconds * 10; ++tries)); do
    ready=$(count_ready)
    progress "$ready of $node_count nodes are ready"
    ((ready < node_count)) || break
    sleep 0.1
  done
  end_progress
  ((ready == node_count)) || die "only $ready of $node_count nodes became ready"
  for ((number = 1; number <= node_count; ++number)); do
    addresses[number]=$(address_of "$number")
    printf '           node %2d  %s\n' "$number" "${addresses[number]}"
  done
}

# field NAME: of the one line of flat JSON on standard input.
field() { sed -E "s/.*\"$1\":\"?([^\",}]*).*/\1/"; }

show_coordinator() {
  local route coordinator number who='a node that is not ours'
  route=$("$kith" route "$subject" --json --control "$work/2.sock")
  coordinator=$(field coordinator <<<"$route")
  for ((number = 1; number <= node_count; ++number)); do
    [[ ${addresses[number]} != *"$coordinator"* ]] || who="node $number"
  done
  say "$subject is coordinated by $who, $(field hops <<<"$route") hop(s) from node 2"
  printf '           %s\n' "$coordinator"
}

bytes_of() { stat --format %s "$1"; }

# Lines of a log that say what matters, each of them once.
told=()
tell_matches() {
  local name line
  for name in publisher subscriber1 subscriber2; do
    while IFS= read -r line; do
      [[ $line == 'kith: matched'* && ${told[*]-} != *"$name:$line"* ]] || continue
      told+=("$name:$line")
      end_progress
      say "$name ${line#kith: } from its start"
    done <"$work/$name.err"
  done
}

watch_transfer() {
  local publisher=$1 one two total tenths=0
  total=$(bytes_of "$file")
  while is_running "$publisher"; do
    tell_matches
    # Twice a second on a terminal, every two seconds in a log.
    if ((tenths % 20 == 0)) || { [[ -t 1 ]] && ((tenths % 5 == 0)); }; then
      one=$(bytes_of "$work/subscriber1.out")
      two=$(bytes_of "$work/subscriber2.out")
      ((one + two == 0)) ||
        progress "received: $((one * 100 / total)) % by subscriber 1, $((two * 100 / total)) % by subscriber 2"
    fi
    tenths=$((tenths + 1))
    sleep 0.1
  done
  tell_matches
  end_progress
}

# await NAME PROCESS: the exit code of a client that has nothing more to wait for.
await() {
  local name=$1 process=$2 tries code=0
  for ((tries = 0; tries < end_seconds * 10; ++tries)); do
    is_running "$process" || break
    sleep 0.1
  done
  if is_running "$process"; then
    kill -INT "$process"
    say "$name does not come to its end"
  fi
  wait "$process" || code=$?
  ((code == 0)) || { say "$name ended with exit code $code:"; cat "$work/$name.err"; }
  return "$code"
}

client() {
  local name=$1 command=$2
  shift 2
  : >"$work/$name.out"
  : >"$work/$name.err"
  # What runs in the background reads nothing unless it is told to.
  "$kith" "$command" "$subject" --log-level off "$@" <&0 \
    >"$work/$name.out" 2>"$work/$name.err" &
  processes+=($!)
}

sum_of() { sha256sum | cut -d ' ' -f 1; }

say "starting $node_count nodes"
declare -a addresses
first=
start_nodes
show_coordinator

# A last line without a break is a line all the same: subscribers print one behind each.
# shellcheck disable=SC1003  # No quote is to be escaped: sed's `a` wants the backslash.
whole_lines() { sed -e '$a\' -- "$file"; }
lines=$(whole_lines | wc -l)
sum=$(whole_lines | sum_of)
say "publishing $lines lines of $file through node 15; subscribers at nodes 5 and 10"

client subscriber1 sub --join "${addresses[5]}" --count "$lines"
subscriber1=$!
client subscriber2 sub --join "${addresses[10]}" --count "$lines"
subscriber2=$!
client publisher pub --join "${addresses[15]}" --lines --receivers 2 --match-timeout 30 <"$file"
publisher=$!
watch_transfer "$publisher"

failed=0
await publisher "$publisher" || failed=1
((failed == 0)) || end_seconds=1
await subscriber1 "$subscriber1" || failed=1
await subscriber2 "$subscriber2" || failed=1
grep '^kith: sent' "$work/publisher.err" | sed 's/^kith: /           /' || true

printf '\n%-14s%10s  %-64s  %s\n' '' lines SHA-256 'first message after its start'
printf '%-14s%10d  %s\n' sent "$lines" "$sum"
for name in subscriber1 subscriber2; do
  received=$(wc -l <"$work/$name.out")
  received_sum=$(sum_of <"$work/$name.out")
  after=$(sed -n 's/.*the first \(.*\) after the start$/\1/p' "$work/$name.err")
  printf '%-14s%10d  %s  %s\n' "$name" "$received" "$received_sum" "${after:--}"
  [[ $received == "$lines" && $received_sum == "$sum" ]] || failed=1
done

if ((failed)); then
  printf '\nFAILED: not everything arrived as it was sent\n'
  exit 1
fi
printf '\nAll equal: every line arrived at both, in order, once.\n'
