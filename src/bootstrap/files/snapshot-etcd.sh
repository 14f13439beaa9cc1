#!/usr/bin/env bash
# Saves a snapshot of etcd to /var/backups/etcd, checks it, and removes the oldest beyond the number to keep. A file
# with the final name is always whole.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
directory=/var/backups/etcd
partial=.snapshot-partial
install -d -m 0700 "$directory"

container=$(crictl ps --quiet --state Running --name '^etcd$' | head -n 1)
if [[ -z $container ]]; then
  echo "No etcd container runs on this machine." >&2
  exit 1
fi
# The data directory is the one place that the etcd container and this machine share for writing.
trap 'rm -f "/var/lib/etcd/$partial" "$directory/$partial"' EXIT
crictl exec "$container" etcdctl --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/server.crt \
  --key /etc/kubernetes/pki/etcd/server.key snapshot save "/var/lib/etcd/$partial"
crictl exec "$container" etcdutl snapshot status "/var/lib/etcd/$partial"
install -m 0600 "/var/lib/etcd/$partial" "$directory/$partial"
sync "$directory/$partial"
mv "$directory/$partial" "$directory/snapshot-$(date -u +%Y%m%dT%H%M%SZ).db"
find "$directory" -name 'snapshot-*.db' -printf '%f\n' | sort -r | tail -n "+$((SNAPSHOTS_KEPT + 1))" | while read -r old; do
  rm -f "${directory:?}/$old"
done
