import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { recipientProblems } from "../../../scripts/secrets/recipients";
import { newAgeKeys } from "../../../lab/ageKeys";

const [dev, prod, prodNext, other] = [newAgeKeys(), newAgeKeys(), newAgeKeys(), newAgeKeys()].map(
  (keys) => keys.public,
) as [string, string, string, string];

const rule = (stack: string, age: string, rest = "") =>
  `  - path_regex: ^secrets/${stack}/.*\\.sops\\.yaml$\n    encrypted_regex: ^(data|stringData)$\n    age: ${age}\n${rest}`;
const rules = `creation_rules:\n${rule("dev", dev)}${rule("prod", `${prod}, ${prodNext}`)}`;
const encryptedFor = (recipients: readonly string[], rest = "") =>
  `kind: Secret\nstringData: {a: "ENC[x]"}\nsops:\n  mac: ENC[y]\n  age:\n${recipients.map((key) => `    - {recipient: ${key}, enc: z}\n`).join("")}${rest}`;
const file = "secrets/prod/slack.sops.yaml";
const prodOnly = "encrypt it again for prod alone (sops updatekeys), and change the secrets in it.";

function problemsOf(files: Readonly<Record<string, string>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), "recipients-"));
  try {
    Object.entries({ ".sops.yaml": rules, "secrets/dev/.gitkeep": "", "secrets/prod/.gitkeep": "", ...files }).forEach(
      ([path, content]) => {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
      },
    );
    return recipientProblems(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("recipientProblems", () => {
  it("lets pass files that are encrypted for exactly their stack's keys", () => {
    expect(
      problemsOf({
        [file]: encryptedFor([prodNext, prod]),
        "secrets/dev/slack.sops.yaml": encryptedFor([dev]),
      }),
    ).toEqual([]);
  });

  it.each([
    [
      "a file of prod encrypted for dev's key",
      { [file]: encryptedFor([dev]) },
      [
        `${file} can be read with ${dev}, a key of dev; ${prodOnly}`,
        `${file} cannot be read with ${prod}, a key of prod; run sops updatekeys ${file} in gitops/.`,
        `${file} cannot be read with ${prodNext}, a key of prod; run sops updatekeys ${file} in gitops/.`,
      ],
    ],
    [
      "a file of prod encrypted for dev's key beside its own",
      { [file]: encryptedFor([prod, prodNext, dev]) },
      [`${file} can be read with ${dev}, a key of dev; ${prodOnly}`],
    ],
    [
      "a key of nobody that the rules know",
      { [file]: encryptedFor([prod, prodNext, other]) },
      [`${file} can be read with ${other}, a key of no stack; ${prodOnly}`],
    ],
    [
      "a recipient that is no age key",
      { [file]: encryptedFor([prod, prodNext], "  pgp: [{fp: ABC}]\n") },
      [`${file} can be read by pgp, which no rule of .sops.yaml names; ${prodOnly}`],
    ],
    [
      "an encrypted file outside the stacks' folders",
      { "infrastructure/slack.sops.yaml": encryptedFor([dev]) },
      [
        "infrastructure/slack.sops.yaml is encrypted outside secrets/<stack>/, where no rule says for whom; move it there.",
      ],
    ],
    [
      "rules with one key for two stacks",
      { ".sops.yaml": `creation_rules:\n${rule("dev", dev)}${rule("prod", `${prod},${dev}`)}` },
      [".sops.yaml has one key for both dev and prod; give each stack keys of its own (age-keygen)."],
    ],
    [
      "one rule for all stacks, as this project had",
      {
        ".sops.yaml": `creation_rules:\n  - path_regex: \\.sops\\.yaml$\n    encrypted_regex: ^(data|stringData)$\n    age: ${dev}\n`,
      },
      [
        "Rule 1 of .sops.yaml has the path_regex \\.sops\\.yaml$; write one rule per stack, as ^secrets/dev/.*\\.sops\\.yaml$ or ^secrets/prod/.*\\.sops\\.yaml$.",
        ".sops.yaml needs exactly one rule for dev, with path_regex: ^secrets/dev/.*\\.sops\\.yaml$.",
        ".sops.yaml needs exactly one rule for prod, with path_regex: ^secrets/prod/.*\\.sops\\.yaml$.",
      ],
    ],
    [
      "a rule with recipients of another kind",
      { ".sops.yaml": `creation_rules:\n${rule("dev", dev)}${rule("prod", prod, "    pgp: ABC\n")}` },
      ["Rule 2 of .sops.yaml has pgp; recipients are age keys, under age."],
    ],
    [
      "a key that was cut short, and one of another kind",
      { ".sops.yaml": `creation_rules:\n${rule("dev", dev.slice(0, -1))}${rule("prod", `${prod},ssh-ed25519 AAAA`)}` },
      [
        "Key 1 of rule 1 of .sops.yaml must be whole; this one was cut short or altered, so copy it again.",
        "Key 2 of rule 2 of .sops.yaml must be an age public key (age1...); this is an OpenSSH public key, so copy it from the file that age-keygen wrote.",
      ],
    ],
  ])("refuses %s", (_what, files, sentences) => {
    expect(problemsOf(files)).toEqual(sentences);
  });

  it("finds nothing in this repository", () => {
    expect(recipientProblems(join(__dirname, "..", "..", "..", "gitops"))).toEqual([]);
  });
});
