/** What is allowed but probably not meant. */
import type { ClusterConfig } from "./clusterConfig";
import { when } from "./checks/rule";

/** Sentences for settings that work but may surprise; none stops the program. */
export function configWarnings(config: ClusterConfig): string[] {
  return [...access(config), ...network(config), ...placement(config), ...security(config), ...waiting(config)];
}

function access({ apiEndpoint, ssh, network }: ClusterConfig): string[] {
  const nobody = apiEndpoint.allowedCidrs.length === 0;
  return [
    ...when(
      apiEndpoint.kind !== "external" && apiEndpoint.floatingIp && nobody,
      () =>
        "apiEndpoint.floatingIp is true but apiEndpoint.allowedCidrs is empty, so nobody outside can reach the API through it; name the networks of your people.",
    ),
    ...when(
      apiEndpoint.kind === "external" && nobody,
      () =>
        `apiEndpoint.allowedCidrs is empty, so the external load balancer reaches the API only from within network.cidr "${network.cidr}"; name its networks.`,
    ),
    ...when(
      ssh.authorizedKeys.length > 0 && ssh.allowedCidrs.length === 0 && ssh.bastion === undefined,
      () =>
        "ssh.authorizedKeys is set but neither ssh.allowedCidrs nor ssh.bastion is, so no network may reach port 22 of the machines.",
    ),
  ];
}

function network({ network }: ClusterConfig): string[] {
  return when(
    network.externalNetwork === undefined && network.routerId === undefined && network.networkId === undefined,
    () =>
      "network has neither externalNetwork nor routerId nor networkId, so nothing outside the created network can be reached, package sources, registries and proxies included.",
  );
}

function placement({ controlPlane, nodePools }: ClusterConfig): string[] {
  const zones = new Set(controlPlane.availabilityZones).size;
  return [
    ...when(
      controlPlane.replicas > 1 && controlPlane.serverGroupPolicy === "affinity",
      () =>
        'controlPlane.serverGroupPolicy is "affinity", so one hypervisor holds the whole control plane and its failure stops the cluster.',
    ),
    ...when(
      zones === 2 && controlPlane.replicas > 1,
      () =>
        `controlPlane.availabilityZones names 2 zones for ${controlPlane.replicas} machines, so the loss of the one that holds more of them takes etcd's quorum; 3 zones survive the loss of any.`,
    ),
    ...nodePools.flatMap((pool, index) =>
      when(
        pool.serverGroupPolicy === "anti-affinity" && pool.count > 1,
        () =>
          `nodePools[${index}].serverGroupPolicy is "anti-affinity", so pool ${pool.name} needs ${pool.count} hypervisors or Nova answers "no valid host"; soft-anti-affinity does without.`,
      ),
    ),
    ...when(
      !controlPlane.schedulable &&
        nodePools.every((pool) => pool.count === 0 || pool.taints.some((taint) => taint.effect !== "PreferNoSchedule")),
      () =>
        "nodePools are all tainted and the control plane is not schedulable, so pods without tolerations, those of the platform included, stay pending.",
    ),
  ];
}

function security({ kubernetes, flux, oidc, packageMirror }: ClusterConfig): string[] {
  return [
    ...when(
      kubernetes.encryptionAtRest === "none",
      () => 'kubernetes.encryptionAtRest is "none", so Secrets lie in etcd and its snapshots in plain text.',
    ),
    ...when(
      kubernetes.kubeletServingCertificate === "clusterCa" && flux === undefined,
      () =>
        'kubernetes.kubeletServingCertificate is "clusterCa" but flux is absent, so nobody approves the requests of workers; kubectl logs and exec fail on them until you install an approver.',
    ),
    ...when(
      oidc !== undefined && (oidc.usernamePrefix === "" || oidc.groupsPrefix === ""),
      () =>
        "oidc.usernamePrefix or oidc.groupsPrefix is empty, so the issuer decides who is a Kubernetes user or group of the same name.",
    ),
    ...when(
      packageMirror !== undefined && packageMirror.signingKey === undefined,
      () => "packageMirror.signingKey is absent, so the machines trust unsigned packages from the mirror.",
    ),
  ];
}

function waiting({ readiness, cni }: ClusterConfig): string[] {
  return [
    ...when(
      !readiness.machinesBoot,
      () =>
        "readiness.machinesBoot is false, so `up` ends without a working API; only a lab whose machines never boot wants that.",
    ),
    ...when(cni.kind === "none", () => 'cni.kind is "none", so nodes stay NotReady until you install a CNI.'),
  ];
}
