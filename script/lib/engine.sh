# A container engine that answers. Root starts one where none runs; nobody else can, and is told so.
# shellcheck shell=bash

# DOCKER_HOST             an engine other than this machine's usual one
# PROCTOR_DOCKERD_OPTIONS further options for a dockerd that is started here, such as --storage-driver=vfs

engine_deadline=60

# Prints the architecture of the engine that answers.
engine_answers() { within 20 docker version --format '{{.Server.Arch}}' 2>"$cache/engine.log"; }

# Sets engine_arch.
ensure_engine() {
  if command -v docker >/dev/null && engine_arch=$(engine_answers); then return; fi

  if grep -qi 'permission denied' "$cache/engine.log" 2>/dev/null; then
    give_up "the container engine is there, but $(id -un) may not use it." \
      "Add yourself to its group (sudo usermod -aG docker $(id -un)) and log in again."
  fi
  case ${DOCKER_HOST:-unix://} in
    unix://*) ;;
    *) give_up "no container engine answers at DOCKER_HOST=$DOCKER_HOST: $(tail -n 1 "$cache/engine.log")" ;;
  esac
  if ! command -v docker >/dev/null || ! command -v dockerd >/dev/null; then
    is_debian_root || give_up 'no container engine is here. Install Docker and start it, then run this again.'
    apt_install 'the container engine' docker.io iptables
    hash -r
    # Debian 13 has the client in a package of its own.
    command -v docker >/dev/null || apt_install "the engine's client" docker-cli
  fi
  if engine_arch=$(engine_answers); then return; fi
  [ "$(id -u)" = 0 ] || give_up 'the container engine is not running. Start it (sudo systemctl start docker), then run this again.'
  start_engine
}

start_engine() {
  local log=$cache/dockerd.log options=() extra=() waited=0 pid=''
  if [ -d /run/systemd/system ] && [ -z "${DOCKER_HOST:-}${PROCTOR_DOCKERD_OPTIONS:-}" ]; then
    say 'starting the container engine (systemd)'
    logged "$log" 'systemctl start docker' systemctl start docker
  else
    say "starting the container engine (log: $log)"
    [ -z "${DOCKER_HOST:-}" ] || options+=(--host "$DOCKER_HOST")
    read -ra extra <<<"${PROCTOR_DOCKERD_OPTIONS:-}"
    # A session of its own: it outlives this script, and an interrupt meant for the script does not reach it.
    setsid dockerd ${options[@]+"${options[@]}"} ${extra[@]+"${extra[@]}"} </dev/null >>"$log" 2>&1 9>&- &
    pid=$!
  fi
  until engine_arch=$(engine_answers); do
    if [ -n "$pid" ] && ! kill -0 "$pid" 2>/dev/null; then
      grep -E 'level=(error|fatal)|^failed' "$log" | tail -n 5 >&2 || tail -n 15 "$log" >&2
      give_up "dockerd ended at once; its log is $log" \
        'A machine that may not create namespaces or firewall rules cannot host containers: set DOCKER_HOST to one that can.'
    fi
    [ "$waited" -lt "$engine_deadline" ] || give_up "the container engine did not answer within $engine_deadline s; its log is $log"
    sleep 1
    waited=$((waited + 1))
  done
}
