/**
 * The example's chart (gitops/apps/nexus) with the values of each environment: every object by its schema, and values
 * that would do harm refused.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
import { Kubeconform, kubeconformPrograms } from "./kubeconform";
import type { KubernetesObject } from "./live/kubectl";
import { describeWith, gitopsFolder, toolFolder } from "./toolbox";

jest.setTimeout(300_000);

const helm = join(toolFolder("helm"), "helm");
const example = join(gitopsFolder, "apps", "nexus");
const valuesOf = (environment: string) =>
  (
    parse(readFileSync(join(example, environment, "values.yaml"), "utf8")) as {
      spec: { values: Record<string, object> };
    }
  ).spec.values;

describeWith([helm, ...kubeconformPrograms])("the example's chart", () => {
  let folder: string;
  let kubeconform: Kubeconform;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "nexus-"));
    kubeconform = new Kubeconform();
  });

  afterAll(() => {
    kubeconform.remove();
    rmSync(folder, { recursive: true });
  });

  const render = (values: object) => {
    const file = join(folder, "values.yaml");
    writeFileSync(file, stringify(values));
    return spawnSync(helm, ["template", "nexus", join(example, "chart"), "--values", file], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, HOME: folder },
    });
  };

  it.each([
    ["dev", 8],
    ["prod", 9],
  ])("is valid with the values of %s", (environment, count) => {
    const { status, stdout, stderr } = render(valuesOf(environment));
    expect([status, stderr]).toEqual([0, ""]);
    const objects = parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
    expect(kubeconform.check(objects)).toMatchObject({
      resources: [],
      summary: { valid: count, invalid: 0, errors: 0, skipped: 0 },
    });
  });

  it.each<[string, object]>([
    ["no hostname", { hostname: "" }],
    ["an image without a version", { service: { image: "docker.io/bluebrain/nexus-delta" } }],
    ["no replicas", { service: { replicas: 0 } }],
    ["storage that is no size", { database: { storage: "much" } }],
    ["a key that the chart does not know", { service: { replica: 2 } }],
  ])("refuses %s", (_what, change) => {
    const values: Record<string, unknown> = { ...valuesOf("dev") };
    for (const [key, value] of Object.entries(change))
      values[key] =
        typeof value === "object" ? { ...(values[key] as object | undefined), ...(value as object) } : value;
    const { status, stderr } = render(values);
    expect(status).not.toBe(0);
    expect(stderr).toContain("values don't meet the specifications of the schema");
  });
});
