/** What a preview reads from each simulated server: what the plan of machines does not say. */
import { gunzipSync } from "node:zlib";
import { machinePoolKey } from "../../src/machines/metadataKeys";
import type { Simulated, SimulatedResource } from "../simulated";

export interface Server {
  readonly name: string;
  /** Node pool, or the role where there is no pool. */
  readonly pool: string;
  /** Interfaces for which Nova makes a port by itself. */
  readonly ownPorts: number;
  /** As sent to Nova. */
  readonly userData: string;
}

export function serversOf(run: Simulated): Server[] {
  return run.ofType("openstack:compute/instance:Instance").map((server) => serverOf(server));
}

function serverOf({ name, inputs }: SimulatedResource): Server {
  const metadata = (inputs.metadata ?? {}) as Record<string, string>;
  return {
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
