#!/usr/bin/env bash
# Installs the packages on the RHEL family, at the pinned version of Kubernetes. The repository file excludes
# Kubernetes' packages from ordinary updates, hence --disableexcludes.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
marker=/var/lib/openstack-kubernetes/packages-installed
[[ ! -e $marker ]] || exit 0

if [[ -n ${https_proxy:-} ]] && ! grep -q '^proxy=' /etc/dnf/dnf.conf; then echo "proxy=$https_proxy" >>/etc/dnf/dnf.conf; fi
read -ra wanted <<<"$PACKAGES"
# containerd.io replaces the runc of container-tools, hence --allowerasing.
dnf -y --setopt=install_weak_deps=False --disableexcludes=all install --allowerasing "${wanted[@]}"
# keepalived may ask the API server for its health; without this SELinux forbids the connection.
if command -v setsebool >/dev/null && rpm -q keepalived >/dev/null; then setsebool -P keepalived_connect_any 1; fi
touch "$marker"
