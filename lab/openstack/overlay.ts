/** What the lab changes of a stack's configuration, and why. Everything else is the stack's own. */
import { readStackFile } from "../../src/config/stackFile";
import { stackFile as machinesStackFile } from "../machines/cluster";
import { mirrorAddress, openstackAddress } from "./machines";
import type { LabPlatform, PlatformPart } from "./platform";
import { gitUrl, siteRegistry } from "./siteServices";

/** One value of a stack's configuration, by its path below the project's namespace. */
export interface OverlayChange {
  readonly path: readonly (string | number)[];
  /** Undefined: taken out. */
  readonly value: unknown;
  readonly reason: string;
  /** Written encrypted, by the engine. */
  readonly isSecret?: true;
}

const destroyable: OverlayChange = {
  path: ["protect"],
  value: false,
  reason: "the lab's clusters are there to be destroyed",
};

/** Where servers are ACTIVE in Nova's books only. */
export const changesWithoutMachines: readonly OverlayChange[] = [
  {
    path: ["readiness", "machinesBoot"],
    value: false,
    reason: "Nova's fake driver makes machines ACTIVE, but nothing boots: `up` does not wait for the Kubernetes API",
  },
  destroyable,
];

/**
 * Where servers are the lab's machines: the settings of an air-gapped site, which users have too, and without what no
 * lab machine has.
 *
 * @param values The stack's configuration, keys without namespace.
 * @param cgroup Control-group version that the host boots with.
 * @param platform What of the platform the lab brings. Absent: nothing of it.
 */
export function changesWithMachines(
  values: Readonly<Record<string, unknown>>,
  cgroup: "v1" | "v2",
  platform?: LabPlatform,
): OverlayChange[] {
  const site = readStackFile(machinesStackFile).values;
  const noDisk = "a machine in namespaces has no disk besides its own";
  const pools = (values.nodePools ?? []) as readonly Record<string, unknown>[];
  return [
    {
      path: ["os"],
      value: { ...(site.os as object), cgroup },
      reason: "the lab's machines are Debian 12, and share the kernel of their host",
    },
    { path: ["image"], value: "debian-12", reason: "the same" },
    { path: ["network", "dnsServers"], value: [mirrorAddress], reason: "the site's resolver, which knows its mirrors" },
    {
      path: ["kubernetes", "version"],
      value: (site.kubernetes as { version: string }).version,
      reason: "the version that the site's packages and images are built from",
    },
    { path: ["packageSource"], value: site.packageSource, reason: "no machine reaches the Internet" },
    { path: ["packageMirror"], value: site.packageMirror, reason: "the site's packages" },
    {
      path: ["allowPlainHttp"],
      value: [...((values.allowPlainHttp ?? []) as readonly string[]), "openstack.authUrl", "cloudProvider.authUrl"],
      reason: "the lab's OpenStack has no certificate",
    },
    ...platformChanges(values, site, platform),
    ...((values.controlPlane as { etcdVolume?: unknown } | undefined)?.etcdVolume === undefined
      ? []
      : [absent(["controlPlane", "etcdVolume"], noDisk)]),
    ...pools.flatMap(({ volumes }, index) =>
      volumes === undefined ? [] : [absent(["nodePools", index, "volumes"], noDisk)],
    ),
    destroyable,
  ];
}

/** Where images and charts come from, and the parts of the platform: those that run use the lab's cloud. */
function platformChanges(
  values: Readonly<Record<string, unknown>>,
  site: Readonly<Record<string, unknown>>,
  platform: LabPlatform | undefined,
): OverlayChange[] {
  const without = (part: PlatformPart): OverlayChange[] => {
    const reason = platform?.without[part] ?? "the platform was not asked for, or has no images here";
    if (part === "cni")
      return [{ path: ["cni"], value: site.cni, reason: `${reason}: the lab brings a small CNI of its own` }];
    return values[part] === undefined ? [] : [absent([part], reason)];
  };
  // Encrypted for the user's own stack, they could not be read with the lab's passphrase either.
  const noCredentials = values.credentials === undefined ? [] : [absent(["credentials"], "the lab has its own")];
  if (platform === undefined || platform.without.cni !== undefined)
    return [
      { path: ["registryMirrors"], value: site.registryMirrors, reason: "the site's images" },
      ...[...without("cni"), ...noCredentials, ...without("flux"), ...without("cloudProvider")],
    ];
  return [
    ...noCredentials,
    {
      path: ["registryMirrors"],
      value: mirrors(platform.registries, site.registryMirrors as readonly Mirror[]),
      reason: "the site's images, the platform's among them",
    },
    { path: ["platform", "chartRegistry"], value: `oci://${siteRegistry}/charts`, reason: "the site's charts" },
    {
      path: ["extraCas"],
      value: [...((values.extraCas ?? []) as readonly string[]), platform.ca],
      reason: "the site's registry and Git server have it",
    },
    ...(platform.without.cloudProvider === undefined ? cloudChanges(platform) : without("cloudProvider")),
    ...(platform.without.flux === undefined ? fluxChanges(values, platform) : without("flux")),
  ];
}

interface Mirror {
  readonly registry: string;
  readonly endpoints: readonly string[];
}

/** The platform's registry before the site's own, which has what kubeadm runs. */
function mirrors(registries: readonly string[], own: readonly Mirror[]): Mirror[] {
  const further = registries.filter((registry) => !own.some((mirror) => mirror.registry === registry));
  return [...own, ...further.map((registry) => ({ registry, endpoints: [] }))].map(({ registry, endpoints }) => ({
    registry,
    endpoints: [...(registries.includes(registry) ? [`https://${siteRegistry}`] : []), ...endpoints],
  }));
}

function cloudChanges({ credential }: LabPlatform): OverlayChange[] {
  const ours = "the lab's OpenStack, as its machines reach it";
  return [
    { path: ["cloudProvider", "authUrl"], value: `http://${openstackAddress}:5000/v3`, reason: ours },
    { path: ["cloudProvider", "region"], value: "RegionOne", reason: ours },
    absent(["cloudProvider", "ca"], "it has no certificate"),
    {
      path: ["cloudProvider", "loadBalancer", "internal"],
      value: true,
      reason: "a floating IP carries no packet in the lab",
    },
    { path: ["credentials", "openstack", "id"], value: credential.id, reason: ours },
    { path: ["credentials", "openstack", "secret"], value: credential.secret, reason: ours, isSecret: true },
  ];
}

function fluxChanges(values: Readonly<Record<string, unknown>>, { sopsAgeKey }: LabPlatform): OverlayChange[] {
  const { branch, commitSigners } = (values.flux ?? {}) as Readonly<Record<string, unknown>>;
  return [
    { path: ["flux", "url"], value: gitUrl, reason: "the lab's Git server, with the checkout's gitops/" },
    ...(branch === undefined ? [] : [absent(["flux", "branch"], "it has main")]),
    ...(commitSigners === undefined ? [] : [absent(["flux", "commitSigners"], "nobody signs there")]),
    {
      path: ["flux", "settings", "SNAPSHOTS"],
      value: "none",
      reason: "a machine in namespaces has no volume to make one of",
    },
    { path: ["credentials", "sopsAgeKey"], value: sopsAgeKey, reason: "a key of the lab's own", isSecret: true },
  ];
}

const absent = (path: OverlayChange["path"], reason: string): OverlayChange => ({ path, value: undefined, reason });

/** A change as a line for people. */
export function shownChange({ path, value, reason, isSecret }: OverlayChange): string {
  const shown = isSecret === true ? "a secret" : value === undefined ? "none" : JSON.stringify(value);
  return `  ${path.join(".")}: ${shown}   ${reason}`;
}
