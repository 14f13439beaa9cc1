#!/bin/bash
# What carries packets for the machines of the lab's OpenStack: Nova's and Octavia's drivers of the lab
# (lab/openstack/python) call it. Everything lives in the site's network namespace and control group, so that lan.sh
# down ends it. Usage: dataPlane.sh network DIRECTORY BRIDGE MTU [GATEWAY PREFIX NETMASK RESOLVERS]
# a bridge for a Neutron network; with a gateway, its router's address and a DHCP server that knows the ports in
# DIRECTORY/BRIDGE/hosts dataPlane.sh balance DIRECTORY ID ADDRESS
# carries a load balancer by haproxy, as Octavia's own DIRECTORY/ID.cfg says; a running one takes over the new file,
# connections stay dataPlane.sh unbalance DIRECTORY ID ADDRESS There is no packet filter: security groups and allowed
# CIDRs are in Neutron's books only. Needs root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lab/machines/cgroups.sh
source "$here/cgroups.sh"

lan=osk-lan

# inSite COMMAND...: runs it in the site's network, as one of the site's processes.
inSite() { (enterGroup $lan/machine && exec nsenter --net=/run/netns/$lan env -i PATH="$PATH" "$@"); }

# running PIDFILE PROGRAM: the process that the file names, if it is that program; the number may have gone to another
# since.
running() {
  local process
  process=$(cat "$1" 2>/dev/null) && [ "$(cat "/proc/$process/comm" 2>/dev/null)" = "$2" ] && echo "$process"
}

network() {
  local directory=$1/$2 bridge=$2 mtu=$3 process
  mkdir -p "$directory/hosts"
  if ! ip -n $lan link show "$bridge" >/dev/null 2>&1; then
    ip -n $lan link add "$bridge" type bridge
    # Said in a second command: a bridge that is merely made with an MTU takes on that of its first card.
    ip -n $lan link set "$bridge" mtu "$mtu" up
  fi
  [ $# -gt 3 ] || return 0
  local gateway=$4 prefix=$5 netmask=$6 resolvers=$7
  ip -n $lan addr replace "$gateway/$prefix" dev "$bridge"
  if process=$(running "$directory/pid" dnsmasq); then
    kill -HUP "$process"
    return
  fi
  # Like Neutron's own: fixed leases for known ports and nothing for strangers.
  inSite dnsmasq --conf-file=/dev/null --user=root --port=0 --interface="$bridge" --bind-interfaces --except-interface=lo --no-ping \
    --dhcp-authoritative --dhcp-range="$gateway,static,$netmask,infinite" --dhcp-option="option:router,$gateway" --dhcp-option="option:mtu,$mtu" \
    ${resolvers:+"--dhcp-option=option:dns-server,$resolvers"} --dhcp-hostsfile="$directory/hosts" --dhcp-leasefile="$directory/leases" \
    --pid-file="$directory/pid" --log-facility="$directory/dnsmasq.log" --log-dhcp </dev/null >/dev/null
}

balance() {
  local file=$1/$2.cfg pid=$1/$2.pid process old=()
  # The namespace answers for the address on whatever bridge it is asked.
  ip -n $lan addr replace "$3/32" dev lo
  ! process=$(running "$pid" haproxy) || old=(-sf "$process")
  # Octavia's file allows a million connections, for which a container's limit on open files is too low.
  inSite haproxy -D -n 4000 -f "$file" -p "$pid" "${old[@]}" </dev/null >"$1/$2.log" 2>&1 || {
    cat "$1/$2.log" >&2
    return 1
  }
}

unbalance() {
  local process
  ! process=$(running "$1/$2.pid" haproxy) || kill "$process"
  ip -n $lan addr delete "$3/32" dev lo 2>/dev/null || true
  rm -f "$1/$2".{cfg,pid,log}
}

case ${1:-} in
  network | balance | unbalance)
    mkdir -p "$2"
    # Several of Nova's and Octavia's processes may want something at once. What is started here must not inherit the
    # lock.
    [ -n "${dataPlaneLocked:-}" ] || dataPlaneLocked=1 exec flock --close "$2/lock" "$0" "$@"
    "$@"
    ;;
  *)
    echo "usage: dataPlane.sh network | balance | unbalance DIRECTORY ..." >&2
    exit 1
    ;;
esac
