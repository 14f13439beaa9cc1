/** Where Pulumi's engine is on this machine, as scripts/installPulumi.sh leaves it. */
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export const pulumiHome = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");

/** Names in a folder of Pulumi's home; none when it is not there. */
export function inPulumiHome(folder: string): string[] {
  return existsSync(join(pulumiHome, folder)) ? readdirSync(join(pulumiHome, folder)) : [];
}

/** The newest engine's folder, or undefined when none is installed. */
export function engineFolder(): string | undefined {
  const newest = inPulumiHome("versions")
    .filter((version) => /^\d+\./.test(version))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .at(-1);
  return newest === undefined ? undefined : join(pulumiHome, "versions", newest, "bin");
}

/** The engine; without an installed one, whatever the PATH has. */
export const engine = join(engineFolder() ?? "", "pulumi");
