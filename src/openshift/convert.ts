/** Decides for every object of an export, and puts together what the new cluster gets. */
import { convertRole, convertRoleBinding, convertServiceAccount } from "./access";
import { convertBuildConfig, convertImageStream } from "./builds";
import { cleaned, removedAnnotations } from "./cleaned";
import { convertClusterObject, convertUnknown, isOfCluster, operatorTasks } from "./clusterObjects";
import { type Conversion, leftOut, remark, task } from "./conversion";
import { type CopiedImage, resolveImage, resolveStreamTag } from "./images";
import { type ExportedObject, fieldsOf, groupOf, isKnownKind, type Manifest, recordsOf, textOf } from "./manifest";
import { convertNetworkPolicy, openWithin } from "./networkPolicies";
import { refusalsOf, type TenantLimits } from "./refusals";
import { withoutRepeated } from "./repeated";
import { convertRoute } from "./routes";
import { convertConfigMap, convertSecret } from "./secrets";
import { convertAutoscaler, convertEndpoints, convertIngress, convertService } from "./services";
import {
  containersOf,
  isProject,
  type Migration,
  ofKind,
  podSpecOf,
  objectsOf,
  projectsOf,
  type Target,
  tenantOf,
  workloadOf,
} from "./target";
import { convertTemplateOfProject, isProcessed, processTemplate } from "./templates";
import { bytesOf } from "./quantities";
import { planTenant, type TenantPlan } from "./tenants";
import { namesOfOldCluster } from "./oldNames";
import { convertClaim, isClaimOfSet, planVolumes, type VolumePlan } from "./volumes";
import { convertWorkload } from "./workloads";

export interface DecidedObject extends Conversion {
  readonly exported: ExportedObject;
  /** What the new cluster refuses of the objects as they are: each names the object, the line and the remedy. */
  readonly refusals: readonly string[];
}

export interface ConvertedProject {
  readonly tenant: TenantPlan;
  readonly objects: readonly DecidedObject[];
  /** Objects that come from no object of the export, each with the reason. */
  readonly added: readonly { readonly object: Manifest; readonly reason: string }[];
  readonly volumes: readonly VolumePlan[];
  readonly images: readonly CopiedImage[];
}

export interface ConvertedExport {
  readonly projects: readonly ConvertedProject[];
  readonly cluster: readonly DecidedObject[];
}

type Converter = (migration: Migration, project: string, manifest: Manifest) => Conversion;

const kept: Converter = (migration, project, manifest) => ({
  outcome: "kept",
  notes: [],
  objects: [cleaned(manifest, tenantOf(migration, project))],
});
const inTenantsFile: Converter = () => ({
  outcome: "converted",
  notes: [remark("It is in the tenant's file.")],
  objects: [],
});

const converters: Readonly<Record<string, Converter>> = {
  BuildConfig: (_migration, _project, manifest) => convertBuildConfig(manifest),
  ConfigMap: convertConfigMap,
  EgressNetworkPolicy: inTenantsFile,
  Endpoints: convertEndpoints,
  HorizontalPodAutoscaler: convertAutoscaler,
  ImageStream: convertImageStream,
  Ingress: convertIngress,
  LimitRange: inTenantsFile,
  NetworkPolicy: convertNetworkPolicy,
  PersistentVolumeClaim: convertPersistentVolumeClaim,
  PodDisruptionBudget: kept,
  ResourceQuota: convertResourceQuota,
  Role: convertRole,
  RoleBinding: convertRoleBinding,
  Route: convertRoute,
  Secret: convertSecret,
  Service: convertService,
  ServiceAccount: convertServiceAccount,
  Template: (_migration, _project, manifest) => convertTemplateOfProject(manifest),
};

export function convertExport(exported: readonly ExportedObject[], target: Target): ConvertedExport {
  const migration: Migration = { objects: exported, target };
  return {
    projects: projectsOf(migration).map((project) => convertProject(migration, project)),
    cluster: objectsOf(migration, undefined).map((each) => ({
      ...convertClusterObject(each.manifest),
      exported: each,
      refusals: [],
    })),
  };
}

/** What a container may use that names no limit (docs/tenants.md). */
const usualMemory = "256Mi";

function convertProject(migration: Migration, project: string): ConvertedProject {
  const tenant = planTenant(migration, project);
  const limits: TenantLimits = {
    defaultMemory: bytesOf(tenant.settings.DEFAULT_MEMORY ?? usualMemory) ?? 0,
    loadBalancers: Number(tenant.settings.LOAD_BALANCERS ?? 0),
    nodePorts: Number(tenant.settings.NODE_PORTS ?? 0),
  };
  const objects = objectsOf(migration, project).map((exported) => decided(migration, project, exported, limits));
  return {
    tenant,
    objects: objects.map(withoutRepeatedPolicies(new Set())).map(withRefusedTwins(new Map())),
    added: [
      {
        object: openWithin(migration, project),
        reason:
          "A project of OpenShift is open within itself, a tenant is closed; narrow it to what the application needs.",
      },
    ].filter(({ object }) =>
      recordsOf([fieldsOf(object.spec)]).some(({ ingress, egress }) => (ingress ?? egress) !== undefined),
    ),
    volumes: planVolumes(migration, project),
    images: copiedImages(migration, project),
  };
}

function decided(migration: Migration, project: string, exported: ExportedObject, limits: TenantLimits): DecidedObject {
  const { manifest } = exported;
  const conversion = converted(migration, project, manifest);
  const annotations =
    conversion.outcome === "left out" || manifest.kind === "Route" || isProject(manifest)
      ? []
      : removedAnnotations(manifest).filter((key) => !isRoutine(key));
  return {
    ...conversion,
    notes: [
      ...conversion.notes,
      ...(annotations.length === 0
        ? []
        : [remark(`Annotations that mean nothing here are taken out: ${annotations.join(", ")}.`)]),
      ...namesOfOldCluster(migration, conversion.objects).map((sentence) => task(sentence)),
    ],
    exported,
    refusals: conversion.objects.flatMap((object) =>
      refusalsOf(object, limits).map((sentence) => `${object.kind} ${object.metadata.name}: ${sentence}`),
    ),
  };
}

/** Annotations that every object of an export has. */
const isRoutine = (key: string) =>
  /^(kubectl\.kubernetes\.io\/last-applied-configuration|deployment\.kubernetes\.io\/revision|pv\.kubernetes\.io\/|volume\.(beta\.)?kubernetes\.io\/storage-provisioner|openshift\.io\/(generated-by|scc))/.test(
    key,
  );

function converted(migration: Migration, project: string, manifest: Manifest): Conversion {
  if (isProject(manifest))
    return {
      outcome: "converted",
      notes: [remark("The project becomes a tenant; its file is in the folder tenants.")],
      objects: [],
    };
  if (workloadOf(manifest) !== undefined) return convertWorkload(migration, project, manifest);
  const converter = isKnownKind(manifest) ? converters[manifest.kind] : undefined;
  if (converter !== undefined) return converter(migration, project, manifest);
  const unknown = convertUnknown(manifest);
  if (unknown !== undefined) return unknown;
  return { ...kept(migration, project, manifest), notes: operatorTasks(manifest) };
}

function convertResourceQuota(migration: Migration, project: string, manifest: Manifest): Conversion {
  const { scopes, scopeSelector } = fieldsOf(manifest.spec);
  return scopes === undefined && scopeSelector === undefined
    ? inTenantsFile(migration, project, manifest)
    : {
        outcome: "decide",
        notes: [
          task(
            `A quota for some pods only (${JSON.stringify(scopes ?? scopeSelector)}) is not there; ask the platform's owners.`,
          ),
        ],
        objects: [],
      };
}

function convertPersistentVolumeClaim(migration: Migration, project: string, manifest: Manifest): Conversion {
  const { claim, notes } = convertClaim(migration, manifest);
  const { name } = manifest.metadata;
  const set = ofKind(migration, project, "StatefulSet").find(({ metadata, spec }) =>
    recordsOf(fieldsOf(spec).volumeClaimTemplates).some((template) =>
      isClaimOfSet(name, textOf(fieldsOf(template.metadata).name), metadata.name),
    ),
  );
  return set === undefined
    ? { outcome: "kept", notes, objects: [claim] }
    : leftOut(`StatefulSet ${set.metadata.name} makes it; volumes.md says how the data moves.`);
}

/** Two routes to one Service bring the same policy for the gateway; it is written once. */
function withoutRepeatedPolicies(seen: Set<string>) {
  return (each: DecidedObject): DecidedObject => ({
    ...each,
    objects: each.objects.filter(({ kind, metadata }) => {
      if (kind !== "NetworkPolicy" || each.exported.manifest.kind !== "Route") return true;
      const isNew = !seen.has(metadata.name);
      seen.add(metadata.name);
      return isNew;
    }),
  });
}

/** A DeploymentConfig and a Deployment of one name become two Deployments of it, and Flux applies neither. */
function withRefusedTwins(seen: Map<string, string>) {
  return (each: DecidedObject): DecidedObject => {
    const { kind, metadata } = each.exported.manifest;
    const twins = each.objects.flatMap((object) => {
      const key = [groupOf(object), object.kind, object.metadata.name].join("/");
      const first = seen.get(key);
      if (first === undefined) seen.set(key, `${kind} ${metadata.name}`);
      return first === undefined
        ? []
        : [`${object.kind} ${object.metadata.name}: ${first} becomes it too; rename one.`];
    });
    return { ...each, refusals: [...each.refusals, ...twins] };
  };
}

/** What the project's streams hold and its pods name, each once. */
function copiedImages(migration: Migration, project: string): CopiedImage[] {
  const ofStreams = ofKind(migration, project, "ImageStream").flatMap(({ metadata, spec, status }) => {
    const tags = [
      ...recordsOf(fieldsOf(spec).tags).map(({ name }) => name),
      ...recordsOf(fieldsOf(status).tags).map(({ tag }) => tag),
    ];
    return tags.flatMap((tag) => resolveStreamTag(migration, project, `${metadata.name}:${textOf(tag)}`)?.copy ?? []);
  });
  const ofPods = objectsOf(migration, project)
    .flatMap(({ manifest }) => workloadOf(manifest) ?? [])
    .flatMap((workload) => containersOf(podSpecOf(workload)))
    .flatMap(({ image }) => resolveImage(migration, textOf(image)).copy ?? []);
  // What a stream brings has a name already; a pod names the same by its digest.
  const isKnown = ({ from }: CopiedImage) => ofStreams.some((copy) => copy.from === from);
  const byTarget = new Map([...ofStreams, ...ofPods.filter((copy) => !isKnown(copy))].map((copy) => [copy.to, copy]));
  return [...byTarget.values()].sort((a, b) => (a.to < b.to ? -1 : 1));
}

/** Every object once, with its project: Templates of files processed, and the file's name for what names none. */
export function prepared(exported: readonly ExportedObject[]): {
  readonly objects: readonly ExportedObject[];
  readonly problems: readonly string[];
} {
  const parts = exported.map((each) =>
    isProcessed(each.manifest) ? processTemplate(each) : { objects: [each], problems: [] },
  );
  const objects = parts.flatMap((part) => part.objects);
  const problems = parts.flatMap((part) => part.problems);
  const named = new Map<string, string>();
  const placed = objects.map((each): ExportedObject => {
    const { manifest, place } = each;
    if (isOfCluster(manifest) || manifest.metadata.namespace !== undefined) return each;
    const [file = place] = place.split(", ");
    const namespace = named.get(file) ?? projectNamedBy(file, objects);
    named.set(file, namespace);
    return { place, manifest: { ...manifest, metadata: { ...manifest.metadata, namespace } } };
  });
  const single = withoutRepeated(placed);
  const guessed = [...named].map(
    ([file, namespace]) => `Objects of ${file} name no project; they are taken for the project ${namespace}.`,
  );
  return { objects: single.objects, problems: [...problems, ...guessed, ...single.problems] };
}

/** The one project that the file holds, or its own name. */
function projectNamedBy(file: string, objects: readonly ExportedObject[]): string {
  const inFile = objects
    .filter(({ place }) => place === file || place.startsWith(`${file}, `))
    .map(({ manifest }) => manifest);
  const named = new Set([
    ...inFile.filter(isProject).map(({ metadata }) => metadata.name),
    ...inFile.flatMap(({ metadata }) => metadata.namespace ?? []),
  ]);
  const [only] = named;
  if (named.size === 1 && only !== undefined) return only;
  const base = file
    .replace(/^.*\//, "")
    .replace(/\.(ya?ml|json)$/i, "")
    .toLowerCase();
  return base.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "") || "project";
}
