/**
 * What a preview reads from each simulated server: as it is after the run, so that a stale machine counts with the
 * flavor and disks that it has.
 */
import { gunzipSync } from "node:zlib";
import { machinePoolKey } from "../../src/machines/metadataKeys";
import type { Simulated, SimulatedResource } from "../simulated";

export interface Server {
  readonly name: string;
  /** Node pool, or the role where there is no pool. */
  readonly pool: string;
  readonly flavor: string;
  /** Whether the root disk is the flavor's. */
  readonly localDisk: boolean;
  /** GiB of Cinder volumes made with the server. */
  readonly volumeGiB: number;
  /** Interfaces for which Nova makes a port by itself. */
  readonly ownPorts: number;
  /** As sent to Nova. */
  readonly userData: string;
}

export function serversOf(run: Simulated): Server[] {
  return run.ofType("openstack:compute/instance:Instance").map((server) => serverOf(server));
}

interface BlockDevice {
  readonly destinationType?: string;
  readonly bootIndex?: number;
  readonly volumeSize?: number;
}

function serverOf({ name, inputs, kept }: SimulatedResource): Server {
  const metadata = (inputs.metadata ?? {}) as Record<string, string>;
  const effective = (input: string) => {
    const value = kept[input];
    return value !== undefined && "value" in value ? value.value : undefined;
  };
  const volumes = ((effective("blockDevices") ?? []) as readonly BlockDevice[]).filter(
    ({ destinationType }) => destinationType === "volume",
  );
  return {
    flavor: String(effective("flavorName")),
    localDisk: !volumes.some(({ bootIndex }) => bootIndex === 0),
    volumeGiB: volumes.reduce((sum, { volumeSize }) => sum + (volumeSize ?? 0), 0),
    name: (inputs.name as string | undefined) ?? name,
    pool: metadata[machinePoolKey] ?? name,
    ownPorts: ((inputs.networks ?? []) as { port?: string }[]).filter((network) => network.port === undefined).length,
    userData: (inputs.userData as string | undefined) ?? "",
  };
}

/** User data in readable form: base64 and gzip undone. */
export function unpackUserData(userData: string): string {
  const bytes = Buffer.from(userData, "base64");
  if (bytes.toString("base64") !== userData) return userData;
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
}

/** Servers with the same user data, in the order of their first. */
export function byUserData(servers: readonly Server[]): Server[][] {
  const groups = new Map<string, Server[]>();
  for (const server of servers) {
    const group = groups.get(server.userData);
    if (group === undefined) groups.set(server.userData, [server]);
    else group.push(server);
  }
  return [...groups.values()];
}
