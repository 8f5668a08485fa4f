# Sourced by the verbs: where the repository is, and the Node that bootstrap installed first on PATH.
# shellcheck shell=bash

shopt -s inherit_errexit 2>/dev/null || true

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cache=$root/.cache
PATH=$cache/node/node_modules/.bin:$root/node_modules/.bin:$PATH
export PATH
mkdir -p "$cache"

say() { printf 'bootstrap: %s\n' "$*" >&2; }

# The machine is not ready, and somebody has to do something: exit status 3, as for every infrastructure error.
give_up() {
  printf 'bootstrap: %s\n' "$@" >&2
  exit 3
}

# logged FILE WHAT COMMAND...: runs quietly; what it printed is shown when it fails.
logged() {
  local log=$1 what=$2
  shift 2
  if ! "$@" >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    give_up "$what failed; the whole output is in $log"
  fi
}

# within SECONDS COMMAND...: with a deadline wherever coreutils has one.
within() {
  if [ -n "$timeout_command" ]; then timeout "$@"; else "${@:2}"; fi
}
timeout_command=$(command -v timeout || true)

digest_command='shasum -a 256'
if command -v sha256sum >/dev/null; then digest_command=sha256sum; fi
digest() { $digest_command "$@" | cut -d ' ' -f 1; }

is_debian_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# apt_install WHY PACKAGE...
apt_install() {
  say "installing ${*:2} ($1)"
  logged "$cache/apt.log" 'apt-get update' apt-get update
  DEBIAN_FRONTEND=noninteractive logged "$cache/apt.log" "apt-get install ${*:2}" \
    apt-get install --yes --no-install-recommends "${@:2}"
}

package_field() { sed -n "s/^ *\"$1\": *\"\\([^\"]*\\)\".*/\\1/p" "$root/package.json"; }
