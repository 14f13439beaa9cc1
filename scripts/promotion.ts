/** `npm run promotion -- check <stack>`: whether another stack has tried what this one is to take. */
import { join } from "node:path";
import { Command } from "commander";
import { parseClusterConfig } from "../src/config/parse";
import { parseStackFile, readStackFile } from "../src/config/stackFile";
import { judgePromotion } from "../src/promotion/promotion";
import { readStackOutputs } from "../src/status/stackOutputs";
import { fileAt, fileHistory, versionOf } from "./promotion/fileHistory";
import { runCommand } from "./runCommand";
import { wrappedFor } from "./wrapped";

const root = join(__dirname, "..");
const refused = 3;
/** Milliseconds that Pulumi may take to tell the outputs. */
const outputsLimit = 60_000;

interface Options {
  readonly change?: string;
  readonly branch: string;
  /** False with --no-outputs. */
  readonly outputs: boolean;
}

const print = (text: string) => void process.stdout.write(`${wrappedFor(text, process.stdout)}\n`);

async function check(stack: string, { change, branch, outputs }: Options): Promise<void> {
  const file = `Pulumi.${stack}.yaml`;
  const { values, problems } = readStackFile(join(root, file));
  const { promotion } = parseClusterConfig(values, stack, { problems });
  if (promotion === undefined) throw new Error(`${file} has no key promotion, which names the stack that goes first.`);
  const { from } = promotion;
  const wanted = change === undefined ? values : parseStackFile(fileAt(root, change, file), file).values;
  const version = versionOf(wanted);
  if (version === undefined)
    throw new Error(`${file} of ${change ?? "this checkout"} does not name kubernetes.version.`);
  if (change !== undefined && version === versionOf(values)) {
    print(`${stack} keeps Kubernetes ${version}.`);
    return;
  }
  const now = Date.now() / 1000;
  const history = fileHistory(root, branch, `Pulumi.${from}.yaml`, now);
  const nodes = outputs ? (await readStackOutputs(from, root, outputsLimit)).kubernetesVersion : undefined;
  const { seen, refusals } = judgePromotion({ ...promotion, version, history, nodes, now });
  seen.forEach(print);
  if (refusals.length === 0) {
    print(`${stack} may take Kubernetes ${version}.`);
    return;
  }
  print(`${stack} does not take Kubernetes ${version} yet:`);
  refusals.forEach((refusal) => print(`- ${refusal}`));
  print(`To take it all the same, name it in promotion.allow of ${file}.`);
  process.exitCode = refused;
}

void runCommand(
  new Command("npm run promotion --").addCommand(
    new Command("check")
      .description(
        "Refuses a version of Kubernetes that the stack of promotion.from has not named in its file for promotion.soakDays, or that its nodes do not run after an `up` that succeeded.",
      )
      .argument("<stack>", "name of the stack that is to take the version")
      .option(
        "--change <commit>",
        "read the wanted version there; the settings, and the version that needs no proof, are this checkout's",
      )
      .option("--branch <revision>", "whose history counts", "HEAD")
      .option("--no-outputs", "judge the files alone; nobody then knows whether the other stack's `up` succeeded")
      .addHelpText(
        "after",
        "\nExit code: 0 the stack may take the version, 1 somebody could not be asked, 2 wrong usage, 3 refused.",
      )
      .action(check),
  ),
);
