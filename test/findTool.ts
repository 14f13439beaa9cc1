/** The real tools of this depth of proof: in PATH, or where scripts/installTestTools.sh puts them. */
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

const cache = process.env["OPENSTACK_KUBERNETES_TOOLS"] ?? join(homedir(), ".cache/openstack-kubernetes/tools");

/** Path of the tool, or undefined. Our own cache comes first: what it holds is of the pinned version. */
export function findTool(name: string): string | undefined {
  return [join(cache, "bin"), ...(process.env["PATH"] ?? "").split(delimiter)]
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `describe` where all tools are found; elsewhere its tests count as skipped, and one loud line says what to run. */
export function describeWithTools(
  name: string,
  tools: readonly string[],
  body: (path: (tool: string) => string) => void,
): void {
  const missing = tools.filter((tool) => findTool(tool) === undefined);
  if (missing.length > 0)
    process.stderr.write(
      `\n*** SKIPPED: ${name}: ${missing.join(", ")} not found. Run scripts/installTestTools.sh ***\n\n`,
    );
  (missing.length > 0 ? describe.skip : describe)(name, () => {
    body((tool) => findTool(tool) ?? tool);
  });
}
