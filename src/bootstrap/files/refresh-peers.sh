#!/usr/bin/env bash
# Tells keepalived who its peers are: the control-plane machines that this machine was created with, and those that are
# nodes now, because machines that were added later are in nobody's older user data. One that is gone stays: an
# advertisement that reaches nobody does no harm, and a machine of that name may come back. Without peers there is
# nothing to name, and keepalived stays with the multicast that it begins with.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
known=/etc/openstack-kubernetes/peers
file=/etc/keepalived/peers.conf

name=$(uname -n)
address=$(awk -v name="${name%%.*}" '$1 == name { print $2 }' "$known")
if [[ -z $address ]]; then
  echo "$known does not name this machine, ${name%%.*}." >&2
  exit 1
fi
# Asked of this machine's own API server, which is silent before it has joined and while it restarts; what was learnt
# before is kept then.
nodes=$(kubectl --kubeconfig /etc/kubernetes/admin.conf --server "https://127.0.0.1:$API_PORT" --request-timeout 10s get nodes \
  --selector node-role.kubernetes.io/control-plane --output 'jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}' 2>/dev/null) || nodes=''
learnt=$(grep -oE '^ +[0-9.]+$' "$file" 2>/dev/null) || learnt=''
peers=$({ cut -d ' ' -f 2 "$known" && printf '%s\n%s\n' "$nodes" "$learnt"; } | tr ' ' '\n' | grep -E '^[0-9.]+$' | grep -vxF "$address" | sort -u | sed 's/^/  /') || peers=''

if [[ -n $peers ]]; then printf 'unicast_src_ip %s\nunicast_peer {\n%s\n}\n' "$address" "$peers"; fi >"$file.part"
if cmp -s "$file.part" "$file"; then
  rm "$file.part"
  exit 0
fi
mv "$file.part" "$file"
if systemctl is-active --quiet keepalived; then systemctl reload keepalived; fi
echo "keepalived's peers now: ${peers//$'\n'/}"
