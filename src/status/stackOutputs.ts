/** What the last `up` says of the cluster: the outputs of the stack, from Pulumi's own command. */
import { execFile } from "node:child_process";
import { z } from "zod";

/** Only the first two are needed; an `up` that failed may not have written the others. */
const schema = z.object({
  clusterName: z.string(),
  /** Secret. */
  adminKubeconfig: z.string(),
  certificateExpiry: z.record(z.string(), z.string()).default({}),
  fileDigests: z.record(z.string(), z.string()).default({}),
  kubernetesVersion: z.record(z.string(), z.string()).default({}),
  nodes: z.array(z.object({ name: z.string() })).default([]),
  staleMachines: z.array(z.string()).default([]),
  templateDigests: z.record(z.string(), z.string()).default({}),
});

export type LastUp = z.infer<typeof schema>;

/**
 * Asks the engine for the outputs of a stack, secrets included. Rejects with a sentence, which shows no value, when
 * there is no engine, when it refuses, or when no `up` has ended.
 *
 * @param project Folder of Pulumi.yaml.
 * @param limit Milliseconds after which the engine is ended.
 */
export async function readStackOutputs(stack: string, project: string, limit: number): Promise<LastUp> {
  const args = ["stack", "output", "--json", "--show-secrets", "--non-interactive", "--cwd", project];
  return parseStackOutputs(stack, await pulumi([...args, "--stack", stack], limit));
}

export function parseStackOutputs(stack: string, json: string): LastUp {
  const { data } = schema.safeParse(JSON.parse(json));
  if (data === undefined)
    throw new Error(`stack ${stack} has no kubeconfig among its outputs, so no \`pulumi up\` has ended yet`);
  return data;
}

function pulumi(args: readonly string[], timeout: number): Promise<string> {
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  return new Promise((resolve, reject) => {
    execFile("pulumi", args, { env, timeout, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT")
        reject(new Error("Pulumi's CLI is not in PATH (scripts/installPulumi.sh says where it is)"));
      else if (error.killed) reject(new Error(`\`pulumi stack output\` did not end within ${timeout / 1000} s`));
      else
        reject(new Error(`\`pulumi stack output\` failed: ${/^error: (.*)$/m.exec(stderr)?.[1] ?? "it says no why"}`));
    });
  });
}
