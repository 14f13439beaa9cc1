/** Helm charts as the tests can have them, rendered by helm with the values that a release hands over. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
import { defaultKubernetesVersion } from "../../src/config/kubernetesMinors";
import type { KubernetesObject } from "./live/kubectl";
import { toolFolder } from "./toolbox";

export const helm = join(toolFolder("helm"), "helm");

/** Charts whose project keeps them within its Go module. */
export const moduleCharts = {
  "cert-manager": {
    folder: join(toolFolder("definitions"), "charts", "cert-manager"),
    pin: "definitions",
    module: "github.com/cert-manager/cert-manager",
  },
  "gateway-helm": {
    folder: join(toolFolder("definitions"), "charts", "gateway-helm"),
    pin: "definitions",
    module: "github.com/envoyproxy/gateway",
  },
  kyverno: {
    folder: join(toolFolder("kyverno"), "charts", "kyverno"),
    pin: "kyverno",
    module: "github.com/kyverno/kyverno",
  },
  // Its newest chart, as this version of the module holds it, still brings the server before.
  "metrics-server": {
    folder: join(toolFolder("definitions"), "charts", "metrics-server"),
    pin: "definitions",
    module: "sigs.k8s.io/metrics-server",
    brings: "0.8.1",
  },
} as const;

export type ModuleChart = keyof typeof moduleCharts;
export const moduleChartFolders = Object.values(moduleCharts).map(({ folder }) => folder);

/**
 * Where a chart is: in the tools, or in the folder that OPENSTACK_KUBERNETES_CHARTS names, which holds what
 * `helm pull --untar` leaves of the charts that no Go module has. Undefined: it cannot be had.
 */
export function chartFolder(chart: string): string | undefined {
  const ofModule = (moduleCharts as Readonly<Record<string, { readonly folder: string } | undefined>>)[chart]?.folder;
  const pulled = process.env.OPENSTACK_KUBERNETES_CHARTS;
  const folder = ofModule ?? (pulled === undefined ? undefined : join(pulled, chart));
  return folder !== undefined && existsSync(join(folder, "Chart.yaml")) ? folder : undefined;
}

interface ChartFile {
  readonly version: string;
  readonly appVersion: string;
  readonly dependencies?: readonly { readonly name: string; readonly alias?: string }[];
}

export const chartFile = (folder: string) => parse(readFileSync(join(folder, "Chart.yaml"), "utf8")) as ChartFile;

/** What stands in a chart whose version is written when it is packed. */
export const placeholderVersions = ["v0.0.0", "v0.0.0-latest", "v0.0", "0.0.1-dummy"];

/** A release, whoever owns it. */
export interface ChartRelease {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version: string;
  readonly values: object;
}

/** The releases among what Flux would apply. */
export const helmReleases = (objects: readonly KubernetesObject[]): ChartRelease[] =>
  objects
    .filter(({ kind }) => kind === "HelmRelease")
    .map(({ metadata, spec }) => {
      const { chart, values = {} } = spec as {
        readonly chart: { readonly spec: { readonly chart: string; readonly version: string } };
        readonly values?: object;
      };
      return { name: metadata.name, namespace: String(metadata.namespace), values, ...chart.spec };
    });

interface Rendered {
  readonly ok: boolean;
  readonly errors: string;
  readonly objects: readonly KubernetesObject[];
}

/** Renders charts in a folder of its own; `remove` it in the end. */
export class HelmCharts {
  private readonly folder = mkdtempSync(join(tmpdir(), "charts-"));

  /** Throws for a chart that cannot be had. */
  render({ name, namespace, chart, version, values }: ChartRelease): Rendered {
    const file = join(this.folder, "values.yaml");
    writeFileSync(file, stringify(values));
    const options = [
      "--namespace",
      namespace,
      "--values",
      file,
      "--kube-version",
      defaultKubernetesVersion,
      "--include-crds",
    ];
    const { status, stdout, stderr } = spawnSync(helm, ["template", name, this.unpacked(chart, version), ...options], {
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      env: { PATH: process.env.PATH, HOME: this.folder },
    });
    // Some documents hold nothing but comments.
    const documents = parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject | null);
    return {
      ok: status === 0,
      errors: stderr,
      objects: documents.flatMap((object) => (object === null ? [] : [withoutNulls(object)])),
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  /**
   * Folder of the chart as its project would pack it: with its version, where a placeholder stands, and without the
   * charts that it names as dependencies but does not hold (of Kyverno's: definitions of kinds, which these tests take
   * from the modules, and a server that is off by default).
   */
  unpacked(chart: string, version: string): string {
    const source = chartFolder(chart);
    if (source === undefined) throw new Error(`The chart ${chart} cannot be had here.`);
    const target = join(this.folder, chart);
    cpSync(source, target, { recursive: true });
    const described = chartFile(source);
    const dependencies = described.dependencies?.filter(({ name }) => existsSync(join(target, "charts", name)));
    const versions = placeholderVersions.includes(described.version) ? { version, appVersion: version } : {};
    writeFileSync(
      join(target, "Chart.yaml"),
      stringify({ ...described, ...versions, dependencies: dependencies ?? [] }),
    );
    rmSync(join(target, "Chart.lock"), { force: true });
    return target;
  }
}

/** The API server takes null for absent, and charts write it for a value that is not set. */
const withoutNulls = (object: KubernetesObject) =>
  JSON.parse(JSON.stringify(object, (_key, value: unknown) => value ?? undefined)) as KubernetesObject;
