/** The cloud that the commands of this folder ask: the one of the stack file. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { ownKeys } from "../src/config/stackFile";

/**
 * The `openstack:` keys of a stack file that stand in the clear; what Pulumi encrypted must come from the environment
 * or clouds.yaml.
 */
export function providerKeys(file: string): (key: string) => string | undefined {
  const keys = ownKeys(
    (parse(readFileSync(file, "utf8"), { merge: true }) as { config: Record<string, unknown> }).config,
    "openstack",
  );
  return (key) => {
    const value = keys[key];
    if (value === undefined || isEncrypted(value)) return undefined;
    return typeof value === "string" ? value : JSON.stringify(value);
  };
}

const isEncrypted = (value: unknown) => typeof value === "object" && value !== null && "secure" in value;
