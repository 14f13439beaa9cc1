/** Passwords in stack files: what the schema calls a secret, and what other namespaces' keys say by their names. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { keyPath } from "../../src/config/keyPath";
import { plainSecrets } from "../../src/config/plainSecrets";
import { ownKeys, projectName } from "../../src/config/stackFile";
import { isMapping } from "../../src/config/textForms";
import { plainSecretsIn } from "./plainSecrets";

/** A sentence per secret that stands in the clear in a Pulumi.<stack>.yaml of `folder`. */
export function plainSecretsInStackFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^Pulumi\..+\.ya?ml$/.test(name))
    .flatMap((name) => plainSecretsInStackFile(readFileSync(join(folder, name), "utf8"), name));
}

/** A sentence per secret in the text of one stack file. */
export function plainSecretsInStackFile(content: string, name: string): string[] {
  const general = plainSecretsIn(content, name);
  const file: unknown = parse(content);
  const config = isMapping(file) && isMapping(file.config) ? file.config : {};
  const ours = plainSecrets(ownKeys(config, projectName));
  // The schema's sentence names the command that helps, so it stands for its key.
  const told = ours.map(({ path }) => `${projectName}:${keyPath(path)} `);
  return [
    ...ours.map(({ sentence }) => `${name}: ${sentence}`),
    ...general.filter((sentence) => !told.some((key) => sentence.includes(key))),
  ];
}
