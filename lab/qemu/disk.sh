#!/bin/bash
# Makes the disk of a machine with a kernel of its own: the machines' Debian tree and image (lab/site) with Debian's
# kernel for clouds installed, as one file system in a sparse file. Kernel and initial RAM disk lie beside it, because
# QEMU is handed them directly and there is no boot loader. Usage: disk.sh; prints the folder with disk.img, vmlinuz and
# initrd.img. Needs root, and Debian's mirror the first time.
set -euo pipefail
# shellcheck source=lab/site/cache.sh
source "$(dirname "$0")/../site/cache.sh"
QEMU=$(cd "$(dirname "$0")" && pwd)

# The virtual hardware that QEMU gives the machine before its disk is mounted; udev loads the rest from there.
initrdModules=(virtio_pci virtio_blk ext4)

layDisk() {
  local out=$1
  mkdir -p "$out/scratch"/{upper,work,root}
  # shellcheck disable=SC2016 # the inner shell expands it
  unshare --mount --propagation private bash -euc '
    out=$1 layers=$2
    shift 2
    root=$out/scratch/root
    mount -t overlay overlay -o "lowerdir=$layers,upperdir=$out/scratch/upper,workdir=$out/scratch/work" "$root"
    # The image names a mirror that is not there while it is made; Debian itself is asked instead.
    cp -a "$root/etc/resolv.conf" "$root/etc/apt/sources.list" "$out/scratch/"
    rm -f "$root/etc/resolv.conf"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    cp "${layers##*:}/etc/apt/sources.list" "$root/etc/apt/sources.list"
    mkdir -p "$root/etc/initramfs-tools/conf.d"
    echo MODULES=list >"$root/etc/initramfs-tools/conf.d/lab"
    printf "%s\n" "$@" >"$root/etc/initramfs-tools/modules"
    # Swap as many images have it, for the bootstrap to switch off.
    printf "/dev/vda / ext4 errors=remount-ro 0 1\nLABEL=swap none swap nofail 0 0\n" >"$root/etc/fstab"
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    export DEBIAN_FRONTEND=noninteractive
    chroot "$root" apt-get update
    chroot "$root" apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold initramfs-tools linux-image-cloud-amd64
    chroot "$root" apt-get clean
    umount "$root/dev" "$root/proc"
    rm -rf "$root"/var/lib/apt/lists/*
    rm -f "$root/etc/resolv.conf"
    cp -a "$out/scratch/resolv.conf" "$root/etc/resolv.conf"
    cp -a "$out/scratch/sources.list" "$root/etc/apt/sources.list"
    cp "$root"/boot/vmlinuz-* "$out/vmlinuz"
    cp "$root"/boot/initrd.img-* "$out/initrd.img"
    # What QEMU is handed need not lie on the disk; the configuration of the kernel must, kubeadm reads it.
    rm "$root"/boot/vmlinuz-* "$root"/boot/initrd.img-*
    mke2fs -q -t ext4 -L root -d "$root" "$out/disk.img" 12G
  ' lay "$out" "$(bash "$SITE/image.sh"):$(bash "$SITE/tree.sh")" "${initrdModules[@]}" >"$out/disk.log" 2>&1 || {
    tail -5 "$out/disk.log" >&2
    return 1
  }
  rm -rf "$out/scratch"
}

[ "$(id -u)" = 0 ] || fail "making the disk needs root (chroot)"
target="$CACHE/disk-$(digest "$QEMU/disk.sh" <(bash "$SITE/image.sh") <(bash "$SITE/tree.sh"))"
made "$target" layDisk
echo "$target"
