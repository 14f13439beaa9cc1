#!/bin/bash
# Makes the site's registry mirror: the images that `kubeadm config images list` names for each version of Kubernetes on
# the site (kubernetes.sh), from the built programs, and one of tools that the lab's pods run. CoreDNS and pause are
# built once: what an older minor asks for under another tag is the same program. Usage: images.sh; prints the folder
# that a registry (distribution) serves.
set -euo pipefail
# shellcheck source=lab/site/cache.sh
source "$(dirname "$0")/cache.sh"
# shellcheck source=lab/site/images/push.sh
source "$SITE/images/push.sh"

# What kube-proxy calls, and what the lab's CNI and test pods are made of.
tools=(bash cat cp cut date echo env grep head hostname ls mkdir mount mv printf ps rm sed sleep sort tail test tr true uname wc
  conntrack curl getent ip iptables iptables-restore iptables-save ip6tables ip6tables-restore ip6tables-save modprobe nft socat sysctl timeout)

# toolsRoot ROOT PACKAGES SCRATCH: copies the tools, with the libraries they load, out of the image with the gathered
# packages installed.
toolsRoot() {
  # shellcheck disable=SC2016 # the inner shell expands it
  unshare --mount --propagation private bash -euc '
    tree=$1 packages=$2 scratch=$3 root=$4
    shift 4
    mkdir -p "$scratch/upper" "$scratch/work" "$scratch/tree" "$root"
    mount -t overlay overlay -o "lowerdir=$tree,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/tree"
    mkdir -p "$scratch/tree/packages" "$scratch/tree/out"
    mount --bind "$packages" "$scratch/tree/packages"
    mount --bind "$root" "$scratch/tree/out"
    chroot "$scratch/tree" bash -euc "
      for package in conntrack iptables libip6tc2 libnetfilter-conntrack3 libnfnetlink0 libnftnl11 libnftables1 nftables libjansson4 socat; do
        for file in /packages/\${package}_*.deb; do dpkg-deb --fsys-tarfile \"\$file\" | tar -x --keep-directory-symlink -C /; done
      done
      for name in iptables iptables-restore iptables-save ip6tables ip6tables-restore ip6tables-save; do ln -sf xtables-nft-multi /usr/sbin/\$name; done
      ldconfig
      cd /out
      mkdir -p usr/bin usr/sbin usr/lib usr/lib64 etc tmp
      for merged in bin sbin lib lib64; do ln -s usr/\$merged \$merged; done
      for tool; do
        path=\$(command -v -p \"\$tool\" || true)
        case \$path in /*) ;; *) path=\$(PATH=/usr/sbin:/usr/bin type -P \"\$tool\") ;; esac
        cp -L --parents \"\$path\" /out
        ldd \"\$path\" | grep -o \"/[^ ]*\" | while read -r library; do cp -L --parents \"\$library\" /out; done
      done
      cp -a --parents /usr/lib/*/xtables /out
      ldd /usr/lib/*/xtables/*.so | grep -o \"=> /[^ ]*\" | cut -c4- | sort -u | while read -r library; do cp -L --parents \"\$library\" /out; done
      cp -L --parents /usr/lib/*/libnss_dns.so.2 /usr/lib/*/libnss_files.so.2 /out
      cp --parents /etc/protocols /etc/services /out
      ln -sf bash usr/bin/sh
      printf \"root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n\" >etc/passwd
      printf \"hosts: files dns\n\" >etc/nsswitch.conf
    " tools "$@"
  ' tools "$1" "$2" "$3" "$4" "${tools[@]}"
}

# program DIRECTORY NAME SOURCE PATH: a layer of one program.
program() {
  local root=$1/scratch/$2
  install -D -m 0755 "$3" "$root$4"
  layer "$root" "$1/scratch/$2.layer"
}

# pushKubernetes DIRECTORY VERSION PROGRAMS ETCD: the images of one version.
pushKubernetes() {
  local out=$1 scratch=$1/scratch programs=$3 etcd=$4 image name tag source
  for name in kube-apiserver kube-controller-manager kube-scheduler; do program "$out" "$name" "$programs/$name" "/usr/local/bin/$name"; done
  program "$out" kube-proxy "$programs/kube-proxy" /usr/local/bin/kube-proxy-program
  install -D -m 0755 "$etcd/etcdctl" "$scratch/etcd/usr/local/bin/etcdctl"
  install -D -m 0755 "$etcd/etcdutl" "$scratch/etcd/usr/local/bin/etcdutl"
  program "$out" etcd "$etcd/server" /usr/local/bin/etcd
  # kubeadm itself says which images it will ask for, under which tags.
  while read -r image; do
    name=${image#registry.k8s.io/}
    tag=${name##*:}
    name=${name%:*}
    source=${name##*/}
    case $source in
      coredns | pause) pushImage http://127.0.0.1:5999 "$name" "$tag" "/$source" "$scratch/$source.layer" ;;
      kube-proxy) pushImage http://127.0.0.1:5999 "$name" "$tag" "" "$scratch/tools.layer" "$scratch/$source.layer" ;;
      *) pushImage http://127.0.0.1:5999 "$name" "$tag" "" "$scratch/$source.layer" ;;
    esac
  done < <("$programs/kubeadm" config images list --kubernetes-version "v$2")
}

makeRegistry() {
  local out=$1 scratch=$1/scratch repositories version programs etcd
  mkdir -p "$scratch" "$out/registry"
  repositories=$("$SITE/packages.sh")

  toolsRoot "$("$SITE/tree.sh")" "$repositories/debian" "$scratch/overlay" "$scratch/tools"
  layer "$scratch/tools" "$scratch/tools.layer"
  gcc -Os -static -o "$scratch/pause.bin" "$SITE/images/pause.c"
  program "$out" pause "$scratch/pause.bin" /pause
  program "$out" coredns "$(binaries coredns)/coredns" /coredns
  program "$out" kubectl "$(binaries kubernetes)/kubectl" /usr/local/bin/kubectl
  install -D -m 0755 "$SITE/images/kube-proxy.sh" "$scratch/kube-proxy/usr/local/bin/kube-proxy"

  REGISTRY_HTTP_ADDR=127.0.0.1:5999 REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY="$out/registry" OTEL_TRACES_EXPORTER=none \
    "$(binaries registry)/registry" serve "$SITE/images/registry.yaml" >"$out/registry.log" 2>&1 &
  server=$!
  for _ in $(seq 50); do
    ! curl -fs -o /dev/null http://127.0.0.1:5999/v2/ || break
    sleep 0.2
  done

  while read -r version programs etcd; do pushKubernetes "$out" "$version" "$programs" "$etcd"; done <<<"$kubernetes"
  pushImage http://127.0.0.1:5999 lab/tools 1 "" "$scratch/tools.layer" "$scratch/kubectl.layer"

  kill "$server"
  server=''
  rm -rf "$scratch"
}

[ "$(id -u)" = 0 ] || fail "making the images needs root (chroot)"
kubernetes=$("$SITE/kubernetes.sh")
inputs=("$SITE/images.sh" "$SITE/packages.sh" "$SITE/tree.sh" "$SITE/binaries.sh" "$SITE"/images/*)
inputs+=("$SITE/modules/coredns/go.mod" "$SITE/modules/coredns/go.sum")
target="$CACHE/images-$(digest "${inputs[@]}" - <<<"${kubernetes//"$CACHE/"/}")"
made "$target" makeRegistry
echo "$target/registry"
