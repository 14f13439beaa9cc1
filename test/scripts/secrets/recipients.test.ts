import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { recipientProblems } from "../../../scripts/secrets/recipients";

const rule = (stack: string, age: string, rest = "") =>
  `  - path_regex: ^secrets/${stack}/.*\\.sops\\.yaml$\n    encrypted_regex: ^(data|stringData)$\n    age: ${age}\n${rest}`;
const rules = `creation_rules:\n${rule("dev", "age1dev")}${rule("prod", "age1prod, age1prodsecond")}`;
const encryptedFor = (recipients: readonly string[], rest = "") =>
  `kind: Secret\nstringData: {a: "ENC[x]"}\nsops:\n  mac: ENC[y]\n  age:\n${recipients.map((key) => `    - {recipient: ${key}, enc: z}\n`).join("")}${rest}`;
const prod = "secrets/prod/slack.sops.yaml";
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
        [prod]: encryptedFor(["age1prodsecond", "age1prod"]),
        "secrets/dev/slack.sops.yaml": encryptedFor(["age1dev"]),
      }),
    ).toEqual([]);
  });

  it.each([
    [
      "a file of prod encrypted for dev's key",
      { [prod]: encryptedFor(["age1dev"]) },
      [
        `${prod} can be read with age1dev, a key of dev; ${prodOnly}`,
        `${prod} cannot be read with age1prod, a key of prod; run sops updatekeys ${prod} in gitops/.`,
        `${prod} cannot be read with age1prodsecond, a key of prod; run sops updatekeys ${prod} in gitops/.`,
      ],
    ],
    [
      "a file of prod encrypted for dev's key beside its own",
      { [prod]: encryptedFor(["age1prod", "age1prodsecond", "age1dev"]) },
      [`${prod} can be read with age1dev, a key of dev; ${prodOnly}`],
    ],
    [
      "a key of nobody that the rules know",
      { [prod]: encryptedFor(["age1prod", "age1prodsecond", "age1other"]) },
      [`${prod} can be read with age1other, a key of no stack; ${prodOnly}`],
    ],
    [
      "a recipient that is no age key",
      { [prod]: encryptedFor(["age1prod", "age1prodsecond"], "  pgp: [{fp: ABC}]\n") },
      [`${prod} can be read by pgp, which no rule of .sops.yaml names; ${prodOnly}`],
    ],
    [
      "an encrypted file outside the stacks' folders",
      { "infrastructure/slack.sops.yaml": encryptedFor(["age1dev"]) },
      [
        "infrastructure/slack.sops.yaml is encrypted outside secrets/<stack>/, where no rule says for whom; move it there.",
      ],
    ],
    [
      "rules with one key for two stacks",
      { ".sops.yaml": `creation_rules:\n${rule("dev", "age1a")}${rule("prod", "age1b,age1a")}` },
      [".sops.yaml has one key for both dev and prod; give each stack keys of its own (age-keygen)."],
    ],
    [
      "one rule for all stacks, as this project had",
      {
        ".sops.yaml":
          "creation_rules:\n  - path_regex: \\.sops\\.yaml$\n    encrypted_regex: ^(data|stringData)$\n    age: age1a\n",
      },
      [
        "Rule 1 of .sops.yaml has the path_regex \\.sops\\.yaml$; write one rule per stack, as ^secrets/dev/.*\\.sops\\.yaml$ or ^secrets/prod/.*\\.sops\\.yaml$.",
        ".sops.yaml needs exactly one rule for dev, with path_regex: ^secrets/dev/.*\\.sops\\.yaml$.",
        ".sops.yaml needs exactly one rule for prod, with path_regex: ^secrets/prod/.*\\.sops\\.yaml$.",
      ],
    ],
    [
      "a rule with recipients of another kind",
      { ".sops.yaml": `creation_rules:\n${rule("dev", "age1a")}${rule("prod", "age1b", "    pgp: ABC\n")}` },
      ["Rule 2 of .sops.yaml has pgp; recipients are age keys, under age."],
    ],
  ])("refuses %s", (_what, files, sentences) => {
    expect(problemsOf(files)).toEqual(sentences);
  });

  it("finds nothing in this repository", () => {
    expect(recipientProblems(join(__dirname, "..", "..", "..", "gitops"))).toEqual([]);
  });
});
