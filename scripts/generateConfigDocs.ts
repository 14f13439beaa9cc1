/**
 * Writes docs/configuration.md and the `config:` section of Pulumi.yaml from the schema, and docs/supported-versions.md
 * from the tables: npm run docs
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderConfigurationDoc, renderProjectFile } from "./configReference";
import { renderSupportedVersions } from "./supportedVersions";

const root = join(__dirname, "..");
const projectFile = join(root, "Pulumi.yaml");
writeFileSync(projectFile, renderProjectFile(readFileSync(projectFile, "utf8")));
writeFileSync(join(root, "docs", "configuration.md"), renderConfigurationDoc());
writeFileSync(join(root, "docs", "supported-versions.md"), renderSupportedVersions());
