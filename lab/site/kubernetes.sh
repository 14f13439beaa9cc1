#!/bin/bash
# Which versions of Kubernetes the site has, and where their programs are; builds what is missing. Usage: kubernetes.sh;
# prints a line for each: the version, the folder of its programs, that of its etcd.
# - The main one, which modules/kubernetes pins.
# - The patch before it, for upgrades within a minor. It is the same source, not that of the older release: copies of
#   the main version's programs that call themselves by the older version. That takes seconds, so it is always there.
# - With LAB_OLDER_MINOR set, for instance to 1.35, the older minor that minors/MINOR/modules pins, built from its own
#   source in about half an hour.
set -euo pipefail
# shellcheck source=lab/site/cache.sh
source "$(dirname "$0")/cache.sh"

main=$(pinned kubernetes k8s.io/kubernetes)
before=${main%.*}.$((${main##*.} - 1))

# relabel DIRECTORY: the programs of the main version under the version of the patch before it.
relabel() {
  local program found
  for program in "$programs"/*; do LC_ALL=C sed "s/v${main//./\\.}/v$before/g" "$program" >"$1/$(basename "$program")"; done
  chmod 0755 "$1"/*
  found=$("$1/kubeadm" version --output short)
  [ "$found" = "v$before" ] || fail "the relabelled kubeadm is of version $found, not v$before"
}

"$SITE/binaries.sh" kubernetes etcd
programs=$(binaries kubernetes)
echo "$main $programs $(binaries etcd)"

# In a program a text can only be replaced by one of the same length: 1.36.0 and 1.36.10 have no patch before them here.
if [ "${main##*.}" != 0 ] && [ ${#before} = ${#main} ]; then
  target="$CACHE/relabelled-$before-$(cat "$SITE/kubernetes.sh" - <<<"${programs##*/}" | sha256sum | cut -c1-12)"
  made "$target" relabel
  echo "$before $target $(binaries etcd)"
fi

if [ -n "${LAB_OLDER_MINOR:-}" ]; then
  [ -d "$SITE/minors/$LAB_OLDER_MINOR" ] || fail "LAB_OLDER_MINOR is $LAB_OLDER_MINOR; there is $(cd "$SITE/minors" && echo *)"
  export LAB_SITE_MINOR=$LAB_OLDER_MINOR
  "$SITE/binaries.sh" kubernetes etcd
  # shellcheck source=lab/site/cache.sh
  source "$(dirname "$0")/cache.sh"
  echo "$(pinned kubernetes k8s.io/kubernetes) $(binaries kubernetes) $(binaries etcd)"
fi
