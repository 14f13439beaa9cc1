#!/usr/bin/env bash
# Installs the packages on the RHEL family, at the pinned version of Kubernetes. The repository files exclude what must
# not be updated on a node that nobody drained, hence --disableexcludes. Without arguments all of them, once; with
# arguments, which dnf is given, those alone, whatever is there.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/kubernetes.env
marker=/var/lib/openstack-kubernetes/packages-installed
(($#)) || [[ ! -e $marker ]] || exit 0

conf=/etc/dnf/dnf.conf
if [[ -n ${https_proxy:-} ]] && ! grep -q '^proxy=' "$conf"; then
  # Only root reads it: a proxy's URL may hold a password.
  chmod 0600 "$conf"
  printf '\nproxy=%s\n' "$https_proxy" >>"$conf"
fi
read -ra wanted <<<"$KUBERNETES_PACKAGES $PACKAGES"
if (($#)); then wanted=("$@"); fi
# containerd.io replaces the runc of container-tools, hence --allowerasing. Whoever else holds a lock is waited for.
dnf -y --setopt=install_weak_deps=False --setopt=exit_on_lock=False --disableexcludes=all install \
  --allowerasing "${wanted[@]}"
touch "$marker"
