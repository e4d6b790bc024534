# shellcheck shell=bash
# Sourced by Cluster/farm and Cluster/quickstart: SSH servers of their own, with keys and settings of their own. Nothing
# of the user's or the machine's SSH is read or written.
#
# A host's folder holds its host keys, authorized_keys, sshd_config and sshd.log; a host on a loopback address has its
# home folder there too.

# new_key FILE COMMENT: an ed25519 key without a passphrase.
new_key() { ssh-keygen -q -t ed25519 -N '' -C "$2" -f "$1" </dev/null; }

# new_host_keys FOLDER NAME: like a real host, with more than the one key that clients have seen.
new_host_keys() {
  rm -f "$1"/ssh_host_*_key "$1"/ssh_host_*_key.pub
  ssh-keygen -q -t ed25519 -N '' -C "$2" -f "$1/ssh_host_ed25519_key" </dev/null
  ssh-keygen -q -t ecdsa -N '' -C "$2" -f "$1/ssh_host_ecdsa_key" </dev/null
}

# known_hosts_line NAMES FOLDER: the line for the one key of the host that OpenSSH would have kept.
known_hosts_line() {
  local type key
  read -r type key _ <"$2/ssh_host_ed25519_key.pub"
  printf '%s %s %s\n' "$1" "$type" "$key"
}

# sshd_settings FOLDER USER: what all hosts' servers have in common; FOLDER as the server sees it.
sshd_settings() {
  local sftp=internal-sftp place
  for place in /usr/lib/openssh /usr/libexec/openssh /usr/lib/ssh; do
    [ ! -x $place/sftp-server ] || sftp=$place/sftp-server
  done
  cat <<TEXT
HostKey $1/ssh_host_ed25519_key
HostKey $1/ssh_host_ecdsa_key
AuthorizedKeysFile $1/authorized_keys
PidFile none
StrictModes no
UsePAM no
UseDNS no
AllowUsers $2
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitUserRC no
PermitUserEnvironment no
PrintMotd no
PrintLastLog no
Subsystem sftp $sftp
TEXT
}

# ssh_client_settings FOLDER: the end of an ssh_config, for all its hosts; FOLDER holds key and known_hosts.
ssh_client_settings() {
  cat <<TEXT
Host *
  IdentityFile $1/key
  IdentitiesOnly yes
  UserKnownHostsFile $1/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  UpdateHostKeys no
  BatchMode yes
TEXT
}

# sshd_path: where the server is; nothing when there is none.
sshd_path() { PATH=$PATH:/usr/sbin:/usr/local/sbin command -v sshd; }

# detached LOG COMMAND...: starts it in the background, its process id in $!; in a session of its own (Ctrl-C at the
# terminal is not for it), without a descriptor that somebody may wait for the end of.
detached() {
  local log=$1
  shift
  (
    for descriptor in /proc/self/fd/*; do
      descriptor=${descriptor##*/}
      case $descriptor in 0 | 1 | 2 | 255) ;; *) eval "exec $descriptor>&-" ;; esac
    done
    exec setsid "$@"
  ) </dev/null >"$log" 2>&1 &
  disown
}

# wait_for_sshd LOG PID: until the server listens; fails when the process ends before.
wait_for_sshd() {
  local _
  for _ in $(seq 1000); do
    grep -qs '^Server listening on' "$1" && return 0
    kill -0 "$2" 2>/dev/null || return 1
    sleep 0.01
  done
  return 1
}

# prepare_loopback_host FOLDER NAME ADDRESS PORT PUBLIC_KEY [MARK]: a host that is a server on a loopback address, with
# a home folder of its own. The variable PASHA_LOOPBACK_HOST in the environment of all that is started there is MARK.
prepare_loopback_host() {
  local folder=$1 name=$2 address=$3 port=$4
  mkdir -p "$folder/home"
  new_host_keys "$folder" "$name"
  cp "$5" "$folder/authorized_keys"
  {
    sshd_settings "$folder" "$(id -un)"
    cat <<TEXT
ListenAddress $address:$port
SetEnv HOME=$folder/home PASHA_LOOPBACK_HOST=${6:-$folder}
ForceCommand $folder/login
TEXT
  } >"$folder/sshd_config"
  # sshd starts in the account's real home, whatever HOME says.
  cat >"$folder/login" <<'TEXT'
#!/bin/sh
cd "$HOME" || exit 1
if [ -n "$SSH_ORIGINAL_COMMAND" ]; then exec "${SHELL:-/bin/sh}" -c "$SSH_ORIGINAL_COMMAND"; fi
exec "${SHELL:-/bin/sh}"
TEXT
  chmod 700 "$folder/login"
}

# start_loopback_host FOLDER [COMMAND...]: starts its server, by COMMAND where one is given; the process id is in
# FOLDER/sshd.pid.
start_loopback_host() {
  local folder=$1 sshd
  shift
  sshd=$(sshd_path)
  # As root sshd insists on this empty folder, which its package makes when the machine starts.
  [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
  : >"$folder/sshd.log"
  detached /dev/null "$@" "$sshd" -D -f "$folder/sshd_config" -E "$folder/sshd.log"
  echo $! >"$folder/sshd.pid"
  wait_for_sshd "$folder/sshd.log" $!
}

# free_loopback_port ADDRESS...: a port below the range of outgoing connections that nobody listens on.
free_loopback_port() {
  local port address taken
  while :; do
    port=$((20000 + RANDOM % 12000)) taken=no
    for address; do
      if (: <"/dev/tcp/$address/$port") 2>/dev/null; then taken=yes; fi
    done
    if [ $taken = no ]; then echo "$port"; return 0; fi
  done
}

# descendants PID: the process and all below it. Processes may end meanwhile: grep goes on, an awk that reads their files
# itself may give up.
descendants() {
  grep -sH '^PPid:' /proc/[0-9]*/status | awk -F '[/:\t]+' -v root="$1" '
    { parent[$3] = $6 }
    END { for (pid in parent) { at = pid
            for (depth = 0; depth < 100 && at > 1; depth++) { if (at == root) { print pid; break }; at = parent[at] } } }
  '
}

# loopback_listener FOLDER: the process id of the host's server, while it is that and no other process.
loopback_listener() {
  local pid
  pid=$(cat "$1/sshd.pid" 2>/dev/null) || return 1
  [ -n "$pid" ] && grep -qsaF -- "$1/sshd_config" "/proc/$pid/cmdline" && echo "$pid"
}

# started_with TEXT: living processes that have TEXT, NAME=VALUE, in the environment that they were started with.
started_with() { grep -lszxF -- "$1" /proc/[0-9]*/environ | tr -dc '0-9\n'; }

# running_from FOLDER: living processes whose program is below FOLDER, or that an agent there has started. Not those
# that merely stand in the folder: somebody's shell may.
running_from() {
  find /proc/[0-9]*/exe -maxdepth 0 -lname "$1/*" -printf '%h\n' 2>/dev/null | tr -dc '0-9\n'
  grep -lszE -- "^PASHA_[A-Z_]+=$1/" /proc/[0-9]*/environ | tr -dc '0-9\n'
}

# end_loopback_hosts MARK FOLDER...: ends the servers, their sessions and everything that was started through them.
# Nothing else: a process counts by its environment, its folder or its parent, not by its name.
end_loopback_hosts() {
  local mark=$1 folder listener found=() _
  shift
  for _ in $(seq 200); do
    found=()
    for folder; do
      listener=$(loopback_listener "$folder") && mapfile -t -O ${#found[@]} found < <(descendants "$listener")
      mapfile -t -O ${#found[@]} found < <(running_from "$folder")
    done
    mapfile -t -O ${#found[@]} found < <(started_with "PASHA_LOOPBACK_HOST=$mark")
    [ ${#found[@]} -gt 0 ] || return 0
    kill -KILL "${found[@]}" 2>/dev/null
    sleep 0.01
  done
  return 1
}
