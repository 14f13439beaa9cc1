/**
 * The tables against what is pinned: in gitops/, in bootstrapReleases and for Flux. Pure; whether the charts exist is
 * not proven here.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import {
  defaultKubernetesVersion,
  isSupportedBy,
  kubernetesMinors,
  minorNames,
  minorOf,
  type MinorName,
} from "../../src/config/kubernetesMinors";
import {
  cloudProviderComponent,
  components,
  rangedComponentNames,
  rangedComponents,
  type RangedComponent,
} from "../../src/config/platformComponents";
import { bootstrapReleases } from "../../src/platform/bootstrapReleases";
import { fluxVersion } from "../../src/platform/flux";

const folder = join(__dirname, "../../gitops");
const texts = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".yaml") && !file.includes("/templates/"))
  .map((file) => readFileSync(join(folder, file), "utf8"));

interface Manifest {
  readonly kind?: string;
  readonly metadata?: { readonly name: string };
  readonly spec?: {
    readonly chart?: {
      readonly spec?: {
        readonly chart: string;
        readonly version?: string;
        readonly sourceRef: { readonly name: string };
      };
    };
    readonly url?: string;
    readonly ref?: { readonly tag?: string };
  };
}

const manifests = texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Manifest));

/** Every name that a version is pinned under, with the version. */
function pins(kubernetesVersion: string): [name: string, version: string][] {
  const charts = manifests.flatMap((manifest): [string, string][] => {
    const chart = manifest?.kind === "HelmRelease" ? manifest.spec?.chart?.spec : undefined;
    return chart?.version === undefined ? [] : [[chart.chart, chart.version]];
  });
  const sources = manifests.flatMap((manifest): [string, string][] => {
    const [, name] = /github\.com\/([^/]+\/[^/}.]+)/.exec(manifest?.spec?.url ?? "") ?? [];
    const tag = manifest?.spec?.ref?.tag;
    return name === undefined || tag === undefined ? [] : [[name, tag]];
  });
  const releases = bootstrapReleases.map(({ chart, version }): [string, string] => [
    chart,
    version({ kubernetes: { version: kubernetesVersion } } as Parameters<typeof version>[0]),
  ]);
  return [...charts, ...sources, ...releases, ["flux", fluxVersion]];
}

const ranged = Object.entries(rangedComponents as Record<string, RangedComponent>);
/** The release line of a version: "3.32" of "v3.32.1". */
const lineOf = (version: string) => minorOf(version.replace(/^v/, ""));
const pinnedLines = ({ pins: names }: { readonly pins: readonly string[] }, version = defaultKubernetesVersion) => [
  ...new Set(pins(version).flatMap(([name, pin]) => (names.includes(name) ? [lineOf(pin)] : []))),
];

describe("the components of the platform", () => {
  it("are all that a version is pinned for, each in one place", () => {
    const known = components.flatMap(({ pins: names }) => names);
    expect(known.sort()).toEqual([...new Set(pins(defaultKubernetesVersion).map(([name]) => name))].sort());
  });

  it.each(ranged)("ship the release line that is pinned: %s", (_name, component) => {
    expect(pinnedLines(component)).toEqual([component.ships]);
  });

  it("name the setting that gitops/ takes the repository of their charts from", () => {
    const repositories = new Map(
      manifests.flatMap((manifest) =>
        manifest?.kind === "HelmRepository"
          ? [[manifest.metadata?.name, /^\$\{([A-Z_]+):=/.exec(manifest.spec?.url ?? "")?.[1]]]
          : [],
      ),
    );
    const taken = manifests.flatMap((manifest) => {
      const chart = manifest?.kind === "HelmRelease" ? manifest.spec?.chart?.spec : undefined;
      return chart?.version === undefined ? [] : [[chart.chart, repositories.get(chart.sourceRef.name)]];
    });
    const named = components.flatMap(({ pins: names, mirror }) =>
      mirror === undefined ? [] : names.map((name) => [name, mirror]),
    );
    expect(named.sort()).toEqual(taken.sort());
  });

  it("are chosen by the settings that gitops/choices has, with the same default", () => {
    const options = new Map(
      texts.flatMap((text) =>
        [...text.matchAll(/options\/\$\{([A-Z_]+):=([a-z-]+)\}/g)].map(([, key, value]) => [key, value]),
      ),
    );
    const choices = ranged.flatMap(([, { choice }]) => (choice === undefined ? [] : [choice]));
    expect(choices.map(({ setting, option }) => [setting, options.get(setting) === option])).toEqual(
      choices.map(({ setting, byDefault }) => [setting, byDefault]),
    );
  });
});

describe("the default version of Kubernetes", () => {
  const byDefault = rangedComponentNames.filter(
    (name) => (rangedComponents[name] as RangedComponent).choice?.byDefault !== false,
  );
  /** By the pins themselves, not by `ships`. */
  const unlisted = (minor: MinorName) => [
    ...byDefault.filter((name) => {
      const lines: readonly string[] = kubernetesMinors[minor].supportedBy[name];
      return !pinnedLines(rangedComponents[name]).every((line) => lines.includes(line));
    }),
    ...(pinnedLines(cloudProviderComponent, `${minor}.0`).join() === minor.replace(/^1\./, "2.") ? [] : ["cloud"]),
  ];

  it("is of a minor that every pinned version supports, and the newest such", () => {
    expect(unlisted(minorOf(defaultKubernetesVersion) as MinorName)).toEqual([]);
    const newer = minorNames.slice(minorNames.indexOf(minorOf(defaultKubernetesVersion) as MinorName) + 1);
    expect(newer.filter((minor) => unlisted(minor).length === 0)).toEqual([]);
  });

  it("is judged by lists that name the lines they are asked for", () => {
    expect(isSupportedBy("1.35", "calico")).toBe(true);
    expect(isSupportedBy("1.37", "calico")).toBe(false);
  });
});
