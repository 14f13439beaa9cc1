/** What .sops.yaml says: for whose keys each stack's Secrets in Git are encrypted. */
import { createPrivateKey, createPublicKey } from "node:crypto";
import { parse } from "yaml";
import { bech32Bytes } from "./bech32";
import { isMapping } from "./textForms";

export type SopsRule = Readonly<Record<string, unknown>>;

export function sopsRules(text: string): readonly SopsRule[] {
  const file: unknown = parse(text);
  return isMapping(file) && Array.isArray(file.creation_rules) ? file.creation_rules.filter(isMapping) : [];
}

/** sops takes one text with commas, or a list. */
export const sopsRecipients = (age: unknown): readonly string[] =>
  (Array.isArray(age) ? age.map(String) : typeof age === "string" ? age.split(",") : [])
    .map((key) => key.trim())
    .filter((key) => key !== "");

/** The form that every rule has (scripts/secrets/recipients.ts). */
export const sopsPathRegex = (stack: string): string => `^secrets/${stack}/.*\\.sops\\.yaml$`;

/**
 * What is wrong with the key that a stack gives Flux: it opens another stack's Secrets, or not its own. A sentence
 * each, without the key. Rules that nobody has filled in yet say nothing.
 *
 * @param secretKeys Content of a file of age-keygen.
 * @param rules Of .sops.yaml.
 */
export function sopsKeyProblems(stack: string, secretKeys: string, rules: readonly SopsRule[]): string[] {
  const held = secretKeys.split(/\r?\n/).flatMap((line) => publicHalf(line.trim()) ?? []);
  if (held.length === 0) return [];
  const opens = (recipient: string) => {
    const bytes = bech32Bytes(recipient, "age");
    return bytes !== undefined && held.some((key) => key.equals(bytes));
  };
  const own = rules.filter(({ path_regex: path }) => path === sopsPathRegex(stack));
  const ownKeys = own.flatMap(({ age }) => sopsRecipients(age)).filter((key) => bech32Bytes(key, "age") !== undefined);
  const foreign = rules.filter((rule) => !own.includes(rule) && sopsRecipients(rule.age).some(opens));
  return [
    ...foreign.map(
      ({ path_regex: path }) =>
        `credentials.sopsAgeKey of ${stack} opens what gitops/.sops.yaml encrypts for ${String(path)}; give ${stack} a key of its own (age-keygen), and change the secrets that it could read.`,
    ),
    ...(ownKeys.length === 0 || ownKeys.some(opens)
      ? []
      : [
          `credentials.sopsAgeKey opens nothing that gitops/.sops.yaml encrypts for ${stack} (${ownKeys.join(", ")}), so Flux could not read it; \`age-keygen -y FILE\` shows which public key belongs there.`,
        ]),
  ];
}

/** What goes before the key in PKCS #8. */
const pkcs8 = Buffer.from("302e020100300506032b656e04220420", "hex");
const keyLength = 32;

function publicHalf(secretKey: string): Buffer | undefined {
  const seed = bech32Bytes(secretKey, "age-secret-key-");
  if (seed?.length !== keyLength) return undefined;
  const key = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: "der", type: "pkcs8" });
  return createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-keyLength);
}
