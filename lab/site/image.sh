#!/bin/bash
# The few files that make the Debian tree a lab machine's image (lab/machines/image), owned by root: the layer above the
# tree. Usage: image.sh; prints the directory. Needs root.
set -euo pipefail
# shellcheck source=lab/site/cache.sh
source "$(dirname "$0")/cache.sh"

layImage() {
  mkdir "$1/image"
  cp -r --no-dereference --preserve=mode "$SITE/../machines/image/." "$1/image/"
  # Whatever the checkout's owner and umask were.
  chown -R --no-dereference root:root "$1/image"
  chmod -R u=rwX,go=rX "$1/image"
}

files=$(cd "$SITE/../machines/image" && find . -type f -exec sha256sum {} + -o -type l -printf '%p %l\n' | sort)
target="$CACHE/image-$(cat "$SITE/image.sh" - <<<"$files" | sha256sum | cut -c1-12)"
made "$target" layImage
echo "$target/image"
