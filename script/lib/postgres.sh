# A PostgreSQL server's programs, for the tests of the store. They start a cluster of their own with them; nothing is started here.
# shellcheck shell=bash

# PROCTOR_TEST_POSTGRES   URL of a server on which tests may create databases, instead of one that they start

# Prints the folder of the newest server's programs. Debian keeps them off PATH.
find_postgres() {
  local program
  for program in /usr/lib/postgresql/*/bin/postgres; do
    if [ -x "$program" ]; then printf '%s %s\n' "$(basename "$(dirname "$(dirname "$program")")")" "$(dirname "$program")"; fi
  done | sort -n | tail -n 1 | cut -d ' ' -f 2 | grep . && return
  if program=$(command -v postgres); then dirname "$(readlink -f "$program")"; else return 1; fi
}

ensure_postgres() {
  if [ -n "${PROCTOR_TEST_POSTGRES:-}" ] || find_postgres >/dev/null; then return; fi
  is_debian_root || give_up 'the tests need a PostgreSQL server, 15 or later. Install one, or name one with PROCTOR_TEST_POSTGRES, then run this again.'
  apt_install 'the tests of the store need a real PostgreSQL' postgresql
  find_postgres >/dev/null || give_up 'PostgreSQL was installed, but its programs are not under /usr/lib/postgresql.'
}
