/** After `up` on the lab's machines: the CNI, where the configuration leaves it to its user, and the wait for nodes. */
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseClusterConfig } from "../../src/config/parse";
import { readStackFile } from "../../src/config/stackFile";
import { cniManifest, eventually } from "../machines/cluster";
import type { Layout } from "./layout";
import { kubectlProgram } from "./machines";

/**
 * How long the nodes may take after the API has answered, in seconds; on two idle cores the last of six is Ready after
 * 120.
 */
const readySeconds = 1200;

/** Where the admin kubeconfig of the stack that came up last is written; mode 0600. */
export function kubeconfigFile(lab: Layout): string {
  return join(lab.data, "stacks", "kubeconfig");
}

/** What a stack's outputs say about its cluster. */
export interface StackOutputs {
  readonly adminKubeconfig: string;
  readonly nodes: readonly { readonly name: string }[];
}

/**
 * Installs the lab's CNI, unless the stack has one, with the kubeconfig that the program computed. Then it waits until
 * all nodes of the stack are Ready. To be run in the lab's network. Errors: what kubectl says; which nodes are missing
 * after 20 minutes.
 */
export async function waitForNodes(
  lab: Layout,
  stack: string,
  stackFile: string,
  outputs: StackOutputs,
  say: (line: string) => void,
): Promise<void> {
  const file = kubeconfigFile(lab);
  writeFileSync(file, outputs.adminKubeconfig, { mode: 0o600 });
  const { values, problems } = readStackFile(stackFile);
  const config = parseClusterConfig(values, stack, { problems });
  if (config.cni.kind === "none") {
    const applied = kubectl(file, ["apply", "--filename", "-"], cniManifest(config));
    if (applied.status !== 0) throw new Error(`The lab's CNI was refused: ${applied.stderr.trim()}`);
  }
  const message = new Set<string>();
  await eventually(
    `All nodes of stack ${stack} Ready (\`npm run lab -- run kubectl get nodes\` shows which are)`,
    readySeconds,
    () => {
      const ready = readyNodes(file);
      for (const { name } of outputs.nodes.filter(({ name }) => ready.has(name) && !message.has(name))) {
        message.add(name);
        say(`Node ${name} is Ready.`);
      }
      return outputs.nodes.every(({ name }) => ready.has(name)) || undefined;
    },
  );
}

/** Names of the nodes that are Ready; none while the API does not answer. */
function readyNodes(kubeconfig: string): Set<string> {
  const path = '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
  const { status, stdout } = kubectl(kubeconfig, ["get", "nodes", "--output", `jsonpath=${path}`]);
  const lines = status === 0 ? stdout.split("\n") : [];
  return new Set(lines.filter((line) => line.endsWith(" True")).map((line) => line.split(" ")[0]!));
}

function kubectl(kubeconfig: string, words: readonly string[], input = "") {
  if (!existsSync(kubectlProgram()))
    throw new Error(`${kubectlProgram()} is gone: \`npm run lab:machines -- build\` builds it again.`);
  return spawnSync(kubectlProgram(), ["--kubeconfig", kubeconfig, "--request-timeout=20s", ...words], {
    encoding: "utf8",
    input,
    timeout: 60_000,
  });
}
