/**
 * Kyverno's policies under Kyverno's own CLI, on manifests that must pass and manifests that must not
 * (test/gitops/policies/<policy>). Proves what the policies decide. Not: that the admission controller runs, which
 * needs its chart and nodes.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { buildPart, fluxBuildPrograms } from "./fluxBuild";
import { clusterSettings } from "./settings";
import { describeWith, toolFolder } from "./toolbox";

jest.setTimeout(180_000);

const kyverno = join(toolFolder("kyverno"), "kubectl-kyverno");
const cases = join(__dirname, "policies");
const policies = readdirSync(cases, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

describeWith([kyverno, ...fluxBuildPrograms])("a policy for tenants", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "policies-"));
    cpSync(cases, folder, { recursive: true });
    const restrictions = {
      ALLOWED_REGISTRIES: "registry.example.org,registry.example.org:5000,docker.io/library",
      ALLOWED_STORAGE_CLASSES: "nfs, nfs-fast",
    };
    const objects = buildPart("dev", "policies", { ...clusterSettings("dev"), ...restrictions });
    expect(objects.map(({ metadata }) => metadata.name).sort()).toEqual(policies);
    for (const object of objects) writeFileSync(join(folder, object.metadata.name, "policy.yaml"), stringify(object));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const test = (policy: string) => {
    const { status, stdout, stderr } = spawnSync(kyverno, ["test", join(folder, policy), "--remove-color"], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, HOME: folder },
    });
    return { status, output: `${stdout}${stderr}` };
  };

  it.each(policies)("%s lets the good pass and refuses the bad", (policy) => {
    const { status, output } = test(policy);
    expect(`${String(status)}\n${output}`).toMatch(/^0\n[^]*Test Summary: \d+ tests passed and 0 tests failed/);
  });

  it("is really asked: with the expectations turned round, every test fails", () => {
    const file = join(folder, "external-ips", "kyverno-test.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(
      file,
      text.replace(/result: (pass|fail)/g, (_match, result) => `result: ${result === "pass" ? "fail" : "pass"}`),
    );
    expect(test("external-ips").output).toMatch(/0 tests passed and 2 tests failed/);
    writeFileSync(file, text);
  });
});
