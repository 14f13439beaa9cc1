/**
 * Cinder's plugin on every node, without what its chart gives it: one Secret for both plugins, so that root of any
 * worker would hold the project's credential. The part that mounts volumes asks OpenStack nothing; who the machine is,
 * it reads from the config drive or the metadata service
 * (https://github.com/kubernetes/cloud-provider-openstack, cmd/cinder-csi-plugin/main.go).
 */
import type { ClusterConfig } from "../config/clusterConfig";
import { cloudProviderCharts } from "../config/kubernetesMinors";

export const cinderNodePluginName = "cinder-csi-node";

/** Both serve any version of the plugin: the interface between them is CSI's. */
const registrarImage = "registry.k8s.io/sig-storage/csi-node-driver-registrar:v2.15.0";
const livenessImage = "registry.k8s.io/sig-storage/livenessprobe:v2.17.0";

const socketFolder = "/var/lib/kubelet/plugins/cinder.csi.openstack.org";
const socketArgument = "--csi-address=/csi/csi.sock";
const labels = { app: cinderNodePluginName };

/**
 * Spec of the DaemonSet; account, rights and the driver's own object are the chart's. Charts 2.N.x bring the plugin
 * v1.N, with patches of their own; its first is always there.
 */
export function cinderNodePlugin({ kubernetes }: Pick<ClusterConfig, "kubernetes">) {
  const version = cloudProviderCharts(kubernetes.version).cinderCsi.replace(/^2\.(\d+)\..*/, "v1.$1.0");
  const hostPath = (name: string, path: string, type: string) => ({ name, hostPath: { path, type } });
  const sockets = { name: "socket-dir", mountPath: "/csi" };
  return {
    selector: { matchLabels: labels },
    // All at once would leave every node without for a moment, but one after the other takes long on many.
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: "csi-cinder-node-sa",
        // The metadata service answers machines, not pods.
        hostNetwork: true,
        priorityClassName: "system-node-critical",
        tolerations: [{ operator: "Exists" }],
        containers: [
          {
            name: "node-driver-registrar",
            image: registrarImage,
            args: [socketArgument, `--kubelet-registration-path=${socketFolder}/csi.sock`],
            volumeMounts: [sockets, { name: "registration-dir", mountPath: "/registration" }],
          },
          { name: "liveness-probe", image: livenessImage, args: [socketArgument], volumeMounts: [sockets] },
          {
            name: "cinder-csi-plugin",
            image: `registry.k8s.io/provider-os/cinder-csi-plugin:${version}`,
            args: ["/bin/cinder-csi-plugin", "--endpoint=unix://csi/csi.sock", "--provide-controller-service=false"],
            // It formats and mounts.
            securityContext: { privileged: true },
            ports: [{ name: "healthz", containerPort: 9808, protocol: "TCP" }],
            livenessProbe: {
              httpGet: { path: "/healthz", port: "healthz" },
              failureThreshold: 5,
              initialDelaySeconds: 10,
              timeoutSeconds: 10,
              periodSeconds: 60,
            },
            volumeMounts: [
              sockets,
              { name: "kubelet-dir", mountPath: "/var/lib/kubelet", mountPropagation: "Bidirectional" },
              { name: "devices", mountPath: "/dev", mountPropagation: "HostToContainer" },
            ],
          },
        ],
        volumes: [
          hostPath("socket-dir", socketFolder, "DirectoryOrCreate"),
          hostPath("registration-dir", "/var/lib/kubelet/plugins_registry", "Directory"),
          hostPath("kubelet-dir", "/var/lib/kubelet", "Directory"),
          hostPath("devices", "/dev", "Directory"),
        ],
      },
    },
  };
}
