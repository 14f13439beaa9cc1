/** Kernel modules and sysctls of a node. */
import type { MachineFile } from "./inputs";
import { textFile } from "./machineFile";

/** containerd's snapshots, and Services that reach pods over a bridge. */
const modules = ["overlay", "br_netfilter"];

const sysctls: Readonly<Record<string, string>> = {
  "net.ipv4.ip_forward": "1",
  "net.bridge.bridge-nf-call-iptables": "1",
  "net.bridge.bridge-nf-call-ip6tables": "1",
  // Values that the kubelet demands with protectKernelDefaults (pkg/util/sysctl in Kubernetes' source).
  "kernel.keys.root_maxbytes": "25000000",
  "kernel.keys.root_maxkeys": "1000000",
  "kernel.panic": "10",
  "kernel.panic_on_oops": "1",
  "vm.overcommit_memory": "1",
  "vm.panic_on_oom": "0",
  // A distribution's 128 instances are used up by a few dozen pods that watch files, log collectors above all.
  "fs.inotify.max_user_instances": "8192",
  "fs.inotify.max_user_watches": "524288",
};

export function kernelFiles(): MachineFile[] {
  return [
    textFile("/etc/modules-load.d/openstack-kubernetes.conf", modules.join("\n")),
    textFile(
      // After every file of the image: the last one that sets a key decides at boot.
      "/etc/sysctl.d/zz-openstack-kubernetes.conf",
      Object.entries(sysctls)
        .map(([key, value]) => `${key}=${value}`)
        .join("\n"),
    ),
  ];
}
