/**
 * Every version that gitops/ pins is one that Renovate finds, and looks for in the repository that Flux takes it from.
 * Its expressions are run here as they stand in renovate.json; Renovate itself is not. Pure: needs no tools.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { defaultKubernetesVersion, kubernetesMinor, minorNames } from "../../src/config/kubernetesMinors";
import { cinderNodePlugin } from "../../src/platform/cinderNodePlugin";
import { bootstrapReleases } from "../../src/platform/bootstrapReleases";
import { fluxVersion } from "../../src/platform/flux";
import { gitopsFolder, repositoryFolder } from "./toolbox";

interface Manager {
  readonly managerFilePatterns: readonly string[];
  readonly matchStrings: readonly string[];
  readonly datasourceTemplate: string;
  readonly depNameTemplate?: string;
  readonly packageNameTemplate?: string;
  readonly registryUrlTemplate?: string;
}

interface Rule {
  readonly matchUpdateTypes?: readonly string[];
  readonly separateMinorPatch?: boolean;
  readonly enabled?: boolean;
  readonly matchPackageNames?: readonly string[];
}

const { customManagers, packageRules } = JSON.parse(readFileSync(join(repositoryFolder, "renovate.json"), "utf8")) as {
  readonly customManagers: readonly Manager[];
  readonly packageRules: readonly Rule[];
};

interface Dependency {
  readonly datasource: string;
  readonly name: string;
  readonly version: string;
  /** Repository of a Helm chart, or name of an image. */
  readonly from: string;
}

/** A template of Renovate's with the groups that an expression captured. */
const filled = (template: string, groups: Readonly<Record<string, string>>) =>
  template.replace(/\{\{\{(\w+)\}\}\}/g, (_, name: string) => groups[name] ?? `no group ${name}`);

/** What Renovate finds in a file. */
function dependencies(path: string, text: string): readonly Dependency[] {
  const managers = customManagers.filter(({ managerFilePatterns }) =>
    managerFilePatterns.some((pattern) => new RegExp(pattern.slice(1, -1)).test(path)),
  );
  return managers.flatMap(({ matchStrings, datasourceTemplate, depNameTemplate, ...templates }) =>
    matchStrings.flatMap((expression) =>
      [...text.matchAll(new RegExp(expression, "g"))].map(({ groups = {} }) => ({
        datasource: datasourceTemplate,
        name: depNameTemplate ?? groups.depName ?? "",
        version: groups.currentValue ?? "",
        from:
          templates.packageNameTemplate === undefined
            ? (templates.registryUrlTemplate ?? groups.registryUrl ?? "")
            : filled(templates.packageNameTemplate, groups),
      })),
    ),
  );
}

const found = (path: string, text: string) =>
  dependencies(path, text).map(({ datasource, name, version }) => `${datasource} ${name} ${version}`);

const foundIn = (path: string) => found(path, readFileSync(join(repositoryFolder, path), "utf8"));

const files = readdirSync(gitopsFolder, { recursive: true, encoding: "utf8" }).filter(
  // A chart's templates are no YAML before they are rendered; their images stand in its values.
  (file) => file.endsWith(".yaml") && !file.includes("/templates/"),
);
const textOf = (file: string) => readFileSync(join(gitopsFolder, file), "utf8");

interface ChartReference {
  readonly chart: string;
  readonly version?: string;
  readonly sourceRef: { readonly name: string };
}

interface Node {
  readonly [key: string]: unknown;
}

/** Every map within a document, the outermost first. */
const maps = (value: unknown): readonly Node[] =>
  typeof value !== "object" || value === null
    ? []
    : [...(Array.isArray(value) ? [] : [value as Node]), ...Object.values(value).flatMap(maps)];

/** What a manifest pins, by its meaning and not by its text. A chart in an OCI registry is an image. */
function pinned(text: string): readonly string[] {
  const documents = parseAllDocuments(text).map((document) => document.toJS() as Node | null);
  const charts = documents
    .flatMap(maps)
    .flatMap(({ chart, version }) =>
      typeof chart === "string" && typeof version === "string"
        ? [`${text.includes(":=oci://") ? "docker" : "helm"} ${chart} ${version}`]
        : [],
    );
  const sources = documents.flatMap((document) => {
    const { url, ref } = (document?.spec ?? {}) as { url?: string; ref?: { tag?: string } };
    const [, name] = /github\.com\/([^/]+\/[^/}.]+)/.exec(url ?? "") ?? [];
    return ref?.tag === undefined ? [] : [`github-tags ${String(name)} ${ref.tag}`];
  });
  // Wherever it stands, in a manifest or in a text of another format: an image with its registry and a version.
  const images = [...text.matchAll(/(?<![/\w.-])([a-z0-9-]+(?:\.[a-z0-9-]+)+\/[a-z0-9/._-]+):(v?\d[\w.-]*)/g)]
    .filter(([, name]) => !name!.startsWith("schemas."))
    .map(([, name, version]) => `docker ${name!} ${version!}`);
  return [...charts, ...sources, ...images];
}

describe("Renovate", () => {
  it("finds every chart, tag and image that gitops/ pins, and nothing else", () => {
    const all = files.flatMap((file) => pinned(textOf(file)).map((pin) => `${file}: ${pin}`));
    expect(
      files.flatMap((file) => found(`gitops/${file}`, textOf(file)).map((pin) => `${file}: ${pin}`)).sort(),
    ).toEqual(all.sort());
    const kinds = (kind: string) => all.filter((pin) => pin.includes(`: ${kind} `)).length;
    expect([kinds("helm") > 11, kinds("github-tags") > 0, kinds("docker") > 6]).toEqual([true, true, true]);
  });

  it("looks for each chart where Flux takes it from", () => {
    const addresses = [
      ...files
        .map(textOf)
        .join("\n")
        .matchAll(/^kind: HelmRepository\nmetadata:\n {2}name: (\S+)\n[^]*?url: \$\{[A-Z_]+:=(\S+)\}$/gm),
    ];
    const sourceByName = new Map(addresses.map(([, name, url]) => [name!, url!]));
    const releases = files
      .flatMap((file) => parseAllDocuments(textOf(file)).map((document) => document.toJS() as Node | null))
      .flatMap((object) => {
        const { chart } = (object?.kind === "HelmRelease" ? object.spec : {}) as { chart?: { spec: ChartReference } };
        return chart?.spec.version === undefined ? [] : [chart.spec];
      });
    const lookedFor = files.flatMap((file) =>
      dependencies(`gitops/${file}`, textOf(file)).flatMap(({ name, from }) => (from === "" ? [] : [[name, from]])),
    );
    expect(lookedFor.sort()).toEqual(
      releases
        .map(({ chart, sourceRef }) => {
          const source = sourceByName.get(sourceRef.name) ?? `no HelmRepository ${sourceRef.name}`;
          return [chart, source.startsWith("oci://") ? `${source.slice("oci://".length)}/${chart}` : source];
        })
        .sort(),
    );
    expect(releases.length).toBeGreaterThan(12);
  });

  it("finds what Pulumi installs before Flux", () => {
    const config = { kubernetes: { version: defaultKubernetesVersion } } as Parameters<
      (typeof bootstrapReleases)[0]["version"]
    >[0];
    const version = (name: string) => bootstrapReleases.find((release) => release.name === name)!.version(config);
    expect(["src/platform/bootstrapReleases.ts", "src/platform/flux.ts"].flatMap(foundIn)).toEqual([
      `github-releases projectcalico/calico ${version("calico")}`,
      `github-releases controlplaneio-fluxcd/flux-operator ${version("flux-operator")}`,
      `github-releases fluxcd/flux2 ${fluxVersion}`,
    ]);
    const images = cinderNodePlugin(config).template.spec.containers.map((container) => container.image.split(":"));
    expect(foundIn("src/platform/cinderNodePlugin.ts")).toEqual(
      // The plugin's own version follows its chart.
      images.filter(([name]) => !name!.endsWith("/cinder-csi-plugin")).map((image) => `docker ${image.join(" ")}`),
    );
  });

  it("finds the patches in the table of Kubernetes minors and in the pages made from it", () => {
    const rows = minorNames.map(kubernetesMinor);
    const patches = rows.map(({ newestPatch }) => `github-releases kubernetes/kubernetes ${newestPatch}`);
    const charts = (name: string, part: "controllerManager" | "cinderCsi") =>
      rows.flatMap(({ cloudProvider }) => (cloudProvider === undefined ? [] : [`helm ${name} ${cloudProvider[part]}`]));
    expect(foundIn("src/config/kubernetesMinors.ts")).toEqual([
      ...patches,
      ...charts("openstack-cloud-controller-manager", "controllerManager"),
      ...charts("openstack-cinder-csi", "cinderCsi"),
    ]);
    const byDefault = `github-releases kubernetes/kubernetes ${defaultKubernetesVersion}`;
    expect([...foundIn("docs/supported-versions.md")].sort()).toEqual([...patches, byDefault].sort());
    expect(foundIn("docs/configuration.md")).toEqual([byDefault]);
  });

  it("offers no other minor for what a row of the table of Kubernetes minors has", () => {
    const names = ["kubernetes/kubernetes", "openstack-cloud-controller-manager", "openstack-cinder-csi"];
    const rules = packageRules.filter(({ matchPackageNames }) =>
      matchPackageNames?.some((name) => names.includes(name)),
    );
    expect(rules.map(({ matchPackageNames }) => matchPackageNames)).toEqual([names, names]);
    expect(
      rules.map(({ separateMinorPatch, matchUpdateTypes, enabled }) => ({
        separateMinorPatch,
        matchUpdateTypes,
        enabled,
      })),
    ).toEqual([
      { separateMinorPatch: true, matchUpdateTypes: undefined, enabled: undefined },
      { separateMinorPatch: undefined, matchUpdateTypes: ["minor", "major"], enabled: false },
    ]);
  });
});
