#!/bin/bash
# The lab's site: a network namespace with the machines' network, its router, and what a site without Internet has: a
# package mirror, a registry mirror and a resolver. Usage: lan.sh up DIRECTORY GATEWAY/PREFIX SITE_ADDRESS PACKAGES
# REGISTRY_ROOT REGISTRY_PROGRAM COREDNS_PROGRAM lan.sh down DIRECTORY With - for a gateway there is no machines'
# network yet: in the lab's OpenStack Neutron's networks are made one by one (dataPlane.sh). While it is up the host
# allows as many inotify instances as the machines together need (a user's 128 are used up by five of them); `down` puts
# back what was there. There is no way from it to the host's network or to the world. Needs root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lab/machines/cgroups.sh
source "$here/cgroups.sh"

lan=osk-lan
inotify=/proc/sys/fs/inotify/max_user_instances
# A control-plane machine uses 27 instances, a worker 18 (counted with a pod each).
inotifyNeeded=1024

up() {
  local directory=$1 gateway=$2 site=$3 packages=$4 registryRoot=$5 registryProgram=$6 corednsProgram=$7
  wantControllers
  makeGroups $lan
  mkdir -p "$directory/metadata"
  echo "the metadata service of the lab" >"$directory/metadata/index.html"
  if [ "$(cat $inotify)" -lt $inotifyNeeded ]; then
    [ -e "$directory/inotify" ] || cat $inotify >"$directory/inotify"
    echo $inotifyNeeded >$inotify
  fi
  ip netns add $lan
  ip -n $lan link set lo up
  # The machines' traffic is bridged as a switch would: the host kernel's packet filter has no say in it.
  ip netns exec $lan sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=0 2>/dev/null || ip netns exec $lan sysctl -qw net.ipv4.ip_forward=1
  if [ "$gateway" != - ]; then
    ip -n $lan link add br0 type bridge
    ip -n $lan addr add "$gateway" dev br0
    ip -n $lan link set br0 up
  fi
  # The mirrors stand outside the machines' subnet, behind its router; and where OpenStack has its metadata service,
  # something answers too.
  ip -n $lan addr add "$site/32" dev lo
  ip -n $lan addr add 169.254.169.254/32 dev lo
  printf '.:53 {\n  bind %s\n  hosts {\n    %s mirror.site.lab issuer.site.lab\n  }\n}\n' "$site" "$site" >"$directory/Corefile"
  (
    enterGroup $lan/machine
    cd "$directory"
    serve dns "$corednsProgram" -conf "$directory/Corefile"
    serve registry env REGISTRY_HTTP_ADDR="$site:5000" REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY="$registryRoot" OTEL_TRACES_EXPORTER=none \
      "$registryProgram" serve "$here/../site/images/registry.yaml"
    serve packages node "$here/fileServer.js" "$site" 80 "$packages"
    serve metadata node "$here/fileServer.js" 169.254.169.254 80 "$directory/metadata"
  )
}

# serve NAME COMMAND...: starts a server in the lab's network namespace.
serve() {
  local name=$1
  shift
  setsid nsenter --net=/run/netns/$lan "$@" </dev/null >"$name.log" 2>&1 &
}

case ${1:-} in
  up)
    shift
    up "$@"
    ;;
  down)
    endGroup $lan
    if [ -e "$2/inotify" ]; then
      # Unless somebody else has set it meanwhile.
      [ "$(cat $inotify)" != $inotifyNeeded ] || cat "$2/inotify" >$inotify
      rm "$2/inotify"
    fi
    [ ! -e /run/netns/$lan ] || ip netns delete $lan
    # The last of the lab's control groups goes when no machine is left; with machines running this must not, and does
    # not, succeed.
    for hierarchy in $(hierarchies); do [ ! -d "$hierarchy/$labGroup" ] || rmdir "$hierarchy/$labGroup"; done
    unwantControllers
    ;;
  *)
    echo "usage: lan.sh up DIRECTORY ... | down DIRECTORY" >&2
    exit 1
    ;;
esac
