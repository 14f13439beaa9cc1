#!/bin/bash
# Plugs a machine's network card into the lab's bridge. Run by QEMU in the lab's network namespace with the card's name
# on the host's side.
set -euo pipefail
ip link set "$1" master br0 up
