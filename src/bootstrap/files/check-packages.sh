#!/usr/bin/env bash
# With packages preinstalled in the image there is nothing to install, only to see that all is there.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/openstack-kubernetes/bootstrap.env
missing=
for command in $COMMANDS; do
  command -v "$command" >/dev/null || missing+=" $command"
done
if [[ -n $missing ]]; then
  echo "packageSource is preinstalled, but the image lacks:$missing. Add them to the image or choose packageSource upstream or mirror."
  exit 1
fi
