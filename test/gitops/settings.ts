/**
 * The ConfigMap `cluster-settings` as the program renders it for the stacks of this repository: Pulumi's half of the
 * contract, not a copy of it.
 */
import { join } from "node:path";
import { parseClusterConfig } from "../../src/config/parse";
import { readStackFile } from "../../src/config/stackFile";
import { renderClusterSettings } from "../../src/platform/clusterSettings";
import { repositoryFolder } from "./toolbox";

export function clusterSettings(stack: "dev" | "prod"): Readonly<Record<string, string>> {
  const { values, problems } = readStackFile(join(repositoryFolder, `Pulumi.${stack}.yaml`));
  const config = parseClusterConfig(values, stack, { problems });
  // What a site adds by flux.settings: the one setting that has neither a fact nor a default to come from.
  return { APPS_DOMAIN: `apps.${stack}.example.org`, ...renderClusterSettings(config, `${stack}.k8s.example.org`) };
}
