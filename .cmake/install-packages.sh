#!/usr/bin/env bash
# Installs the Debian 12 packages that are missing:
#   install-packages.sh program   what building and running kith needs
#   install-packages.sh tests     that, and what tests/run.sh needs
# Silent where nothing is missing.  libmsgpack-cxx-dev pulls in an older Boost: never add it.
set -euo pipefail

program=(
  ccache cmake g++ ninja-build pkg-config
  libboost1.81-dev libcli11-dev libfmt-dev libqrencode-dev libsodium-dev libspdlog-dev libsqlite3-dev
  libtomlplusplus-dev
)
tests=(
  clang-19 clang-format-19 clang-tidy-19 libclang-rt-19-dev lld-19 llvm-19
  libbenchmark-dev libgmock-dev libgtest-dev python3 python3-cryptography python3-dissononce
  python3-matplotlib python3-msgpack
)

case ${1:-} in
  program) wanted=("${program[@]}") ;;
  tests) wanted=("${program[@]}" "${tests[@]}") ;;
  *)
    echo "usage: ${0##*/} program|tests" >&2
    exit 2
    ;;
esac

is_installed() {
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing=()
for package in "${wanted[@]}"; do
  is_installed "$package" || missing+=("$package")
done
((${#missing[@]} > 0)) || exit 0

if ! command -v apt-get >/dev/null; then
  echo "This is not a Debian system: install by hand what matches: ${missing[*]}" >&2
  exit 1
fi
as_root=()
((EUID == 0)) || as_root=(sudo)
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes "$@" >&2
}

echo "Installing ${missing[*]}" >&2
apt-cache show "${missing[@]}" >/dev/null 2>&1 || apt update
# Old lists name files that are gone.
apt install --no-install-recommends "${missing[@]}" ||
  { apt update && apt install --no-install-recommends "${missing[@]}"; }
