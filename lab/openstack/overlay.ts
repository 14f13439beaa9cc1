/** What the lab changes of a stack's configuration, and why. Everything else is the stack's own. */
import { readStackFile } from "../../src/config/stackFile";
import { stackFile as machinesStackFile } from "../machines/cluster";
import { mirrorAddress } from "./machines";

/** One value of a stack's configuration, by its path below the project's namespace. */
export interface OverlayChange {
  readonly path: readonly (string | number)[];
  /** Undefined: taken out. */
  readonly value: unknown;
  readonly reason: string;
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
 */
export function changesWithMachines(values: Readonly<Record<string, unknown>>, cgroup: "v1" | "v2"): OverlayChange[] {
  const site = readStackFile(machinesStackFile).values;
  const noDisk = "a machine in namespaces has no disk besides its own";
  const noInternet = "its images are on the Internet, and the site is without";
  const pools = (values.nodePools ?? []) as readonly Record<string, unknown>[];
  const absent = (path: OverlayChange["path"], reason: string): OverlayChange => ({ path, value: undefined, reason });
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
    { path: ["registryMirrors"], value: site.registryMirrors, reason: "the site's images" },
    {
      path: ["cni"],
      value: site.cni,
      reason: "the site has no images of Calico: the lab brings a small CNI of its own",
    },
    ...(values.flux === undefined ? [] : [absent(["flux"], noInternet)]),
    ...(values.credentials === undefined ? [] : [absent(["credentials"], noInternet)]),
    ...(values.cloudProvider === undefined ? [] : [absent(["cloudProvider"], noInternet)]),
    ...((values.controlPlane as { etcdVolume?: unknown } | undefined)?.etcdVolume === undefined
      ? []
      : [absent(["controlPlane", "etcdVolume"], noDisk)]),
    ...pools.flatMap(({ volumes }, index) =>
      volumes === undefined ? [] : [absent(["nodePools", index, "volumes"], noDisk)],
    ),
    destroyable,
  ];
}

/** A change as a line for people. */
export function shownChange({ path, value, reason }: OverlayChange): string {
  return `  ${path.join(".")}: ${value === undefined ? "none" : JSON.stringify(value)}   ${reason}`;
}
