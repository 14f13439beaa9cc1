/**
 * Every option of every choice, built with Flux's own libraries with the settings that it asks for. Proves form: what
 * Flux would apply, and that each choice is told of in docs/gitops.md. What an option does on a cluster is proven
 * elsewhere, or said there not to be.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { buildStack, fluxBuildPrograms } from "./fluxBuild";
import { Kubeconform, kubeconformPrograms } from "./kubeconform";
import { options } from "./options";
import { describeWith, gitopsFolder, repositoryFolder } from "./toolbox";

jest.setTimeout(300_000);

/** Kinds whose definitions are in no Go module that can be had: docs/storage.md says how they were checked. */
const unknownKinds = ["TridentBackendConfig"];

interface Choice {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly path: string };
}

const choices = readdirSync(join(gitopsFolder, "choices")).map(
  (file) => parse(readFileSync(join(gitopsFolder, "choices", file), "utf8")) as Choice,
);
/** By setting: the name of the choice's Kustomization, and the option that is picked when nothing is set. */
const bySetting = new Map(
  choices.map(({ metadata, spec }) => {
    const [, setting = "", picked = ""] = /^\.\/gitops\/options\/\$\{([A-Z_]+):=([a-z0-9-]+)\}$/.exec(spec.path) ?? [];
    return [setting, { name: metadata.name, picked }] as const;
  }),
);

describe("choices", () => {
  it("each take their path from one setting, with an option that exists as its default", () => {
    expect([...bySetting].map(([setting, { name, picked }]) => `${setting} ${name} ${picked}`).sort()).toEqual([
      "ACME acme none",
      "LOGS logs none",
      "NETAPP netapp none",
      "NOTIFICATIONS notifications none",
      "REBOOTS reboots kured",
      "RUNNERS runners none",
      "SECOND_INGRESS second-ingress none",
      "SNAPSHOTS snapshots snapshots",
      "UI ui headlamp",
    ]);
    expect(readdirSync(join(gitopsFolder, "options")).sort()).toEqual([...Object.keys(options), "none"].sort());
    expect(readdirSync(join(gitopsFolder, "options", "none"))).toEqual([".gitkeep"]);
  });

  it("are listed in docs/gitops.md with all their options", () => {
    const documented = readFileSync(join(repositoryFolder, "docs", "gitops.md"), "utf8");
    for (const setting of bySetting.keys()) {
      const offered = Object.entries(options).flatMap(([option, settings]) => (setting in settings ? [option] : []));
      const entry = documented.split("\n").find((line) => line.startsWith(`- \`${setting}\` `));
      expect([setting, ...[...(entry ?? "").matchAll(/`([a-z0-9-]+)`/g)].map(([, option]) => option!).sort()]).toEqual(
        [setting, ...offered, "none"].sort(),
      );
    }
  });
});

describeWith([...fluxBuildPrograms, ...kubeconformPrograms])("an option", () => {
  let kubeconform: Kubeconform;
  const nothing = Object.fromEntries([...bySetting.keys()].map((setting) => [setting, "none"]));
  const build = (settings: Readonly<Record<string, string>>) =>
    buildStack("dev", { ...nothing, ...settings }, ["choices"]);

  beforeAll(() => {
    kubeconform = new Kubeconform();
  });

  afterAll(() => kubeconform.remove());

  it("that is not chosen leaves nothing behind: each choice's path is the empty folder", () => {
    const made = build({}).get("choices")!;
    expect(made.map(({ metadata, spec }) => [metadata.name, spec?.path])).toEqual(
      [...bySetting.values()].map(({ name }) => [name, "./gitops/options/none"]),
    );
  });

  it.each(Object.entries(options))("%s is valid by the schemas of all its kinds", (_option, settings) => {
    const added = [...build(settings)].flatMap(([part, objects]) => (part === "choices" ? [] : objects));
    const known = added.filter(({ kind }) => !unknownKinds.includes(String(kind)));
    expect(known.length).toBeGreaterThan(0);
    expect(kubeconform.check(known)).toMatchObject({
      resources: [],
      summary: { valid: known.length, invalid: 0, errors: 0, skipped: 0 },
    });
  });

  it("fails to build without a setting that it needs, instead of taking an empty text for it", () => {
    for (const settings of Object.values(options))
      for (const missing of Object.keys(settings).slice(1))
        expect(() => build(Object.fromEntries(Object.entries(settings).filter(([key]) => key !== missing)))).toThrow(
          missing,
        );
  });

  it("has a source, account, timeout and the cluster's settings from clusters/base/choices.yaml", () => {
    for (const object of build({}).get("choices")!)
      expect(object.spec).toMatchObject({
        interval: "10m",
        retryInterval: "1m",
        timeout: "15m",
        prune: true,
        wait: true,
        sourceRef: { kind: "GitRepository", name: "flux-system" },
        serviceAccountName: "kustomize-controller",
        postBuild: { substituteFrom: [{ kind: "ConfigMap", name: "cluster-settings" }] },
      });
  });

  it("that reads a text which may be empty gets an empty text, not null", () => {
    const release = (settings: Readonly<Record<string, string>>, part: string, name: string) =>
      buildStack("dev", settings, [part === "ui" ? "choices" : part])
        .get(part)!
        .find(({ kind, metadata }) => kind === "HelmRelease" && metadata.name === name)!.spec!.values as Record<
        string,
        unknown
      >;
    expect(release({ HTTP_PROXY: "", NO_PROXY: "", OIDC_ISSUER_URL: "" }, "ui", "headlamp")).toMatchObject({
      config: { oidc: { issuerURL: "" } },
      env: [
        { name: "HTTPS_PROXY", value: "" },
        { name: "NO_PROXY", value: "" },
      ],
    });
    const proxied = { HTTP_PROXY: "http://proxy.example.org:3128", NO_PROXY: "10.0.0.0/8,.svc" };
    expect(release({ HTTP_PROXY: "", NO_PROXY: "" }, "controllers", "cert-manager")).toMatchObject({
      http_proxy: "",
      no_proxy: "",
    });
    expect(release(proxied, "controllers", "cert-manager")).toMatchObject({
      http_proxy: "http://proxy.example.org:3128",
      https_proxy: "http://proxy.example.org:3128",
      no_proxy: "10.0.0.0/8,.svc",
    });
  });
});
