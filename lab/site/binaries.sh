#!/bin/bash
# Builds the cluster's programs from the Go module proxy. Versions stand in modules/*/go.mod, checksums in
# modules/*/go.sum; Go verifies both. Usage: binaries.sh [MODULE...]; without arguments all of them. Only what is not in
# the cache is built.
set -euo pipefail
# shellcheck source=lab/site/cache.sh
source "$(dirname "$0")/cache.sh"

# Upstream compiles its version in, and kubeadm and kubelet compare these.
linkFlags() {
  local version
  case $1 in
    kubernetes)
      version=$(pinned kubernetes k8s.io/kubernetes)
      local package=k8s.io/component-base/version
      echo "-X $package.gitVersion=v$version -X $package.gitMajor=$(cut -d. -f1 <<<"$version") -X $package.gitMinor=$(cut -d. -f2 <<<"$version")"
      ;;
    containerd) echo "-X github.com/containerd/containerd/v2/version.Version=v$(pinned containerd github.com/containerd/containerd/v2)" ;;
    cni) echo "-X github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion=v$(pinned cni github.com/containernetworking/plugins)" ;;
    cri-tools) echo "-X sigs.k8s.io/cri-tools/pkg/version.Version=v$(pinned cri-tools sigs.k8s.io/cri-tools)" ;;
  esac
}

build() {
  local module=$1 target=$2 tags=() cgo=0
  # runc's namespace entry is C, and its seccomp support links libseccomp.
  [ "$module" != runc ] || { cgo=1 && tags=(-tags seccomp); }
  CGO_ENABLED=$cgo GOFLAGS='' GOTOOLCHAIN=auto nice -n 15 go build -C "$SITE/modules/$module" -mod=readonly -p "${LAB_BUILD_JOBS:-2}" -trimpath -buildvcs=false \
    "${tags[@]}" -ldflags "-s -w $(linkFlags "$module")" -o "$target/" tool
}

command -v go >/dev/null || fail "go is not on PATH; install Go 1.26 or newer"
[ -e /usr/include/seccomp.h ] || fail "the header seccomp.h is missing: apt-get install libseccomp-dev gcc pkg-config"
# shellcheck disable=SC2046 # names of folders, without blanks
[ $# -gt 0 ] || set -- $(cd "$SITE/modules" && echo *)
for module; do made "$(binaries "$module")" build "$module"; done
