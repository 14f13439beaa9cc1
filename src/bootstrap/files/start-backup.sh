#!/usr/bin/env bash
# Runs the programs that `up` and `npm run restore` have put into the cluster: the backup of etcd and its restore
# (docs/decisions/0053). Only a control-plane machine can read them. Where there is none, there is nothing to do.
set -euo pipefail
umask 077
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
run=/run/openstack-kubernetes
mkdir -p "$run"
# RHEL 8 has a Python for its own programs only.
python=$(command -v python3 || echo /usr/libexec/platform-python)
for name in restore backup; do
  kubectl --kubeconfig /etc/kubernetes/admin.conf --server "https://127.0.0.1:$API_PORT" --request-timeout 30s \
    -n kube-system get secret "openstack-kubernetes-files-$name" --ignore-not-found -o 'jsonpath={.data.program}' |
    base64 -d >"$run/$name.py"
  if [[ -s $run/$name.py ]]; then "$python" -I "$run/$name.py"; fi
done
