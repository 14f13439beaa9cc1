#!/usr/bin/env bash
# Joins a worker as soon as the API endpoint answers.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
etc=/etc/openstack-kubernetes
started=/var/lib/openstack-kubernetes/join-started

address=$(ip -4 -o addr show scope global to "$NODE_CIDR" | awk 'NR == 1 { sub("/.*", "", $4); print $4 }')
if [[ -z $address ]]; then
  echo "No interface has an address of the node CIDR $NODE_CIDR."
  exit 1
fi

# Without a look at its certificate: nothing is sent, and kubeadm compares the CA with the hash in join.yaml before it
# shows its token. The certificate itself would be a tenth of the user data.
look=0
until answer=$(curl -kfsS --noproxy '*' --max-time 5 "https://$ENDPOINT/readyz" 2>&1); do
  if ((look++ % 10 == 0)); then echo "waiting for the API endpoint https://$ENDPOINT: $answer"; fi
  if ((SECONDS > 1200)); then
    echo "The API endpoint https://$ENDPOINT is not ready after 20 minutes: $answer"
    exit 1
  fi
  sleep 3
done

# An attempt that was cut short leaves files that kubeadm refuses to find.
if [[ -e $started ]]; then kubeadm reset --force; fi
touch "$started"
# It holds the bootstrap token.
install -m 0600 /dev/null /run/openstack-kubernetes.join.yaml
sed "s/@NODE_IP@/$address/g" "$etc/join.yaml" >/run/openstack-kubernetes.join.yaml
kubeadm join --config /run/openstack-kubernetes.join.yaml
