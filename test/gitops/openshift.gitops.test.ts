/**
 * What the conversion writes for every export of the corpus, judged by the schemas of this project's pins, by a real
 * API server with the guards of tenants and Pod Security, and by Kyverno's policies as the API server evaluates them.
 * What they refuse is exactly what the report says. Not shown: that the images run.
 */
import { buildPart, fluxBuildPrograms } from "./fluxBuild";
import { Kubeconform, kubeconformPrograms } from "./kubeconform";
import { controlPlanePrograms } from "./live/controlPlane";
import {
  asAdmissionPolicy,
  type GuardedCluster,
  guardedClusterFolders,
  startGuardedCluster,
} from "./live/guardedCluster";
import { eventually } from "./live/processes";
import { clusterSettings } from "./settings";
import { describeWith } from "./toolbox";
import { type Fields, fieldsOf, type Manifest, recordsOf } from "../../src/openshift/manifest";
import { refusalsOf } from "../../src/openshift/refusals";
import { workloadOf } from "../../src/openshift/target";
import { converted, exportsIn, written } from "../openshift/corpus";

jest.setTimeout(600_000);

const domain = String(clusterSettings("dev").APPS_DOMAIN);
const names = exportsIn(".");
/** Those of the tenant atlas. */
const limits = { defaultMemory: 256 * 1024 ** 2, loadBalancers: 0, nodePorts: 0 };
const nameOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
/** Kinds whose definition no tool of the tests has. */
const foreign = /strimzi|operators\.coreos/;
const objects = written(converted(names)).filter(({ apiVersion }) => !foreign.test(apiVersion));

describeWith(kubeconformPrograms)("the schemas", () => {
  const kubeconform = new Kubeconform();
  afterAll(() => kubeconform.remove());

  it("accept every object that is written for the corpus", () => {
    const verdict = kubeconform.check(objects);
    expect(verdict.resources ?? []).toEqual([]);
    expect(verdict.summary).toMatchObject({ invalid: 0, errors: 0, skipped: 0 });
    expect(objects.length).toBeGreaterThan(60);
  });

  it("accept the Ingress objects that are written where a class is named", () => {
    const ingresses = written(converted(names, { ingressClass: "nginx" })).filter(({ kind }) => kind === "Ingress");
    expect(ingresses.length).toBeGreaterThan(5);
    expect(kubeconform.check(ingresses).resources ?? []).toEqual([]);
  });
});

describeWith([...controlPlanePrograms, ...fluxBuildPrograms, ...guardedClusterFolders])("a tenant's namespace", () => {
  let cluster: GuardedCluster;

  beforeAll(async () => {
    cluster = await startGuardedCluster();
    const policies = buildPart("dev", "policies", clusterSettings("dev")).filter(({ metadata }) =>
      ["external-ips", "image-tags", "image-registries", "storage-classes"].includes(metadata.name),
    );
    expect(cluster.kubectl.apply(...policies.flatMap(asAdmissionPolicy))).toMatchObject({ ok: true });
    await eventually("Policies in force", 60, () => (refused(pod("web", { image: "nginx" })) ? true : undefined));
  });
  afterAll(() => cluster?.stop());

  const pod = (name: string, container: object) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { containers: [{ name, ...container }] },
  });

  /** The object as the tenant atlas would have it: pods alone for what runs them, and atlas' hostnames. */
  function inAtlas(manifest: Manifest): object {
    const workload = workloadOf(manifest);
    const metadata = { ...manifest.metadata, namespace: "atlas" };
    if (workload !== undefined) {
      const { metadata: ofPods, spec } = workload.template;
      const templates = recordsOf(fieldsOf(manifest.spec).volumeClaimTemplates);
      const claimed = templates.map((claim) => ({ name: fieldsOf(claim.metadata).name, emptyDir: {} }));
      const { labels, annotations } = fieldsOf(manifest.kind === "Pod" ? {} : ofPods);
      return {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: metadata.name, namespace: "atlas", labels, annotations },
        // The account need not exist for what is judged here; the claims of a StatefulSet are made by its controller.
        spec: {
          ...fieldsOf(spec),
          serviceAccountName: undefined,
          volumes: [...recordsOf(fieldsOf(spec).volumes), ...claimed],
        },
      };
    }
    // The quota of atlas is another tenant's.
    const resources = { requests: { storage: "1Gi" } };
    const spec = manifest.kind === "PersistentVolumeClaim" ? { spec: { ...fieldsOf(manifest.spec), resources } } : {};
    const text = JSON.stringify({ ...manifest, metadata, ...spec });
    return JSON.parse(
      text.replace(/"[a-z0-9-]+?(--[a-z0-9-]+)?\.apps\.example\.org"/g, `"atlas$1.${domain}"`),
    ) as Fields;
  }

  function refused(object: object): string {
    const { ok, output } = cluster.flux.attempt(
      ["create", "--dry-run=server", "-n", "atlas", "-f", "-"],
      JSON.stringify(object),
    );
    return ok ? "" : output;
  }

  const judged = objects.filter(({ kind, metadata }) => kind !== "RoleBinding" || metadata.name !== "admin");

  it.each(judged.map((manifest) => [nameOf(manifest), manifest] as const))(
    "refuses of %s what the report says, and nothing else",
    (_name, manifest) => {
      const answer = refused(inAtlas(manifest));
      const said = refusalsOf(manifest, limits);
      expect({ isRefused: answer !== "", answer: said.length > 0 ? "" : answer }).toEqual({
        isRefused: said.length > 0,
        answer: "",
      });
    },
  );

  it("refuses lines of many kinds in the corpus, so that the comparison says something", () => {
    const kinds = objects
      .flatMap((manifest) => refusalsOf(manifest, limits))
      .map(
        (sentence) =>
          sentence.replace(/^\S+?(?=\w+(?:\.host)? |\w+ (?:is|has|adds|requests|tolerates)\b)/, "").split(" ")[0],
      );
    expect(new Set(kinds).size).toBeGreaterThan(10);
  });
});
