#!/usr/bin/env bash
# Installs what the tests of the jest project `tools` run for real: shellcheck, cloud-init, dnf and rpm (Debian
# packages), and kubeadm and the S3 server versitygw, built from their source on the Go module proxy because that is
# pinned by checksum and needs no further download site. Cached in $OPENSTACK_KUBERNETES_TOOLS (default
# ~/.cache/openstack-kubernetes/tools); a second run finds everything and takes no time.
set -euo pipefail

# The kubeadm that the rendered documents are validated with, for its own minor and the one before: the default minor of
# src/config/kubernetesMinors.ts must be one of the two.
kubernetes_version=1.36.3
versitygw_version=1.8.0
tools=${OPENSTACK_KUBERNETES_TOOLS:-$HOME/.cache/openstack-kubernetes/tools}

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

install_packages() {
  local missing=()
  command -v shellcheck >/dev/null || missing+=(shellcheck)
  command -v cloud-init >/dev/null || missing+=(cloud-init)
  command -v openssl >/dev/null || missing+=(openssl)
  command -v dnf >/dev/null || missing+=(dnf)
  command -v rpmbuild >/dev/null || missing+=(rpm)
  command -v createrepo_c >/dev/null || missing+=(createrepo-c)
  command -v gpg >/dev/null || missing+=(gnupg)
  if ((${#missing[@]} == 0)); then return; fi
  command -v apt-get >/dev/null || fail "Missing: ${missing[*]}. This script knows apt-get only; install them with this system's package manager and run it again."
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "Missing: ${missing[*]}. Run as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing ${missing[*]} ..."
  "${as_root[@]}" apt-get update -q >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
}

# A module of our own that requires k8s.io/kubernetes and repeats its staging replacements, which Go ignores in a module
# that is not the main one: k8s.io/X at v0.36.3 is the published form of staging/src/k8s.io/X of v1.36.3.
write_module() {
  local source=$1 staging_version="v0.${kubernetes_version#1.}" staged
  (cd "$source" && go mod edit -json) >module.json
  go mod init openstack-kubernetes.invalid/test-tools >&2 2>/dev/null
  staged=$(sed -n 's,^.*"Path": "\./staging/src/\(.*\)".*$,\1,p' module.json)
  [[ -n $staged ]] || fail "go.mod of k8s.io/kubernetes v$kubernetes_version has no staging replacements; this script must learn its new form."
  local name arguments=("-require=k8s.io/kubernetes@v$kubernetes_version")
  for name in $staged; do arguments+=("-replace=$name=$name@$staging_version"); done
  go mod edit "${arguments[@]}"
  printf 'package tools\n\nimport _ "k8s.io/kubernetes/cmd/kubeadm/app"\n' >tools.go
}

build_kubeadm() {
  local binary=$tools/bin/kubeadm
  if [[ -x $binary && $("$binary" version -o short 2>/dev/null) == "v$kubernetes_version" ]]; then return; fi
  command -v go >/dev/null || fail "Missing: go. kubeadm v$kubernetes_version is built from source: install Go 1.26 or newer (https://go.dev/dl) and run this again."
  mkdir -p "$tools/bin"
  work=$(mktemp -d "$tools/build.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  say "Fetching the source of Kubernetes v$kubernetes_version from the Go module proxy ..."
  local described source
  described=$(cd "$work" && printf 'module fetch\n' >go.mod && go mod download -json "k8s.io/kubernetes@v$kubernetes_version")
  rm -f go.mod go.sum
  source=$(sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p' <<<"$described")
  write_module "$source"
  go mod tidy >tidy.log 2>&1 || { tail -n 20 tidy.log >&2; fail "go mod tidy failed; see above."; }
  say "Building kubeadm v$kubernetes_version (two to ten minutes the first time) ..."
  local package=k8s.io/component-base/version minor=${kubernetes_version#1.}
  CGO_ENABLED=0 GOFLAGS='' nice -n 15 go build -p 2 -trimpath -buildvcs=false -o kubeadm \
    -ldflags "-s -w -X $package.gitVersion=v$kubernetes_version -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}" \
    k8s.io/kubernetes/cmd/kubeadm &
  local build=$! seconds=0
  while kill -0 "$build" 2>/dev/null; do
    sleep 1
    seconds=$((seconds + 1))
    if ((seconds % 15 == 0)); then say "  ... ${seconds} s"; fi
  done
  wait "$build" || fail "go build of kubeadm failed; see above."
  # Moved into place at the end only, so that an interrupted run never leaves half a binary.
  mv -f kubeadm "$binary"
}

# Its file has the version in its name, because it says none that it was built with.
build_versitygw() {
  local binary=$tools/bin/versitygw-$versitygw_version
  if [[ ! -x $binary ]]; then
    command -v go >/dev/null || fail "Missing: go. versitygw v$versitygw_version is built from source: install Go 1.26 or newer (https://go.dev/dl) and run this again."
    local folder
    folder=$(mktemp -d "$tools/build.XXXXXX")
    say "Building versitygw v$versitygw_version (two to ten minutes the first time) ..."
    GOBIN=$folder CGO_ENABLED=0 GOFLAGS='' nice -n 15 go install -p 2 -trimpath -ldflags '-s -w' \
      "github.com/versity/versitygw/cmd/versitygw@v$versitygw_version" >&2 || fail "go install of versitygw failed; see above."
    mv -f "$folder/versitygw" "$binary"
    rmdir "$folder"
  fi
  ln -sf "${binary##*/}" "$tools/bin/versitygw"
}

install_packages
build_kubeadm
build_versitygw
say "Test tools are ready: shellcheck, cloud-init, dnf and rpm in PATH, kubeadm v$kubernetes_version and versitygw v$versitygw_version in $tools/bin."
