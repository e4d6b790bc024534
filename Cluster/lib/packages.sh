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

# missing_packages [ssh] [tests] [long] [browser]: names of Debian packages whose content is not here, however it could have come: what
# building and running needs, SSH servers of one's own, the tests, the long ones, a browser.
missing_packages() {
  local purpose
  { have_header zmq.h && have_header sodium.h; } || echo libzmq3-dev   # brings libsodium-dev
  have_header sqlite3.h || echo libsqlite3-dev
  have_header zlib.h || echo zlib1g-dev
  command -v python3 >/dev/null || echo python3
  python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  command -v git >/dev/null || echo git
  command -v curl >/dev/null || echo curl
  have_header libssh2.h || echo libssh2-1-dev
  have_header openssl/evp.h || echo libssl-dev
  command -v strip >/dev/null || echo binutils
  for purpose; do
    case $purpose in
      ssh)
        { command -v ssh && command -v ssh-keygen; } >/dev/null || echo openssh-client
        have_program sshd || echo openssh-server
        ;;
      tests)
        have_program ip || echo iproute2
        have_program iptables || echo iptables
        ;;
      long) have_program debootstrap || echo debootstrap ;;
      browser) have_program chromium || have_program chromium-browser || echo chromium ;;
    esac
  done
}

# have_program NAME: also where ordinary users have no path to.
have_program() { PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin command -v "$1" >/dev/null; }

# install_packages [PURPOSE...]: installs what is missing by apt-get, with sudo when not root; without a purpose for all
# of them (see missing_packages; "build" is the least). Asks for nothing when nothing is missing.
install_packages() {
  local missing=() sudo=() log step
  [ $# -gt 0 ] || set -- ssh tests
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -eq 0 ] && return 0

  say "missing system packages: ${missing[*]}"
  say "  (ZeroMQ and libsodium: the encrypted connections; libssh2 and OpenSSL: logins on hosts; SQLite: the journal;"
  say "  Python: training scripts; curl: webhooks; binutils: small agents; git, OpenSSH, iproute2, iptables: tests and the quickstart)"
  command -v apt-get >/dev/null ||
    fail "there is no apt-get here; install the equivalents of these Debian packages, then start again: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "run this as root, then start again: apt-get install ${missing[*]}"
    # Without a terminal sudo could wait for a password for ever.
    if [ -t 0 ]; then sudo=(sudo); else sudo=(sudo -n); fi
    "${sudo[@]}" true || fail "sudo refuses; run this as root, then start again: apt-get install ${missing[*]}"
  fi

  case " ${missing[*]} " in *" openssh-server "*) keep_services_off "${sudo[@]}" ;; esac
  log=$(mktemp)
  for step in update "install -y --no-install-recommends ${missing[*]}"; do
    say "${sudo[*]:+${sudo[*]} }apt-get $step"
    # shellcheck disable=SC2086  # the step is words
    if ! "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 $step >"$log" 2>&1; then
      tail -n 20 "$log" >&2
      rm -f "$log"
      restore_services "${sudo[@]}"
      fail "apt-get $step failed; its last lines are above"
    fi
  done
  rm -f "$log"
  case " ${missing[*]} " in
    *" openssh-server "*)
      restore_services "${sudo[@]}"
      disable_ssh_service "${sudo[@]}"
      ;;
  esac

  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -eq 0 ] || fail "still missing after the installation: ${missing[*]}"
}

# Debian starts services as it installs them, and asks this program first. Where the machine has one, it is left alone.
policy=/usr/sbin/policy-rc.d

# keep_services_off [SUDO...]: until restore_services, apt-get starts none.
keep_services_off() {
  [ ! -e $policy ] || return 0
  traps_before=$(trap -p EXIT INT TERM HUP)
  printf '#!/bin/sh\n# pasha: while its packages are being installed\nexit 101\n' | "$@" tee $policy >/dev/null
  "$@" chmod 755 $policy
  # shellcheck disable=SC2064  # with the words of now
  trap "restore_services $*" EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

restore_services() {
  grep -qs '^# pasha: while' $policy || return 0
  "$@" rm -f $policy
  trap - EXIT INT TERM HUP
  eval "$traps_before"
}

# disable_ssh_service [SUDO...]: the program is wanted, not an open port 22, neither now nor after the next start of the
# machine. Called only when this script has installed the package.
disable_ssh_service() {
  if command -v systemctl >/dev/null; then
    "$@" systemctl disable --now ssh.service ssh.socket >/dev/null 2>&1 || true
  elif have_program update-rc.d; then
    "$@" update-rc.d ssh disable >/dev/null 2>&1 || true
  fi
  say "openssh-server is installed, and its service is off: port 22 stays closed (systemctl enable --now ssh opens it)"
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
