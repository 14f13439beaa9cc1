#!/usr/bin/env bash
# Builds what the tests of gitops/ run for real: Flux's source-, kustomize-, helm- and notification-controller, its own
# build and substitution, sops and age-keygen; kubeconform; helm; the kyverno CLI; promtool, Alertmanager, the
# Prometheus operator, kube-state-metrics and the blackbox exporter; Flux's command line, which runbooks call; crane,
# which is a registry too; and the definitions of what they validate. Sources come from the Go module proxy: versions
# stand in test/gitops/tools/*/go.mod, checksums in go.sum, and Go verifies both. Nothing else is downloaded. Cached in
# $OPENSTACK_KUBERNETES_TOOLS (default ~/.cache/openstack-kubernetes/tools), one folder per module, named for a digest
# of its pins: a second run finds everything, a changed pin builds that module again. Usage: installGitopsTools.sh
# [MODULE ...], folders of test/gitops/tools; without arguments all. GITOPS_TOOLS_JOBS: compilers at once (default 1).
set -euo pipefail

modules=$(cd "$(dirname "${BASH_SOURCE[0]}")/../test/gitops/tools" && pwd)
tools=${OPENSTACK_KUBERNETES_TOOLS:-$HOME/.cache/openstack-kubernetes/tools}

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# The digest covers what decides the binaries: the pins and this project's own Go files.
# test/gitops/toolbox.ts computes the same one to find them.
target() { echo "$tools/gitops-$1-$(cd "$modules/$1" && find . -type f | LC_ALL=C sort | xargs cat | sha256sum | cut -c1-12)"; }

# chart DIRECTORY TARGET: a copy of a Helm chart as its project keeps it; writable, as files of the module cache are
# not.
chart() {
  mkdir -p "$2/charts"
  rm -rf "$2/charts/$(basename "$1")"
  cp -r "$1" "$2/charts/"
  chmod -R u+w "$2/charts"
}

# commandLine DIRECTORY TARGET: Flux's command line from its module. Its release embeds manifests for `flux install`,
# which the module does not have and no runbook needs; an empty one stands for them.
commandLine() {
  local source=$2.source
  say "Building Flux's command line (minutes the first time) ..."
  rm -rf "$source"
  cp -r "$1" "$source"
  chmod -R u+w "$source"
  mkdir "$source/cmd/flux/manifests"
  touch "$source/cmd/flux/manifests/none.yaml"
  CGO_ENABLED=0 GOFLAGS='' nice -n 19 go build -C "$source" -mod=readonly -p "${GITOPS_TOOLS_JOBS:-1}" -trimpath -buildvcs=false \
    -ldflags "-s -w -X main.VERSION=${1##*@v}" -o "$2.part" ./cmd/flux
  rm -rf "$source"
  mv "$2.part" "$2"
}

# files MODULE TARGET: what is taken from the modules beside their tools: definitions of custom resources, Kubernetes'
# OpenAPI document, charts, Flux's command line.
files() {
  local sources=() module directory
  case $1 in
    flux) sources=(github.com/fluxcd/source-controller github.com/fluxcd/kustomize-controller) ;;
    kyverno) sources=(github.com/kyverno/kyverno) ;;
    controllers) sources=(github.com/tigera/operator) ;;
    definitions)
      sources=(github.com/cert-manager/cert-manager github.com/envoyproxy/gateway github.com/fluxcd/flux2/v2 github.com/fluxcd/helm-controller
        github.com/fluxcd/notification-controller github.com/prometheus-operator/prometheus-operator k8s.io/kubernetes sigs.k8s.io/metrics-server)
      ;;
    snapshots) sources=(github.com/kubernetes-csi/external-snapshotter/client/v8 github.com/kubernetes-csi/external-snapshotter/v8) ;;
    *) return 0 ;;
  esac
  (cd "$modules/$1" && GOFLAGS=-mod=readonly go mod download "${sources[@]}")
  mkdir -p "$2/crds"
  for module in "${sources[@]}"; do
    directory=$(cd "$modules/$1" && go list -m -f '{{.Dir}}' "$module")
    case $module in
      k8s.io/kubernetes) install -m 644 -t "$2" "$directory/api/openapi-spec/swagger.json" ;;
      github.com/cert-manager/cert-manager)
        install -m 644 -t "$2/crds" "$directory"/deploy/crds/*_*.yaml
        chart "$directory/deploy/charts/cert-manager" "$2"
        ;;
      github.com/prometheus-operator/prometheus-operator) install -m 644 -t "$2/crds" "$directory"/example/prometheus-operator-crd/*.yaml ;;
      # Which controllers a Flux is made of, and the roles that it brings.
      github.com/fluxcd/flux2/v2)
        rm -rf "$2/flux"
        mkdir -p "$2/flux"
        cp -r "$directory/manifests/bases" "$directory/manifests/rbac" "$2/flux/"
        chmod -R u+w "$2/flux"
        [[ -x $2/flux-cli ]] || commandLine "$directory" "$2/flux-cli"
        ;;
      github.com/tigera/operator) install -m 644 -T "$directory/pkg/components/calico.go" "$2/calico.go" ;;
      sigs.k8s.io/metrics-server) chart "$directory/charts/metrics-server" "$2" ;;
      github.com/envoyproxy/gateway)
        install -m 644 -t "$2/crds" "$directory"/charts/gateway-helm/charts/crds/crds/*.yaml "$directory"/charts/gateway-helm/charts/crds/crds/generated/*.yaml
        chart "$directory/charts/gateway-helm" "$2"
        install -m 644 -T "$directory/api/v1alpha1/shared_types.go" "$2/envoy-gateway.go"
        # Its project fills the image in when it packs the chart.
        sed "s,\${GatewayImage},docker.io/envoyproxy/gateway:${directory##*@},; s,\${GatewayImagePullPolicy},IfNotPresent," \
          "$2/charts/gateway-helm/values.tmpl.yaml" >"$2/charts/gateway-helm/values.yaml"
        ;;
      github.com/kyverno/kyverno)
        find "$directory/config/crds" -name '*_*.yaml' -exec install -m 644 -t "$2/crds" {} +
        chart "$directory/charts/kyverno" "$2"
        ;;
      github.com/kubernetes-csi/external-snapshotter/v8)
        mkdir -p "$2/manifests/deploy/kubernetes/snapshot-controller"
        install -m 644 -t "$2/manifests/deploy/kubernetes/snapshot-controller" "$directory"/deploy/kubernetes/snapshot-controller/*.yaml
        ;;
      github.com/kubernetes-csi/external-snapshotter/client/v8)
        install -m 644 -t "$2/crds" "$directory"/config/crd/*_*.yaml
        mkdir -p "$2/manifests/client/config/crd"
        install -m 644 -t "$2/manifests/client/config/crd" "$directory"/config/crd/*.yaml
        ;;
      *) find "$directory/config/crd" -name '*_*.yaml' -exec install -m 644 -t "$2/crds" {} + ;;
    esac
  done
}

# programs MODULE TARGET: builds the module's tools, and the project's own program beside them.
programs() {
  local packages=(tool) start=$SECONDS compiler
  grep -q '^tool ' "$modules/$1/go.mod" || return 0
  [[ ! -d $modules/$1/fluxbuild ]] || packages+=(./fluxbuild)
  say "Building the $1 tools (minutes the first time) ..."
  CGO_ENABLED=0 GOFLAGS='' nice -n 19 go build -C "$modules/$1" -mod=readonly -p "${GITOPS_TOOLS_JOBS:-1}" -trimpath -buildvcs=false -ldflags "-s -w" \
    -o "$2/" "${packages[@]}" &
  compiler=$!
  while kill -0 "$compiler" 2>/dev/null; do
    sleep 1
    if (((SECONDS - start) % 30 == 0)); then say "  ... $((SECONDS - start)) s"; fi
  done
  wait "$compiler" || fail "Building the $1 tools failed; see above."
  say "Built the $1 tools in $((SECONDS - start)) s."
}

# Programs are built in a scratch folder and moved into place at the end only, so that an interrupted run never leaves
# half of them. Files cost nothing and are copied every time: what is wanted of a module may grow without a new pin.
provide() {
  local directory
  directory=$(target "$1")
  if [[ ! -d $directory ]]; then
    rm -rf "$directory.part"
    mkdir -p "$directory.part"
    programs "$1" "$directory.part"
    mv "$directory.part" "$directory"
  fi
  files "$1" "$directory"
}

command -v go >/dev/null || fail "Missing: go. The tools are built from source: install Go 1.26.6 or newer (https://go.dev/dl) and run this again."
mkdir -p "$tools"
(($# > 0)) || set -- controllers definitions kubeconform flux helm helm-controller kyverno notifications monitoring registry snapshots
for name; do
  [[ -f $modules/$name/go.mod ]] || fail "There is no module $name; known are: $(ls "$modules")"
  provide "$name"
done
say "The GitOps tools are ready in $tools."
