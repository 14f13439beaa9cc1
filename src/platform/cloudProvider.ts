/**
 * What the cloud controller manager and Cinder CSI's controller are told: one Secret for both, and the values of their
 * charts.
 */
import { createHash } from "node:crypto";
import type { ClusterConfig } from "../config/clusterConfig";
import { loadBalancerProvider } from "../network/loadBalancerProviders";
import { onControlPlane } from "./placement";

type CloudProviderConfig = NonNullable<ClusterConfig["cloudProvider"]>;
type OpenstackCredential = NonNullable<NonNullable<ClusterConfig["credentials"]>["openstack"]>;

/**
 * The Secret in kube-system that both read; nothing comes from the metadata service or from the machines' user data.
 */
export const cloudConfigSecretName = "cloud-config";
const mountPath = "/etc/config";

interface CloudConfigInput {
  readonly cloudProvider: CloudProviderConfig;
  readonly credential: OpenstackCredential;
  /** Node CIDR: which of a machine's addresses is the node's. */
  readonly nodeCidr: string;
  /** Neutron id of the machines' subnet, where load balancers stand. */
  readonly subnetId: string;
}

/** The Secret's entries: cloud.conf and, where OpenStack has a CA of its own, that. They hold the credential. */
export function renderCloudConfig({
  cloudProvider,
  credential,
  nodeCidr,
  subnetId,
}: CloudConfigInput): Record<string, string> {
  const { loadBalancer, ca } = cloudProvider;
  const provider = loadBalancerProvider(loadBalancer.provider);
  const conf = sections({
    Global: {
      "auth-url": cloudProvider.authUrl,
      region: cloudProvider.region,
      "application-credential-id": credential.id,
      "application-credential-secret": credential.secret.trim(),
      ...(ca === undefined ? {} : { "ca-file": `${mountPath}/ca.crt` }),
    },
    // Machines with further networks have further addresses.
    Networking: { "address-sort-order": nodeCidr },
    ...(cloudProvider.ignoreVolumeZones ? { BlockStorage: { "ignore-volume-az": "true" } } : {}),
    LoadBalancer: loadBalancer.enabled
      ? {
          enabled: "true",
          "lb-provider": loadBalancer.provider,
          "lb-method": provider.method,
          // The rules of node ports let in the machines' subnet, where a proxy stands. Clients that keep their
          // addresses need a rule per Service; with it the controller enforces loadBalancerSourceRanges as well.
          ...(provider.keepsClientAddress ? { "manage-security-groups": "true" } : {}),
          "subnet-id": subnetId,
          ...(loadBalancer.floatingNetworkId === undefined
            ? {}
            : { "floating-network-id": loadBalancer.floatingNetworkId }),
          ...(loadBalancer.internal ? { "internal-lb": "true" } : {}),
          // Services with externalTrafficPolicy: Local need it.
          "create-monitor": "true",
        }
      : { enabled: "false" },
  });
  return { "cloud.conf": conf, ...(ca === undefined ? {} : { "ca.crt": `${ca.trim()}\n` }) };
}

/** gcfg, an INI with quoted values. */
function sections(all: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const quoted = (value: string) => `"${value.replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;
  return Object.entries(all)
    .map(([name, entries]) =>
      [`[${name}]`, ...Object.entries(entries).map(([key, value]) => `${key} = ${quoted(value)}`)].join("\n"),
    )
    .map((text) => `${text}\n`)
    .join("\n");
}

/**
 * Marks the pods, so that a changed Secret restarts them: they read it once, when they start. Short enough to tell
 * nothing of the credential.
 */
export function cloudConfigDigest(entries: Readonly<Record<string, string>>): string {
  return createHash("sha256").update(JSON.stringify(entries)).digest("hex").slice(0, 16);
}

const digestAnnotation = "openstack-kubernetes/cloud-config";

/**
 * The network's routes are the CNI's business, so the route controller stays off. The digest may be known only later.
 */
export function cloudControllerManagerValues<Digest>(
  { clusterName }: Pick<ClusterConfig, "clusterName">,
  configDigest: Digest,
) {
  return {
    cluster: { name: clusterName },
    secret: { enabled: true, create: false, name: cloudConfigSecretName },
    enabledControllers: ["cloud-node", "cloud-node-lifecycle", "service"],
    podAnnotations: { [digestAnnotation]: configDigest },
    // The chart would mount the control plane's keys and the kubelet's plugins from the host; none of these controllers
    // reads them.
    extraVolumes: [],
    extraVolumeMounts: [],
    resources: { requests: { cpu: "50m", memory: "64Mi" } },
  };
}

/**
 * Storage classes are Git's (gitops/infrastructure), so the chart makes none. Its node plugin runs on no node:
 * cinderNodePlugin.ts has ours.
 */
export function cinderCsiValues<Digest>({ clusterName }: Pick<ClusterConfig, "clusterName">, configDigest: Digest) {
  return {
    clusterID: clusterName,
    secret: { enabled: true, create: false, hostMount: false, name: cloudConfigSecretName, filename: "cloud.conf" },
    storageClass: { enabled: false },
    csi: {
      plugin: {
        // No CA from the host: ours is an entry of the Secret.
        volumes: [],
        volumeMounts: [{ name: "cloud-config", mountPath, readOnly: true }],
        nodePlugin: { nodeSelector: { "openstack-kubernetes/no-node": "true" } },
        controllerPlugin: { podAnnotations: { [digestAnnotation]: configDigest }, ...onControlPlane },
      },
    },
  };
}
