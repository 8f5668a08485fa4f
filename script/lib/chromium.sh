# A browser for the tests that look at the report.
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
