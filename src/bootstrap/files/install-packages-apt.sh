#!/usr/bin/env bash
# Installs the packages on Debian and Ubuntu, at the pinned version of Kubernetes, and keeps upgrades away from them: an
# update of containerd or the kubelet would restart it on a node that nobody drained. Without arguments all of them,
# once; with arguments, which apt-get is given, those alone, whatever is there.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/kubernetes.env
# needrestart would restart services in the middle of the bootstrap.
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
marker=/var/lib/openstack-kubernetes/packages-installed
(($#)) || [[ ! -e $marker ]] || exit 0

# python3 is on every image that has cloud-init; curl is not.
fetch='import sys, urllib.request; open(sys.argv[2], "wb").write(urllib.request.urlopen(sys.argv[1], timeout=60).read())'
while read -r url key; do
  # The address of a machine that runs may be another than that of the key which it has.
  [[ -s $key && $# -eq 0 ]] && continue
  echo "fetching $url"
  python3 -c "$fetch" "$url" "$key.part"
  mv "$key.part" "$key"
done </etc/openstack-kubernetes/repository-keys

read -ra wanted <<<"$KUBERNETES_PACKAGES $PACKAGES"
read -ra held <<<"$HELD_PACKAGES"
if (($#)); then wanted=(--allow-downgrades "$@"); fi
options=(-q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Dpkg::Options::=--force-confold)
# What a power cut in the middle of an installation leaves behind: apt refuses to go on before dpkg has worked its
# journal off.
if [[ -n $(find /var/lib/dpkg/updates -type f) ]]; then dpkg --force-confold --configure -a; fi
# An index that cannot be fetched is an error: its absence would show as a missing package later. The lock on the
# indexes, which a daily update of the image may hold, has no time limit of apt's own.
indexes=/run/openstack-kubernetes.indexes
until apt-get "${options[@]}" -o APT::Update::Error-Mode=any update >"$indexes" 2>&1; do
  cat "$indexes"
  if ! grep -q 'Could not get lock' "$indexes" || ((SECONDS > 300)); then exit 100; fi
  sleep 5
done
cat "$indexes"
apt-get "${options[@]}" install -y --no-install-recommends --allow-change-held-packages "${wanted[@]}"
apt-mark hold "${held[@]}"
touch "$marker"
