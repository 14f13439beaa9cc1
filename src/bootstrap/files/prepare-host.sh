#!/usr/bin/env bash
# Brings the operating system into the state that kubelet and containerd expect.
set -euo pipefail

# OpenStack's domain (name.novalocal) must not become part of the node's name: the cloud controller finds servers by it.
name=$(uname -n)
if [[ $name == *.* ]]; then
  printf '%s\n' "${name%%.*}" | tee /etc/hostname >/proc/sys/kernel/hostname
fi

# It fails without a word.
swapoff -a || {
  echo "Swap cannot be switched off: $(tail -n +2 /proc/swaps | cut -d ' ' -f 1 | xargs)"
  exit 1
}
if [[ -f /etc/fstab ]]; then sed -i 's/^[^#].*[[:space:]]swap[[:space:]].*/#&/' /etc/fstab; fi

# A module may be built into the kernel, and sysctls may be the host's own where a machine is a container: the kubelet
# checks those it needs.
while read -r module; do
  modprobe "$module" || echo "module $module cannot be loaded; taken as built in"
done </etc/modules-load.d/openstack-kubernetes.conf
while IFS="=" read -r key value; do
  sysctl -qw "$key=$value" || echo "sysctl $key cannot be set to $value"
done </etc/sysctl.d/90-openstack-kubernetes.conf

if command -v update-ca-certificates >/dev/null; then
  update-ca-certificates
elif command -v update-ca-trust >/dev/null; then
  update-ca-trust extract
fi

# Security groups filter what reaches a machine; firewalld would drop the pods' traffic as well.
if systemctl is-active --quiet firewalld; then systemctl disable --now firewalld; fi
if command -v restorecon >/dev/null; then restorecon -Ri /etc/openstack-kubernetes /opt/openstack-kubernetes /etc/systemd/system /usr/libexec/keepalived; fi
