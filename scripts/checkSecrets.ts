/**
 * `npm run check:secrets [folder]`: refuses Secrets, passwords and private keys in the clear in gitops/ and in the
 * stack files, and Secrets of one stack that another stack's key can read; of another folder what stands in the clear.
 */
import { join } from "node:path";
import { plainSecretsBelow } from "./secrets/plainSecrets";
import { recipientProblems } from "./secrets/recipients";
import { plainSecretsInStackFiles } from "./secrets/stackFiles";

const project = join(__dirname, "..");
const folder = process.argv[2] ?? join(project, "gitops");
const found = [
  ...plainSecretsBelow(folder),
  ...(process.argv[2] === undefined ? [...recipientProblems(folder), ...plainSecretsInStackFiles(project)] : []),
];
found.forEach((sentence) => process.stderr.write(`${sentence}\n`));
if (found.length > 0) process.exitCode = 1;
else console.log(`No secret stands in the clear in ${folder}.`);
