#!/usr/bin/env bash
# Saves a snapshot of etcd to /var/backups/etcd and checks it. The oldest make room first: for the number and the space
# to keep, and for a reserve of the file system. A file with the final name is always whole.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
directory=/var/backups/etcd
data=/var/lib/etcd
partial=.snapshot-partial
install -d -m 0700 "$directory"

container=$(crictl ps --quiet --state Running --name '^etcd$' | head -n 1)
if [[ -z $container ]]; then
  echo "No etcd container runs on this machine." >&2
  exit 1
fi
trap 'rm -f "$data/$partial" "$directory/$partial"' EXIT
rm -f "$data/$partial" "$directory/$partial"

# A snapshot is at most as large as the database.
size=$(find "$data" -path '*/snap/db' -printf '%s\n' | awk '{ sum += $1 } END { printf "%d", sum }')
# room PATH COPIES PERCENT: whether that many snapshots fit there and leave that much of the file system free.
room() {
  local all free
  read -r all free < <(df --block-size=1 --output=size,avail "$1" | tail -n 1)
  ((free - $2 * size >= all * $3 / 100))
}
# On one file system the snapshot is there twice before it has its final name.
copies=1
[[ $(stat -c %d "$data") != "$(stat -c %d "$directory")" ]] || copies=2
have_room() { room "$directory" "$copies" "$1" && room "$data" 1 "$1"; }
kept() { find "$directory" -name 'snapshot-*.db' -printf '%f\n' | sort; }
used() { find "$directory" -name 'snapshot-*.db' -printf '%s\n' | awk '{ sum += $1 } END { printf "%d", sum }'; }
# With less than 15 % free the kubelet evicts pods and deletes images (imagefs.available, imageGCHighThresholdPercent).
# The newest stays until there is a newer one.
until (($(kept | wc -l) < SNAPSHOTS_KEPT && $(used) + size <= SNAPSHOTS_MAX_GB << 30)) && have_room 15; do
  oldest=$(kept | head -n -1 | head -n 1)
  [[ -n $oldest ]] || break
  echo "removing $oldest to make room"
  rm -f "${directory:?}/$oldest"
done
if ! have_room 5; then
  echo "A snapshot of up to $size bytes would leave less than 5 % of the file system of $directory or $data free." >&2
  exit 1
fi

# The data directory is the one place that the etcd container and this machine share for writing.
crictl exec "$container" etcdctl --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/server.crt \
  --key /etc/kubernetes/pki/etcd/server.key snapshot save "$data/$partial"
crictl exec "$container" etcdutl snapshot status "$data/$partial"
install -m 0600 "$data/$partial" "$directory/$partial"
sync "$directory/$partial"
mv "$directory/$partial" "$directory/snapshot-$(date -u +%Y%m%dT%H%M%SZ).db"
# With one snapshot to keep, the one before goes only now.
kept | head -n "-$SNAPSHOTS_KEPT" | while read -r old; do rm -f "${directory:?}/$old"; done
