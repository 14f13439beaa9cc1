/** What is allowed but probably not meant. */
import { counted } from "./counted";
import type { ClusterConfig } from "./clusterConfig";
import { addressCount, overlaps, prefixLength } from "./cidr";
import { when } from "./checks/rule";
import { unreadSettings } from "./fluxSettings";
import { contradiction } from "./imageNames";
import { versionWarnings } from "./versionWarnings";

/**
 * Sentences for settings that work but may surprise; none stops the program.
 * @param today The day by which minors of Kubernetes have ended.
 */
export function configWarnings(config: ClusterConfig, today: Date): string[] {
  return [
    ...access(config),
    ...openToTheWorld(config),
    ...network(config),
    ...placement(config),
    ...security(config),
    ...waiting(config),
    ...images(config),
    ...lackingDomain(config),
    ...strangeSettings(config),
    ...versionWarnings(config, today),
  ];
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

/** Networks that the Internet does not route: RFC 1918, and the shared space of RFC 6598. */
const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"] as const;

/** A single address is somebody's own choice; a range of public ones may hold strangers. */
const isPublicRange = (cidr: string) =>
  addressCount(cidr) > 1 &&
  !privateRanges.some((range) => overlaps(range, cidr) && prefixLength(range) <= prefixLength(cidr));

function openToTheWorld({ apiEndpoint, ssh }: ClusterConfig): string[] {
  const doors = [
    { key: "apiEndpoint.allowedCidrs", cidrs: apiEndpoint.allowedCidrs, opens: "the Kubernetes API" },
    { key: "ssh.allowedCidrs", cidrs: ssh.allowedCidrs, opens: "port 22 of every machine" },
    { key: "ssh.bastion.allowedCidrs", cidrs: ssh.bastion?.allowedCidrs ?? [], opens: "port 22 of the bastion" },
  ];
  return doors.flatMap(({ key, cidrs, opens }) =>
    cidrs.flatMap((cidr, index) =>
      when(isPublicRange(cidr), () =>
        prefixLength(cidr) === 0
          ? `${key}[${index}] is "${cidr}", so the whole Internet may try to reach ${opens}; name the networks of your people.`
          : `${key}[${index}] is "${cidr}", ${counted(addressCount(cidr), "public address", "public addresses")} that may try to reach ${opens}; make sure that all of them are yours.`,
      ),
    ),
  );
}

/** Names of images are taken on trust but for what they say themselves. */
function images({ os, image, controlPlane, nodePools, ssh }: ClusterConfig): string[] {
  const named = [
    { key: "image", name: image },
    { key: "controlPlane.image", name: controlPlane.image },
    ...nodePools.map((pool, index) => ({ key: `nodePools[${index}].image`, name: pool.image })),
    { key: "ssh.bastion.image", name: ssh.bastion?.image },
  ];
  return named.flatMap(({ key, name }) => {
    const found = name === undefined ? undefined : contradiction(name, os);
    return when(
      found !== undefined,
      () =>
        `${key} is "${String(name)}", which sounds like ${String(found)}, but os is ${os.family} ${os.version}: machines are set up as the latter, and fail on anything else.`,
    );
  });
}

/** A setting of gitops/ that has no default: Flux refuses to build what reads it, and `up` waits for that in vain. */
function lackingDomain({ flux }: ClusterConfig): string[] {
  return when(
    flux !== undefined && flux.path === undefined && flux.settings.APPS_DOMAIN === undefined,
    () =>
      "flux.settings.APPS_DOMAIN is absent, so the part ingress of gitops/ never becomes Ready and `up` waits for it in vain; set it to the domain of your applications.",
  );
}

function strangeSettings({ flux }: ClusterConfig): string[] {
  return unreadSettings(flux?.settings ?? {}).map(
    (name) =>
      `flux.settings has "${name}", which nothing in gitops/ of this repository reads; if your own manifests do, add it to src/config/fluxSettings.ts.`,
  );
}

/** Claims that people can often change themselves, or that an issuer gives to another person later. */
const changeableClaims: readonly string[] = ["email", "name", "nickname", "preferred_username", "upn", "username"];

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
        `controlPlane.availabilityZones names 2 zones for ${counted(controlPlane.replicas, "machine")}, so the loss of the one that holds more of them takes etcd's quorum; 3 zones survive the loss of any.`,
    ),
    ...nodePools.flatMap((pool, index) =>
      when(
        pool.serverGroupPolicy === "anti-affinity" && pool.count > 1,
        () =>
          `nodePools[${index}].serverGroupPolicy is "anti-affinity", so pool ${pool.name} needs ${counted(pool.count, "hypervisor")} or Nova answers "no valid host"; soft-anti-affinity does without.`,
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

function security({ kubernetes, oidc, packageMirror }: ClusterConfig): string[] {
  return [
    ...when(
      kubernetes.encryptionAtRest === "none",
      () => 'kubernetes.encryptionAtRest is "none", so Secrets lie in etcd and its snapshots in plain text.',
    ),
    ...when(
      oidc !== undefined && (oidc.usernamePrefix === "" || oidc.groupsPrefix === ""),
      () =>
        "oidc.usernamePrefix or oidc.groupsPrefix is empty, so the issuer decides who is a Kubernetes user or group of the same name.",
    ),
    ...when(
      oidc !== undefined && changeableClaims.includes(oidc.usernameClaim),
      () =>
        `oidc.usernameClaim is "${oidc?.usernameClaim ?? ""}", which people may change themselves or inherit, and with it whose rights they have; use sub, or make sure that your issuer forbids both.`,
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
