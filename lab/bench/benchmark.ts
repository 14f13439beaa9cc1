/** The benchmark: the program next to OpenTofu, on the lab that runs. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readStack, runStack } from "../../simulation/preview/run";
import type { ClusterConfig, NodePoolConfig } from "../../src/config/clusterConfig";
import type { Layout } from "../openstack/layout";
import { engineEnvironment, writeStackOnLab } from "../openstack/stack";
import { CountingProxy } from "./countingProxy";
import type { Multiplication } from "./multipliedState";
import type { Outcome } from "./processTree";
import type { Action, Measurement } from "./report";
import { renderTofuConfiguration, userDataFile } from "./tofuConfiguration";
import { PulumiTool, TofuTool, type Tool } from "./tools";

interface BenchmarkOptions {
  /** Numbers of workers, ascending. */
  readonly sizes: readonly number[];
  /**
   * Sizes up to this one are really made; larger ones are previewed only, the unchanged preview on a multiplied state.
   */
  readonly makeUpTo: number;
  /** Previews of each kind, of which the median counts. */
  readonly runs: number;
}

/** Two clusters of one size: one per tool, alike but for the name. */
interface Pair {
  readonly workers: number;
  readonly pulumi: PulumiTool;
  readonly tofu: TofuTool;
}

/**
 * Hands each measurement to `keep` as soon as it is taken, so that a run that fails later has not been for nothing.
 * Throws for sizes that cannot be measured, before anything is made, and when a tool does not do what was to be
 * measured.
 */
export async function benchmark(
  lab: Layout,
  options: BenchmarkOptions,
  keep: (measurement: Measurement) => void,
): Promise<void> {
  const made = options.sizes.filter((size) => size <= options.makeUpTo);
  refuseSizes(options.sizes, made);
  const folder = join(lab.data, "bench");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [opentofu = "", provider = ""] = execFileSync(join(__dirname, "installTools.sh"), {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  })
    .trim()
    .split("\n");
  const proxy = new CountingProxy();
  try {
    const environment = await throughProxy(lab, proxy, folder);
    const open = async (workers: number): Promise<Pair> => {
      const stack = `bench-${workers}`;
      const state = join(folder, "state");
      const place = join(folder, `tofu-${workers}`);
      const pulumi = await PulumiTool.open(lab, stack, writeStack(lab, stack, workers), state, environment);
      const tofu = new TofuTool(
        place,
        await tofuFiles(lab, `tofu-${workers}`, workers),
        { opentofu, provider },
        environment,
      );
      await Promise.all([pulumi.removeLeftovers(), tofu.removeLeftovers()]);
      return { workers, pulumi, tofu };
    };
    const record = async (tool: Tool, workers: number, action: Action, work: () => Promise<Outcome>): Promise<void> => {
      proxy.counter.take();
      const usage = await work();
      const stateBytes = action === "up" ? { stateBytes: tool.stateBytes() } : {};
      keep({ tool: tool.name, workers, action, usage, calls: proxy.counter.take(), ...stateBytes });
    };
    /** The same of both tools by turns, so that whatever else the machine does weighs on both. */
    const byTurns = async (
      { pulumi, tofu, workers }: Pair,
      action: Action,
      of: (tool: PulumiTool | TofuTool) => Promise<Outcome>,
    ): Promise<void> => {
      for (let run = 0; run < options.runs; run++)
        for (const tool of [pulumi, tofu]) await record(tool, workers, action, () => of(tool));
    };

    for (const workers of options.sizes) {
      const pair = await open(workers);
      await byTurns(pair, "fresh", (tool) => tool.preview("everything", true));
      if (!made.includes(workers)) continue;
      for (const tool of [pair.pulumi, pair.tofu]) await record(tool, workers, "up", () => tool.up());
      await byTurns(pair, "unchanged", (tool) => tool.preview("nothing", tool === pair.tofu));
      await byTurns(pair, "unrefreshed", (tool) => tool.preview("nothing", false));
      await byTurns(pair, "refreshed", (tool) => tool.preview("nothing", true));
      if (workers === made.at(-1)) {
        for (const wanted of options.sizes.filter((size) => size > workers))
          await multiplied(lab, pair, wanted, byTurns);
      }
      for (const tool of [pair.pulumi, pair.tofu]) await record(tool, workers, "destroy", () => tool.destroy());
    }
  } finally {
    await proxy.close();
  }
}

/** The model stack has three zones, and a copy must lie in the zone of a worker that was made. */
const zones = 3;

function refuseSizes(sizes: readonly number[], made: readonly number[]): void {
  const largest = made.at(-1) ?? 0;
  if (largest < zones && sizes.length > made.length && largest > 0)
    throw new Error(
      `Previews without changes of sizes that are not made need at least ${zones} workers that are: make more than ${largest}.`,
    );
}

async function multiplied(
  lab: Layout,
  { workers, pulumi, tofu }: Pair,
  wanted: number,
  byTurns: (pair: Pair, action: Action, of: (tool: PulumiTool | TofuTool) => Promise<Outcome>) => Promise<void>,
): Promise<void> {
  const stack = `bench-${workers}`;
  const name = `tofu-${workers}`;
  const files = await tofuFiles(lab, name, wanted);
  const pool = poolOf(configOf(lab, stack, workers));
  const what = (cluster: string): Multiplication => ({
    prefix: `${cluster}-${pool.name}`,
    made: workers,
    wanted,
    zones: pool.availabilityZones.length,
  });
  // The same file, since it holds the salt that the state's secrets are encrypted with.
  writeStack(lab, stack, wanted);
  try {
    await byTurns({ workers: wanted, pulumi, tofu }, "multiplied", (tool) =>
      tool instanceof PulumiTool
        ? tool.previewMultiplied(what(stack))
        : tool.previewMultiplied(what(name), pool.name, files),
    );
  } finally {
    writeStack(lab, stack, workers);
  }
}

/** The environment of both tools: the lab's cloud, by way of the proxy. */
async function throughProxy(lab: Layout, proxy: CountingProxy, folder: string): Promise<NodeJS.ProcessEnv> {
  const { clouds } = JSON.parse(readFileSync(lab.cloudsYaml, "utf8")) as {
    clouds: Record<string, { auth: { auth_url: string } }>;
  };
  const cloud = clouds.lab;
  if (cloud === undefined) throw new Error(`${lab.cloudsYaml} has no cloud named lab.`);
  const file = join(folder, "clouds.yaml");
  const auth = { ...cloud.auth, auth_url: await proxy.open(cloud.auth.auth_url) };
  writeFileSync(file, JSON.stringify({ clouds: { lab: { ...cloud, auth } } }), { mode: 0o600 });
  return { ...engineEnvironment(lab), OS_CLIENT_CONFIG_FILE: file };
}

/** DEV with `workers` workers, on networks that have room for them. Returns the path of its configuration. */
function writeStack(lab: Layout, stack: string, workers: number, file = stack): string {
  return writeStackOnLab(
    lab,
    file,
    [
      { path: ["clusterName"], value: stack },
      { path: ["nodePools", "0", "count"], value: workers },
      { path: ["network", "cidr"], value: "10.20.0.0/16" },
      { path: ["kubernetes", "podCidr"], value: "172.16.0.0/12" },
    ],
    "dev",
  );
}

function configOf(lab: Layout, stack: string, workers: number): ClusterConfig {
  return readStack(stack, writeStack(lab, stack, workers, `${stack}-model`)).config;
}

function poolOf({ nodePools }: ClusterConfig): NodePoolConfig {
  const [pool] = nodePools;
  if (pool === undefined) throw new Error("The benchmark's stack has no pool.");
  return pool;
}

/** Configuration and user data for OpenTofu. The user data is what the program itself makes, on the simulation. */
async function tofuFiles(lab: Layout, name: string, workers: number): Promise<Record<string, string>> {
  const one = readStack(name, writeStack(lab, name, 1, `${name}-model`));
  const run = await runStack(one, undefined, () => undefined);
  const servers = run.ofType("Instance").map(({ inputs }) => ({
    pool: (inputs.metadata as Record<string, string>)["kubernetes-pool"] as string,
    userData: inputs.userData as string,
  }));
  return {
    "main.tf.json": JSON.stringify(renderTofuConfiguration(run, configOf(lab, name, workers)), undefined, 2),
    ...Object.fromEntries(servers.map(({ pool, userData }) => [userDataFile(pool), userData])),
  };
}
