/** What a preview wants to know of each server. */
import { gunzipSync } from "node:zlib";
import { machinePoolKey } from "../../src/machines/updatePolicy";
import type { Simulated, SimulatedResource } from "../simulated";

export interface Machine {
  readonly name: string;
  readonly flavor: string;
  /** Node pool, or the role where there is no pool. */
  readonly pool: string;
  /** GiB of Cinder volumes made with the server. */
  readonly volumeGiB: number;
  /** Whether the root disk is the flavor's. */
  readonly localDisk: boolean;
  /** Interfaces for which Nova makes a port by itself. */
  readonly ownPorts: number;
  /** As sent to Nova. */
  readonly userData: string;
}

interface BlockDevice {
  readonly destinationType?: string;
  readonly bootIndex?: number;
  readonly volumeSize?: number;
}

export function machinesOf(run: Simulated): Machine[] {
  return run.ofType("openstack:compute/instance:Instance").map((server) => machineOf(server));
}

function machineOf({ name, inputs }: SimulatedResource): Machine {
  const metadata = (inputs.metadata ?? {}) as Record<string, string>;
  const devices = ((inputs.blockDevices ?? []) as BlockDevice[]).filter(
    (device) => device.destinationType === "volume",
  );
  return {
    name: (inputs.name as string | undefined) ?? name,
    flavor: String(inputs.flavorName ?? inputs.flavorId),
    pool: metadata[machinePoolKey] ?? name,
    volumeGiB: devices.reduce((sum, device) => sum + (device.volumeSize ?? 0), 0),
    localDisk: !devices.some((device) => device.bootIndex === 0),
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

/** Machines with the same user data, in the order of their first. */
export function byUserData(machines: readonly Machine[]): Machine[][] {
  const groups = new Map<string, Machine[]>();
  for (const machine of machines) {
    const group = groups.get(machine.userData);
    if (group === undefined) groups.set(machine.userData, [machine]);
    else group.push(machine);
  }
  return [...groups.values()];
}
