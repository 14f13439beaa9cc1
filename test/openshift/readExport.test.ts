/** Exports that are none: each is named, with what helps. */
import { readExport } from "../../src/openshift/readExport";
import { exportsIn, readCorpus } from "./corpus";

describe("a malformed export", () => {
  it.each([
    [
      "aliases.yaml",
      ["malformed/aliases.yaml cannot be read: Excessive alias count indicates a resource exhaustion attack."],
    ],
    ["empty.yaml", ["malformed/empty.yaml is empty; export again."]],
    ["forbidden.yaml", ["malformed/forbidden.yaml is an answer of the API server: routes is forbidden. Export again."]],
    ["list-without-items.yaml", ["malformed/list-without-items.yaml is a List without items; export again."]],
    [
      "no-kind-no-name.yaml",
      [
        "malformed/no-kind-no-name.yaml, document 1 has no kind, so it is no object; export again.",
        "malformed/no-kind-no-name.yaml, document 2, a Service, has no metadata.name; export again.",
        "malformed/no-kind-no-name.yaml, document 3, ConfigMap versionless, has no apiVersion; export again.",
        "malformed/no-kind-no-name.yaml, document 4 is no object of Kubernetes; export again.",
      ],
    ],
    ["no-resources.yaml", ["malformed/no-resources.yaml is no object of Kubernetes; export again."]],
    [
      "tabs.yaml",
      [
        "malformed/tabs.yaml is neither YAML nor JSON: Tabs are not allowed as indentation at line 4, column 1. Export again.",
      ],
    ],
    [
      "truncated.json",
      [
        'malformed/truncated.json is neither YAML nor JSON: Missing closing "quote at line 1, column 115. Export again.',
      ],
    ],
  ])("%s is named with its place", (name, problems) => {
    expect(readCorpus([`malformed/${name}`])).toEqual({ objects: [], problems });
  });

  it("has a row here for each in the corpus", () => {
    expect(exportsIn("malformed").flatMap((name) => readCorpus([name]).objects)).toEqual([]);
    expect(exportsIn("malformed")).toHaveLength(8);
  });
});

describe("an export", () => {
  it("without namespaces belongs to the project that its file is named after", () => {
    const { objects, problems } = readCorpus(["exported-calendar.yaml"]);
    expect(objects.map(({ manifest }) => manifest.metadata.namespace)).toEqual([
      "exported-calendar",
      "exported-calendar",
    ]);
    expect(problems).toEqual([
      "Objects of exported-calendar.yaml name no project; they are taken for the project exported-calendar.",
    ]);
  });

  it("that is a list of one kind gives its items version and kind", () => {
    expect(readCorpus(["route-list.json"]).objects[0]?.manifest).toMatchObject({
      apiVersion: "route.openshift.io/v1",
      kind: "Route",
    });
  });

  it("that is a Template is processed with its parameters, and those without a value are named", () => {
    const { objects, problems } = readCorpus(["template-file.yaml"]);
    expect(objects.map(({ manifest }) => `${manifest.kind} ${manifest.metadata.name}`)).toEqual([
      "DeploymentConfig forum",
      "Service forum",
      "Route forum",
    ]);
    expect(objects[0]?.manifest.spec).toMatchObject({ replicas: 2 });
    expect(objects[2]?.manifest.spec).toMatchObject({ host: "forum.example.org" });
    expect(problems[0]).toBe(
      "template-file.yaml, Template forum: the parameters SESSION_SECRET have no value, so their places are empty; process it with oc first.",
    );
  });
});

describe("the name of a project", () => {
  it("that no cluster accepts leads to no folder of that name", () => {
    const route = { apiVersion: "v1", kind: "Route", metadata: { name: "web", namespace: "../../etc" } };
    expect(readExport("evil.json", JSON.stringify(route))).toEqual({
      objects: [],
      problems: ['evil.json, Route web: no project can be called "../../etc"; export again.'],
    });
  });
});
