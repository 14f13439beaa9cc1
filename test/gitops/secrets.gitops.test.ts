/**
 * Secrets in Git: encrypted by the committed rules for a key made here, readable with that key only, and let through by
 * the check.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { plainSecretsIn } from "../../scripts/secrets/plainSecrets";
import { ageKey, encrypt, placeholder, sopsPrograms, withSops } from "./sops";
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

  it("lets the holder of the key read it, and nobody else", () => {
    const [ours, theirs] = [ageKey(), ageKey()];
    const text = encrypt(secret, ours);
    withSops(ours.recipient, (run, folder) => {
      writeFileSync(join(folder, "slack.sops.yaml"), text);
      expect(parse(run(["decrypt", "slack.sops.yaml"], { SOPS_AGE_KEY: ours.identity }))).toEqual(secret);
      expect(() => run(["decrypt", "slack.sops.yaml"], { SOPS_AGE_KEY: theirs.identity })).toThrow(
        /Failed to get the data key/,
      );
    });
  });

  it("encrypts nothing before an operator has put a key in", () => {
    expect(() =>
      withSops(placeholder, (run, folder) => {
        writeFileSync(join(folder, "secret.sops.yaml"), "stringData:\n  a: b\n");
        return run(["encrypt", "secret.sops.yaml"]);
      }),
    ).toThrow(/malformed recipient|REPLACE-WITH-YOUR-AGE-PUBLIC-KEY|failed to parse/);
  });
});
