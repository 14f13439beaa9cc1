#!/usr/bin/env bash
# Brings the operating system into the state that kubelet and containerd expect, for this boot and for every later one.
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
# Swap of later boots: units that systemd finds by a partition's type, and compressed memory (zram).
systemctl mask swap.target
mkdir -p /etc/systemd
: >/etc/systemd/zram-generator.conf
if systemctl cat zramswap.service >/dev/null 2>&1; then systemctl mask zramswap.service; fi

# A module may be built into the kernel.
while read -r module; do
  modprobe "$module" || echo "module $module cannot be loaded: it is built in, or a setting below fails"
done </etc/modules-load.d/openstack-kubernetes.conf
grep -qw overlay /proc/filesystems || {
  echo "The kernel has no overlay file system. Use an image whose kernel has the module overlay."
  exit 1
}
# Where a machine is a container, they are its host's own: the kubelet checks those it needs.
while IFS="=" read -r key value; do
  sysctl -qw "$key=$value" || true
  found=$(sysctl -n "$key") || found=missing
  if [[ $found != "$value" ]]; then
    echo "sysctl $key is $found and cannot be set to $value."
    systemd-detect-virt --quiet --container || exit 1
  fi
done </etc/sysctl.d/zz-openstack-kubernetes.conf

if command -v update-ca-certificates >/dev/null; then
  update-ca-certificates
elif command -v update-ca-trust >/dev/null; then
  update-ca-trust extract
elif compgen -G '/usr/local/share/ca-certificates/openstack-kubernetes-*' >/dev/null; then
  # They come with ca-certificates, which is installed later and then reads our CAs; an image with all packages must
  # have it.
  echo "ca-certificates is not installed yet: extraCas are trusted after its installation"
fi

# Security groups filter what reaches a machine; a firewall of the image would drop the pods' traffic as well.
for firewall in firewalld ufw; do
  systemctl cat "$firewall.service" >/dev/null 2>&1 || continue
  if [[ $firewall == ufw ]] && command -v ufw >/dev/null; then ufw --force disable; fi
  systemctl disable --now "$firewall.service"
done
if command -v restorecon >/dev/null; then restorecon -Ri /etc/openstack-kubernetes /opt/openstack-kubernetes /etc/systemd/system /usr/libexec/keepalived; fi
