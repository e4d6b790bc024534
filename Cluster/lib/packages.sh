# shellcheck shell=bash
# Sourced by Cluster/quickstart and Cluster/test: system packages, and the Swift toolchain.

# say TEXT: a line of progress.
say() { printf '==> %s\n' "$*"; }

# fail TEXT: says what is wrong on standard error and ends the script.
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

have_header() {
  local folder
  for folder in /usr/include /usr/include/*-linux-gnu /usr/local/include; do
    [ -f "$folder/$1" ] && return 0
  done
  return 1
}

# missing_packages: names of Debian packages whose content is not here, however it could have come.
missing_packages() {
  { have_header zmq.h && have_header sodium.h; } || echo libzmq3-dev   # brings libsodium-dev
  have_header sqlite3.h || echo libsqlite3-dev
  have_header zlib.h || echo zlib1g-dev
  command -v python3 >/dev/null || echo python3
  python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  command -v git >/dev/null || echo git
}

# install_packages: installs what is missing by apt-get, with sudo when not root. Asks for nothing when nothing is missing.
install_packages() {
  local missing=() sudo=() log
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -eq 0 ] && return 0

  say "missing system packages: ${missing[*]}"
  say "  (ZeroMQ and libsodium: the encrypted connections; SQLite: the journal; Python: training scripts; git: tests)"
  command -v apt-get >/dev/null ||
    fail "there is no apt-get here; install the equivalents of these Debian packages, then start again: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "run this as root, then start again: apt-get install ${missing[*]}"
    # Without a terminal sudo could wait for a password for ever.
    if [ -t 0 ]; then sudo=(sudo); else sudo=(sudo -n); fi
    "${sudo[@]}" true || fail "sudo refuses; run this as root, then start again: apt-get install ${missing[*]}"
  fi

  log=$(mktemp)
  for step in update "install -y --no-install-recommends ${missing[*]}"; do
    say "${sudo[*]:+${sudo[*]} }apt-get $step"
    # shellcheck disable=SC2086  # the step is words
    if ! "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 $step >"$log" 2>&1; then
      tail -n 20 "$log" >&2
      rm -f "$log"
      fail "apt-get $step failed; its last lines are above"
    fi
  done
  rm -f "$log"

  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -eq 0 ] || fail "still missing after the installation: ${missing[*]}"
}

# check_swift: ends the script unless a toolchain is here that can build the package.
check_swift() {
  local version
  command -v swift >/dev/null ||
    fail "Swift is not installed (no 'swift' in PATH); get 6.2 or newer at https://www.swift.org/install/linux/"
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
  [ -n "$version" ] || fail "'swift --version' does not work; is the toolchain whole? ($(command -v swift))"
  if [ "${version%%.*}" -lt 6 ] || { [ "${version%%.*}" -eq 6 ] && [ "${version#*.}" -lt 2 ]; }; then
    fail "Swift 6.2 or newer is needed, this is $version; get it at https://www.swift.org/install/linux/"
  fi
}

# seconds_since SECONDS: elapsed time as text, "1 min 05 s".
seconds_since() {
  local elapsed=$((SECONDS - $1))
  if [ $elapsed -lt 60 ]; then echo "$elapsed s"; else printf '%d min %02d s\n' $((elapsed / 60)) $((elapsed % 60)); fi
}
