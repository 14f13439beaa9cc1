#!/usr/bin/env bash
# Mounts the data volumes listed in volumes: UUID, size in bytes, rank among the volumes of that size, mount point ("-": left raw).
# Nova tells a guest neither which volume it is nor its name, and device names shift with ephemeral disks and the config drive. What is
# sure is the size, and that disks of one size appear in the order of the server's block devices. A file system is made only on a disk
# that carries no signature at all, with a UUID of our own; from then on that UUID finds it wherever it appears.
set -euo pipefail

# Whole disks of exactly $1 bytes, in the order in which the kernel found them.
disks_of_size() {
  lsblk --bytes --nodeps --noheadings --raw --output NAME,TYPE,RO,SIZE | awk -v size="$1" '$2 == "disk" && $3 == 0 && $4 == size { print "/dev/" $1 }' | sort -V
}

mount_volume() {
  local uuid=$1 size=$2 rank=$3 path=$4 device
  device=$(blkid -U "$uuid" || true)
  if [[ -z $device ]]; then
    device=$(disks_of_size "$size" | sed -n "$((rank + 1))p")
    if [[ -z $device ]]; then
      echo "No disk of $size bytes (number $((rank + 1)) of that size) is there for $path."
      return 1
    fi
    if [[ -n $(wipefs --noheadings --parsable "$device") || -n $(lsblk --noheadings --raw --output NAME "$device" | tail -n +2) ]]; then
      echo "$device, meant for $path, is not empty; it is left alone. Empty it (wipefs --all) or give the machine a new volume."
      return 1
    fi
    mkfs.ext4 -q -U "$uuid" "$device"
  fi
  mkdir -p "$path"
  grep -q "^UUID=$uuid " /etc/fstab || printf 'UUID=%s %s ext4 defaults,nofail 0 2\n' "$uuid" "$path" >>/etc/fstab
  mountpoint -q "$path" || mount "$path"
  # kubeadm and etcd want an empty directory, and e2fsck makes this one again when it needs it.
  rmdir "$path/lost+found" 2>/dev/null || true
  if command -v restorecon >/dev/null; then restorecon -R "$path"; fi
}

if command -v udevadm >/dev/null; then udevadm settle || true; fi
while read -r uuid size rank path; do
  if [[ $path != - ]]; then mount_volume "$uuid" "$size" "$rank" "$path"; fi
done </etc/openstack-kubernetes/volumes
systemctl daemon-reload
