/** What the cluster takes up in the cloud. */
import type { Simulated } from "../simulated";
import type { Flavors } from "./flavors";
import { byUserData, serversOf } from "./servers";

export interface Totals {
  readonly machines: number;
  /** Machines by flavor. Sizes are absent for a flavor that the flavors file does not tell. */
  readonly flavors: readonly {
    readonly name: string;
    readonly machines: number;
    readonly vcpus?: number;
    readonly ramMiB?: number;
    readonly diskGiB?: number;
  }[];
  /** Sums over the flavors whose size is told. */
  readonly vcpus: number;
  readonly ramMiB: number;
  readonly localDiskGiB: number;
  /** Cinder volumes, all made with a server. */
  readonly volumeGiB: number;
  readonly subnets: readonly { readonly cidr: string; readonly used: number; readonly free: number }[];
  /** Neutron ports: those of the program, and those that Nova, Octavia and the router make. */
  readonly ports: number;
  readonly floatingIps: number;
  readonly loadBalancers: number;
  readonly securityGroups: number;
  readonly securityGroupRules: number;
  /** Bytes as sent to Nova, by pool or role. */
  readonly userData: readonly { readonly pool: string; readonly machines: number; readonly bytes: number }[];
}

export function totalsOf(run: Simulated, flavors: Flavors): Totals {
  const servers = serversOf(run);
  const count = (type: string) => run.ofType(type).length;
  const names = [...new Set(servers.map(({ flavor }) => flavor))];
  const sized = names.map((name) => {
    const own = servers.filter(({ flavor }) => flavor === name);
    const size = Object.hasOwn(flavors, name) ? flavors[name] : undefined;
    const sums =
      size === undefined
        ? {}
        : {
            vcpus: size.vcpus * own.length,
            ramMiB: size.ramMiB * own.length,
            diskGiB: size.diskGiB * own.filter(({ localDisk }) => localDisk).length,
          };
    return { name, machines: own.length, ...sums };
  });
  const sum = (key: "vcpus" | "ramMiB" | "diskGiB") =>
    sized.reduce((total, flavor) => total + ((flavor as Partial<Record<typeof key, number>>)[key] ?? 0), 0);
  const madeByOthers =
    run.ofType("LoadBalancer").filter(({ inputs }) => inputs.vipPortId === undefined).length + count("RouterInterface");
  return {
    machines: servers.length,
    flavors: sized,
    vcpus: sum("vcpus"),
    ramMiB: sum("ramMiB"),
    localDiskGiB: sum("diskGiB"),
    volumeGiB: servers.reduce((total, server) => total + server.volumeGiB, 0),
    subnets: run.subnets.map(({ cidr, used, capacity }) => ({ cidr, used, free: capacity - used })),
    ports:
      count("openstack:networking/port:Port") +
      madeByOthers +
      servers.reduce((total, { ownPorts }) => total + ownPorts, 0),
    floatingIps: count("FloatingIp"),
    loadBalancers: count("LoadBalancer"),
    securityGroups: count("SecGroup"),
    securityGroupRules: count("SecGroupRule"),
    userData: byUserData(servers).map((group) => ({
      pool: group[0]?.pool ?? "",
      machines: group.length,
      bytes: group[0]?.userData.length ?? 0,
    })),
  };
}
