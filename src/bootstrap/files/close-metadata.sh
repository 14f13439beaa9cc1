#!/usr/bin/env bash
# Forwarded packets are the pods'; none of them may reach the metadata service, which would hand out this machine's user
# data. Pods in the host's network cannot be told from the host by address: Pod Security forbids those outside of exempt
# namespaces.
set -euo pipefail
if command -v nft >/dev/null; then
  nft -f /etc/openstack-kubernetes/metadata.nft
elif command -v iptables >/dev/null; then
  iptables -w -C FORWARD -d 169.254.169.254 -j DROP 2>/dev/null || iptables -w -I FORWARD -d 169.254.169.254 -j DROP
else
  echo "Neither nft nor iptables is installed: the metadata service cannot be closed to pods."
  exit 1
fi
systemctl enable openstack-kubernetes-metadata.service
