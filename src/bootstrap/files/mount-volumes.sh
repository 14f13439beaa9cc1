#!/usr/bin/env bash
# Mounts the data volumes listed in volumes: UUID, size in bytes, rank among the volumes of that size, mount point ("-":
# left raw). Nova tells a guest neither which volume it is nor its name, and device names shift with ephemeral disks and
# the config drive. What is sure is about the size, and that disks of one size appear in the order of the server's block
# devices. A file system is made only on a disk that carries no signature at all, with a UUID of our own; from then on
# that UUID finds it wherever it appears.
set -euo pipefail

table=/etc/openstack-kubernetes/volumes

# Without one of them a disk with data would look empty.
for program in lsblk blkid wipefs mkfs.ext4; do
  command -v "$program" >/dev/null || {
    echo "$program is not installed, so volumes cannot be told from disks that hold data. Add it to the image."
    exit 1
  }
done

# Whole disks of about $1 bytes that are empty or carry a file system of the table, in the order in which the kernel
# found them. Storage systems round sizes: a disk belongs to the ordered size that is nearest, within half a GiB or one
# part in fifty. The root disk, ephemeral disks of the flavor and whatever else holds somebody's data are passed over.
usable_disks() {
  local device uuid status signatures
  lsblk --bytes --nodeps --noheadings --raw --output NAME,TYPE,RO,SIZE |
    awk -v size="$1" -v table="$table" '
      function distance(ordered) { return ordered > found ? ordered - found : found - ordered }
      BEGIN { while ((getline line <table) > 0) { split(line, words, " "); ordered[words[2] + 0] } }
      $2 == "disk" && $3 == 0 {
        found = $4
        for (other in ordered) if (distance(other + 0) < distance(size)) next
        limit = size / 50 > 2 ^ 29 ? size / 50 : 2 ^ 29
        if (distance(size) < limit) print "/dev/" $1
      }' | sort -V |
    while read -r device; do
      # 2: no signature.
      status=0
      uuid=$(blkid -p -o value -s UUID "$device") || status=$?
      if ((status != 0 && status != 2)); then
        echo "blkid cannot read $device (status $status)" >&2
        continue
      fi
      if [[ -n $uuid ]]; then
        if grep -q "^$uuid " "$table"; then echo "$device"; fi
        continue
      fi
      signatures=$(wipefs --noheadings --parsable "$device") || continue
      if [[ -z $signatures && $(lsblk --noheadings --raw --output NAME "$device" | wc -l) == 1 ]]; then echo "$device"; fi
    done
}

mount_volume() {
  local uuid=$1 size=$2 rank=$3 path=$4 device
  if [[ -z $(blkid -U "$uuid" || true) ]]; then
    device=$(usable_disks "$size" | sed -n "$((rank + 1))p")
    if [[ -z $device ]]; then
      echo "No empty disk of $size bytes (number $((rank + 1)) of that size) is there for $path; disks that hold other data are left alone."
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
done <"$table"
systemctl daemon-reload
