#!/usr/bin/env bash
# Renews the leaf certificates of this control-plane machine when one of them has less than 90 days left, then restarts
# the static pods that read them at their start only. The kubelet renews its own, the CAs are never touched.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
pki=/etc/kubernetes/pki
# Static pods that have yet to read renewed certificates: a run that was cut short is resumed by it, since the
# certificates themselves are new then.
pending=/var/lib/openstack-kubernetes/renewal-pending

expiring() {
  local certificate
  for certificate in "$pki"/*.crt "$pki"/etcd/*.crt; do
    case $certificate in */ca.crt | */front-proxy-ca.crt) continue ;; esac
    openssl x509 -in "$certificate" -noout -checkend $((90 * 24 * 3600)) >/dev/null || return 0
  done
  return 1
}
ready() { curl -fsS --noproxy '*' --max-time 5 --cacert "$pki/ca.crt" "https://$1/readyz" >/dev/null; }

[[ -s $pending ]] || expiring || exit 0
# A restart here must not be the one that takes the quorum away: begin only while the whole control plane answers. A
# resumed run may find its own API server down.
ready "$ENDPOINT"
if [[ ! -s $pending ]]; then
  ready "127.0.0.1:$API_PORT"
  printf '%s\n' etcd kube-apiserver kube-controller-manager kube-scheduler >"$pending.part"
  mv "$pending.part" "$pending"
fi
if expiring; then kubeadm certs renew all; fi
while read -r component; do
  for container in $(crictl ps --quiet --name "^$component\$"); do crictl stop --timeout 30 "$container" </dev/null; done
  for _ in {1..120}; do
    sleep 2
    if [[ -n $(crictl ps --quiet --state Running --name "^$component\$") ]] && ready "127.0.0.1:$API_PORT"; then
      sed -i "/^$component\$/d" "$pending"
      continue 2
    fi
  done
  echo "$component did not come back within four minutes after its certificate was renewed." >&2
  exit 1
done < <(cat "$pending")
echo "The certificates of this machine are renewed."
