#!/usr/bin/env bash
# kubeadm and the packages leave the kubelet's files readable to everybody (CIS 4.1.1, 4.1.9).
set -euo pipefail
shopt -s nullglob
for file in /var/lib/kubelet/*.{yaml,env} /etc/systemd/system/kubelet.service{,.d/*.conf} \
  /usr/lib/systemd/system/kubelet.service{,.d/*.conf}; do
  if [[ -f $file ]]; then chmod 0600 "$file"; fi
done
