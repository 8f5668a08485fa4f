# The base image, named by content: proctor-base:<12 hex of the digest of its recipe>. The alias proctor-base:latest points at
# the one in use, and its label `proctor.base` holds the whole digest; alias and label are what the product reads.
# shellcheck shell=bash

# PROCTOR_EXTRA_CA_CERTS  PEM bundle that containers are to trust as well; empty: none. Default: what this machine trusts beyond
#                         its distribution's own list (from NODE_EXTRA_CA_CERTS, SSL_CERT_FILE or the system's bundle)
# PROCTOR_DEBIAN_MIRROR   make the image from this Debian mirror instead of pulling debian:trixie-slim
# HTTP_PROXY and its like reach the build and are not kept in the image.

ensure_base_image() {
  local context recipe tag id
  context=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$context'" EXIT
  write_context "$context"
  recipe=$(recipe_digest "$context")
  tag=proctor-base:${recipe:0:12}

  if ! id=$(image_id "$tag"); then
    build_base_image "$context" "$recipe" "$tag"
    id=$(image_id "$tag")
  fi
  if [ "$(image_id proctor-base:latest)" != "$id" ]; then docker tag "$tag" proctor-base:latest; fi
  rm -rf "$context"
  trap - EXIT
}

image_id() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null; }

# Everything the image depends on, but for what the digest names by version (Node, npm) and Debian's packages of the day.
write_context() {
  local context=$1 bundle
  cp -R "$root/images/base/." "$context"
  mkdir "$context/certificates"
  bundle=$(extra_certificates)
  if [ -n "$bundle" ]; then
    split_certificates "$bundle" "$context/certificates"
    if [ -n "$(ls "$context/certificates")" ]; then cat "$context/certificates.Dockerfile" >>"$context/Dockerfile"; fi
  fi
  chmod -R u=rwX,go=rX "$context"
}

extra_certificates() {
  local bundle=${PROCTOR_EXTRA_CA_CERTS-${NODE_EXTRA_CA_CERTS:-${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}}}
  if [ -n "$bundle" ] && [ -r "$bundle" ]; then
    echo "$bundle"
  elif [ -n "${PROCTOR_EXTRA_CA_CERTS-}" ]; then
    give_up "PROCTOR_EXTRA_CA_CERTS names $PROCTOR_EXTRA_CA_CERTS, which can't be read"
  fi
}

split_certificates() {
  local known=()
  if [ -d /usr/share/ca-certificates/mozilla ]; then known=(/usr/share/ca-certificates/mozilla/*.crt); fi
  awk -v out="$2" -f "$root/script/lib/certificates.awk" ${known[@]+"${known[@]}"} "$1"
}

recipe_digest() {
  (
    cd "$1"
    find . -type f -print0 | LC_ALL=C sort -z | xargs -0 $digest_command
    cat "$root/.node-version"
    package_field packageManager
    echo "$engine_arch"
  ) | digest
}

build_base_image() {
  local context=$1 recipe=$2 tag=$3 from name options=()
  from=$(debian_image)
  say "building $tag from $from"
  add_node "$context/node"
  for name in HTTP_PROXY HTTPS_PROXY FTP_PROXY NO_PROXY http_proxy https_proxy ftp_proxy no_proxy; do
    if [ -n "${!name:-}" ]; then options+=(--build-arg "$name"); fi
  done
  logged "$cache/base-image.log" 'building the base image' \
    docker build --force-rm --build-arg "FROM=$from" ${options[@]+"${options[@]}"} \
    --label "proctor.base=$recipe" --tag "$tag" "$context"
}

# The node binary and npm in the layout of /usr/local, fetched here because this machine knows its registry and its proxy.
add_node() {
  local folder=$1 packages=$1.packages
  mkdir -p "$packages" "$folder/bin" "$folder/lib/node_modules/npm"
  (cd "$packages" && logged "$cache/node-pack.log" 'fetching Node for the base image' \
    npm pack --silent "node-linux-$(node_arch "$engine_arch")@$(<"$root/.node-version")" "$(package_field packageManager)")
  tar -xzf "$packages"/node-linux-*.tgz -C "$folder" --strip-components=1 package/bin/node
  tar -xzf "$packages"/npm-*.tgz -C "$folder/lib/node_modules/npm" --strip-components=1 --exclude=package/man --exclude=package/docs
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$folder/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$folder/bin/npx"
  chmod -R u=rwX,go=rX "$folder"
  chmod 755 "$folder"/bin/node "$folder"/lib/node_modules/npm/bin/*.js
  rm -rf "$packages"
}

# Prints the image to build from: Debian's own, else one made here.
debian_image() {
  local official=debian:trixie-slim ours=proctor-debian:trixie
  if [ -z "${PROCTOR_DEBIAN_MIRROR:-}" ]; then
    if image_id "$official" >/dev/null || within 300 docker pull --quiet "$official" >/dev/null 2>"$cache/pull.log"; then
      echo "$official"
      return
    fi
  fi
  if [ -n "${PROCTOR_DEBIAN_MIRROR:-}" ] || ! image_id "$ours" >/dev/null; then import_debian "$ours"; fi
  echo "$ours"
}

import_debian() (
  tag=$1
  [ "$(id -u)" = 0 ] || give_up "debian:trixie-slim can't be pulled (see $cache/pull.log), and making it here takes root." \
    'Pull or load debian:trixie-slim, or run script/bootstrap as root once.'
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  if ! command -v debootstrap >/dev/null || [ ! -f "$keyring" ]; then
    is_debian_root || give_up 'debootstrap or the Debian archive keyring is missing. Install both, then run this again.'
    apt_install 'to make a Debian image' debootstrap debian-archive-keyring
  fi
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  mirror=${PROCTOR_DEBIAN_MIRROR:-$(apt_repository Debian)}
  security=$(apt_repository Debian-Security)
  say "making $tag with debootstrap"
  # shellcheck disable=SC2086
  logged "$cache/debootstrap.log" debootstrap debootstrap --variant=minbase --force-check-gpg --keyring="$keyring" \
    --arch="$engine_arch" --include=ca-certificates trixie "$tree" ${mirror:+"$mirror"}
  used=$(awk '$1 == "deb" { print $2; exit }' "$tree/etc/apt/sources.list")
  {
    echo "deb $used trixie main"
    echo "deb $used trixie-updates main"
    if [ -n "$security" ] && [ -z "${PROCTOR_DEBIAN_MIRROR:-}" ]; then echo "deb $security trixie-security main"; fi
  } >"$tree/etc/apt/sources.list"
  find "$tree/usr/share/doc" -type f ! -name copyright -delete
  tar -C "$tree" -c --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./var/log/*.log' \
    --exclude='./usr/share/man/*' --exclude='./usr/share/info/*' --exclude='./usr/share/locale/*' . |
    docker import - "$tag" >/dev/null
)

# The address of a repository this machine's own apt uses, by its label; nothing on another distribution.
apt_repository() {
  apt-get indextargets --format '$(LABEL) $(REPO_URI)' 2>/dev/null | awk -v label="$1" '$1 == label { print $2; exit }'
}
