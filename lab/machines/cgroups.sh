# shellcheck shell=bash
# The lab's control groups: below every hierarchy of the host one folder `openstack-kubernetes`, in it one per machine.
# To be sourced. A machine has two leaves: `machine`, which it sees as its root, and `supervisor`, which holds what runs
# on the host for it; cgroup v2 allows no processes beside children, so the two must not be one. All that belongs to a
# machine is found, and ended, through them.

labGroup=openstack-kubernetes

# Mount points of the host's hierarchies: several on a cgroup v1 (or hybrid) host, one on v2.
hierarchies() { awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/self/mounts | sort -u; }

# makeGroup HIERARCHY GROUP: makes a group and its parents. A v1 cpuset takes no process before it was told its cpus and
# memory nodes.
makeGroup() {
  local path=$1 part file
  for part in ${2//\// }; do
    # On v2 a child has the controllers that its parent passes on. The root passes on what the host's init decided; that
    # is left alone.
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

# What a machine's kubelet needs of control groups v2, by kubeadm's own check; io is for etcd's sake.
neededControllers=(cpu cpuset io memory pids)

# missingControllers: those that the root of a v2 host does not pass on to any group. v1 has a hierarchy for each.
missingControllers() {
  local controller root=/sys/fs/cgroup
  [ -e $root/cgroup.controllers ] || return 0
  for controller in "${neededControllers[@]}"; do
    grep -qw "$controller" $root/cgroup.subtree_control || echo "$controller"
  done
}

# wantControllers: has the host's root pass on what machines need. What it passes on is for the host's init to say, so
# systemd is asked, by a unit that does nothing but want them. Fails, with a sentence, where there is nobody to ask.
wantControllers() {
  local missing
  missing=$(missingControllers)
  if [ -n "$missing" ] && [ -d /run/systemd/system ]; then
    systemd-run --quiet --collect --unit=$labGroup --property="Delegate=${neededControllers[*]}" sleep infinity
    missing=$(missingControllers)
  fi
  [ -z "$missing" ] || {
    echo "The host's control groups (v2) pass on no $(paste -sd' ' <<<"$missing") to groups below their root, and machines need it: have the host's" \
      "init add it to /sys/fs/cgroup/cgroup.subtree_control, or, in a container, use the host instead." >&2
    return 1
  }
}

# unwantControllers: the end of that unit, if there is one; its absence is no error.
unwantControllers() { [ ! -d /run/systemd/system ] || systemctl stop $labGroup.service 2>/dev/null || true; }

# enterGroup GROUP: moves the calling shell there in every hierarchy; what it starts is created there. 0 means the
# writer itself, in any PID namespace.
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
    weigh "$hierarchy/$labGroup"
  done
}

# renewGroup GROUP: an empty one in its place, for a machine that boots again: on v2 a group that passed controllers on
# takes no process any more. Fails as endGroup does.
renewGroup() {
  local hierarchy
  endGroup "$1"
  for hierarchy in $(hierarchies); do makeGroup "$hierarchy" "$labGroup/$1"; done
}

# weigh DIRECTORY: beside the host's own processes the group counts as four of them and not as one, whatever runs in it:
# on a busy host etcd misses its deadlines otherwise. Numbers: four times the kernel's defaults, 1024 shares on v1 and a
# weight of 100 on v2.
weigh() {
  [ ! -e "$1/cpu.shares" ] || echo 4096 >"$1/cpu.shares"
  [ ! -e "$1/cpu.weight" ] || echo 400 >"$1/cpu.weight"
}

# groupProcesses GROUP: every process in the group or below it, once.
groupProcesses() {
  local hierarchy
  for hierarchy in $(hierarchies); do
    [ ! -d "$hierarchy/$labGroup/$1" ] || find "$hierarchy/$labGroup/$1" -name cgroup.procs -exec cat {} + 2>/dev/null || true
  done | sort -un
}

# endGroup GROUP: kills what is in the group and removes it. Fails, with a sentence, when something is left after 20
# seconds.
endGroup() {
  local hierarchy process busy
  for _ in $(seq 200); do
    # The supervisor is among the first, so that it cannot start the machine anew; what a dying machine still forks is
    # met in the next round.
    for process in $(groupProcesses "$1"); do kill -KILL "$process" 2>/dev/null || true; done
    busy=''
    for hierarchy in $(hierarchies); do
      # A process that is still dying is listed nowhere any more, and keeps its group busy.
      [ ! -d "$hierarchy/$labGroup/$1" ] || find "$hierarchy/$labGroup/$1" -depth -type d -exec rmdir {} + 2>/dev/null || busy=$hierarchy
    done
    [ -n "$busy" ] || return 0
    sleep 0.1
  done
  echo "Control group $busy/$labGroup/$1 is still busy after 20 seconds." >&2
  return 1
}
