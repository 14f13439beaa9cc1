#!/bin/bash
# Puts the site and the scripts of the lab's machines on a disk with the label `site`, so that a machine under QEMU can
# be a host of machines itself. Usage: siteDisk.sh FILE LAYERS PACKAGES REGISTRY PROGRAM... LAYERS are the trees below a
# machine's disk, uppermost first, separated by colons. On the disk: layers/0, layers/1 ..., packages, registry, bin/
# with the programs, and lab/ as in the checkout. Needs root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
file=$1 layers=$2 packages=$3 registry=$4
shift 4

scratch=$(mktemp -d)
trap 'rmdir "$scratch"' EXIT
# All mounts go with the namespace.
# shellcheck disable=SC2016 # the inner shell expands it
unshare --mount --propagation private bash -euc '
  file=$1 scratch=$2 lab=$3 layers=$4 packages=$5 registry=$6 number=0
  shift 6
  mount -t tmpfs tmpfs "$scratch"
  for layer in ${layers//:/ }; do
    mkdir -p "$scratch/layers/$number"
    mount --bind "$layer" "$scratch/layers/$number"
    number=$((number + 1))
  done
  mkdir -p "$scratch"/{packages,registry,lab,bin}
  mount --bind "$packages" "$scratch/packages"
  mount --bind "$registry" "$scratch/registry"
  cp -r "$lab/machines" "$lab/site" "$scratch/lab/"
  for program; do
    touch "$scratch/bin/$(basename "$program")"
    mount --bind "$program" "$scratch/bin/$(basename "$program")"
  done
  rm -f "$file"
  mke2fs -q -t ext4 -L site -d "$scratch" "$file" 3G
' lay "$file" "$scratch" "$here/.." "$layers" "$packages" "$registry" "$@"
