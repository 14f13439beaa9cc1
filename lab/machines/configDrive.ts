/** The config drive of a machine: the files that Nova writes on it, as path below the drive to content. */
import { createHash } from "node:crypto";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { prefixLength } from "../../src/config/cidr";
import type { MachinesPlan, PlannedMachine } from "./plan";

/** Nova's own domain for host names, its option `dhcp_domain`; the bootstrap has to cope with it. */
const novaDomain = "novalocal";

/** Files of a config drive, by their path on it. */
export type ConfigDrive = Readonly<Record<string, string | Buffer>>;

/** Renders the drive of a machine that gets its address from the drive, as from a subnet without DHCP. */
export function renderConfigDrive(config: ClusterConfig, plan: MachinesPlan, machine: PlannedMachine): ConfigDrive {
  return {
    "openstack/latest/meta_data.json": json({
      uuid: serverId(machine.name),
      name: machine.name,
      hostname: `${machine.name}.${novaDomain}`,
      availability_zone: "nova",
      launch_index: 0,
      devices: [],
      public_keys: {},
    }),
    "openstack/latest/network_data.json": json({
      links: [
        {
          id: "port0",
          type: "ovs",
          ethernet_mac_address: machine.mac,
          mtu: config.network.mtu,
          vif_id: serverId(machine.mac),
        },
      ],
      networks: [
        {
          id: "network0",
          link: "port0",
          type: "ipv4",
          ip_address: machine.address,
          netmask: netmask(prefixLength(config.network.cidr)),
          routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: plan.gateway }],
          services: config.network.dnsServers.map((address) => ({ type: "dns", address })),
        },
      ],
      services: config.network.dnsServers.map((address) => ({ type: "dns", address })),
    }),
    // Nova decodes the base64 that it was handed; the machine finds the gzipped bytes.
    "openstack/latest/user_data": Buffer.from(machine.userData.encoded, "base64"),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

/** 255.255.252.0 for 22. */
export function netmask(prefix: number): string {
  return [0, 8, 16, 24].map((shift) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefix - shift)))).join(".");
}

/** A UUID that is always the same for the same name. */
function serverId(name: string): string {
  const digest = createHash("sha256").update(name).digest("hex");
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    digest.slice(12, 16),
    digest.slice(16, 20),
    digest.slice(20, 32),
  ].join("-");
}
