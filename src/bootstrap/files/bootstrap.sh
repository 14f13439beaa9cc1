#!/usr/bin/env bash
# Turns this machine into a Kubernetes node, one step after the other, and says on the console how that ended.
# Runs as the unit openstack-kubernetes.service, which starts it again after a failure or a reboot until it has succeeded once:
# every step may therefore find its work done already.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env

bin=/opt/openstack-kubernetes/bin
state=/var/lib/openstack-kubernetes
log=/var/log/openstack-kubernetes.log
mkdir -p "$state"

# Nova keeps what is written to the console, so that an operator without access to the machine sees why it is not a node.
console() {
  printf 'openstack-kubernetes: %s\n' "$*"
  printf 'openstack-kubernetes: %s\r\n' "$*" 2>/dev/null >>/dev/console || true
}

# step TITLE SCRIPT: the reason of a failure is the last line that the script wrote.
step() {
  local title=$1 script=$bin/$2 output=/run/openstack-kubernetes.step
  [[ -x $script ]] || return 0
  console "$title"
  if "$script" >"$output" 2>&1; then
    cat "$output" >>"$log"
    return 0
  fi
  cat "$output" >>"$log"
  local line reason
  reason=$(grep -v '^[[:space:]]*$' "$output" | tail -n 1) || true
  tail -n 15 "$output" | while read -r line; do console "  | $line"; done
  console "FAILED: ${reason:-no output} (step: $title; full log: $log; tried again in 30 s)"
  exit 1
}

date -u '+--- bootstrap begins %FT%TZ' >>"$log"
step "preparing the operating system" prepare-host.sh
step "mounting volumes" mount-volumes.sh
step "installing packages" install-packages.sh
step "starting containerd" start-runtime.sh
step "closing the metadata service to pods" close-metadata.sh
step "becoming a $ROLE node" become-node.sh

touch "$state/joined"
name=$(uname -n)
console "SUCCESS: ${name%%.*} is a $ROLE node of $CLUSTER_NAME"
