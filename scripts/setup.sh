#!/usr/bin/env bash
# Brings a Debian 12 machine with Python 3.11 to where everything runs. Does nothing where nothing is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PYTHON=${PYTHON:-$(command -v python3.11 || command -v python3 || true)}
VENV=.venv

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

install_packages() {
  echo "setup: installing $*"
  # Packages must not start services: the tests start their own, on free ports.
  local policy=/usr/sbin/policy-rc.d made=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod +x "$policy" && made=1
  fi
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  if [ "$made" = 1 ]; then as_root rm -f "$policy"; fi
}

missing=()
while read -r package command _; do
  case "$package" in ''|'#'*) continue ;; esac
  PATH="$PATH:/usr/sbin:/sbin" command -v "$command" >/dev/null || missing+=("$package")
done < scripts/system-packages.txt
if [ -z "$PYTHON" ]; then missing+=(python3 python3-venv); PYTHON=/usr/bin/python3
elif ! "$PYTHON" -c 'import ensurepip' 2>/dev/null; then missing+=(python3-venv); fi
if [ "${#missing[@]}" -gt 0 ]; then install_packages "${missing[@]}"; fi

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "setup: Python 3.11 or newer is needed" >&2; exit 1; }
stamp=$(cat requirements/dev.txt pyproject.toml | sha256sum | cut -d' ' -f1)
if [ "$(cat $VENV/.stamp 2>/dev/null || true)" != "$stamp" ]; then
  echo "setup: filling $VENV"
  [ -x $VENV/bin/python ] || "$PYTHON" -m venv $VENV
  $VENV/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt 2> >(grep -v '^WARNING: Location' >&2 || true)
  $VENV/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . 2> >(grep -v '^WARNING: Location' >&2 || true)
  echo "$stamp" > $VENV/.stamp
fi
