/** `npm run check:secrets [folder]`: refuses plain Secrets and private keys in gitops/. */
import { join } from "node:path";
import { plainSecretsBelow } from "./secrets/plainSecrets";

const folder = process.argv[2] ?? join(__dirname, "..", "gitops");
const found = plainSecretsBelow(folder);
found.forEach((sentence) => process.stderr.write(`${sentence}\n`));
if (found.length > 0) process.exitCode = 1;
else console.log(`No secret stands in the clear in ${folder}.`);
