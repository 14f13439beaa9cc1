#!/bin/bash
# Power of one machine with a kernel of its own, under QEMU. Usage: machine.sh accelerator DISK               prints kvm
# where that really boots a kernel, tcg elsewhere machine.sh start NAME DIRECTORY DISK MAC ACCELERATOR [SITE_DISK] DISK
# is the folder that disk.sh makes; DIRECTORY holds the config drive's files in drive/ and what survives a power-off;
# SITE_DISK is siteDisk.sh's. `start` returns at once, the console goes to DIRECTORY/console.log.
# lab/machines/machine.sh pulls this machine's plug too: both kinds are found by their control group. Needs root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lab/machines/cgroups.sh
source "$here/../machines/cgroups.sh"

lan=osk-lan
# MiB. API server, etcd and the rest of one control-plane machine used 677 MB; the rest is page cache, which spares the
# disk.
memory=4096

# A /dev/kvm that opens is not a KVM that works: one was seen that aborts with the host's own processor, and hangs with
# any other.
accelerator() {
  local log by=tcg
  log=$(mktemp)
  # The kernel has 10 seconds (a working KVM takes one) to reach its first program, whose end is the machine's. In a
  # shell of its own, which would otherwise tell of an abort.
  if (
    timeout --signal=KILL 10 qemu-system-x86_64 -accel kvm -cpu host -m 512 -nodefaults -display none -no-reboot -serial "file:$log" \
      -kernel "$1/vmlinuz" -initrd "$1/initrd.img" -append "console=ttyS0 panic=-1 rdinit=/bin/true"
    exit $?
  ) >/dev/null 2>&1 && grep -q 'Run /bin/true as init process' "$log"; then
    by=kvm
  fi
  rm -f "$log"
  echo $by
}

start() {
  local name=$1 directory=$2 disk=$3 mac=$4 accelerator=$5 more=() processor=host kernel="root=/dev/vda console=ttyS0 quiet" cable
  [ -z "$(groupProcesses "$name")" ] || { echo "machine $name is already running" >&2 && exit 1; }
  cable="q$(printf '%s' "$name" | sha256sum | cut -c1-12)"
  if [ ! -e "$directory/disk.img" ]; then
    cp --sparse=always "$disk/disk.img" "$directory/disk.img.part"
    mv "$directory/disk.img.part" "$directory/disk.img"
    truncate -s 64M "$directory/swap.img"
    mkswap -q -L swap "$directory/swap.img"
  fi
  # As Nova makes it, with the same program.
  genisoimage -quiet -J -r -V config-2 -o "$directory/drive.iso" "$directory/drive"
  if [ "$accelerator" = tcg ]; then
    # The plainest: instructions for vectors and ciphers are translated at such a cost that Go's code without them is a
    # quarter faster (measured).
    processor=qemu64
    # A translated processor speculates nothing; without the kernel's defences against that it has a fifth less to do
    # (measured). Its counter of cycles is the host's on both processors. Not told so, the kernel reads QEMU's HPET
    # instead: each look at the clock, and Go looks at every turn, then leaves the translated code and waits for QEMU's
    # lock.
    kernel+=" mitigations=off tsc=reliable"
  fi
  [ -z "${6:-}" ] || more=(-drive "file=$6,if=virtio,format=raw,readonly=on")
  makeGroups "$name"
  enterGroup "$name/supervisor"
  setsid nsenter --net="/run/netns/$lan" qemu-system-x86_64 -name "$name" \
    -accel "$accelerator" -cpu $processor -smp 2 -m $memory -nodefaults -display none \
    -kernel "$disk/vmlinuz" -initrd "$disk/initrd.img" -append "$kernel" \
    -chardev "file,id=console,path=$directory/console.log,append=on" -serial chardev:console \
    -drive "file=$directory/disk.img,if=virtio,format=raw,cache=unsafe" -drive "file=$directory/drive.iso,if=virtio,format=raw,readonly=on" \
    -drive "file=$directory/swap.img,if=virtio,format=raw,cache=unsafe" "${more[@]}" \
    -netdev "tap,id=lan,ifname=$cable,script=$here/plug.sh,downscript=no" -device "virtio-net-pci,netdev=lan,mac=$mac" -device virtio-rng-pci \
    </dev/null >"$directory/qemu.log" 2>&1 &
}

command=${1:?start or accelerator}
shift
case $command in
  accelerator | start) "$command" "$@" ;;
  *)
    echo "$command is not one of start, accelerator" >&2
    exit 1
    ;;
esac
