/**
 * The two stacks of this repository run the same code with the same configuration: DEV has fewer and smaller workers, a
 * smaller platform, and a network of its own.
 */
import { join } from "node:path";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { reviewedOn } from "../../src/config/kubernetesMinors";
import { parseClusterConfig } from "../../src/config/parse";
import { readStackFile } from "../../src/config/stackFile";
import { configWarnings } from "../../src/config/warnings";

function stack(name: string): ClusterConfig {
  const { values, problems } = readStackFile(join(__dirname, `../../Pulumi.${name}.yaml`));
  return parseClusterConfig(values, name, { problems });
}

/** Key paths at which two values differ. */
function differences(a: unknown, b: unknown, path = ""): string[] {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b ? [] : [path];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) =>
    differences(
      (a as Record<string, unknown>)[key],
      (b as Record<string, unknown>)[key],
      path === "" ? key : `${path}.${key}`,
    ),
  );
}

describe("dev and prod", () => {
  const [dev, prod] = [stack("dev"), stack("prod")];

  it("differ in name, node network, workers, who goes first, and the platform's domain and sizes only", () => {
    const found = differences(dev, prod).sort();
    expect(found.filter((path) => !path.startsWith("flux.settings."))).toEqual([
      "clusterName",
      "network.cidr",
      "nodePools.0.count",
      "nodePools.0.flavor",
      "promotion",
      "stack",
    ]);
    const sizes = ["INGRESS", "KYVERNO", "PROMETHEUS", "ALERTMANAGER"].map((part) => `${part}_REPLICAS`);
    expect(Object.keys(dev.flux?.settings ?? {}).sort()).toEqual(
      ["APPS_DOMAIN", ...sizes, "PROMETHEUS_RETENTION", "PROMETHEUS_RETENTION_SIZE", "PROMETHEUS_STORAGE"].sort(),
    );
    expect(Object.keys(prod.flux?.settings ?? {})).toEqual(["APPS_DOMAIN"]);
  });

  it("have three control-plane machines each, and DEV fewer workers", () => {
    expect([
      dev.controlPlane.replicas,
      prod.controlPlane.replicas,
      dev.nodePools[0]?.count,
      prod.nodePools[0]?.count,
    ]).toEqual([3, 3, 3, 12]);
  });

  it("carry no warning and no secret", () => {
    expect([dev, prod].flatMap((stack) => configWarnings(stack, new Date(reviewedOn)))).toEqual([]);
    expect(JSON.stringify([dev, prod])).not.toMatch(/secure|password|PRIVATE/);
  });
});
