# What the sources need: git, and node_modules as the lockfile says.
# shellcheck shell=bash

ensure_git() {
  if command -v git >/dev/null; then return; fi
  is_debian_root || give_up 'git is missing. Install it, then run this again.'
  apt_install 'sources come by git' git
}

# Not `npm ci`: it deletes what a running process may be reading, and refuses a lockfile made from a registry that lacks some
# platform's optional packages. Install scripts stay off: the native parts they would build are optional.
ensure_dependencies() {
  # Installed from the registry, it has its dependencies and no lockfile.
  [ -f "$root/package-lock.json" ] || return 0
  local stamp=$root/node_modules/.lockfile-digest wanted
  wanted=$(digest "$root/package-lock.json")
  if [ -f "$stamp" ] && [ "$(<"$stamp")" = "$wanted" ]; then return; fi

  say 'installing dependencies'
  (cd "$root" && logged "$cache/npm.log" 'npm install' npm install --no-save --ignore-scripts --no-audit --no-fund)
  printf '%s' "$wanted" >"$stamp"
}
