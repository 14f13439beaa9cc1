#!/usr/bin/env bash
# Installs Pulumi's CLI at the pinned version, after comparing the archive with the pinned hash, and prints the folder
# that belongs in PATH: `PATH=$(scripts/installPulumi.sh):$PATH`. A second run finds it and downloads nothing. The
# hashes are those of Pulumi's own Homebrew formula (github.com/pulumi/homebrew-tap).
set -euo pipefail

pinned='
  v3.259.0 linux-x64 94ba357acac23d01474084c4b00098dc0f7bc70ce13f34c777459254a5f718e5
  v3.259.0 linux-arm64 edc8327463a72160bb36cf82cf5062da9c8a244290a706d9980988e7bf486853
  v3.259.0 darwin-x64 eaca4c3b8277bfa3ab061fa3b270d1c66358a0b2e613da8c5587a04b7226c534
  v3.259.0 darwin-arm64 57c27f179e527e2cf9f62b841a448af72a020e44b2fb4ee0d9bd85556c00c864
'

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

case "$(uname -s) $(uname -m)" in
  "Linux x86_64") platform=linux-x64 ;;
  "Linux aarch64") platform=linux-arm64 ;;
  "Darwin x86_64") platform=darwin-x64 ;;
  "Darwin arm64") platform=darwin-arm64 ;;
  *) fail "No hash is pinned for $(uname -s) on $(uname -m): install Pulumi by hand (pulumi.com/docs/install)." ;;
esac
read -r version _ hash < <(grep " $platform " <<<"$pinned")
versions=${PULUMI_HOME:-$HOME/.pulumi}/versions
target=$versions/${version#v}/bin

if [[ ! -x $target/pulumi ]]; then
  mkdir -p "$versions"
  work=$(mktemp -d "$versions/download.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  archive=pulumi-$version-$platform.tar.gz
  curl --fail --silent --show-error --location --proto '=https' --retry 3 --output "$work/$archive" \
    "https://github.com/pulumi/pulumi/releases/download/$version/$archive"
  if command -v sha256sum >/dev/null; then sum=sha256sum; else sum="shasum -a 256"; fi
  found=$($sum "$work/$archive" | cut -d ' ' -f 1)
  [[ $found == "$hash" ]] || fail "$archive has the hash $found instead of the pinned $hash: nothing is installed."
  tar -xzf "$work/$archive" -C "$work"
  mkdir -p "${target%/bin}"
  # Moved into place at the end only, so that an interrupted run never leaves half of it.
  rm -rf "$target"
  mv "$work/pulumi" "$target"
fi
printf '%s\n' "$target"
