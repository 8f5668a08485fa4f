# What only the tests need: a browser to look at the report with, and tools to make an engine, a terminal and a process list of their own.
# shellcheck shell=bash

find_chromium() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name"; then return; fi
  done
  return 1
}

ensure_chromium() {
  if find_chromium >/dev/null; then return; fi
  is_debian_root || give_up 'the tests need Chromium or Chrome on PATH. Install one, then run this again.'
  apt_install 'the tests look at the report in a browser' chromium
  hash -r
}

ensure_test_tools() {
  local tool missing=()
  for tool in curl:curl ip:iproute2 openssl:openssl ps:procps script:bsdutils; do
    command -v "${tool%%:*}" >/dev/null || missing+=("${tool#*:}")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  is_debian_root || give_up "the tests need ${missing[*]}. Install them, then run this again."
  apt_install 'tools that the tests use' "${missing[@]}"
  hash -r
}
