/** What holds of every export of the corpus: nothing is lost in silence, and nothing of OpenShift is left. */
import { parse } from "yaml";
import { isFields, type Manifest } from "../../src/openshift/manifest";
import { filesOf } from "../../src/openshift/report";
import { checkTenantFile } from "../../scripts/tenant/tenantFile";
import { renderTenant } from "../../scripts/tenant/renderTenantFile";
import { converted, decisions, exportsIn, readCorpus, written } from "./corpus";

const names = exportsIn(".");
const whole = converted(names);

/** Paths and values of everything in an object that is no map and no list. */
function leaves(
  value: unknown,
  path: readonly string[] = [],
): { readonly path: readonly string[]; readonly value: unknown }[] {
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, path));
  if (isFields(value)) return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]));
  return [{ path, value }];
}

/** What a server or a controller writes: those of the new cluster write their own. */
const serversOwn = new RegExp(
  [
    "(^|\\.)status(\\.|$)",
    "^metadata\\.(creationTimestamp|finalizers|generation|ownerReferences|resourceVersion|selfLink|uid)(\\.|$)",
    "^spec\\.(clusterIP|finalizers|healthCheckNodePort|nodeName|volumeName)$",
    "controller-uid$",
    "(last-applied-configuration|deployment\\.kubernetes\\.io/revision|generated-by|bind-completed|storage-provisioner)$",
    "openshift\\.io/(scc|sa\\.scc\\.(mcs|uid-range|supplemental-groups)|host\\.generated)$",
  ].join("|"),
);
/** Fields that say what holds anyway, or whose meaning stands in other words; the tests of each kind look at those. */
const meansNothing = new RegExp(
  `^(${[
    "apiVersion|kind|metadata\\.(name|namespace)",
    "spec\\.(wildcardPolicy|subdomain|test)|spec\\.to\\.weight|spec\\.(to|alternateBackends)\\.kind",
    "spec\\.strategy\\.(type|rollingParams\\.(updatePeriodSeconds|intervalSeconds|timeoutSeconds))",
    "spec\\.triggers\\.(type|imageChangeParams\\.(automatic|from\\.(kind|namespace)|lastTriggeredImage))",
    "spec\\.(scaleTargetRef\\.apiVersion|tags\\.from\\.kind|limits\\.type|egress\\.type|lookupPolicy\\.local)",
    "spec\\.template\\.spec\\.schedulerName|.*disable_cookies|spec\\.templateGeneration|spec\\.serviceAccount",
    "spec\\.hard\\.requests\\.cpu",
    "spec\\.tolerations\\.effect|spec\\.ports\\.nodePort|spec\\.strategy\\..*\\.tagImages\\.to\\.kind|subjects\\.kind",
    "spec\\.tls\\.(insecureEdgeTerminationPolicy|caCertificate)|spec\\.port\\.targetPort|data\\.\\.dockercfg",
  ].join("|")})$`,
);
/** Secrets in another form, and the token that admission mounts into each pod. */
const inAnotherForm = /dockercfg|-token-[a-z0-9]{5}$|^\/var\/run\/secrets\/kubernetes\.io|^node\.kubernetes\.io\//;

describe("the corpus", () => {
  it("has at least 25 exports that can be read, and malformed ones beside them", () => {
    expect(names.length).toBeGreaterThanOrEqual(25);
    expect(exportsIn("malformed").length).toBeGreaterThanOrEqual(8);
  });

  it("is converted the same way again", () => {
    expect(converted(names)).toEqual(whole);
  });
});

describe("a conversion", () => {
  it("decides about each object of an export once", () => {
    const ids = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
    const exported = readCorpus(names).objects.map(({ manifest }) => ids(manifest));
    expect(
      decisions(whole)
        .map(({ exported: { manifest } }) => ids(manifest))
        .sort(),
    ).toEqual([...exported].sort());
  });

  it("says of each object that is not written as it was, why", () => {
    const silent = decisions(whole).filter(({ outcome, notes }) => outcome !== "kept" && notes.length === 0);
    expect(silent.map(({ exported: { manifest } }) => `${manifest.kind} ${manifest.metadata.name}`)).toEqual([]);
  });

  it.each(names)("of %s carries every value over, or says what becomes of it", (name) => {
    const result = converted([name]);
    const inProjects = JSON.stringify(result.projects.map(({ tenant, volumes }) => [tenant, volumes]));
    const lost = decisions(result)
      .filter(({ outcome }) => outcome === "kept" || outcome === "converted")
      .flatMap(({ exported: { manifest }, notes, objects, refusals }) => {
        const said = [...notes.map(({ sentence }) => sentence), ...refusals].join("\n");
        const found = `${JSON.stringify(objects)}${inProjects}`;
        return leaves(manifest)
          .map(({ path, value }) => ({ path: path.join("."), key: path.at(-1) ?? "", value }))
          .filter(
            ({ path, value }) => value !== null && value !== "" && !serversOwn.test(path) && !meansNothing.test(path),
          )
          .filter(({ value }) => !inAnotherForm.test(String(value)))
          .filter(({ key, value }) => {
            const text = JSON.stringify(value).replace(/^"|"$/g, "");
            return !found.includes(text) && !said.includes(text) && !said.includes(key);
          })
          .map(({ path, value }) => `${manifest.kind} ${manifest.metadata.name}: ${path} = ${String(value)}`);
      });
    expect(lost).toEqual([]);
  });

  it("writes nothing that only OpenShift serves, and nothing that a server wrote", () => {
    const objects = written(whole);
    expect(objects.length).toBeGreaterThan(60);
    expect(objects.filter(({ apiVersion }) => /openshift\.io|extensions\/|v1beta1$|v2alpha1/.test(apiVersion))).toEqual(
      [],
    );
    const keys = objects.flatMap((object) => leaves(object).map(({ path }) => `${object.kind} ${path.join(".")}`));
    expect(
      keys.filter((key) =>
        / (status|metadata\.(uid|resourceVersion|creationTimestamp|selfLink|managedFields))/.test(key),
      ),
    ).toEqual([]);
    expect(keys.filter((key) => /openshift\.io/.test(key))).toEqual([]);
  });

  it("puts every object into a tenant's namespace", () => {
    const tenants = whole.projects.map(({ tenant }) => tenant.name);
    expect(written(whole).filter(({ metadata }) => !tenants.includes(metadata.namespace ?? ""))).toEqual([]);
  });

  it("writes tenants' files that the check of tenants accepts", () => {
    const problems = whole.projects.flatMap(
      ({ tenant }) => checkTenantFile(renderTenant(tenant), tenant.name, ["default", "flux-system"]).sentences,
    );
    expect(problems).toEqual([]);
    expect(whole.projects.length).toBeGreaterThan(20);
  });

  it("keeps Secrets out of the folder that goes into Git, and private keys out of every file", () => {
    const files = filesOf(whole, [], new Map());
    const secret = /c2VjcmV0|Y2hhbmdlLW1l|the private key of/;
    expect(
      [...files].filter(([path, text]) => secret.test(text) && !path.startsWith("secrets/")).map(([path]) => path),
    ).toEqual([]);
    expect([...files].filter(([, text]) => text.includes("the private key of"))).toEqual([]);
    expect([...files.keys()].filter((path) => /^manifests\/.*secret-/.test(path))).toEqual([]);
    expect([...files.keys()].filter((path) => path.startsWith("secrets/")).length).toBeGreaterThan(3);
  });

  it("lists in each kustomization.yaml exactly the files beside it", () => {
    const files = [...filesOf(whole, [], new Map())];
    for (const [path, text] of files.filter(([name]) => name.endsWith("kustomization.yaml"))) {
      const folder = path.replace(/kustomization\.yaml$/, "");
      const beside = files.map(([name]) => name).filter((name) => name.startsWith(folder) && name !== path);
      expect((parse(text) as { resources: string[] }).resources.map((name) => `${folder}${name}`)).toEqual(
        beside.sort(),
      );
    }
  });
});
