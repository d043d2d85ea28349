#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# prepare_machine.sh: what a bare Debian 12 lacks for `make demo` and `make test`: packages and a container engine.
# Runs as root or by sudo, says what it does, and does nothing where everything is there.
set -eu

# What builds need, then what the Mesos programs link to, then what tests start on this machine.
packages="ca-certificates curl debootstrap g++ git libssl-dev make maven openjdk-17-jdk-headless openssl python3-venv xz-utils
  libkrb5-dev nftables
  libapr1 libcurl3-gnutls libsasl2-2 libsasl2-modules libsvn1
  busybox-static chromium fonts-dejavu-core"
engine_package=docker.io
engine_log=/var/log/mesospark-dockerd.log

say() { printf '[prepare] %s\n' "$1"; }
fail() {
  printf '[prepare] %s\n' "$1" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "'$*' needs root: run this as root, or install sudo"
  fi
}

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$'; }

# The program may be there without its Debian package: another JDK, another Python, a vendor's engine.
provided() {
  case "$1" in
    openjdk-17-jdk-headless) command -v javac >/dev/null && [ "$(javac -version 2>&1 | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -ge 11 ] ;;
    maven) command -v mvn >/dev/null ;;
    *) return 1 ;;
  esac
}

install_packages() {
  missing=
  for package in "$@"; do
    installed "$package" || provided "$package" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || fail "this machine has no apt-get: install what these Debian packages hold:$missing"
  say "installing$missing"
  as_root apt-get -qq update
  # shellcheck disable=SC2086  # a list of words
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $missing >/dev/null
}

engine_answers() { docker version >/dev/null 2>&1; }

# A machine that was stopped hard leaves pid files whose numbers may belong to other programs now: the engine would not start.
remove_stale_pid_file() {
  [ -s "$1" ] || return 0
  case "$(tr '\0' ' ' 2>/dev/null <"/proc/$(cat "$1")/cmdline")" in
    *"$2"*) ;;
    *) as_root rm -f "$1" ;;
  esac
}

start_engine() {
  if [ -d /run/systemd/system ]; then
    say "starting the container engine by systemd"
    as_root systemctl enable --quiet --now docker
  else
    say "starting the container engine (its log is $engine_log)"
    remove_stale_pid_file /var/run/docker.pid dockerd
    remove_stale_pid_file /var/run/docker/containerd/containerd.pid containerd
    as_root sh -c "nohup dockerd >$engine_log 2>&1 &"
  fi
  for _ in $(seq 60); do
    engine_answers && return 0
    sleep 0.5
  done
  if as_root docker version >/dev/null 2>&1; then
    fail "the engine runs, but $(id -un) may not use it: sudo usermod -aG docker $(id -un), log in again, and repeat"
  fi
  fail "the container engine does not answer after 30 s: see $engine_log, or journalctl -u docker"
}

# shellcheck disable=SC2086  # a list of words
install_packages $packages
if ! engine_answers; then
  command -v dockerd >/dev/null || install_packages "$engine_package" apparmor iptables
  start_engine
fi
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "python3 is older than 3.11: Debian 12 has 3.11"
say "ready: engine $(docker version --format '{{.Server.Version}}'), $(python3 --version)"
