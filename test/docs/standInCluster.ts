/**
 * What the runbooks' commands name, on an API server without nodes: one object for each name, and a kubelet that has a
 * line of log for every container.
 */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { type AddressInfo } from "node:net";
import * as x509 from "@peculiar/x509";
import type { Kubectl } from "../gitops/live/kubectl";

/** The words in capitals of a command, and what stands for them here. */
export const placeholders: Readonly<Record<string, string>> = {
  KIND: "kustomization",
  NAME: "sample",
  NAMESPACE: "atlas",
  NODE: "dev-general-0",
  POD: "sample",
};

/** Where the pods are; another than NODE, which is drained and deleted. */
const busyNode = "dev-general-1";

const namespaces = [
  ...["atlas", "calico-system", "canary", "cert-manager", "envoy-gateway-system", "flux-system", "ingress"],
  ...["kyverno", "logging", "monitoring", "shop"],
];

/** Kinds that charts bring, metrics-server's among them; here without a schema. */
const definitions: readonly (readonly [group: string, kind: string, plural: string, cluster?: true])[] = [
  ["acme.cert-manager.io", "Challenge", "challenges"],
  ["acme.cert-manager.io", "Order", "orders"],
  ["cert-manager.io", "Certificate", "certificates"],
  ["cert-manager.io", "CertificateRequest", "certificaterequests"],
  ["cert-manager.io", "ClusterIssuer", "clusterissuers", true],
  ["fluxcd.controlplane.io", "FluxInstance", "fluxinstances"],
  ["metrics.k8s.io", "PodMetrics", "pods"],
  ["helm.toolkit.fluxcd.io", "HelmRelease", "helmreleases"],
  ["kustomize.toolkit.fluxcd.io", "Kustomization", "kustomizations"],
  ["monitoring.coreos.com", "PodMonitor", "podmonitors"],
  ["monitoring.coreos.com", "ServiceMonitor", "servicemonitors"],
  ["source.toolkit.fluxcd.io", "GitRepository", "gitrepositories"],
];

const definition = ([group, kind, plural, cluster]: (typeof definitions)[number]) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  // The API server wants to see that a group of Kubernetes' own was meant.
  metadata: { name: `${plural}.${group}`, annotations: { "api-approved.kubernetes.io": "unapproved, a stand-in" } },
  spec: {
    group,
    scope: cluster === undefined ? "Namespaced" : "Cluster",
    names: { kind, plural },
    versions: [
      {
        name: group === "metrics.k8s.io" ? "v1beta1" : "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
});

const object = (apiVersion: string, kind: string, namespace: string | undefined, name: string, rest: object = {}) => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  ...rest,
});

const containers = (...names: string[]) =>
  names.map((name) => ({ name, image: "registry.example.org/sample:1.0.0", terminationMessagePath: "/dev/null" }));

/** A pod that a deletion ends at once, as no kubelet is there to confirm it. */
function pod(namespace: string, name: string, labels: Record<string, string>, ...names: string[]) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels },
    spec: { nodeName: busyNode, terminationGracePeriodSeconds: 0, containers: containers(...names) },
  };
}

/** A workload that has no pods of its own; those with its label are listed as its own all the same. */
function workload(kind: "Deployment" | "StatefulSet" | "DaemonSet", namespace: string, name: string, app: string) {
  const labels = { "app.kubernetes.io/name": app };
  return object("apps/v1", kind, namespace, name, {
    spec: {
      ...(kind === "DaemonSet" ? {} : { replicas: 0 }),
      ...(kind === "StatefulSet" ? { serviceName: name } : {}),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: containers("main") } },
    },
  });
}

/** Lays every object, those again that a command has removed. */
export async function layStandIns(kubectl: Kubectl, kubeletPort: number): Promise<void> {
  const apply = (...objects: object[]) => {
    const { ok, output } = kubectl.apply(...objects);
    if (!ok) throw new Error(output);
  };
  const app = (name: string) => ({ "app.kubernetes.io/name": name });
  apply(...namespaces.map((name) => object("v1", "Namespace", undefined, name)), ...definitions.map(definition));
  for (const [group, , plural] of definitions) kubectl.run(["get", `${plural}.${group}`, "-A"]);
  apply(
    ...[placeholders.NODE!, busyNode].map((name) => object("v1", "Node", undefined, name)),
    object("v1", "PersistentVolume", undefined, "sample", {
      spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/none" } },
    }),
    pod("atlas", "sample", { app: "sample" }, "main"),
    pod("canary", "canary", { app: "canary", ...app("canary") }, "checks"),
    pod("cert-manager", "cert-manager", app("cert-manager"), "main"),
    pod("kube-system", "sample", { tier: "control-plane" }, "main"),
    pod("kube-system", `etcd-${placeholders.NODE!}`, { component: "etcd", tier: "control-plane" }, "etcd"),
    pod("kube-system", "kube-apiserver", { component: "kube-apiserver", tier: "control-plane" }, "main"),
    pod("kube-system", "cinder", { app: "openstack-cinder-csi" }, "csi-provisioner", "cinder-csi-plugin"),
    pod("kube-system", "cloud-controller", { app: "openstack-cloud-controller-manager" }, "main"),
    pod("logging", "fluent-bit", app("fluent-bit"), "main"),
    pod("monitoring", "alertmanager", app("alertmanager"), "alertmanager"),
    pod("monitoring", "prometheus", app("prometheus"), "prometheus"),
    pod("monitoring", "operator", app("operator"), "main"),
    workload("Deployment", "canary", "canary", "canary"),
    workload("Deployment", "cert-manager", "cert-manager", "cert-manager"),
    workload("Deployment", "monitoring", "prometheus-kube-prometheus-operator", "operator"),
    workload("Deployment", "atlas", "sample", "none"),
    workload("Deployment", "flux-system", "flux-operator", "sample"),
    workload("StatefulSet", "atlas", "sample", "none"),
    workload("DaemonSet", "logging", "fluent-bit", "fluent-bit"),
    ...["atlas", "canary"].map((namespace) =>
      object("batch/v1", "Job", namespace, "sample", {
        spec: {
          manualSelector: true,
          selector: { matchLabels: { app: "sample" } },
          template: {
            metadata: { labels: { app: "sample" } },
            spec: { restartPolicy: "Never", containers: containers("main") },
          },
        },
      }),
    ),
    ...["atlas", "canary"].map((namespace) =>
      object("v1", "PersistentVolumeClaim", namespace, "sample", {
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
      }),
    ),
    object("v1", "ResourceQuota", "atlas", "tenant", { spec: { hard: { pods: "100" } } }),
    object("cert-manager.io/v1", "Certificate", "atlas", "sample"),
    object("cert-manager.io/v1", "Certificate", "ingress", "applications"),
    object("cert-manager.io/v1", "CertificateRequest", "ingress", "sample"),
    object("cert-manager.io/v1", "ClusterIssuer", undefined, "internal"),
    object("fluxcd.controlplane.io/v1", "FluxInstance", "flux-system", "flux"),
    object("helm.toolkit.fluxcd.io/v1", "HelmRelease", "monitoring", "prometheus"),
    object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "atlas", "sample"),
    object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "flux-system", "flux-system"),
    object("source.toolkit.fluxcd.io/v1", "GitRepository", "flux-system", "flux-system"),
    object("monitoring.coreos.com/v1", "PodMonitor", "atlas", "sample"),
    object("monitoring.coreos.com/v1", "ServiceMonitor", "atlas", "sample"),
    object("coordination.k8s.io/v1", "Lease", "kube-system", "kube-scheduler"),
    object("discovery.k8s.io/v1", "EndpointSlice", "kube-system", "prometheus", { addressType: "IPv4", endpoints: [] }),
    object("v1", "Service", "envoy-gateway-system", "public", {
      spec: { type: "LoadBalancer", ports: [{ port: 443 }] },
    }),
    pod("envoy-gateway-system", "envoy", app("envoy"), "main"),
    pod("shop", "cart", { app: "cart" }, "main"),
    object("policy/v1", "PodDisruptionBudget", "shop", "cart", { spec: { minAvailable: 1 } }),
    object("metrics.k8s.io/v1beta1", "PodMetrics", "atlas", "sample", {
      containers: [{ name: "main", usage: { cpu: "100m", memory: "64Mi" } }],
    }),
    ...["calico-system", "flux-system", "kyverno"].map((namespace) => pod(namespace, "sample", app("sample"), "main")),
    pod("kube-system", "coredns", { "k8s-app": "kube-dns" }, "main"),
    ...["FailedCreate", "Failed"].map((reason) =>
      object("v1", "Event", "atlas", reason.toLowerCase(), {
        involvedObject: { kind: "Pod", name: "sample", namespace: "atlas" },
        reason,
        type: "Warning",
      }),
    ),
    object("v1", "Event", "default", "sample", {
      involvedObject: { kind: "Node", name: placeholders.NODE },
      reason: "NodeNotSchedulable",
      type: "Normal",
    }),
    ...["Mutating", "Validating"].map((kind) =>
      object("admissionregistration.k8s.io/v1", `${kind}WebhookConfiguration`, undefined, "sample", { webhooks: [] }),
    ),
    object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", undefined, "kubeadm:cluster-admins", {
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    }),
    object("certificates.k8s.io/v1", "CertificateSigningRequest", undefined, "sample", {
      spec: {
        request: await signingRequest(),
        signerName: "kubernetes.io/kubelet-serving",
        usages: ["digital signature", "server auth"],
      },
    }),
  );
  const kubelet = {
    status: {
      addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    },
  };
  kubectl.run(["patch", "node", busyNode, "--subresource=status", "--type=merge", "-p", JSON.stringify(kubelet)]);
}

let request: Promise<string> | undefined;

/** A kubelet's request for its certificate, as the object holds it. */
function signingRequest(): Promise<string> {
  const make = async () => {
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
    const made = await x509.Pkcs10CertificateRequestGenerator.create({
      name: `O=system:nodes, CN=system:node:${placeholders.NODE}`,
      keys,
      signingAlgorithm: algorithm,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: placeholders.NODE! }])],
    });
    return Buffer.from(made.toString("pem")).toString("base64");
  };
  return (request ??= make());
}

/** A kubelet that answers every question for logs with one line; it shows the API server's own certificate. */
export async function startKubelet(certificates: string): Promise<{ server: Server; port: number }> {
  const server = createServer(
    { cert: readFileSync(`${certificates}/apiserver.crt`), key: readFileSync(`${certificates}/apiserver.key`) },
    (asked, answer) => {
      answer.statusCode = asked.url?.startsWith("/containerLogs/") === true ? 200 : 404;
      answer.end("a line of log\n");
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
