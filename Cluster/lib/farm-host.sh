#!/usr/bin/env bash
# Boots one host of the test farm, and does what is done inside of it. Cluster/farm alone runs it, as a copy in the
# host's folder (where it is may be hidden from the host), in new network, mount, hostname and IPC namespaces, with the
# host's settings in the environment:
#
#   PASHA_FARM_HOST  the host's folder          FARM_NAME     its name
#   FARM_ADDRESS     its address                FARM_MAC      its network card's
#   FARM_GATEWAY     the coordinator's address  FARM_GATEWAY_MAC
#   FARM_BRIDGE, FARM_VETH                      devices in the farm's own network namespace
#   FARM_OUTSIDE     a process that is in that namespace
set -euo pipefail

host=${PASHA_FARM_HOST:-}

# The network: one card, one neighbour network, no way on. Then a process namespace: its first process is the host.
wire() {
  outside() { nsenter --net="/proc/$FARM_OUTSIDE/ns/net" "$@"; }

  ip link add eth0 address "$FARM_MAC" type veth peer name "$FARM_VETH" netns "$FARM_OUTSIDE"
  outside ip link set "$FARM_VETH" master "$FARM_BRIDGE"
  [ -e "$host/cut" ] || outside ip link set "$FARM_VETH" up
  # Addresses of cards are fixed on both sides: a host that is cut off or dead is silence, as behind a router.
  # Without that, connecting to it would end with "no route" after three seconds.
  outside ip neigh replace "$FARM_ADDRESS" lladdr "$FARM_MAC" nud permanent dev "$FARM_BRIDGE"
  ip link set lo up
  [ ! -e /proc/sys/net/ipv6/conf/eth0/disable_ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
  ip address add "$FARM_ADDRESS/24" dev eth0
  ip link set eth0 up
  ip neigh replace "$FARM_GATEWAY" lladdr "$FARM_GATEWAY_MAC" nud permanent dev eth0
  exec unshare --pid --fork --kill-child=KILL -- bash "$0" init
}

# /etc as the machine's, with what differs on top.
own_etc() {
  mkdir -p /run/etc/upper /run/etc/work
  mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work /etc
  rm -f /etc/hostname /etc/hosts /etc/machine-id /etc/resolv.conf
  echo "$FARM_NAME" >/etc/hostname
  cp "$host_inside/machine-id" "$host_inside/hosts" /etc/
  : >/etc/resolv.conf
  # Libraries that every program of the host is to load: tests move its clock so.
  [ ! -e "$host_inside/ld.so.preload" ] || cp "$host_inside/ld.so.preload" /etc/
  sed -i 's|^root:.*|root:x:0:0:root:/root:/bin/bash|' /etc/passwd
  sed -i 's|^root:[^:]*:|root:*:|' /etc/shadow   # a locked account could not log in
}

# Nothing on the host writes to the machine's disks.
read_only_rest() {
  local where
  while read -r _ _ _ _ where _; do
    case $where in
      /proc* | /sys* | /dev* | /run* | /tmp | /tmp/* | /var/tmp | /root | /root/* | /etc) ;;
      *) mount -o remount,bind,ro "$where" 2>/dev/null || true ;;
    esac
  done </proc/self/mountinfo
}

init() {
  # /proc is still the machine's: this is the process id there.
  read -r pid _ </proc/self/stat
  echo "$pid" >"$host/init.pid"

  rm -rf "${host:?}/tmp"
  mkdir -p "$host/tmp" "$host/root"
  chmod 1777 "$host/tmp"
  chmod 700 "$host/root"
  mount -t tmpfs -o mode=755 farm /run
  mkdir -p /run/host /run/sshd /run/lock
  mount --rbind "$host" /run/host   # its home folder may be a file system of its own
  mkdir /run/shared
  mount --rbind "$PASHA_FARM/shared" /run/shared
  host_inside=/run/host
  mount --bind /run/host/root /root
  mount --bind /run/host/tmp /tmp
  mount --bind /run/host/tmp /var/tmp
  mount -t tmpfs -o mode=1777 farm /dev/shm
  cat /proc/sys/kernel/random/uuid >/run/host/boot_id
  mount -t proc proc /proc
  mount --bind /run/host/boot_id /proc/sys/kernel/random/boot_id
  mount -o remount,bind,ro /proc/sys/kernel/random/boot_id
  echo "$FARM_NAME" >/proc/sys/kernel/hostname
  own_etc
  read_only_rest
  rm -f /run/host/silent
  [ ! -e /run/host/firewalled ] || firewall
  cd /root
  serve
}

# Only SSH from outside, and what belongs to it. In both directions, and for connections that are open already.
firewall() {
  iptables -w -P INPUT DROP
  iptables -w -P OUTPUT DROP
  iptables -w -P FORWARD DROP
  iptables -w -F
  iptables -w -A INPUT -i lo -j ACCEPT
  iptables -w -A OUTPUT -o lo -j ACCEPT
  iptables -w -A INPUT -p tcp --dport 22 -j ACCEPT
  iptables -w -A OUTPUT -p tcp --sport 22 -j ACCEPT
}

open() {
  iptables -w -P INPUT ACCEPT
  iptables -w -P OUTPUT ACCEPT
  iptables -w -P FORWARD ACCEPT
  iptables -w -F
}

# The first process of the host: keeps sshd running and takes in processes whose parents have ended.
serve() {
  local sshd
  sshd=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v sshd)
  : >/run/host/sshd.log
  while :; do
    env -i PATH="$PATH" "$sshd" -D -f /run/host/sshd_config -E /run/host/sshd.log </dev/null >/dev/null 2>&1 &
    echo $! >/run/host/sshd.pid
    wait $! || true
    sleep 0.2
  done
}

# Lines "PID COMMAND LINE" of the processes here whose command line contains the word.
processes() {
  local folder line
  for folder in /proc/[0-9]*; do
    [ "${folder#/proc/}" != $$ ] || continue
    line=$(tr '\0' ' ' <"$folder/cmdline" 2>/dev/null) || continue
    case $line in *"$1"*) [ -z "$line" ] || echo "${folder#/proc/} ${line% }" ;; esac
  done
}

case ${1:-} in
  wire | init | firewall | open) "$1" ;;
  processes) processes "${2:-}" ;;
  *) echo "farm-host.sh is run by Cluster/farm" >&2; exit 64 ;;
esac
