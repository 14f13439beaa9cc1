/** What the program creates, over every valid stack file of the fixtures and the stacks of the repository. */
import * as path from "node:path";
import { readStack, runStack, type StackInput } from "../simulation/preview/run";
import { fixtureNames, fixturePath } from "./config/fixtures";

const stackFiles = [
  ...["dev", "prod"].map((stack) => path.join(__dirname, `../Pulumi.${stack}.yaml`)),
  ...fixtureNames("valid").map((name) => fixturePath("valid", name)),
];

/** More machines of the same kind bring no other type. */
const isSmall = ({ config }: StackInput) => config.nodePools.reduce((sum, { count }) => sum + count, 0) <= 12;

/** Type tokens of all resources but components and providers, sorted. */
export async function createdTokens(): Promise<string[]> {
  const tokens = new Set<string>();
  for (const stack of stackFiles.map((file) => readStack("dev", file)).filter(isSmall)) {
    const { resources } = await runStack(stack, undefined, () => undefined);
    for (const { custom, type } of resources)
      if (custom && !/^pulumi:(pulumi:Stack|providers:.*)$/.test(type)) tokens.add(type);
  }
  return [...tokens].sort();
}
