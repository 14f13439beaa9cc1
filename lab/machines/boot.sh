#!/bin/bash
# What a mainboard does for a machine: gives it namespaces, a disk, /dev, /proc and /sys, and starts its init. Started
# by machine.sh, in three steps: boot.sh namespaces NAME DIRECTORY LOWER   in the host's namespaces, with the console as
# its terminal boot.sh group ...                         as the machine's first process, in its namespaces but for that
# of control groups boot.sh init ...                          in all of them All mounts are made in the machine's own
# mount namespace, so they go with it.
set -euo pipefail
step=$1 name=$2 directory=$3 lower=$4
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lab/machines/cgroups.sh
source "$here/cgroups.sh"

# Host-wide settings that a bootstrap or a kubelet writes. The machine gets a copy of its own to write to, so the host's
# stay as they are; all others are read-only in it, but for those of its own network namespace.
copiedSettings=(
  vm/overcommit_memory vm/panic_on_oom vm/max_map_count vm/swappiness
  kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes kernel/dmesg_restrict kernel/kptr_restrict kernel/pid_max
  fs/inotify/max_user_instances fs/inotify/max_user_watches fs/file-max
)

# The machine's disk is a file system of its own in a sparse file, so that what is free on it is the machine's affair
# and not the host's. The loop device goes with the last mount. An overlay cannot lie on an overlay: what containerd,
# kubelet and etcd write lies on the disk itself.
mountDisk() {
  local disk=$directory/disk configuration store attempt
  mkdir -p "$disk" "$root"
  if [ ! -e "$directory/disk.img" ]; then
    truncate -s 20G "$directory/disk.img.part"
    mkfs.ext4 -q -E lazy_itable_init=1,lazy_journal_init=1 "$directory/disk.img.part"
    mv "$directory/disk.img.part" "$directory/disk.img"
  fi
  # After a reboot the kernel may still be busy with the old mount of the same file.
  for attempt in $(seq 50); do
    ! mount -o loop "$directory/disk.img" "$disk" 2>/dev/null || break
    [ "$attempt" != 50 ] || mount -o loop "$directory/disk.img" "$disk"
    sleep 0.2
  done
  mkdir -p "$disk"/{upper,work}
  mount -t overlay overlay -o "lowerdir=$lower,upperdir=$disk/upper,workdir=$disk/work" "$root"
  for store in containerd kubelet etcd; do
    mkdir -p "$disk/$store" "$root/var/lib/$store"
    mount --bind "$disk/$store" "$root/var/lib/$store"
  done
  # cloud-init finds the config drive here as well as on a disk with the label config-2.
  mkdir -p "$directory/drive" "$root/var/lib/cloud/seed/config_drive"
  mount --bind -o ro "$directory/drive" "$root/var/lib/cloud/seed/config_drive"
  # The kernel is the host's, and so are its modules and its configuration, which kubeadm reads before it agrees to
  # control groups v2.
  [ ! -d /lib/modules ] || { mkdir -p "$root/lib/modules" && mount --bind -o ro /lib/modules "$root/lib/modules"; }
  configuration=/boot/config-$(uname -r)
  [ ! -e "$configuration" ] || { mkdir -p "$root/boot" && touch "$root$configuration" && mount --bind -o ro "$configuration" "$root$configuration"; }
}

mountProc() {
  local setting
  mount -t proc proc "$root/proc"
  mount --bind "$root/proc/sys/net" "$root/mnt"
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mkdir -p "$root/run/lab"
  for setting in "${copiedSettings[@]}"; do
    [ -e "/proc/sys/$setting" ] || continue
    cat "/proc/sys/$setting" >"$root/run/lab/${setting//\//.}"
    mount --bind "$root/run/lab/${setting//\//.}" "$root/proc/sys/$setting"
  done
  # The host's swap is not the machine's to switch off, and a kubelet would refuse to start beside it: the machine sees
  # none.
  printf 'Filename\tType\tSize\tUsed\tPriority\n' >"$root/run/lab/swaps"
  mount --bind "$root/run/lab/swaps" "$root/proc/swaps"
  # Every boot has an id of its own; the kubelet tells a reboot by it.
  cat /proc/sys/kernel/random/uuid >"$root/run/lab/boot_id"
  mount --bind "$root/run/lab/boot_id" "$root/proc/sys/kernel/random/boot_id"
  mount -o remount,bind,ro "$root/proc/sys"
  mount --move "$root/mnt" "$root/proc/sys/net"
}

mountSys() {
  local hierarchy options
  mount -t sysfs sysfs "$root/sys"
  # Read-only, as containers have it: udev then leaves the host's devices alone.
  mount -o remount,bind,ro "$root/sys"
  if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    return
  fi
  mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
  for hierarchy in $(hierarchies); do
    [ "$(stat -f -c %T "$hierarchy")" = cgroupfs ] || continue
    # A controller hierarchy is named for its controllers; systemd's own has a name and none.
    options=$(awk -v mount="$hierarchy" '$2 == mount { print $4; exit }' /proc/self/mounts | tr ',' '\n' |
      grep -vxE 'rw|ro|relatime|nosuid|nodev|noexec|noatime|xattr|clone_children|release_agent=.*' | paste -sd,)
    mkdir -p "$root/sys/fs/cgroup/$(basename "$hierarchy")"
    mount -t cgroup -o "$([[ $options == name=* ]] && echo none,)$options" cgroup "$root/sys/fs/cgroup/$(basename "$hierarchy")"
  done
}

mountDev() {
  local device
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  mkdir -p "$root"/dev/{pts,shm,mqueue}
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
  mount -t tmpfs tmpfs "$root/dev/shm"
  mount -t mqueue mqueue "$root/dev/mqueue"
  for device in null zero full random urandom tty kmsg; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  touch "$root/dev/console"
  mount --bind "$console" "$root/dev/console"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s /proc/self/fd/0 "$root/dev/stdin"
  ln -s /proc/self/fd/1 "$root/dev/stdout"
  ln -s /proc/self/fd/2 "$root/dev/stderr"
}

case $step in
  namespaces)
    console=$(tty)
    export console
    exec nsenter --net="/run/netns/osk-$name" unshare --mount --uts --ipc --pid --fork --kill-child --propagation private \
      "$here/boot.sh" group "$name" "$directory" "$lower"
    ;;
  group)
    # The cgroup namespace's root is where the process stands when it makes the namespace. In this order, because a
    # process in such a namespace cannot leave it for the supervisor's group where the host mounts control groups v2 as
    # systemd does (nsdelegate).
    enterGroup "$name/machine"
    exec unshare --cgroup "$here/boot.sh" init "$name" "$directory" "$lower"
    ;;
  init)
    root=$directory/root
    mountDisk
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mountProc
    mountSys
    mountDev
    hostname localhost
    cd "$root"
    mkdir -p .host
    pivot_root . .host
    umount -l /.host
    # As systemd makes it where it is not in a container: what a pod mounts for others (Bidirectional) reaches them.
    mount --make-rshared /
    # The clock is the host's: a machine may not set it (chrony in it sees that it may not and stays away).
    exec setpriv --bounding-set=-sys_time --inh-caps=-sys_time env -i container=openstack-kubernetes \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /sbin/init </dev/console >/dev/console 2>&1
    ;;
esac
