/**
 * What Kubernetes made in OpenStack, told from everything else in the project, and in which order it can go. Two kinds
 * are taken: what carries the cluster's name where the cloud controller manager or Cinder CSI writes it, wherever it
 * is; and, in a network or subnet that the stack itself made, whatever keeps it from being deleted. In an existing
 * network only the first.
 */
import { counted } from "../config/counted";
import { machineClusterKey } from "../machines/metadataKeys";
import { clusterTag } from "../network/tags";
import { createdTypes, storageTypes, type OpenstackType } from "../openstack/resourceTypes";
import type { RemainingDisk, RemainingLoadBalancer, RemainingPort, Remains } from "./remains";

/** One deletion. `title` says what it is, `consequence` what the people on the cluster lose with it. */
export interface SweepStep {
  readonly type: OpenstackType;
  readonly id: string;
  readonly title: string;
  readonly consequence: string;
  /** Ports that a security group must be taken off first, each with the groups that it keeps. */
  readonly takenOff?: readonly { readonly portId: string; readonly keeps: readonly string[] }[];
}

export interface SweepPlan {
  /** In this order. */
  readonly steps: readonly SweepStep[];
  /** What stays although it is the cluster's or in its way, a sentence each. */
  readonly left: readonly string[];
}

/** Key of a volume's or snapshot's metadata that holds the cluster (Cinder CSI, `clusterID` of its chart). */
const csiClusterKey = "cinder.csi.openstack.org/cluster";
/**
 * Begins the names of load balancers, and their tags, one for each Service that they serve (cloud controller manager).
 */
const servicePrefix = "kube_service_";

/**
 * The plan for the cluster of this name.
 *
 * @param withVolumes Whether volumes and snapshots of claims are to be deleted too.
 */
export function planSweep(clusterName: string, remains: Remains, withVolumes: boolean): SweepPlan {
  const parts = [
    loadBalancers(clusterName, remains),
    securityGroups(clusterName, remains),
    ports(clusterName, remains),
    disks(clusterName, remains, withVolumes),
  ];
  return { steps: parts.flatMap(({ steps }) => steps), left: parts.flatMap(({ left }) => left) };
}

function loadBalancers(clusterName: string, remains: Remains): SweepPlan {
  const steps: SweepStep[] = [];
  const left: string[] = [];
  const own = `${servicePrefix}${clusterName}_`;
  const madeFor = new RegExp(`^Floating IP for Kubernetes external service (\\S+) from cluster ${clusterName}$`);
  for (const found of remains.loadBalancers) {
    const named = found.name.startsWith(own);
    const inOwnSubnet =
      remains.ownSubnetIds.has(found.vip_subnet_id) && found.tags?.includes(clusterTag(clusterName)) !== true;
    if (!named && !inOwnSubnet) continue;
    const title = `load balancer ${found.name === "" ? found.id : found.name}`;
    const others = servicesOf(found).filter((service) => !service.startsWith(own));
    if (others.length > 0) {
      left.push(`${title} stays: it serves another cluster too (${others.join(", ")}).`);
      continue;
    }
    for (const { id, floating_ip_address: address } of remains.floatingIps.filter(
      (each) => each.port_id === found.vip_port_id && madeFor.test(each.description),
    ))
      steps.push({
        type: createdTypes.floatingIp,
        id,
        title: `floating IP ${address}`,
        consequence: "it goes back to the pool, where anybody may get it: names in DNS must not point to it any more",
      });
    const consequence = named
      ? `Service ${serviceIn(found.name, own)} is not reached through it any more`
      : "not made by this cluster, but in its subnet, which cannot be deleted with it";
    steps.push({ type: createdTypes.loadBalancer, id: found.id, title, consequence });
  }
  for (const { floating_ip_address: address, port_id: port, description } of remains.floatingIps) {
    const service = madeFor.exec(description)?.[1];
    if (service !== undefined && (port ?? "") === "")
      left.push(
        `floating IP ${address} stays: Service ${service} is gone and left it, which is done on purpose (keep-floatingip).`,
      );
  }
  return { steps, left };
}

function servicesOf({ name, tags = [] }: RemainingLoadBalancer): string[] {
  return [...new Set([name, ...tags])].filter((text) => text.startsWith(servicePrefix));
}

/** namespace/name; neither can hold an underscore. */
function serviceIn(name: string, prefix: string): string {
  return name.slice(prefix.length).replace("_", "/");
}

/** One per Service, where the cloud controller manager is told to make them; it stays on the machines' ports. */
function securityGroups(clusterName: string, { securityGroups: groups, ports: all }: Remains): SweepPlan {
  const steps = groups
    .filter(
      ({ name, description }) =>
        name.startsWith("lb-sg-") && description.endsWith(` Service LoadBalancer in cluster ${clusterName}`),
    )
    .map(({ id, name }): SweepStep => {
      const takenOff = all
        .filter(({ security_groups: held }) => held.includes(id))
        .map((port) => ({ portId: port.id, keeps: port.security_groups.filter((held) => held !== id) }));
      return {
        type: createdTypes.securityGroup,
        id,
        title: `security group ${name}`,
        consequence: `taken off ${counted(takenOff.length, "port")}, which it let a load balancer's traffic in to`,
        takenOff,
      };
    });
  return { steps, left: [] };
}

/** Ports in the stack's own network that are neither the stack's nor a machine's of this cluster. */
function ports(clusterName: string, remains: Remains): SweepPlan {
  const machines = new Set(
    remains.servers.filter(({ metadata }) => metadata[machineClusterKey] === clusterName).map(({ id }) => id),
  );
  const serverNames = new Map(remains.servers.map(({ id, name }) => [id, name]));
  const steps: SweepStep[] = [];
  const left: string[] = [];
  for (const port of remains.ports) {
    if (!isInOwn(port, remains) || port.tags?.includes(clusterTag(clusterName)) === true) continue;
    const address = port.fixed_ips.map(({ ip_address: each }) => each).join(", ") || "no address";
    const title = `port ${port.name === "" ? port.id : port.name} (${address})`;
    if (port.device_id === "" && port.device_owner === "") {
      steps.push({
        type: createdTypes.port,
        id: port.id,
        title,
        consequence: "no machine has it; whoever reserved the address loses it",
      });
    } else if (port.device_owner.startsWith("compute:") && !machines.has(port.device_id)) {
      const server = serverNames.get(port.device_id);
      if (server === undefined)
        steps.push({ type: createdTypes.port, id: port.id, title, consequence: "its server is gone" });
      else
        left.push(
          `server ${server} stays: it is no machine of this cluster, but its ${title} is in the cluster's network, which cannot be deleted before it.`,
        );
    }
  }
  return { steps, left };
}

function isInOwn(port: RemainingPort, { ownNetworkIds, ownSubnetIds }: Remains): boolean {
  return ownNetworkIds.has(port.network_id) || port.fixed_ips.some(({ subnet_id: subnet }) => ownSubnetIds.has(subnet));
}

/**
 * Volumes and snapshots of claims. They keep no network from being deleted, and hold data: only when asked for, and
 * never from under a machine.
 */
function disks(clusterName: string, { volumes, snapshots, servers }: Remains, wanted: boolean): SweepPlan {
  const ofCluster = <D extends RemainingDisk>(all: readonly D[]) =>
    all.filter(({ metadata }) => metadata[csiClusterKey] === clusterName);
  const titleOf = ({ noun }: OpenstackType, { id, name, size, metadata }: RemainingDisk) => {
    const claim = metadata["csi.storage.k8s.io/pvc/name"];
    return `${noun} ${name ?? id} (${size} GiB${claim === undefined ? "" : ` of claim ${metadata["csi.storage.k8s.io/pvc/namespace"] ?? "?"}/${claim}`})`;
  };
  const gone = "its data is gone for good";
  const steps: SweepStep[] = [];
  const left: string[] = [];
  const decide = (type: OpenstackType, disk: RemainingDisk, holder?: string) => {
    const title = titleOf(type, disk);
    if (!wanted) left.push(`${title} stays: it holds data; --volumes deletes it.`);
    else if (holder !== undefined)
      left.push(`${title} stays: server ${holder} has it attached; sweep again once that is gone.`);
    else steps.push({ type, id: disk.id, title, consequence: gone });
  };
  // Cinder deletes no volume that has snapshots.
  for (const snapshot of ofCluster(snapshots)) decide(storageTypes.snapshot, snapshot);
  for (const volume of ofCluster(volumes)) {
    const holder = volume.attachments[0]?.server_id;
    decide(
      storageTypes.volume,
      volume,
      holder === undefined ? undefined : (servers.find(({ id }) => id === holder)?.name ?? holder),
    );
  }
  return { steps, left };
}
