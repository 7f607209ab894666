#!/bin/sh
# Install bubblewrap, the best sandbox for strangers' learnwares, where it is missing and can be had without asking
# anybody for a password. Never fails: where it cannot be had, one line says what that means.
set -u

means="without it, learnwares run behind Landlock where the kernel has it; where it does not, only in containers or when"
means="$means 'none' is named as the sandbox"

say() {
  echo "bubblewrap is missing and $1; $means"
  exit 0
}

[ "$(uname -s)" = Linux ] || exit 0
if command -v bwrap >/dev/null 2>&1; then
  exit 0
fi

if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
  as_root="sudo -n"
else
  say "needs the rights of root to be installed (package 'bubblewrap')"
fi

install() {
  if command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    options="--yes --no-install-recommends -o DPkg::Lock::Timeout=60 -o Acquire::Retries=1"
    # shellcheck disable=SC2086  # both hold several words
    $as_root apt-get install $options bubblewrap || { $as_root apt-get update && $as_root apt-get install $options bubblewrap; }
  elif command -v dnf >/dev/null 2>&1; then
    $as_root dnf install --assumeyes --setopt=install_weak_deps=False bubblewrap
  elif command -v apk >/dev/null 2>&1; then
    $as_root apk add bubblewrap
  else
    return 1
  fi
}

log=$(install </dev/null 2>&1) || true
if command -v bwrap >/dev/null 2>&1; then
  echo "installed bubblewrap"
else
  say "cannot be installed: $(echo "${log:-neither apt, dnf nor apk is there}" | tail -n 1)"
fi
