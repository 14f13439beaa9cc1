# shellcheck shell=bash
# The lab's control groups: below every hierarchy of the host one folder `openstack-kubernetes`, in it one per machine. To be sourced.
# A machine has two leaves: `machine`, which it sees as its root, and `supervisor`, which holds what runs on the host for it; cgroup v2
# allows no processes beside children, so the two must not be one. All that belongs to a machine is found, and ended, through them.

labGroup=openstack-kubernetes

# Mount points of the host's hierarchies: several on a cgroup v1 (or hybrid) host, one on v2.
hierarchies() { awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/self/mounts | sort -u; }

# makeGroup HIERARCHY GROUP: makes a group and its parents. A v1 cpuset takes no process before it was told its cpus and memory nodes.
makeGroup() {
  local path=$1 part file
  for part in ${2//\// }; do
    # On v2 a child has the controllers that its parent passes on. The root passes on what the host's init decided; that is left alone.
    if [ -e "$path/cgroup.subtree_control" ] && [ "$path" != "$1" ]; then
      sed 's/^/+/; s/ / +/g' "$path/cgroup.controllers" >"$path/cgroup.subtree_control" || true
    fi
    path=$path/$part
    [ -d "$path" ] || mkdir "$path"
    for file in cpuset.cpus cpuset.mems; do
      [ ! -e "$path/$file" ] || [ -e "$path/cgroup.controllers" ] || [ -n "$(cat "$path/$file")" ] || cat "$path/../$file" >"$path/$file"
    done
  done
}

# enterGroup GROUP: moves the calling shell there in every hierarchy; what it starts is born there. 0 means the writer itself, in any PID namespace.
enterGroup() {
  local hierarchy
  for hierarchy in $(hierarchies); do echo 0 >"$hierarchy/$labGroup/$1/cgroup.procs"; done
}

# makeGroups MACHINE
makeGroups() {
  local hierarchy
  for hierarchy in $(hierarchies); do
    makeGroup "$hierarchy" "$labGroup/$1/supervisor"
    makeGroup "$hierarchy" "$labGroup/$1/machine"
  done
}

# groupProcesses GROUP: every process in the group or below it, once.
groupProcesses() {
  local hierarchy
  for hierarchy in $(hierarchies); do
    [ ! -d "$hierarchy/$labGroup/$1" ] || find "$hierarchy/$labGroup/$1" -name cgroup.procs -exec cat {} + 2>/dev/null || true
  done | sort -un
}

# endGroup GROUP: kills what is in the group and removes it. Fails when something is left after 20 seconds.
endGroup() {
  local hierarchy process
  for _ in $(seq 200); do
    [ -n "$(groupProcesses "$1")" ] || break
    # The supervisor is among the first, so that it cannot start the machine anew; what a dying machine still forks is met in the next round.
    for process in $(groupProcesses "$1"); do kill -KILL "$process" 2>/dev/null || true; done
    sleep 0.1
  done
  for hierarchy in $(hierarchies); do
    [ ! -d "$hierarchy/$labGroup/$1" ] || find "$hierarchy/$labGroup/$1" -depth -type d -exec rmdir {} + || return 1
  done
}
