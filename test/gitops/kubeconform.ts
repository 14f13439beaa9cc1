/** kubeconform with the schemas of this project's pins. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { schemaLocation, schemaPrograms, writeSchemas } from "./schemas";
import { toolFolder } from "./toolbox";

const program = join(toolFolder("kubeconform"), "kubeconform");
export const kubeconformPrograms = [program, ...schemaPrograms];

interface Verdict {
  /** What is wrong, one per object. */
  readonly resources?: readonly unknown[];
  readonly summary: {
    readonly valid: number;
    readonly invalid: number;
    readonly errors: number;
    readonly skipped: number;
  };
}

export class Kubeconform {
  private readonly folder = mkdtempSync(join(tmpdir(), "schemas-"));

  constructor() {
    writeSchemas(this.folder);
  }

  /** An unknown kind is an error, an unknown field makes an object invalid. */
  check(objects: readonly object[]): Verdict {
    const file = join(this.folder, "input.yaml");
    // As JSON: Go reads YAML 1.1, in which an unquoted "off" is a boolean.
    writeFileSync(file, objects.map((object) => JSON.stringify(object)).join("\n---\n"));
    const { stdout } = spawnSync(
      program,
      ["-schema-location", schemaLocation(this.folder), "-output", "json", "-summary", file],
      {
        encoding: "utf8",
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    return JSON.parse(stdout) as Verdict;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
