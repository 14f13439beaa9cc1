#!/bin/bash
# Power of one machine. Usage: machine.sh start NAME DIRECTORY LOWER CARD...   power on; returns at once, the console
# goes to DIRECTORY/console.log machine.sh stop NAME                            pull the plug; leaves no process, mount,
# namespace or control group machine.sh state NAME                           prints on or off machine.sh shutdown NAME
# SECONDS                press the power button: the machine may shut down for so long, then the plug is pulled
# machine.sh reboot NAME SECONDS                  ask the machine to reboot; fails when it has not within that time
# machine.sh enter NAME COMMAND...                run a command inside, as root LOWER is the colon-separated list of
# trees below the machine's own disk; DIRECTORY holds what survives a power-off. A CARD is MAC or MAC@BRIDGE, a bridge
# of the site's network (br0 if not said). Needs root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lab/machines/cgroups.sh
source "$here/cgroups.sh"

lan=osk-lan

# firstProcess NAME: the machine's PID 1, seen from the host; the machine's process that has number 1 in its innermost
# PID namespace.
firstProcess() {
  local process
  for process in $(groupProcesses "$1/machine"); do
    # shellcheck disable=SC2046 # the numbers of one process in nested namespaces, outermost first
    set -- "$1" $(sed -n 's/^NSpid:\s*//p' "/proc/$process/status" 2>/dev/null)
    if [ $# = 3 ] && [ "$3" = 1 ]; then
      echo "$process"
      return
    fi
  done
  return 1
}

# unplug NAME: removes the machine's network namespace, and with it both ends of its cable.
unplug() { [ ! -e "/run/netns/osk-$1" ] || ip netns delete "osk-$1"; }

# plug NAME CARD...: a network namespace with its cards on bridges of the lab. The address is the business of the
# machine's cloud-init.
plug() {
  local name=$1 cable card bridge mtu number=0
  shift
  unplug "$name"
  ip netns add "osk-$name"
  for card in "$@"; do
    cable="c$(printf '%s' "$name $number" | sha256sum | cut -c1-12)"
    bridge=${card#*@}
    [ "$bridge" != "$card" ] || bridge=br0
    ip -n $lan link delete "$cable" 2>/dev/null || true
    # As Nova tells a card's driver, and so the guest, what the network takes.
    mtu=$(ip -n $lan -json link show "$bridge" | sed -n 's/.*"mtu":\([0-9]*\).*/\1/p')
    ip -n $lan link add "$cable" mtu "$mtu" type veth peer name "eth$number" mtu "$mtu" address "${card%@*}" netns "osk-$name"
    ip -n $lan link set "$cable" master "$bridge" up
    number=$((number + 1))
  done
}

# within SECONDS COMMAND...: asks again until the command succeeds.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

isOff() { [ -z "$(groupProcesses "$1/supervisor")" ]; }

# hasAnother NAME PROCESS: a first process other than that one.
hasAnother() {
  local process
  process=$(firstProcess "$1") && [ "$process" != "$2" ]
}

# Runs as long as the machine has power. A machine that reboots comes back with a new network card and a new /run, as a
# real one does.
supervise() {
  local name=$1 directory=$2 lower=$3 status=129
  shift 3
  while [ $status = 129 ]; do # 128 + SIGHUP is how the kernel reports that a PID namespace asked for a reboot
    renewGroup "$name/machine"
    plug "$name" "$@"
    status=0
    script --quiet --flush --append --return --command "$(printf '%q ' "$here/boot.sh" namespaces "$name" "$directory" "$lower")" "$directory/console.log" \
      </dev/null >/dev/null || status=$?
  done
  unplug "$name"
}

command=${1:?start, stop or enter} name=${2:?name of the machine}
case $command in
  start)
    [ -z "$(groupProcesses "$name")" ] || { echo "machine $name is already running" >&2 && exit 1; }
    makeGroups "$name"
    mkdir -p "$3"
    # From here on all that belongs to the machine is in its group, so that a stop at any moment finds it.
    enterGroup "$name/supervisor"
    supervise "${@:2}" >"$3/supervisor.log" 2>&1 </dev/null &
    ;;
  stop)
    endGroup "$name"
    unplug "$name"
    ;;
  state)
    if isOff "$name"; then echo off; else echo on; fi
    ;;
  shutdown)
    "$0" enter "$name" systemctl --no-block poweroff 2>/dev/null || true
    within "$3" isOff "$name" || true
    "$0" stop "$name"
    ;;
  reboot)
    process=$(firstProcess "$name") || { echo "machine $name is not running" >&2 && exit 1; }
    "$0" enter "$name" systemctl --no-block reboot
    within "$3" hasAnother "$name" "$process" || { echo "machine $name did not reboot within $3 s" >&2 && exit 1; }
    ;;
  enter)
    shift 2
    process=$(firstProcess "$name") || { echo "machine $name is not running" >&2 && exit 1; }
    exec nsenter --target "$process" --mount --uts --ipc --net --pid --cgroup -- env -i TERM="${TERM:-dumb}" HOME=/root \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
    ;;
  *)
    echo "$command is not one of start, stop, state, shutdown, reboot, enter" >&2
    exit 1
    ;;
esac
