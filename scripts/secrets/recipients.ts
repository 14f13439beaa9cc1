/**
 * Who can read which stack's Secrets in Git: the rules of .sops.yaml keep the stacks' keys apart, and each committed
 * file is encrypted for exactly the keys of its stack. sops itself asks the rules at creation only.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { agePublicKey } from "../../src/config/ageKeys";
import { keyProblem } from "../../src/config/keyForms";
import { sopsPathRegex, sopsRecipients, type SopsRule, sopsRules } from "../../src/config/sopsRules";
import { isMapping } from "../../src/config/textForms";
import { parsed } from "./plainSecrets";

const encryptedRegex = "^(data|stringData)$";

/** A sentence per rule and per encrypted file below `gitops` that lets somebody read who should not. */
export function recipientProblems(gitops: string): string[] {
  const stacks = readdirSync(join(gitops, "secrets"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const rules = sopsRules(readFileSync(join(gitops, ".sops.yaml"), "utf8"));
  const recipients = Object.fromEntries(
    stacks.map((stack) => [
      stack,
      sopsRecipients(rules.find(({ path_regex: path }) => path === sopsPathRegex(stack))?.age),
    ]),
  );
  return [...ruleProblems(rules, stacks), ...sharedKeys(recipients), ...fileProblems(gitops, recipients)];
}

type Recipients = Readonly<Record<string, readonly string[]>>;

/** One form for all rules: what a rule in another form matches, and for whom, nobody sees at a glance. */
function ruleProblems(rules: readonly SopsRule[], stacks: readonly string[]): string[] {
  const wanted = stacks.map(sopsPathRegex);
  return [
    ...rules.flatMap(({ path_regex: path, encrypted_regex: encrypted, age, ...others }, index) => {
      const rule = `Rule ${index + 1} of .sops.yaml`;
      const other = Object.keys(others);
      return [
        ...(wanted.includes(String(path))
          ? []
          : [`${rule} has the path_regex ${String(path)}; write one rule per stack, as ${wanted.join(" or ")}.`]),
        ...(encrypted === encryptedRegex ? [] : [`${rule} must have encrypted_regex: ${encryptedRegex}.`]),
        ...(sopsRecipients(age).length > 0 ? [] : [`${rule} has no age key; write the cluster's public key there.`]),
        ...sopsRecipients(age).flatMap((key, place) =>
          recipientProblem(key, `Key ${place + 1} of rule ${index + 1} of .sops.yaml`),
        ),
        ...(other.length === 0 ? [] : [`${rule} has ${other.join(", ")}; recipients are age keys, under age.`]),
      ];
    }),
    ...stacks
      .filter((stack) => rules.filter(({ path_regex: path }) => path === sopsPathRegex(stack)).length !== 1)
      .map((stack) => `.sops.yaml needs exactly one rule for ${stack}, with path_regex: ${sopsPathRegex(stack)}.`),
  ];
}

/** The words that stand in a rule until somebody has a key. */
const notYetAKey = /^REPLACE-WITH-[A-Z-]+$/;

function recipientProblem(key: string, what: string): string[] {
  const problem = notYetAKey.test(key) ? undefined : keyProblem(agePublicKey, key);
  return problem === undefined ? [] : [`${what} ${problem}.`];
}

function sharedKeys(recipients: Recipients): string[] {
  const entries = Object.entries(recipients);
  return entries.flatMap(([stack, keys], index) =>
    entries
      .slice(index + 1)
      .filter(([, others]) => others.some((key) => keys.includes(key)))
      .map(
        ([other]) =>
          `.sops.yaml has one key for both ${stack} and ${other}; give each stack keys of its own (age-keygen).`,
      ),
  );
}

function fileProblems(gitops: string, recipients: Recipients): string[] {
  return readdirSync(gitops, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name))
    .map((entry) => relative(gitops, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort()
    .flatMap((file) =>
      parsed(readFileSync(join(gitops, file), "utf8")).flatMap((value) =>
        isMapping(value) && isMapping(value.sops) ? readers(value.sops, file, recipients) : [],
      ),
    );
}

/** Fields of sops' section in a file that name whom it is encrypted for. */
const otherRecipients = ["kms", "gcp_kms", "azure_kv", "hc_vault", "hckms", "pgp", "key_groups"];

function readers(sops: Readonly<Record<string, unknown>>, file: string, recipients: Recipients): string[] {
  const stack = /^secrets\/([^/]+)\//.exec(file)?.[1] ?? "";
  const wanted = recipients[stack];
  if (wanted === undefined)
    return [`${file} is encrypted outside secrets/<stack>/, where no rule says for whom; move it there.`];
  const keys = (Array.isArray(sops.age) ? sops.age : []).filter(isMapping).map(({ recipient }) => String(recipient));
  const others = otherRecipients.filter((field) => Array.isArray(sops[field]) && sops[field].length > 0);
  const remedy = `encrypt it again for ${stack} alone (sops updatekeys), and change the secrets in it`;
  const owner = (key: string) => Object.keys(recipients).find((name) => recipients[name]?.includes(key));
  return [
    ...keys
      .filter((key) => !wanted.includes(key))
      .map((key) => `${file} can be read with ${key}, a key of ${owner(key) ?? "no stack"}; ${remedy}.`),
    ...others.map((field) => `${file} can be read by ${field}, which no rule of .sops.yaml names; ${remedy}.`),
    ...wanted
      .filter((key) => !keys.includes(key))
      .map((key) => `${file} cannot be read with ${key}, a key of ${stack}; run sops updatekeys ${file} in gitops/.`),
  ];
}
