#!/usr/bin/env bash
# Runs the programs that were put into the cluster: what `npm run restore` orders, and the backup of etcd
# (docs/decisions/0053). Only a control-plane machine can read them. Where there is none, there is nothing to do. RHEL 8
# has a Python for its own programs only. User data has little room, hence the brevity.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
python=$(command -v python3 || echo /usr/libexec/platform-python)
for name in restore backup; do
  kubectl --kubeconfig /etc/kubernetes/admin.conf --server "https://127.0.0.1:$API_PORT" --request-timeout 30s \
    -n kube-system get secret openstack-kubernetes-files-$name --ignore-not-found -o 'jsonpath={.data.program}' |
    base64 -d >/run/etcd.py
  [[ ! -s /run/etcd.py ]] || "$python" -I /run/etcd.py
done
