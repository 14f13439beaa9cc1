/** Whether Pulumi's engine is on this machine; the npm package only knows where to download it. */
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What the program itself needs of plugins. */
export const programPlugins = ["openstack", "tls", "random", "kubernetes"] as const;

/** Why a test that needs the engine and these plugins cannot run here, or undefined when it can. */
export function engineObstacle(plugins: readonly string[]): string | undefined {
  const home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  const listed = (folder: string) => (existsSync(join(home, folder)) ? readdirSync(join(home, folder)) : []);
  if (!listed("versions").some((entry) => /^\d+\./.test(entry))) return `Pulumi's engine is not in ${home}/versions`;
  const missing = plugins.find((plugin) => !listed("plugins").some((entry) => entry.startsWith(`resource-${plugin}-`)));
  return missing === undefined ? undefined : `the engine's plugin ${missing} is not in ${home}/plugins`;
}
