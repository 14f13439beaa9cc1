/**
 * Everything that the platform brings, with the default settings and with every choice: what Flux applies, and every
 * chart that can be had, rendered.
 */
import { join } from "node:path";
import { parseClusterConfig } from "../../src/config/parse";
import { readStackFile } from "../../src/config/stackFile";
import { bootstrapReleases } from "../../src/platform/bootstrapReleases";
import { calicoValues } from "../../src/platform/calico";
import { cinderCsiValues, cloudControllerManagerValues } from "../../src/platform/cloudProvider";
import { fluxOperatorValues, renderFluxInstance } from "../../src/platform/flux";
import { buildFolder, buildStack, fluxBuildPrograms } from "./fluxBuild";
import { chartFolder, type ChartRelease, helm, HelmCharts, helmReleases, moduleChartFolders } from "./helmCharts";
import type { KubernetesObject } from "./live/kubectl";
import { options } from "./options";
import { repositoryFolder, toolFolder } from "./toolbox";

const fluxRoles = join(toolFolder("definitions"), "flux", "rbac");

export const renderedPlatformNeeds = [helm, ...fluxBuildPrograms, ...moduleChartFolders, fluxRoles];

export interface RenderedPlatform {
  readonly releases: readonly ChartRelease[];
  readonly objects: readonly KubernetesObject[];
}

export function renderPlatform(): RenderedPlatform {
  const charts = new HelmCharts();
  try {
    const applied = [{}, ...Object.values(options)].flatMap((settings, index) =>
      // Beside the default settings only the choices are of interest.
      [...buildStack("prod", settings, index === 0 ? undefined : ["choices"]).values()].flat(),
    );
    const releases = unique([...helmReleases(applied), ...ofPulumi()], ({ chart }) => chart);
    const rendered = releases.flatMap((release) => {
      if (chartFolder(release.chart) === undefined) return [];
      const { ok, errors, objects } = charts.render(release);
      if (!ok) throw new Error(`${release.chart}: ${errors}`);
      return objects;
    });
    return { releases, objects: [...applied, ...ofFlux(), ...rendered] };
  } finally {
    charts.remove();
  }
}

const config = parseClusterConfig(readStackFile(join(repositoryFolder, "Pulumi.prod.yaml")).values, "prod");

/** What Pulumi installs before Flux. */
function ofPulumi(): readonly ChartRelease[] {
  const values: Readonly<Record<(typeof bootstrapReleases)[number]["name"], object>> = {
    "calico-crds": {},
    calico: calicoValues(config),
    "openstack-cloud-controller-manager": cloudControllerManagerValues(config, "digest"),
    "openstack-cinder-csi": cinderCsiValues(config, "digest"),
    "flux-operator": fluxOperatorValues,
  };
  return bootstrapReleases.map(({ name, namespace, chart, version }) => ({
    name,
    namespace,
    chart,
    version: version(config),
    values: values[name],
  }));
}

/** Flux's own roles, as its operator would apply them: with the patches of the FluxInstance. */
function ofFlux(): readonly KubernetesObject[] {
  const { kustomize } = renderFluxInstance(config, config.flux!) as { kustomize: { patches: readonly object[] } };
  return buildFolder(fluxRoles, kustomize.patches);
}

function unique<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
