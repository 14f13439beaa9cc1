#!/usr/bin/env bash
# Starts the clock daemon and containerd after a look at the versions of what was installed; the kubelet is started by
# kubeadm.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/kubernetes.env

is_kubernetes() {
  if [[ $2 != "v$KUBERNETES_VERSION" ]]; then
    echo "$1 is ${2:-of no version} but kubernetes.version is $KUBERNETES_VERSION. Use an image or a mirror with that version."
    exit 1
  fi
}
for program in runc crictl curl; do
  command -v "$program" >/dev/null || {
    echo "$program is missing. Add it to the image, or to the packages of the mirror."
    exit 1
  }
done
found=$(kubeadm version -o short)
is_kubernetes kubeadm "$found"
found=$(kubelet --version)
is_kubernetes kubelet "${found##* }"
found=$(containerd --version)
read -r _ _ found _ <<<"$found"
found=${found#v}
if [[ ! $found =~ ^([2-9]|[1-9][0-9]+)\. ]]; then
  echo "containerd is ${found:-of no version} but its configuration is written for containerd 2. Use an image or a mirror with containerd 2."
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
