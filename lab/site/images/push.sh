# shellcheck shell=bash
# Turns folders into the layers of an OCI image and pushes it to a registry, without a container engine. To be sourced.

# layer ROOT FILE: packs a folder as a layer; the same folder always yields the same bytes.
layer() {
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$1" -cf "$2.tar" .
  gzip -n -1 -c "$2.tar" >"$2"
  printf 'sha256:%s' "$(sha256sum "$2.tar" | cut -d' ' -f1)" >"$2.diff"
  rm "$2.tar"
}

pushBlob() {
  local registry=$1 name=$2 file=$3 digest location
  digest="sha256:$(sha256sum "$file" | cut -d' ' -f1)"
  curl -fsS --head -o /dev/null "$registry/v2/$name/blobs/$digest" 2>/dev/null || {
    location=$(curl -fsS -X POST -D - -o /dev/null "$registry/v2/$name/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
    curl -fsS -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$file" "$location&digest=$digest"
  }
  echo "$digest"
}

# pushImage REGISTRY NAME TAG ENTRYPOINT LAYER...: ENTRYPOINT is one path, or empty for an image whose pods name their
# command.
pushImage() {
  local registry=$1 name=$2 tag=$3 entrypoint=$4 scratch config digests='' diffs='' file
  shift 4
  scratch=$(mktemp -d)
  for file; do
    digests+="${digests:+,}{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"$(pushBlob "$registry" "$name" "$file")\",\"size\":$(stat -c %s "$file")}"
    diffs+="${diffs:+,}\"$(cat "$file.diff")\""
  done
  printf '{"architecture":"%s","os":"linux","config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]%s},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
    "$(dpkg --print-architecture)" "${entrypoint:+,\"Entrypoint\":[\"$entrypoint\"]}" "$diffs" >"$scratch/config"
  config=$(pushBlob "$registry" "$name" "$scratch/config")
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%s},"layers":[%s]}' \
    "$config" "$(stat -c %s "$scratch/config")" "$digests" >"$scratch/manifest"
  curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary "@$scratch/manifest" "$registry/v2/$name/manifests/$tag"
  rm -rf "$scratch"
}
