/**
 * Writes docs/configuration.md and the `config:` section of Pulumi.yaml from the schema, docs/supported-versions.md
 * from the tables, and the pictures in docs/pictures from the stack files: npm run docs
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderConfigurationDoc, renderProjectFile } from "./configReference";
import { drawStack, stackPictures } from "./stackPictures";
import { renderSupportedVersions } from "./supportedVersions";

const root = join(__dirname, "..");
const projectFile = join(root, "Pulumi.yaml");
writeFileSync(projectFile, renderProjectFile(readFileSync(projectFile, "utf8")));
writeFileSync(join(root, "docs", "configuration.md"), renderConfigurationDoc());
writeFileSync(join(root, "docs", "supported-versions.md"), renderSupportedVersions());

async function writePictures(): Promise<void> {
  mkdirSync(join(root, "docs", "pictures"), { recursive: true });
  for (const [stack, file] of Object.entries(stackPictures)) writeFileSync(join(root, file), await drawStack(stack));
}

void writePictures();
