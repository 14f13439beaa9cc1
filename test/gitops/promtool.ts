/** promtool of the Prometheus that the cluster runs. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { toolFolder } from "./toolbox";

const promtool = join(toolFolder("monitoring"), "promtool");
export const promtoolPrograms = [promtool];

/** Exit status, and what promtool says, in one. */
export function runPromtool(args: readonly string[], options: { readonly cwd?: string; readonly input?: string } = {}) {
  const { status, stdout, stderr } = spawnSync(promtool, args, { encoding: "utf8", ...options });
  return { status, output: `${stdout}${stderr}` };
}
