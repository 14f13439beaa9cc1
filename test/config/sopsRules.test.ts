import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { newAgeKeys } from "../../lab/ageKeys";
import { loadClusterConfig } from "../../src/config/load";
import { sopsKeyProblems, sopsPathRegex, sopsRules } from "../../src/config/sopsRules";
import { minimal } from "./fixtures";

const [dev, prod, next] = [newAgeKeys(), newAgeKeys(), newAgeKeys()];
const rules = (devKeys: unknown, prodKeys: unknown) =>
  [
    { path_regex: sopsPathRegex("dev"), age: devKeys },
    { path_regex: sopsPathRegex("prod"), age: prodKeys },
  ] as const;
const file = ({ secret, public: recipient }: typeof dev) =>
  `# created: 2026-11-30\n# public key: ${recipient}\n${secret}\n`;
const foreign =
  "credentials.sopsAgeKey of dev opens what gitops/.sops.yaml encrypts for ^secrets/prod/.*\\.sops\\.yaml$; give dev a key of its own (age-keygen), and change the secrets that it could read.";

describe("the age key of a stack", () => {
  it.each<[string, string, ReturnType<typeof rules>]>([
    ["opens its own Secrets", file(dev), rules(dev.public, prod.public)],
    ["is one of its stack's keys", file(dev), rules(`${next.public}, ${dev.public}`, [prod.public])],
    ["has a successor beside it", `${dev.secret}\n${next.secret}`, rules([dev.public], prod.public)],
    ["has rules that nobody has filled in", file(dev), rules("REPLACE-WITH-THE-AGE-PUBLIC-KEY-OF-DEV", undefined)],
    ["is encrypted where this runs", "encrypted", rules(next.public, prod.public)],
  ])("is right where it %s", (_case, key, all) => {
    expect(sopsKeyProblems("dev", key, all)).toEqual([]);
  });

  it("is refused where it opens another stack's", () => {
    expect(sopsKeyProblems("dev", file(dev), rules(dev.public, [prod.public, dev.public]))).toEqual([foreign]);
    expect(sopsKeyProblems("dev", `${dev.secret}\n${prod.secret}`, rules(dev.public, prod.public))).toEqual([foreign]);
  });

  it("is refused where it opens nothing of its own stack's", () => {
    expect(sopsKeyProblems("dev", file(next), rules(dev.public, prod.public))).toEqual([
      `credentials.sopsAgeKey opens nothing that gitops/.sops.yaml encrypts for dev (${dev.public}), so Flux could not read it; \`age-keygen -y FILE\` shows which public key belongs there.`,
    ]);
  });

  it("is compared by the program with the committed rules", async () => {
    const mocks = { call: () => ({}), newResource: () => ({ id: "", state: {} }) };
    await pulumi.runtime.setMocks(mocks, "openstack-kubernetes", "dev");
    const values = {
      ...minimal,
      flux: { url: "https://git.example.org/x.git", settings: { APPS_DOMAIN: "apps.example.org" } },
      credentials: { sopsAgeKey: file(dev) },
    };
    pulumi.runtime.setAllConfig(
      Object.fromEntries(
        Object.entries(values).map(([key, value]) => [
          `openstack-kubernetes:${key}`,
          typeof value === "string" ? value : JSON.stringify(value),
        ]),
      ),
    );
    const folder = mkdtempSync(join(tmpdir(), "sops-rules-"));
    const committed = join(folder, ".sops.yaml");
    writeFileSync(committed, JSON.stringify({ creation_rules: rules(next.public, dev.public) }));
    const message = (file?: string) => {
      try {
        loadClusterConfig(file);
      } catch (error) {
        return (error as Error).message;
      }
      return undefined;
    };
    expect(message(committed)).toMatch(
      /^The configuration of stack dev has 2 errors:\ncredentials\.sopsAgeKey of dev opens/,
    );
    rmSync(folder, { recursive: true });
    expect(message(committed)).toBeUndefined();
    // The rules of this repository have words in the place of keys.
    expect(message()).toBeUndefined();
  });

  it("finds the rules of a file, and none in a file of something else", () => {
    expect(sopsRules(`creation_rules:\n- path_regex: x\n  age: y\n- 7\n`)).toEqual([{ path_regex: "x", age: "y" }]);
    expect([sopsRules(""), sopsRules("creation_rules: 7"), sopsRules("[]")]).toEqual([[], [], []]);
  });
});
