/**
 * What is generated from the schema must be what the schema says today; `npm run docs` renews
 * it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { renderConfigurationDoc, renderProjectFile } from "../../scripts/configReference";
import { renderSupportedVersions } from "../../scripts/supportedVersions";
import { shapeOfCluster } from "../../src/config/shape";

const read = (file: string) => readFileSync(join(__dirname, "../..", file), "utf8");

describe("docs/configuration.md", () => {
  it("is what the schema renders", () => {
    expect(read("docs/configuration.md")).toBe(renderConfigurationDoc());
  });

  it("has an entry for every key, down to those of lists and of each endpoint kind", () => {
    for (const key of [
      "virtualRouterId",
      "idleTimeoutMinutes",
      "heartbeatIntervalMs",
      "mountPath",
      "exemptNamespaces",
      "overridePath",
    ]) {
      expect(renderConfigurationDoc()).toContain(`\n- \`${key}\`: `);
    }
  });
});

describe("docs/supported-versions.md", () => {
  it("is what the tables render", () => {
    expect(read("docs/supported-versions.md")).toBe(renderSupportedVersions());
  });
});

describe("Pulumi.yaml", () => {
  const project = parse(read("Pulumi.yaml")) as {
    name: string;
    config: Record<string, { type: string; default?: unknown }>;
  };

  it("is what the schema renders", () => {
    expect(read("Pulumi.yaml")).toBe(renderProjectFile(read("Pulumi.yaml")));
  });

  it("declares a key without a default only when it must be set, as the engine would refuse a stack without it", () => {
    const undefaulted = Object.entries(project.config).flatMap(([key, declaration]) =>
      declaration.default === undefined ? [key] : [],
    );
    expect(undefaulted).toEqual(["os", "image", "apiEndpoint", "controlPlane"]);
  });

  it("leaves undeclared only optional keys without a default", () => {
    expect(Object.keys(shapeOfCluster().keys).filter((key) => !(key in project.config))).toEqual([
      "clusterName",
      "oidc",
      "proxy",
      "packageMirror",
      "flux",
      "cloudProvider",
      "credentials",
      "promotion",
    ]);
  });
});
