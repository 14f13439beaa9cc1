#!/bin/bash
# Puts /var/lib/etcd-snapshot.db in the place of a new control plane's data, as the only member. The kubelet starts the static pods again.
set -euo pipefail
name=$(uname -n)
address=$(awk -v name="$name" '$1 == name { print $2 }' /etc/openstack-kubernetes/peers)
image=$(awk '$1 == "image:" { print $2 }' /etc/kubernetes/manifests/etcd.yaml)
systemctl stop kubelet
for component in kube-apiserver kube-controller-manager kube-scheduler etcd; do
  crictl ps --quiet --name "^$component\$" | xargs --no-run-if-empty crictl stop --timeout 20
done
find /var/lib/etcd -mindepth 1 -delete
ctr --namespace k8s.io run --rm --mount type=bind,src=/var/lib,dst=/var/lib,options=rbind:rw "$image" restore \
  etcdutl snapshot restore /var/lib/etcd-snapshot.db --data-dir /var/lib/etcd/restored --name "$name" \
  --initial-cluster "$name=https://$address:2380" --initial-advertise-peer-urls "https://$address:2380" --bump-revision 1000000000 --mark-compacted
mv /var/lib/etcd/restored/member /var/lib/etcd/member
rmdir /var/lib/etcd/restored
systemctl start kubelet
