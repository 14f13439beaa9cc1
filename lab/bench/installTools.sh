#!/usr/bin/env bash
# Builds what the benchmark compares with: OpenTofu, and the OpenStack provider in the version that Pulumi's plugin is
# made of. Sources come from the Go module proxy: versions stand in tools/*/go.mod, checksums in go.sum, and Go verifies
# both. Nothing else is downloaded. Cached in $OPENSTACK_KUBERNETES_TOOLS (default ~/.cache/openstack-kubernetes/tools),
# one folder per module, named for a digest of its pins: a second run finds everything and prints the folders, one line
# each.
set -euo pipefail

modules=$(cd "$(dirname "${BASH_SOURCE[0]}")/tools" && pwd)
tools=${OPENSTACK_KUBERNETES_TOOLS:-$HOME/.cache/openstack-kubernetes/tools}

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# Built in a scratch folder and moved into place at the end only, so that an interrupted run never leaves half of it.
provide() {
  local directory part
  directory=$tools/bench-$1-$(cat "$modules/$1/go.mod" "$modules/$1/go.sum" | sha256sum | cut -c1-12)
  if [[ ! -d $directory ]]; then
    part=$directory.part
    rm -rf "$part"
    mkdir -p "$part"
    command -v go >/dev/null || fail "Missing: go. $1 is built from source: install Go 1.26.6 or newer (https://go.dev/dl) and run this again."
    say "Building $1 (one to fifteen minutes the first time) ..."
    CGO_ENABLED=0 GOFLAGS='' nice -n 10 go build -C "$modules/$1" -mod=readonly -trimpath -buildvcs=false -ldflags "-s -w" -o "$part/" tool ||
      fail "Building $1 failed; see above."
    mv "$part" "$directory"
  fi
  printf '%s\n' "$directory"
}

mkdir -p "$tools"
provide opentofu
provide provider
