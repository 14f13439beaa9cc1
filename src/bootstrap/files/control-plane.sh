#!/usr/bin/env bash
# Makes this machine part of the control plane. Exactly one machine ever starts a cluster: the first of the peers, and
# only when neither the endpoint nor any peer has answered and it holds no etcd data itself. Every other one, a
# recreated first one included, joins.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
etc=/etc/openstack-kubernetes
state=/var/lib/openstack-kubernetes
data=/var/lib/etcd
run=/run/openstack-kubernetes
install -d -m 0700 "$run"

name=$(uname -n)
name=${name%%.*}
address=$(awk -v name="$name" '$1 == name { print $2 }' "$etc/peers")
if [[ -z $address ]]; then
  echo "This machine is called $name, which is not among the control-plane machines: $(cut -d ' ' -f 1 "$etc/peers" | xargs)."
  exit 1
fi
interface=$(ip -4 -o addr show to "$address" | awk 'NR == 1 { print $2 }')
if [[ -z $interface ]]; then
  echo "No interface has the address $address that $name should have."
  exit 1
fi

api() { curl -fsS --noproxy '*' --max-time 5 --cacert "$etc/pki/ca.crt" "https://$1$2"; }
admin() { kubectl --kubeconfig "$run/admin.conf" --request-timeout 30s "$@"; }
local_admin() { kubectl --kubeconfig /etc/kubernetes/admin.conf --server "https://127.0.0.1:$API_PORT" --request-timeout 30s "$@"; }
etcd_is_empty() { [[ -z $(find "$data" -mindepth 1 -not -name lost+found 2>/dev/null | head -n 1) ]]; }

# Any HTTP answer at the endpoint counts, whatever its certificate: a load balancer without members does not give one.
# All are asked at once, because an address that nobody holds costs a full time limit.
cluster_answers() {
  local peer port probe probes=()
  curl -ks --noproxy '*' --max-time 3 --output /dev/null "https://$ENDPOINT/readyz" &
  probes+=($!)
  while read -r _ peer; do
    [[ $peer != "$address" ]] || continue
    for port in "$API_PORT" 2379 2380; do
      timeout 3 bash -c "</dev/tcp/$peer/$port" 2>/dev/null &
      probes+=($!)
    done
  done <"$etc/peers"
  for probe in "${probes[@]}"; do
    if wait "$probe"; then return 0; fi
  done
  return 1
}

# Seconds since the cluster's CA was made, which is when its first `up` ran.
ca_age() {
  local start now
  start=$(openssl x509 -in "$etc/pki/ca.crt" -noout -startdate) || return 1
  [[ $start == notBefore=?* ]] && start=$(date -d "${start#*=}" +%s) && now=$(date +%s) || return 1
  echo $((now - start))
}

# While the CA is young this is most likely the cluster's first power-on: two looks, on top of the time that installing
# took. A peer that restarts its API server or elects a leader answers within that time on its etcd port. With an older
# CA there most likely is a cluster, and this machine was recreated while its peers are off or rebooting: they get about
# ten minutes, because a second cluster at the same address would be worse than a late one. `up` spares it them for an
# hour where the operator says that a new cluster is meant: it has looked for peers that run before it created this one.
nothing_answers() {
  local look looks=2 pause=2 age
  if ! age=$(ca_age); then
    echo "The age of the cluster's CA cannot be told, so no cluster is started here."
    return 1
  fi
  if ((age > 3600 && $(date +%s) > $(cat "$etc/new-cluster-until" 2>/dev/null || echo 0))); then
    looks=90 pause=5
    echo "the cluster's CA is older than an hour, so that a cluster may exist: looking for it for about ten minutes"
  fi
  for ((look = 1; look <= looks; look++)); do
    if cluster_answers; then return 1; fi
    echo "look $look of $looks: neither the endpoint nor a peer answers"
    sleep $pause
  done
}

# kubeadm reset empties /etc/kubernetes/pki, so the CAs are kept elsewhere and copied back.
lay_documents() {
  mkdir -p /etc/kubernetes/pki
  cp -r --preserve=mode "$etc/pki/." /etc/kubernetes/pki/
  local document
  for document in init.yaml join.yaml; do
    install -m 0600 /dev/null "$run/$document"
    sed "s/@NODE_IP@/$address/g" "$etc/$document" >"$run/$document"
  done
  if command -v restorecon >/dev/null; then restorecon -R /etc/kubernetes; fi
}

lay_keepalived() {
  mkdir -p /etc/keepalived
  # keepalived may ask the API server for its health; without this SELinux forbids the connection.
  if command -v selinuxenabled >/dev/null && selinuxenabled; then setsebool -P keepalived_connect_any 1; fi
  sed -e "s/@NODE_IP@/$address/" -e "s/@NODE_INTERFACE@/$interface/" "$etc/keepalived.conf" >/etc/keepalived/keepalived.conf
  /opt/openstack-kubernetes/bin/refresh-peers.sh
}

hold_virtual_ip() {
  local since=$SECONDS
  lay_keepalived
  systemctl enable --now keepalived
  until [[ -n $(ip -4 -o addr show to "$VIRTUAL_IP") ]]; do
    if ((SECONDS - since > 120)); then
      echo "keepalived did not take the virtual IP $VIRTUAL_IP within two minutes."
      return 1
    fi
    sleep 1
  done
}

# A machine that joined may hold the virtual IP once its peers know of it, which they do after refresh-peers.sh has run
# on them (every 30 s): one that hears from no peer takes the address, whoever else has it.
share_virtual_ip() {
  lay_keepalived
  systemctl enable keepalived
  systemctl is-active --quiet keepalived || systemd-run --quiet --on-active=60 systemctl start keepalived
  systemctl enable --now openstack-kubernetes-peers.timer
}

init() {
  local ignored=()
  if [[ -e $state/init-started ]]; then
    # The phases of init find and keep what an earlier attempt made; nothing is wiped, because others may have joined
    # already.
    ignored=(--ignore-preflight-errors "$RESUME_IGNORES")
  fi
  touch "$state/init-started"
  lay_documents
  if [[ -n $VIRTUAL_IP ]]; then hold_virtual_ip; fi
  kubeadm init --config "$run/init.yaml" --skip-token-print "${ignored[@]}"
}

wait_for_endpoint() {
  local answer look=0
  until answer=$(api "$ENDPOINT" /readyz 2>&1); do
    if ((look++ % 10 == 0)); then echo "waiting for the API endpoint https://$ENDPOINT: $answer"; fi
    if ((SECONDS > 1200)); then
      if etcd_is_empty; then
        echo "The API endpoint https://$ENDPOINT is not ready after 20 minutes: $answer"
      else
        echo "$data holds data of an earlier cluster, but https://$ENDPOINT does not answer ($answer): restore a snapshot, or empty $data to start a new cluster."
      fi
      return 1
    fi
    sleep 3
  done
}

# One machine at a time: etcd takes one learner at once. The lock is a ConfigMap, because creating one is atomic. A
# machine that died holding it loses it after 15 minutes.
take_turn() {
  local holder since
  until admin -n kube-system create configmap control-plane-join --from-literal=machine="$name" >/dev/null; do
    holder=$(admin -n kube-system get configmap control-plane-join -o 'jsonpath={.data.machine} {.metadata.creationTimestamp}' || true)
    since=${holder#* }
    if [[ ${holder%% *} == "$name" ]]; then break; fi
    if [[ -n $since ]] && (($(date +%s) - $(date -d "$since" +%s) > 900)); then end_turn; fi
    if ((SECONDS > 2400)); then
      echo "Another control-plane machine (${holder%% *}) has been joining for too long."
      return 1
    fi
    sleep 3
  done
}

# Asked until it is done, because the others would wait 15 minutes for a turn that nobody has; and never a failure,
# because the machine is a member by then. Silent, because the last line that this script writes is shown as the reason
# of a failure.
end_turn() {
  local look
  for look in {1..20}; do
    if admin -n kube-system delete configmap control-plane-join --ignore-not-found >/dev/null 2>&1; then return 0; fi
    sleep 3
  done
}

# What an earlier machine of this name left behind: its etcd member and its Node. This machine has the name and the
# address, and no etcd runs on it yet, so neither can be alive.
remove_predecessor() {
  local look
  # The pod of an etcd that has just been started is not listed as running at once.
  for look in {1..36}; do
    if ask_peers; then return 0; fi
    echo "look $look: no etcd pod of another control-plane machine answers"
    sleep 5
  done
  echo "No etcd pod of another control-plane machine answers, so a member left by an earlier $name cannot be removed."
  return 1
}

# Has the first peer that answers remove the member and the Node of this name; fails while none answers.
ask_peers() {
  local pod members id
  local etcdctl=(etcdctl --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/server.crt --key /etc/kubernetes/pki/etcd/server.key)
  for pod in $(admin -n kube-system get pods -l component=etcd --field-selector status.phase=Running -o 'jsonpath={.items[*].metadata.name}'); do
    [[ $pod != "etcd-$name" ]] || continue
    members=$(timeout 30 kubectl --kubeconfig "$run/admin.conf" -n kube-system exec "$pod" -c etcd -- "${etcdctl[@]}" member list) || continue
    members=$(awk -F ', ' -v name="$name" -v url="https://$address:2380" '$3 == name || $4 == url { print $1 }' <<<"$members")
    for id in $members; do
      echo "removing etcd member $id, left by an earlier $name"
      admin -n kube-system exec "$pod" -c etcd -- "${etcdctl[@]}" member remove "$id" || return 1
    done
    find "$data" -mindepth 1 -delete 2>/dev/null || true
    admin delete node "$name" --ignore-not-found --timeout 60s || return 1
    return 0
  done
  return 1
}

# Join credentials of this machine alone, for the time of its join: the token in user data opens nothing by now, and a
# machine that holds the CA may make its own.
make_token() {
  local given document
  token=$(od -A n -N 11 -t x1 /dev/urandom | tr -d ' \n')
  token=${token:0:6}.${token:6}
  given=$(awk '$1 == "token:" { gsub(/["'"'"']/, "", $2); print $2 }' "$run/join.yaml")
  if [[ -z $given ]]; then
    echo "$etc/join.yaml holds no token."
    return 1
  fi
  document=$(<"$run/join.yaml")
  printf '%s\n' "${document//"$given"/$token}" >"$run/join.yaml"
  # printf is the shell's own, so that the token is on no command line.
  printf '{"apiVersion":"v1","kind":"Secret","type":"bootstrap.kubernetes.io/token","metadata":{"name":"bootstrap-token-%s","namespace":"kube-system"},
    "stringData":{"token-id":"%s","token-secret":"%s","expiration":"%s","usage-bootstrap-authentication":"true","usage-bootstrap-signing":"true",
    "auth-extra-groups":"system:bootstrappers:kubeadm:default-node-token"}}' \
    "${token%%.*}" "${token%%.*}" "${token#*.}" "$(date -u -d '+1 hour' +%FT%TZ)" | admin create -f - >/dev/null
}

# Whatever the join came to. Never a failure: the token expires by itself.
leave() {
  if [[ -n $token ]]; then admin -n kube-system delete secret "bootstrap-token-${token%%.*}" --ignore-not-found >/dev/null 2>&1 || true; fi
  end_turn
}

join() {
  token=
  wait_for_endpoint
  if [[ -e $state/join-started ]]; then kubeadm reset --force; fi
  lay_documents
  kubeadm init phase kubeconfig admin --config "$run/init.yaml" --kubeconfig-dir "$run"
  take_turn
  trap leave EXIT
  echo "joining since $(date -u +%FT%TZ)"
  remove_predecessor
  make_token
  touch "$state/join-started"
  kubeadm join --config "$run/join.yaml"
  echo "joined at $(date -u +%FT%TZ)"
}

# With serverTLSBootstrap, which the cluster's own kubelet configuration says, a kubelet serves no exec and no logs
# before its request for a certificate is approved, and the next machine that joins needs exec into this one's etcd.
# This machine holds the CA's key, so that approving what its own kubelet asked for gives it nothing new. Renewals and
# other nodes are approve-kubelets.py's.
approve_own_serving_certificate() {
  local own requests request look=0
  grep -qs '^serverTLSBootstrap: true' /var/lib/kubelet/config.yaml || return 0
  own="{range .items[?(@.spec.username==\"system:node:$name\")]}{.metadata.name}{\"\n\"}{end}"
  until [[ -e /var/lib/kubelet/pki/kubelet-server-current.pem ]]; do
    requests=$(local_admin get csr --field-selector spec.signerName=kubernetes.io/kubelet-serving -o "jsonpath=$own") || requests=''
    for request in $requests; do local_admin certificate approve "$request" || true; done
    if ((look++ % 20 == 0)); then echo "waiting for the kubelet's serving certificate; requests: ${requests:-none}"; fi
    if ((SECONDS > 3600)); then
      echo "The kubelet of this machine has no serving certificate after an hour; kubectl get csr shows its requests."
      return 1
    fi
    sleep 3
  done
}

# The root of a new file system is open to everybody, and kubeadm takes the folder as it is (CIS 1.1.11).
install -d -m 0700 "$data"
if [[ -e $state/member ]]; then
  echo "kubeadm has finished on this machine already"
elif [[ -e $state/init-started ]]; then
  init
elif [[ $name == "$(awk 'NR == 1 { print $1 }' "$etc/peers")" ]] && etcd_is_empty && nothing_answers; then
  init
else
  join
fi
touch "$state/member"

until answer=$(api "127.0.0.1:$API_PORT" /readyz 2>&1); do
  if ((SECONDS > 3000)); then
    echo "The API server of this machine is not ready: $answer"
    exit 1
  fi
  sleep 1
done
approve_own_serving_certificate
if [[ -n $VIRTUAL_IP ]]; then share_virtual_ip; fi
systemctl enable --now openstack-kubernetes-{renew,snapshot,approve,backup}.timer
