/** What the picture of a cluster shows, read from a simulated run. */
import type { ClusterConfig } from "../../../src/config/clusterConfig";
import { counted } from "../../../src/config/counted";
import { machinePoolKey } from "../../../src/machines/metadataKeys";
import { bootstrapReleases } from "../../../src/platform/bootstrapReleases";
import type { Simulated, SimulatedResource } from "../../simulated";
import { markOf, type Difference, type Mark } from "../difference";
import { serversOf } from "../servers";

export interface PictureMachine {
  readonly name: string;
  readonly zone: string;
  readonly mark: Mark;
}

export interface PicturePool {
  /** The node pool, `control-plane` or `bastion`. */
  readonly name: string;
  /** Flavors and disks. */
  readonly about: string;
  readonly machines: readonly PictureMachine[];
}

/** What one side may send to the other. */
export interface PictureFlow {
  readonly from: string;
  readonly to: string;
  readonly allowed: readonly { readonly text: string; readonly mark: Mark }[];
}

export interface PictureFacts {
  readonly title: string;
  readonly subtitle: string;
  /** Who may call the API, by CIDR. */
  readonly callers: readonly string[];
  readonly endpoint: { readonly lines: readonly string[]; readonly mark: Mark };
  /** The way out of the machines' network, from the nearest. */
  readonly wayOut: readonly { readonly lines: readonly string[]; readonly mark: Mark }[];
  readonly network: string;
  /** In the order of their names; machines without one are in `any zone`. */
  readonly zones: readonly string[];
  readonly pools: readonly PicturePool[];
  readonly flows: readonly PictureFlow[];
  readonly releases: readonly { readonly text: string; readonly mark: Mark }[];
  readonly flux?: { readonly lines: readonly string[]; readonly mark: Mark };
  /** What the change deletes. Undefined: there is nothing to compare with. */
  readonly deleted?: readonly string[];
  readonly comparedWith?: string;
}

const anyZone = "any zone";

export function pictureFacts(config: ClusterConfig, run: Simulated, difference: Difference): PictureFacts {
  const isCompared = difference.comparedWith !== undefined;
  const mark = (resource: SimulatedResource | undefined): Mark =>
    resource === undefined || !isCompared ? "same" : markOf(resource);
  const pools = poolsOf(config, run, mark);
  const zones = [...new Set(pools.flatMap(({ machines }) => machines.map(({ zone }) => zone)))].sort();
  const machines = pools.reduce((sum, pool) => sum + pool.machines.length, 0);
  const { clusterName, os, kubernetes } = config;
  return {
    title: clusterName,
    subtitle: [
      `Kubernetes ${kubernetes.version}`,
      `${os.family} ${os.version}`,
      counted(machines, "machine"),
      `pods ${kubernetes.podCidr}, services ${kubernetes.serviceCidr}`,
    ].join(" · "),
    callers: config.apiEndpoint.kind === "external" ? [] : callersOf(config),
    endpoint: endpointOf(config, run, mark),
    wayOut: wayOutOf(config, run, mark),
    network: networkOf(config, run),
    zones,
    pools,
    flows: flowsOf(config, run, mark),
    releases: bootstrapReleases.flatMap(({ name }) =>
      run
        .ofType("Release")
        .filter(({ inputs }) => inputs.name === name)
        .map((release) => ({
          text: `${name} ${String(release.inputs.version).replace(/^v/, "")}`,
          mark: mark(release),
        })),
    ),
    flux: fluxOf(run, mark),
    ...(isCompared
      ? {
          comparedWith: difference.comparedWith,
          deleted: difference.removed.map(({ type, name }) => `${noun(type)} ${name}`),
        }
      : {}),
  };
}

type MarkOf = (resource: SimulatedResource | undefined) => Mark;

const noun = (type: string) => type.split(":").at(-1) ?? type;

const callersOf = ({ apiEndpoint, network }: ClusterConfig) => [
  ...new Set([...("allowedCidrs" in apiEndpoint ? apiEndpoint.allowedCidrs : []), network.cidr]),
];

function endpointOf(config: ClusterConfig, run: Simulated, mark: MarkOf): PictureFacts["endpoint"] {
  const { apiEndpoint } = config;
  // Who may call it is the listener's.
  const marks = ["LoadBalancer", "Listener"].flatMap((type) => run.ofType(type).map(mark));
  const kinds = {
    loadBalancer: `load balancer (${"provider" in apiEndpoint ? apiEndpoint.provider : ""})`,
    virtualIp: "virtual IP of the control plane",
    external: "outside of this program",
  };
  return {
    lines: ["API endpoint", String(run.outputs.apiEndpoint), kinds[apiEndpoint.kind]],
    mark: marks.find((found) => found !== "same") ?? "same",
  };
}

function wayOutOf({ network }: ClusterConfig, run: Simulated, mark: MarkOf): PictureFacts["wayOut"] {
  const router = run.ofType("Router")[0];
  const exists = router === undefined;
  if (exists && network.networkId !== undefined)
    return [{ lines: ["existing network", "its own way out"], mark: "same" }];
  if (exists && network.routerId === undefined) return [{ lines: ["no router", "no way out"], mark: "same" }];
  const outside = network.externalNetwork;
  return [
    { lines: ["router", exists ? "exists already" : String(router.inputs.name)], mark: mark(router) },
    ...(outside === undefined ? [] : [{ lines: ["external network", outside], mark: "same" as const }]),
  ];
}

function networkOf({ network, podMtu, clusterName }: ClusterConfig, run: Simulated): string {
  const own = run.ofType("openstack:networking/network:Network")[0];
  const addresses = run.subnets.map(({ used, capacity }) => `${used} addresses used, ${capacity - used} free`);
  return [
    `network ${own === undefined ? `of ${clusterName} (exists already)` : String(own.inputs.name)}`,
    network.cidr,
    `MTU of pods ${podMtu}`,
    ...addresses,
  ].join(" · ");
}

const nameOf = ({ inputs, name }: SimulatedResource) => (inputs.name as string | undefined) ?? name;

function poolsOf(config: ClusterConfig, run: Simulated, mark: MarkOf): PicturePool[] {
  const facts = new Map(serversOf(run).map((server) => [server.name, server]));
  const pools = new Map<string, SimulatedResource[]>();
  for (const server of run.ofType("openstack:compute/instance:Instance")) {
    const metadata = (server.inputs.metadata ?? {}) as Readonly<Record<string, string>>;
    const pool = metadata[machinePoolKey] ?? metadata["kubernetes-role"] ?? "bastion";
    pools.set(pool, [...(pools.get(pool) ?? []), server]);
  }
  const order = ["bastion", "control-plane", ...config.nodePools.map(({ name }) => name)];
  const sorted = [...pools].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  return sorted.map(([name, servers]) => {
    const own = servers.flatMap((server) => facts.get(nameOf(server)) ?? []);
    const flavors = [...new Set(own.map(({ flavor }) => flavor))]
      .sort()
      .map((flavor) => `${own.filter((server) => server.flavor === flavor).length} × ${flavor}`);
    const volumes = [...new Set(own.map(({ volumeGiB }) => volumeGiB))].filter((size) => size > 0);
    const disks = volumes.length === 0 ? "" : `, ${volumes.join(" or ")} GiB of volumes each`;
    return {
      name,
      about: `${flavors.join(", ")}${disks}`,
      machines: servers
        .map((server) => ({
          name: nameOf(server),
          zone: (server.inputs.availabilityZone as string | undefined) ?? anyZone,
          mark: mark(server),
        }))
        .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true })),
    };
  });
}

/** One for each pair of sides, those from outside of the cluster first. */
function flowsOf(config: ClusterConfig, run: Simulated, mark: MarkOf): PictureFlow[] {
  const groups = new Map(
    run.ofType("SecGroup").map(({ id, inputs }) => [id, groupName(String(inputs.name), config.clusterName)]),
  );
  const flows = new Map<string, { from: string; to: string; allowed: PictureFlow["allowed"][number][] }>();
  for (const rule of run.ofType("SecGroupRule")) {
    const { securityGroupId, remoteGroupId, remoteIpPrefix, direction, description } = rule.inputs;
    const own = groups.get(securityGroupId as string) ?? "a security group";
    const other = groups.get(remoteGroupId as string) ?? cidrName(String(remoteIpPrefix), config);
    const [from, to] = direction === "ingress" ? [other, own] : [own, other];
    const key = `${direction === "ingress" ? 0 : 1} ${remoteIpPrefix === undefined ? 1 : 0} ${from} ${to}`;
    const flow = flows.get(key) ?? { from, to, allowed: [] };
    const purpose = String(description).split(":")[0] ?? "";
    flow.allowed.push({ text: `${purpose} ${portsOf(rule)}`, mark: mark(rule) });
    flows.set(key, flow);
  }
  return [...flows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { from, to, allowed }]) => ({ from, to, allowed: allowed.sort((a, b) => (a.text < b.text ? -1 : 1)) }));
}

const groupName = (name: string, clusterName: string) => {
  const group = name.slice(clusterName.length + 1);
  return { node: "every machine", "control-plane": "control plane", bastion: "bastion" }[group] ?? name;
};

const cidrName = (cidr: string, { network }: ClusterConfig) =>
  cidr === "0.0.0.0/0" ? "anywhere" : cidr === network.cidr ? "the machines' network" : cidr;

function portsOf({ inputs }: SimulatedResource): string {
  const {
    protocol,
    portRangeMin: from,
    portRangeMax: to,
  } = inputs as {
    readonly protocol?: string;
    readonly portRangeMin?: number;
    readonly portRangeMax?: number;
  };
  if (protocol === undefined) return "(everything)";
  if (from === undefined) return protocol;
  return `${protocol} ${from}${to === from || to === undefined ? "" : `-${to}`}`;
}

function fluxOf(run: Simulated, mark: MarkOf): PictureFacts["flux"] {
  const instance = run.ofType("FluxInstance")[0];
  if (instance === undefined) return undefined;
  const { distribution, sync } = instance.inputs.spec as {
    readonly distribution: { readonly version: string };
    readonly sync: { readonly url: string; readonly path: string };
  };
  return { lines: [`Flux ${distribution.version} applies ${sync.path}`, `from ${sync.url}`], mark: mark(instance) };
}
