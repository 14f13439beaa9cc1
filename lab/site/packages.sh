#!/bin/bash
# Packs the built programs as .deb packages, under the names, paths and units of the Kubernetes project's and Docker's
# own, and gathers the Debian packages that a bootstrap installs beside them. Usage: packages.sh; prints the directory
# of the two flat repositories. That of Kubernetes holds all of the site's versions (kubernetes.sh), as a mirror does
# from which a cluster is upgraded.
set -euo pipefail
# shellcheck source=lab/site/cache.sh
source "$(dirname "$0")/cache.sh"

# What the program installs from the distribution's own repositories (src/bootstrap), fetched with all that the image
# lacks for it.
debian=(chrony conntrack ebtables ethtool iptables jq keepalived nftables socat)

# pack DIRECTORY NAME VERSION DEPENDS DESCRIPTION: makes a package of everything below scratch/NAME.
pack() {
  local directory=$1 name=$2 root=$1/scratch/$2
  mkdir -p "$root/DEBIAN"
  printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: openstack-kubernetes lab <lab@localhost>\nDepends: %s\nDescription: %s\n' \
    "$name" "$3" "$(dpkg --print-architecture)" "$4" "$5" >"$root/DEBIAN/control"
  [ "$name" != containerd.io ] || printf 'Conflicts: containerd, runc\nReplaces: containerd, runc\nProvides: containerd, runc\n' >>"$root/DEBIAN/control"
  dpkg-deb --root-owner-group -Zgzip -z1 --build "$root" "$directory/kubernetes" >/dev/null
  rm -rf "$root"
}

# put DIRECTORY PACKAGE MODE SOURCE TARGET: lays a file into a package that is to be packed.
put() { install -D -m "$3" "$4" "$1/scratch/$2$5"; }

# index REPOSITORY: the files that make a folder of packages a flat repository.
index() (
  cd "$1"
  dpkg-scanpackages --multiversion . 2>/dev/null >Packages
  gzip -1 -k -f Packages
  {
    printf 'Origin: openstack-kubernetes lab\nDate: %s\nSHA256:\n' "$(LC_ALL=C date -Ru)"
    for file in Packages Packages.gz; do echo " $(sha256sum "$file" | cut -d' ' -f1) $(stat -c %s "$file") $file"; done
  } >Release
)

# packKubernetes DIRECTORY VERSION PROGRAMS
packKubernetes() {
  local out=$1 program units=/usr/lib/systemd/system
  for program in kubeadm kubectl kubelet; do put "$out" $program 0755 "$3/$program" /usr/bin/$program; done
  put "$out" kubelet 0644 "$SITE/packages/kubelet.service" $units/kubelet.service
  put "$out" kubeadm 0644 "$SITE/packages/10-kubeadm.conf" $units/kubelet.service.d/10-kubeadm.conf
  pack "$out" kubelet "$2-1.1" "iptables, kubernetes-cni, mount, util-linux" "Node agent of Kubernetes"
  pack "$out" kubeadm "$2-1.1" "cri-tools, kubelet" "Bootstraps Kubernetes clusters"
  pack "$out" kubectl "$2-1.1" "libc6" "Command line of Kubernetes"
}

makeRepositories() {
  local out=$1 containerd cni crictl units=/usr/lib/systemd/system version programs program
  containerd=$(pinned containerd github.com/containerd/containerd/v2)
  cni=$(pinned cni github.com/containernetworking/plugins)
  crictl=$(pinned cri-tools sigs.k8s.io/cri-tools)
  mkdir -p "$out/kubernetes" "$out/debian"

  while read -r version programs _; do packKubernetes "$out" "$version" "$programs"; done <<<"$kubernetes"
  put "$out" cri-tools 0755 "$(binaries cri-tools)/crictl" /usr/bin/crictl
  pack "$out" cri-tools "$crictl-1.1" "libc6" "Command line of container runtimes"
  for program in "$(binaries cni)"/*; do put "$out" kubernetes-cni 0755 "$program" "/opt/cni/bin/$(basename "$program")"; done
  pack "$out" kubernetes-cni "$cni-1.1" "libc6" "Plugins of the container network interface"
  for program in "$(binaries containerd)"/* "$(binaries runc)"/runc; do put "$out" containerd.io 0755 "$program" "/usr/bin/$(basename "$program")"; done
  put "$out" containerd.io 0644 "$SITE/packages/containerd.service" $units/containerd.service
  put "$out" containerd.io 0755 "$SITE/packages/containerd.postinst" /DEBIAN/postinst
  pack "$out" containerd.io "$containerd-1~debian.12~bookworm" "libc6, libseccomp2" "Container runtime, with runc"
  index "$out/kubernetes"

  gatherDebian "$out"
  rm -rf "$out/scratch"
}

# The closure is what apt itself would download on a machine made from the image, so it is asked there, on a throw-away
# overlay.
gatherDebian() {
  local out=$1 tree=$1/scratch/tree
  mkdir -p "$tree" "$out/scratch/upper" "$out/scratch/work"
  # shellcheck disable=SC2016 # the inner shell expands it
  unshare --mount --propagation private bash -euc '
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/scratch/upper,workdir=$2/scratch/work" "$2/scratch/tree"
    rm -f "$2/scratch/tree/etc/resolv.conf"
    cp /etc/resolv.conf "$2/scratch/tree/etc/resolv.conf"
    shift
    out=$1; shift
    chroot "$out/scratch/tree" apt-get update
    chroot "$out/scratch/tree" apt-get install --download-only --no-install-recommends -y "$@"
    cp "$out"/scratch/tree/var/cache/apt/archives/*.deb "$out/debian/"
  ' gather "$("$SITE/tree.sh")" "$out" "${debian[@]}" >"$out/debian.log" 2>&1 || {
    tail -5 "$out/debian.log" >&2
    return 1
  }
  index "$out/debian"
}

[ "$(id -u)" = 0 ] || fail "gathering the Debian packages needs root (chroot)"
command -v dpkg-scanpackages >/dev/null || fail "dpkg-scanpackages is missing: apt-get install dpkg-dev"
kubernetes=$("$SITE/kubernetes.sh")
inputs=("$SITE/packages.sh" "$SITE/tree.sh" "$SITE"/packages/*)
for module in containerd runc cni cri-tools; do inputs+=("$SITE/modules/$module/go.mod" "$SITE/modules/$module/go.sum"); done
target="$CACHE/packages-$(digest "${inputs[@]}" "$SITE/binaries.sh" - <<<"${kubernetes//"$CACHE/"/}")"
made "$target" makeRepositories
echo "$target"
