import { ConfigError } from "../../src/config/configError";
import { parseClusterConfig } from "../../src/config/parse";
import { type Shape, shapeOfCluster } from "../../src/config/shape";
import { minimal, sentencesOf } from "./fixtures";

describe("parseClusterConfig", () => {
  it("heads the sentences with what the user edits", () => {
    const parse = (source?: string) => () =>
      parseClusterConfig({ ...minimal, image: "", protect: 1 }, "dev", { source });
    const sentences = [
      'image is "" but must be one line of text, not empty and without blanks at its ends.',
      "protect is 1 but must be true or false.",
    ];
    expect(parse()).toThrow(new ConfigError("stack dev", sentences));
    expect(parse("Pulumi.dev.yaml")).toThrow(
      ["The configuration of Pulumi.dev.yaml has 2 errors:", ...sentences].join("\n"),
    );
  });

  it("checks the rules between the sections that parsed, whatever is wrong in the others", () => {
    expect(
      sentencesOf(() =>
        parseClusterConfig(
          { ...minimal, os: { family: "debian", version: "9" }, protect: "maybe", kubernetes: { maxPodsPerNode: 9 } },
          "dev",
        ),
      ),
    ).toEqual([
      "kubernetes.maxPodsPerNode is 9 but must be a whole number from 10 to 500.",
      'protect is "maybe" but must be true or false.',
      'os.version is "9" but for debian must be one of: 12, 13.',
    ]);
  });

  it("takes the cluster's name from the stack, and asks for one where the stack's cannot serve", () => {
    expect(parseClusterConfig(minimal, "eu-1").clusterName).toBe("eu-1");
    expect(parseClusterConfig({ ...minimal, clusterName: "brain" }, "Dev_1").clusterName).toBe("brain");
    expect(sentencesOf(() => parseClusterConfig(minimal, "Dev_1"))).toEqual([
      'clusterName is absent and the stack\'s name "Dev_1" cannot serve, as a cluster\'s name must be lower-case letters, digits and "-", at most 32; set clusterName.',
    ]);
  });

  it("shows nothing of a key that Pulumi holds as a secret, neither in the schema's sentences nor in those of the rules", () => {
    const config = {
      ...minimal,
      proxy: { httpProxy: "proxy-token-123", noProxy: [] },
      ntpServers: ["192.168.7.7"],
      roll: ["secret-machine"],
    };
    expect(sentencesOf(() => parseClusterConfig(config, "dev", { secretKeys: new Set(["proxy", "roll"]) }))).toEqual([
      "proxy.httpProxy is [secret] but is not a valid URL; see docs/configuration.md.",
      'roll[0] is "[secret]" but there is no such machine or pool; use the name of a machine such as dev-control-plane-0 or of a pool.',
    ]);
  });

  it("yields a value that nobody can change", () => {
    const config = parseClusterConfig(minimal, "dev");
    const frozen = (value: unknown): boolean =>
      typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(config)).toBe(true);
  });

  it("leaves the raw value as it was", () => {
    const raw = structuredClone({ ...minimal, nodePools: '[{"name":"general","count":"3","flavor":"m1.large"}]' });
    parseClusterConfig(raw, "dev");
    expect(raw).toEqual({ ...minimal, nodePools: '[{"name":"general","count":"3","flavor":"m1.large"}]' });
  });

  it("refuses keys that would reach an object's prototype", () => {
    const raw = JSON.parse(
      JSON.stringify(minimal).replace("{", '{"__proto__":{"polluted":true},"constructor":1,'),
    ) as Record<string, unknown>;
    expect(sentencesOf(() => parseClusterConfig(raw, "dev")).map((sentence) => sentence.split(";")[0])).toEqual([
      "__proto__ is not a known key",
      "constructor is not a known key",
    ]);
    expect({}).not.toHaveProperty("polluted");
  });

  it("adds the namespaces of the user to those that the cluster needs", () => {
    const { podSecurity } = parseClusterConfig(
      { ...minimal, kubernetes: { podSecurity: { exemptNamespaces: ["monitoring", "kube-system"] } } },
      "dev",
    ).kubernetes;
    expect(podSecurity.exemptNamespaces).toEqual([
      ...["kube-system", "tigera-operator", "calico-system", "calico-apiserver"],
      "monitoring",
    ]);
  });

  it("has no list or map whose default a user's own would replace", () => {
    const defaults = (shape: Shape, path: string): string[] => {
      if (shape.kind === "section")
        return Object.entries(shape.keys).flatMap(([key, child]) => defaults(child, `${path}.${key}`));
      if (shape.kind === "variants")
        return Object.entries(shape.variants).flatMap(([key, child]) => defaults(child, `${path}.${key}`));
      if (shape.kind !== "list" && shape.kind !== "map") return [];
      const isEmpty = shape.default === undefined || Object.keys(shape.default as object).length === 0;
      return [...(isEmpty ? [] : [path]), ...defaults(shape.kind === "list" ? shape.items : shape.values, `${path}[]`)];
    };
    expect(defaults(shapeOfCluster(), "")).toEqual([]);
  });
});
