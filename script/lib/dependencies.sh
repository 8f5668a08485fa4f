# node_modules as the lockfile says. Install scripts stay off: the native parts they would build are optional, and slower to build than to do without.
# shellcheck shell=bash

ensure_dependencies() {
  local stamp=$root/node_modules/.lockfile-digest wanted verb=ci
  wanted=$(digest <"$root/package-lock.json")
  if [ -f "$stamp" ] && [ "$(<"$stamp")" = "$wanted" ]; then return; fi

  say 'installing dependencies'
  # `npm ci` starts by deleting what a running process may be reading; an existing folder is brought up to date instead.
  if [ -d "$root/node_modules" ]; then verb='install --no-save'; fi
  # shellcheck disable=SC2086
  (cd "$root" && logged "$cache/npm.log" "npm $verb" npm $verb --ignore-scripts --no-audit --no-fund)
  printf '%s' "$wanted" >"$stamp"
}

ensure_git() {
  if command -v git >/dev/null; then return; fi
  is_debian_root || give_up 'git is missing. Install it, then run this again.'
  apt_install 'sources come by git' git
}
