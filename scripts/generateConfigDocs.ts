/**
 * Writes docs/configuration.md and the `config:` section of Pulumi.yaml from the schema: ts-node
 * scripts/generateConfigDocs.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderConfigurationDoc, renderProjectFile } from "./configReference";

const root = join(__dirname, "..");
const projectFile = join(root, "Pulumi.yaml");
writeFileSync(projectFile, renderProjectFile(readFileSync(projectFile, "utf8")));
writeFileSync(join(root, "docs", "configuration.md"), renderConfigurationDoc());
