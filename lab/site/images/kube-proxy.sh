#!/bin/bash
# kube-proxy sets the size of the connection table, which belongs to the whole kernel: a lab machine, in a network
# namespace, may not set it, and shall not change the host's. As with the settings of lab/machines/boot.sh it gets a
# copy to write to. On a machine with a kernel of its own upstream's image does without this.
set -euo pipefail
for setting in /proc/sys/net/netfilter/nf_conntrack_max /sys/module/nf_conntrack/parameters/hashsize; do
  copy=/tmp/${setting##*/}
  cat "$setting" >"$copy"
  mount --bind "$copy" "$setting"
done
exec /usr/local/bin/kube-proxy-program "$@"
