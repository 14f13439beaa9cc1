# shellcheck shell=bash
# Where the lab keeps what it builds, and the few words every build step shares. To be sourced. Everything lies outside
# the tree, named for a digest of what it was made from: a changed pin builds anew, an unchanged one is found again.

SITE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
scripts=$SITE
# With LAB_SITE_MINOR set, pins and built programs are those of that older minor of Kubernetes (minors/MINOR/modules).
[ -z "${LAB_SITE_MINOR:-}" ] || SITE="$scripts/minors/$LAB_SITE_MINOR"
CACHE="${OPENSTACK_KUBERNETES_CACHE:-$HOME/.cache/openstack-kubernetes}/site"
mkdir -p "$CACHE"

say() { printf '%s lab: %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# digest PATH...: 12 hex digits that change when any of the files does.
digest() { cat -- "$@" | sha256sum | cut -c1-12; }

# What is being built, and the server that helps with it, if any: what an exit on error has to tell and to end.
building=''
server=''
tidy() {
  local status=$?
  [ -z "$server" ] || kill "$server"
  [ -z "$building" ] || say "$building: failed"
  exit $status
}
trap tidy EXIT

# made DIRECTORY COMMAND...: runs the command with a scratch directory as its last argument and moves that into place
# when it succeeded. With LAB_SITE_ONLY_CACHED set nothing is built: what is absent is an error that says so. A step
# that was interrupted leaves only the scratch directory, which the next run replaces; one that is done is never done
# again. Not to be called where bash ignores errors (||, if).
made() {
  local target=$1 start=$SECONDS
  shift
  [ ! -d "$target" ] || return 0
  [ -z "${LAB_SITE_ONLY_CACHED:-}" ] || fail "$(basename "$target") is not built; run: npm run lab:machines -- build"
  rm -rf "$target.part"
  mkdir -p "$target.part"
  building=$(basename "$target")
  say "$building: building"
  "$@" "$target.part"
  mv "$target.part" "$target"
  say "$building: done in $((SECONDS - start)) s"
  building=''
}

# pinned MODULE PATH: the version that modules/MODULE/go.mod requires of PATH, without the leading v.
pinned() { awk -v path="$2" '{ sub(/^require /, "") } $1 == path { sub(/^v/, "", $2); print $2; exit }' "$SITE/modules/$1/go.mod"; }

# binaries MODULE: the directory of its built programs.
binaries() { echo "$CACHE/bin-${LAB_SITE_MINOR:+$LAB_SITE_MINOR-}$1-$(digest "$SITE/modules/$1/go.mod" "$SITE/modules/$1/go.sum" "$scripts/binaries.sh")"; }
