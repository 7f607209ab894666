#!/bin/sh
# install_program.sh COMMAND PACKAGE CONSEQUENCE
# Install a system package where its command is missing and where that can be done without asking anybody for a
# password. Never fails: where it cannot be had, one line says so and what that means (CONSEQUENCE).
set -u

command=$1 package=$2 consequence=$3

say() {
  echo "$package is missing and $1; $consequence"
  exit 0
}

[ "$(uname -s)" = Linux ] || exit 0
if command -v "$command" >/dev/null 2>&1; then
  exit 0
fi

if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
  as_root="sudo -n"
else
  say "needs the rights of root to be installed"
fi

install() {
  if command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    options="--yes --no-install-recommends -o DPkg::Lock::Timeout=60 -o Acquire::Retries=1"
    # shellcheck disable=SC2086  # both hold several words
    $as_root apt-get install $options "$package" || { $as_root apt-get update && $as_root apt-get install $options "$package"; }
  elif command -v dnf >/dev/null 2>&1; then
    $as_root dnf install --assumeyes --setopt=install_weak_deps=False "$package"
  elif command -v apk >/dev/null 2>&1; then
    $as_root apk add "$package"
  else
    return 1
  fi
}

log=$(install </dev/null 2>&1) || true
if command -v "$command" >/dev/null 2>&1; then
  echo "installed $package"
else
  say "cannot be installed: $(echo "${log:-neither apt, dnf nor apk is there}" | tail -n 1)"
fi
