#!/usr/bin/env bash
# Turns this machine into a Kubernetes node, one step after the other, and says on the console how that ended. Runs as
# the unit openstack-kubernetes.service, which starts it again after a failure or a reboot until it has succeeded once:
# every step may therefore find its work done already.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env

bin=/opt/openstack-kubernetes/bin
state=/var/lib/openstack-kubernetes
log=/var/log/openstack-kubernetes.log
mkdir -p "$state"

# Nova keeps what is written to the console, so that an operator without access to the machine sees why it is not a
# node.
console() {
  printf 'openstack-kubernetes: %s\n' "$*"
  printf 'openstack-kubernetes: %s\r\n' "$*" 2>/dev/null >>/dev/console || true
}

# reason FILE: the line that tells best why a step failed: what a package manager could not fetch, with its URL; what
# kubeadm's checks found; else the last line that is more than advice.
reason() {
  local found
  found=$(grep -E '^E: Failed to fetch |(Status code: [0-9]+|Curl error .*) for http' "$1" | tail -n 1) || true
  [[ -n $found ]] || found=$(grep -m 1 -F '[ERROR ' "$1") || true
  [[ -n $found ]] || found=$(grep -vE '^[[:space:]]*$|^To see the stack trace of this error' "$1" | tail -n 1) || true
  found=${found#"${found%%[![:space:]]*}"}
  printf '%s' "${found:-no output}"
}

# tell_progress TITLE FILE: every minute the last line of a step that takes long, so that whoever waits knows for what.
# Reading from a pipe that nobody writes to is a sleep that ends with this process.
tell_progress() {
  local silence line
  exec {silence}<> <(:)
  while ! read -rt 60 -u "$silence"; do
    line=$(tail -n 1 "$2")
    console "still $1, ${SECONDS} s since the start: ${line:-no output yet}"
  done
}

# step TITLE SCRIPT
step() {
  local title=$1 script=$bin/$2 output=/run/openstack-kubernetes.step status=0 progress line
  console "$title"
  : >"$output"
  tell_progress "$title" "$output" &
  progress=$!
  "$script" >"$output" 2>&1 || status=$?
  # Not TERM, which bash loses now and then in a subshell that has just begun: `wait` would wait for ever.
  kill -KILL "$progress"
  wait "$progress" 2>/dev/null || true
  cat "$output" >>"$log"
  if ((status == 0)); then return 0; fi
  tail -n 15 "$output" | while read -r line; do console "  | $line"; done
  console "FAILED: $(reason "$output") (step: $title; full log: $log; tried again in 30 s)"
  exit 1
}

date -u '+--- bootstrap begins %FT%TZ' >>"$log"
step "preparing the operating system" prepare-host.sh
if [[ -e /etc/openstack-kubernetes/volumes || -e $bin/mount-volumes.sh ]]; then step "mounting volumes" mount-volumes.sh; fi
step "installing packages" install-packages.sh
step "starting containerd" start-runtime.sh
step "closing the metadata service to pods" close-metadata.sh
step "becoming a $ROLE node" become-node.sh

# kubeadm and the packages leave them readable to everybody (CIS 4.1.1, 4.1.9); the agent does so after an upgrade.
shopt -s nullglob
for file in /var/lib/kubelet/*.{yaml,env} /etc/systemd/system/kubelet.service{,.d/*.conf} \
  /usr/lib/systemd/system/kubelet.service{,.d/*.conf}; do
  if [[ -f $file ]]; then chmod 0600 "$file"; fi
done

systemctl enable --now openstack-kubernetes-agent.service
touch "$state/joined"
name=$(uname -n)
console "SUCCESS: ${name%%.*} is a $ROLE node of $CLUSTER_NAME"
