/** Fixtures of stack files, and a small configuration that tests vary. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { ConfigError } from "../../src/config/configError";
import { parseClusterConfig } from "../../src/config/parse";
import { readStackFile } from "../../src/config/stackFile";

const folder = join(__dirname, "../fixtures/config");

export function fixtureNames(kind: "valid" | "invalid"): string[] {
  return readdirSync(join(folder, kind)).map((file) => file.replace(/\.yaml$/, ""));
}

export function fixturePath(kind: "valid" | "invalid", name: string): string {
  return join(folder, kind, `${name}.yaml`);
}

/** The fixture as the program would read it for a stack called dev. */
export function validConfig(name: string): ClusterConfig {
  const { values, problems } = readStackFile(fixturePath("valid", name));
  return parseClusterConfig(values, "dev", { problems });
}

/** The least that a stack must say. */
export const minimal = {
  os: { family: "rocky", version: "9" },
  image: "rocky-9",
  apiEndpoint: { kind: "loadBalancer" },
  controlPlane: { flavor: "m1.large" },
  nodePools: [{ name: "general", count: 3, flavor: "m1.large" }],
};

/** The sentences with which `parse` refuses; fails the test when it does not. */
export function sentencesOf(parse: () => unknown): readonly string[] {
  try {
    parse();
  } catch (error) {
    if (error instanceof ConfigError) return error.sentences;
    throw error;
  }
  throw new Error("the configuration was accepted");
}
