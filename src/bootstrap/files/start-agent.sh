#!/usr/bin/env bash
# Fetches the agent that `up` has put into the cluster, in the Secret $1, and becomes it, with the Python $2. The unit
# openstack-kubernetes-agent.service starts this again whenever it ends: before the cluster has the agent, when the API
# is away, and when there is a newer agent. The API server writes a line per key for curl. A worker's user data is near
# its limit, hence the brevity.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
etc=/etc/kubernetes/pki
curl -fsS --noproxy '*' --max-time 5 --cacert "$etc/ca.crt" "https://$ENDPOINT/api/v1/namespaces/kube-system/secrets/$1" \
  -E /var/lib/kubelet/pki/kubelet-client-current.pem | awk -F '"' '$2 == "agent" { print $4 }' | base64 -d >/run/agent.py
exec "$2" -I /run/agent.py "$1"
