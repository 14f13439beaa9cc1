/**
 * Secrets in Git: encrypted by the committed rules for keys made here, each stack's readable with its key only, and let
 * through by the checks.
 */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { plainSecretsIn } from "../../scripts/secrets/plainSecrets";
import { recipientProblems } from "../../scripts/secrets/recipients";
import { ageKey, encrypt, placeholders, sopsPrograms, withSops } from "./sops";
import { describeWith } from "./toolbox";

const secret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "slack", namespace: "flux-system" },
  stringData: { address: "https://hooks.example.org/T0/secret" },
};

describeWith(sopsPrograms)("gitops/.sops.yaml", () => {
  it("has sops encrypt the values of a Secret and leave the rest for reviewers", () => {
    const text = encrypt(secret, ageKey());
    const { stringData, sops, ...rest } = parse(text) as typeof secret & { sops: object };
    expect(rest).toEqual({ apiVersion: "v1", kind: "Secret", metadata: secret.metadata });
    expect(stringData.address).toMatch(/^ENC\[AES256_GCM,/);
    expect(sops).toHaveProperty("mac");
    expect(text).not.toContain("T0/secret");
    expect(plainSecretsIn(text, "slack.sops.yaml")).toEqual([]);
  });

  it("has each stack's Secrets readable with that stack's key only", () => {
    const keys = { dev: ageKey(), prod: ageKey() };
    withSops({ dev: keys.dev.recipient, prod: keys.prod.recipient }, (run, folder) => {
      for (const [stack, other] of [
        ["dev", "prod"],
        ["prod", "dev"],
      ] as const) {
        const file = `secrets/${stack}/slack.sops.yaml`;
        writeFileSync(join(folder, file), stringify(secret));
        run(["encrypt", "--in-place", file]);
        expect(parse(run(["decrypt", file], { SOPS_AGE_KEY: keys[stack].identity }))).toEqual(secret);
        expect(() => run(["decrypt", file], { SOPS_AGE_KEY: keys[other].identity })).toThrow(
          /Failed to get the data key/,
        );
      }
      expect(recipientProblems(folder)).toEqual([]);
      // What sops wrote for dev, laid where prod's Secrets are.
      copyFileSync(join(folder, "secrets/dev/slack.sops.yaml"), join(folder, "secrets/prod/slack.sops.yaml"));
      expect(recipientProblems(folder)).toContainEqual(
        expect.stringContaining(`secrets/prod/slack.sops.yaml can be read with ${keys.dev.recipient}, a key of dev;`),
      );
    });
  });

  it.each(["dev", "prod"] as const)("encrypts nothing for %s before an operator has put its key in", (stack) => {
    expect(() => encrypt(secret, { identity: "", recipient: placeholders[stack] }, stack)).toThrow(
      /malformed recipient|REPLACE-WITH-THE-AGE-PUBLIC-KEY|failed to parse/,
    );
  });

  it("encrypts nothing outside the stacks' folders", () => {
    expect(() =>
      withSops({ dev: ageKey().recipient }, (run, folder) => {
        writeFileSync(join(folder, "secret.sops.yaml"), "stringData:\n  a: b\n");
        return run(["encrypt", "secret.sops.yaml"]);
      }),
    ).toThrow(/no matching creation rules found/);
  });
});
