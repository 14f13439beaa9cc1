#!/usr/bin/env bash
# keepalived asks this every second: may this machine hold the virtual IP, that is, does its own API server serve?
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
exec curl -fs --noproxy '*' --max-time 2 --cacert /etc/kubernetes/pki/ca.crt --output /dev/null "https://127.0.0.1:$API_PORT/readyz"
