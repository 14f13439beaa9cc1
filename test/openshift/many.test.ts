/** Exports with objects that are there twice, that share a name, or that are very many. */
import { convertExport, prepared } from "../../src/openshift/convert";
import { readExport } from "../../src/openshift/readExport";
import { filesOf } from "../../src/openshift/report";
import { target } from "./corpus";

const object = (apiVersion: string, kind: string, name: string, more: object = {}, metadata: object = {}) => ({
  apiVersion,
  kind,
  metadata: { name, namespace: "shop", ...metadata },
  ...more,
});
const list = (...items: readonly object[]) => ({ apiVersion: "v1", kind: "List", items });

function convert(...documents: readonly object[]) {
  const read = readExport("export.json", documents.map((each) => JSON.stringify(each)).join("\n---\n"));
  const { objects, problems } = prepared(read.objects);
  const converted = convertExport(objects, target);
  const [project] = converted.projects;
  return { problems: [...read.problems, ...problems], converted, objects: project?.objects ?? [] };
}

const pods = {
  template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "r/w:1" }] } },
};

describe("an export that has an object twice", () => {
  it("gives it once where nothing but what a server writes differs", () => {
    const { objects, problems } = convert(
      list(list(object("v1", "ConfigMap", "a", { data: { x: "1" } }, { resourceVersion: "1", uid: "" }))),
      object("v1", "ConfigMap", "a", { data: { x: "1" } }, { resourceVersion: "2", selfLink: "/a" }),
    );
    expect(objects).toHaveLength(1);
    expect(problems).toEqual([]);
  });

  it("gives what it was last where it was exported at two times", () => {
    const at = (resourceVersion: string, x: string) =>
      object("v1", "ConfigMap", "a", { data: { x } }, { resourceVersion, uid: "one" });
    for (const documents of [
      [at("9", "old"), at("10", "new")],
      [at("10", "new"), at("9", "old")],
    ]) {
      const { objects, problems } = convert(...documents);
      expect(objects.map(({ exported }) => exported.manifest.data)).toEqual([{ x: "new" }]);
      expect(problems).toEqual([]);
    }
  });

  it("names both places where they differ", () => {
    const { objects, problems } = convert(
      object("v1", "ConfigMap", "a", { data: { x: "1" } }),
      object("v1", "ConfigMap", "a", { data: { x: "2" } }),
    );
    expect(objects).toHaveLength(1);
    expect(problems).toEqual([
      "ConfigMap a is there twice, with different content: export.json, document 1, and export.json, document 2, which is passed over. Take one out.",
    ]);
  });

  it("gives an object of 3.11 once that two groups show", () => {
    const deployment = (apiVersion: string) => object(apiVersion, "Deployment", "web", { spec: pods });
    expect(convert(deployment("extensions/v1beta1"), deployment("apps/v1")).objects).toHaveLength(1);
  });
});

describe("objects that share a name", () => {
  it("of another group are not taken for the kind that the converters know", () => {
    const { objects } = convert(
      object("serving.knative.dev/v1", "Service", "web", { spec: { template: {} } }),
      object("v1", "Service", "web", { spec: { ports: [{ port: 80 }] } }),
      object("serving.knative.dev/v1", "Route", "web", { spec: { traffic: [] } }),
      { apiVersion: "config.openshift.io/v1", kind: "Project", metadata: { name: "cluster" }, spec: {} },
    );
    expect(objects.map(({ objects: [written] }) => written?.apiVersion)).toEqual([
      "serving.knative.dev/v1",
      "v1",
      "serving.knative.dev/v1",
    ]);
    expect(objects[0]?.notes.map(({ sentence }) => sentence).join()).toContain("Service (serving.knative.dev/v1)");
  });

  it("have a file each", () => {
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
    const { converted } = convert(
      object("rbac.authorization.k8s.io/v1", "Role", "a:b", { rules }),
      object("rbac.authorization.k8s.io/v1", "Role", "a-b", { rules }),
    );
    const names = [...filesOf(converted, [], new Map()).keys()].filter((name) => name.includes("role-"));
    expect(names).toEqual(["manifests/museum-shop/role-a-b.yaml", "manifests/museum-shop/role-a-b-2.yaml"]);
  });

  it("and become one kind are refused by name", () => {
    const { objects } = convert(
      object("apps.openshift.io/v1", "DeploymentConfig", "web", { spec: { replicas: 1, ...pods } }),
      object("apps/v1", "Deployment", "web", { spec: { replicas: 1, ...pods } }),
    );
    expect(objects[0]?.refusals).toEqual([]);
    expect(objects[1]?.refusals).toEqual(["Deployment web: DeploymentConfig web becomes it too; rename one."]);
  });
});

it("an export of 100 projects with 50 objects each is converted in seconds", () => {
  const objects = Array.from({ length: 5_000 }, (_, index) => ({
    manifest: object(...(["v1", "ConfigMap", `a${index}`, { data: {} }, { namespace: `p${index % 100}` }] as const)),
    place: "export.json",
  }));
  const before = process.cpuUsage();
  convertExport(prepared(objects).objects, target);
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(6);
});
