#!/usr/bin/env bash
# No pod may reach the metadata service, which would hand out this machine's user data. Pods in the host's network
# cannot be told from the machine: where that boots from a config drive it is closed to the machine as well.
set -euo pipefail
rules=/etc/openstack-kubernetes/metadata.nft
if command -v nft >/dev/null; then
  nft -f "$rules"
elif command -v iptables >/dev/null; then
  sed -n 's/.* hook \([a-z]*\) .*/\U\1/p' "$rules" | while read -r chain; do
    iptables -w -C "$chain" -d 169.254.169.254 -j DROP 2>/dev/null || iptables -w -I "$chain" -d 169.254.169.254 -j DROP
  done
else
  echo "Neither nft nor iptables is installed: the metadata service cannot be closed to pods."
  exit 1
fi
systemctl enable openstack-kubernetes-metadata.service
