#!/bin/sh
# Uses the cluster as an application does, and says whether it could. One argument: dns | gateway | storage |
# network-open | network-closed   one check; exit 0 when the cluster works, a sentence on standard error when not round
# all of them; prints metrics for Prometheus forever                                                    a round each
# minute, into metrics.txt Needs busybox and curl. APPS_DOMAIN and DNS_DOMAIN are the cluster's settings of those names;
# CANARY_DATA and CANARY_RESULTS are the folders of the volume and of the metrics.
set -u

fail() {
  echo "$*" >&2
  exit 1
}
# A dropped packet is no answer within five seconds. The certificate may be of the cluster's own CA; the blackbox
# exporter watches its expiry.
page() { curl --silent --show-error --insecure --max-time 5 "$1"; }

# The cluster's own name for the API, as every pod finds it.
dns() { nslookup "kubernetes.default.svc.$DNS_DOMAIN" >/dev/null || fail "The cluster's DNS does not know kubernetes.default.svc.$DNS_DOMAIN."; }

# From outside: the public name, the load balancer, the gateway, the route to the target.
gateway() { [ "$(page "https://canary.$APPS_DOMAIN/index.html")" = canary ] || fail "https://canary.$APPS_DOMAIN does not show the canary's page."; }

storage() {
  # Never the same text, so that what is read is what was written just now.
  written="$(date) $$"
  { echo "$written" >"$CANARY_DATA/canary" && sync "$CANARY_DATA/canary"; } || fail "The volume cannot be written."
  [ "$(cat "$CANARY_DATA/canary")" = "$written" ] || fail "The volume does not hold what was written to it."
}

network_open() { [ "$(page http://canary-target:8080/index.html)" = canary ] || fail "The target's open port does not answer."; }

# The same pod, and Ready only while its closed port answers the kubelet: what keeps the page away is the network
# policy.
network_closed() {
  if page http://canary-target:8081/index.html >/dev/null 2>&1; then fail "The target's closed port answers: network policies are not enforced."; fi
}

round() {
  echo "# HELP canary_check_success Whether the check worked: 1, or 0."
  echo "# TYPE canary_check_success gauge"
  for check in dns gateway storage network-open network-closed; do
    if timeout 15 sh "$0" "$check"; then success=1; else success=0; fi
    echo "canary_check_success{check=\"$check\"} $success"
  done
  echo "# HELP canary_last_run_timestamp_seconds When the last round ended."
  echo "# TYPE canary_last_run_timestamp_seconds gauge"
  echo "canary_last_run_timestamp_seconds $(date +%s)"
}

case ${1-} in
  dns | gateway | storage | round) "$1" ;;
  network-open) network_open ;;
  network-closed) network_closed ;;
  forever)
    while :; do
      round >"$CANARY_RESULTS/metrics.part" && mv "$CANARY_RESULTS/metrics.part" "$CANARY_RESULTS/metrics.txt"
      sleep 60
    done
    ;;
  *) fail "Usage: check.sh dns|gateway|storage|network-open|network-closed|round|forever" ;;
esac
