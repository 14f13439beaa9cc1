#!/usr/bin/env bash
# Starts the clock daemon and containerd after a look at the versions of what was installed; the kubelet is started by
# kubeadm.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env

found=$(kubeadm version -o short)
if [[ $found != "v$KUBERNETES_VERSION" ]]; then
  echo "kubeadm is $found but kubernetes.version is $KUBERNETES_VERSION. Use an image or a mirror with that version."
  exit 1
fi
read -r _ _ found _ <<<"$(containerd --version)"
found=${found#v}
if ((${found%%.*} < 2)); then
  echo "containerd is $found but its configuration is written for containerd 2. Use an image or a mirror with containerd 2."
  exit 1
fi

systemctl daemon-reload
if [[ -n $CLOCK_SERVICE ]]; then
  systemctl enable "$CLOCK_SERVICE"
  systemctl restart "$CLOCK_SERVICE"
fi
systemctl enable containerd kubelet
# The package may have started containerd with its own configuration before ours was complete.
[[ -e /var/lib/openstack-kubernetes/containerd-started ]] || systemctl restart containerd
systemctl start containerd
touch /var/lib/openstack-kubernetes/containerd-started
