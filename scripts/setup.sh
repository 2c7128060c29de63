#!/usr/bin/env bash
# Brings a Debian 12 machine with Python 3.11, git and make to where everything runs: system packages, .venv, pinned
# requirements. Does nothing where nothing is missing. PYTHON names the interpreter to prefer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
VENV=.venv

fail() { echo "setup: $*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  command -v sudo >/dev/null || fail "needs root or sudo for: $*"
  sudo "$@"
}

# Debian's own interpreter first: it is built with PGO and LTO, which many others are not, and serves about a seventh
# more. A version manager's shim is on PATH for versions that are not in use, so each candidate has to run.
find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} /usr/bin/python3.11 python3.11 python3 /usr/bin/python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

# A subshell, so that the trap ends with it.
install_packages() (
  echo "setup: installing $*"
  # Packages must not start services: the tests start their own, on free ports.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
)

missing_packages() {
  local package sign
  while read -r package sign _; do
    case "$package" in ''|'#'*) continue ;; esac
    case "$sign" in
      /*) [ -e "$sign" ] ;;
      *) PATH="$PATH:/usr/sbin:/sbin" command -v "$sign" >/dev/null ;;
    esac || echo "$package"
  done < scripts/system-packages.txt
  local python
  python=$(find_python)
  if [ -z "$python" ]; then
    printf '%s\n' python3 python3-venv
  elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo python3-venv # Debian keeps what `python3 -m venv` needs apart
  fi
}

fill_venv() {
  local python
  python=$(find_python)
  [ -n "$python" ] || fail "Python 3.11 or newer is needed; name one with PYTHON="
  echo "setup: filling $VENV"
  if ! "$VENV/bin/python" -c '' 2>/dev/null; then "$python" -m venv --clear "$VENV"; fi
  # Wheels only, so that nothing that is downloaded runs while it is installed; http-ece, 400 lines of Python, has none.
  # The lists are complete: --no-deps, since one of them overrides what httpbin asks for (requirements/overrides.txt).
  "$VENV/bin/python" -m pip install -qq --disable-pip-version-check --only-binary :all: --no-deps --require-hashes \
    -r requirements/build.txt
  "$VENV/bin/python" -m pip install -qq --disable-pip-version-check --only-binary :all: --no-binary http-ece --no-deps \
    --no-build-isolation --require-hashes -r requirements/dev.txt
  "$VENV/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
}

mapfile -t missing < <(missing_packages)
if [ "${#missing[@]}" -gt 0 ]; then install_packages "${missing[@]}"; fi

stamp=$(cat requirements/build.txt requirements/dev.txt pyproject.toml | sha256sum | cut -d' ' -f1)
if [ "$(cat "$VENV/.stamp" 2>/dev/null)" != "$stamp" ] || ! "$VENV/bin/python" -c '' 2>/dev/null; then
  fill_venv
  echo "$stamp" > "$VENV/.stamp"
fi
