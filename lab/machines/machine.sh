#!/bin/bash
# Power of one machine. Usage:
#   machine.sh start NAME DIRECTORY LOWER MAC   power on; returns at once, the console goes to DIRECTORY/console.log
#   machine.sh stop NAME                        pull the plug; leaves no process, mount, namespace or control group
#   machine.sh enter NAME COMMAND...            run a command inside, as root
# LOWER is the colon-separated list of trees below the machine's own disk; DIRECTORY holds what survives a power-off. Needs root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lab/machines/cgroups.sh
source "$here/cgroups.sh"

lan=osk-lan

# firstProcess NAME: the machine's PID 1, seen from the host; the machine's process that has number 1 in its innermost PID namespace.
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

# plug NAME MAC: a network namespace with one card on the lab's bridge. The address is the business of the machine's cloud-init.
plug() {
  local cable
  cable="c$(printf '%s' "$1" | sha256sum | cut -c1-12)"
  unplug "$1"
  ip netns add "osk-$1"
  ip -n $lan link delete "$cable" 2>/dev/null || true
  ip -n $lan link add "$cable" type veth peer name eth0 address "$2" netns "osk-$1"
  ip -n $lan link set "$cable" master br0 up
}

# Runs as long as the machine has power. A machine that reboots comes back with a new network card and a new /run, as a real one does.
supervise() {
  local name=$1 directory=$2 lower=$3 mac=$4 status=129
  while [ $status = 129 ]; do # 128 + SIGHUP is how the kernel reports that a PID namespace asked for a reboot
    plug "$name" "$mac"
    status=0
    script --quiet --flush --append --return --command "$(printf '%q ' "$here/boot.sh" namespaces "$name" "$directory" "$lower")" "$directory/console.log" \
      </dev/null >/dev/null 2>"$directory/supervisor.log" || status=$?
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
    supervise "$name" "$3" "$4" "$5" >"$3/supervisor.log" 2>&1 </dev/null &
    ;;
  stop)
    endGroup "$name"
    unplug "$name"
    ;;
  enter)
    shift 2
    process=$(firstProcess "$name") || { echo "machine $name is not running" >&2 && exit 1; }
    exec nsenter --target "$process" --mount --uts --ipc --net --pid --cgroup -- env -i TERM="${TERM:-dumb}" HOME=/root \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
    ;;
  *)
    echo "$command is not one of start, stop, enter" >&2
    exit 1
    ;;
esac
