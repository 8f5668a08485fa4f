# Node of .node-version and its npm, from the npm registry as this machine's npm is configured to reach it.
# shellcheck shell=bash

# node_platform ARCH: the name npm's node packages use; ARCH as uname or an engine says it.
node_arch() {
  case $1 in
    x86_64 | amd64) echo x64 ;;
    aarch64 | arm64) echo arm64 ;;
    *) give_up "no Node build for $1: use an x86-64 or arm64 machine" ;;
  esac
}

ensure_node() {
  local wanted os package npm
  wanted=$(<"$root/.node-version")
  npm=$(package_field packageManager)
  os=$(uname -s | tr '[:upper:]' '[:lower:]')
  package=node-$os-$(node_arch "$(uname -m)")@$wanted
  if [ -f "$cache/node/installed" ] && [ "$(<"$cache/node/installed")" = "$package $npm" ]; then return; fi
  if [ ! -d "$cache/node" ] && node_is_recent; then return; fi

  ensure_npm
  say "installing Node $wanted"
  rm -rf "$cache/node.new"
  mkdir -p "$cache/node.new"
  logged "$cache/node.log" 'npm install of Node' \
    npm install --prefix "$cache/node.new" --no-save --no-audit --no-fund --ignore-scripts --engine-strict=false "$package" "$npm"
  printf '%s %s' "$package" "$npm" >"$cache/node.new/installed"
  rm -rf "$cache/node"
  mv "$cache/node.new" "$cache/node"
  hash -r
}

ensure_npm() {
  if command -v npm >/dev/null; then return; fi
  is_debian_root || give_up 'neither Node 24 nor npm is here. Install Node 24, or any npm to fetch it with.'
  apt_install 'npm fetches Node 24' npm
}

node_is_recent() {
  case $(node --version 2>/dev/null) in
    v2[4-9].* | v[3-9][0-9].*) command -v npm >/dev/null ;;
    *) return 1 ;;
  esac
}
