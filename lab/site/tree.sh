#!/bin/bash
# Makes the machines' image: a Debian 12 tree with what Debian's own OpenStack image holds that a bootstrap can lean on,
# and nothing of Kubernetes. Usage: tree.sh; prints the directory of the tree. Needs root (debootstrap).
# LAB_DEBIAN_MIRROR: another mirror than debootstrap's own.
set -euo pipefail
# shellcheck source=lab/site/cache.sh
source "$(dirname "$0")/cache.sh"

packages=(
  systemd systemd-sysv systemd-resolved dbus udev kmod procps # an init, as in the cloud image
  cloud-init python3-cffi-backend netplan.io                  # debootstrap's resolver misses cffi, a versioned virtual package
  iproute2 iputils-ping netbase ca-certificates curl gpg      # reach the network and trust it
  openssh-server sudo e2fsprogs util-linux less apparmor
)

bootstrapTree() {
  local tree=$1/tree
  debootstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" bookworm "$tree" ${LAB_DEBIAN_MIRROR:+"$LAB_DEBIAN_MIRROR"} >"$1/debootstrap.log" 2>&1 || {
    tail -5 "$1/debootstrap.log" >&2
    return 1
  }
  rm -rf "$tree"/var/cache/apt/archives/*.deb "$tree"/var/lib/apt/lists/*
  # Machines cloned from one tree must not share an identity: systemd derives DHCP ids and MACs from machine-id, sshd
  # its host keys.
  : >"$tree/etc/machine-id"
  rm -f "$tree/var/lib/dbus/machine-id" "$tree"/etc/ssh/ssh_host_*
  echo localhost >"$tree/etc/hostname"
}

[ "$(id -u)" = 0 ] || fail "building the image needs root (debootstrap)"
command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
target="$CACHE/tree-$(digest "$SITE/tree.sh")"
made "$target" bootstrapTree
echo "$target/tree"
