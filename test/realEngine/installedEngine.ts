/** Whether Pulumi's engine is on this machine and the plugins that a test needs; tests download neither. */
import { engineFolder, inPulumiHome, pulumiHome } from "../../lab/openstack/engine";

/** What the program itself needs of plugins. */
export const programPlugins = ["openstack", "tls", "random", "kubernetes"] as const;

/** Why a test that needs the engine and these plugins cannot run here, or undefined when it can. */
export function engineObstacle(plugins: readonly string[]): string | undefined {
  if (engineFolder() === undefined) return `Pulumi's engine is not in ${pulumiHome}/versions`;
  const missing = plugins.find(
    (plugin) => !inPulumiHome("plugins").some((entry) => entry.startsWith(`resource-${plugin}-`)),
  );
  return missing === undefined ? undefined : `the engine's plugin ${missing} is not in ${pulumiHome}/plugins`;
}
