import { gunzipSync } from "node:zlib";
import { simulate, type SimulateOptions, type Simulated, type SimulatedResource } from "../simulation";
import program from "../src/index";

const project = "openstack-kubernetes";

/** Runs the real program on the simulation with a stack's values. */
export function runProgram(
  values: Readonly<Record<string, unknown>>,
  options: Pick<SimulateOptions, "stack" | "preview" | "previous" | "existing"> = {},
): Promise<Simulated> {
  const config = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      `${project}:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  return simulate(program, { project, stack: "test", config, ...options });
}

/** Servers by role, in the order of their registration. */
export function servers(run: Simulated, role: "control-plane" | "worker" | "bastion"): SimulatedResource[] {
  return run
    .ofType("Instance")
    .filter(({ inputs }) => (inputs.metadata as Record<string, string>)["kubernetes-role"] === role);
}

/** The cloud-config within a server's user data. */
export function cloudConfig(server: SimulatedResource): string {
  return gunzipSync(Buffer.from(server.inputs.userData as string, "base64")).toString("utf8");
}
