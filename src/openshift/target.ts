/** The new cluster, as far as a conversion must know it, and the old one as its export shows it. */
import {
  annotationsOf,
  type ExportedObject,
  type Fields,
  fieldsOf,
  isKnownKind,
  type Manifest,
  recordsOf,
  textOf,
} from "./manifest";

export interface Target {
  /** Domain of the applications: tenants answer at TENANT.DOMAIN and TENANT--ANYTHING.DOMAIN. */
  readonly domain: string;
  /** Registry, or folder in one, that images of the old registry are copied to. */
  readonly registry: string;
  /** Class of Ingress objects for Routes. @default undefined: HTTPRoutes of the public gateway */
  readonly ingressClass?: string;
  /** What the cluster puts before groups of the directory. */
  readonly groupsPrefix: string;
  /** New names of projects; others keep theirs. */
  readonly tenants: Readonly<Record<string, string>>;
  /** Groups that administer a project, where its role bindings name none. */
  readonly groups: Readonly<Record<string, string>>;
  /** New names of storage classes; others go by their access modes. */
  readonly storageClasses: Readonly<Record<string, string>>;
}

/** Everything that was exported, and where it goes. */
export interface Migration {
  readonly objects: readonly ExportedObject[];
  readonly target: Target;
}

export const tenantOf = ({ target }: Migration, project: string): string => target.tenants[project] ?? project;

/** Kinds that are the name of a project themselves. */
export const isProject = (manifest: Manifest): boolean =>
  ["Project", "Namespace"].includes(manifest.kind) && isKnownKind(manifest);

/** The project of an object; undefined of what belongs to the whole cluster. */
export const projectOf = (manifest: Manifest): string | undefined =>
  isProject(manifest) ? manifest.metadata.name : manifest.metadata.namespace;

/** An export has ten thousands of objects, and most questions are about those of one project. */
const byProject = new WeakMap<Migration["objects"], ReadonlyMap<string | undefined, readonly ExportedObject[]>>();

function indexOf({ objects }: Migration): ReadonlyMap<string | undefined, readonly ExportedObject[]> {
  const known = byProject.get(objects);
  if (known !== undefined) return known;
  const index = new Map<string | undefined, ExportedObject[]>();
  for (const each of objects) {
    const project = projectOf(each.manifest);
    const others = index.get(project);
    if (others === undefined) index.set(project, [each]);
    else others.push(each);
  }
  byProject.set(objects, index);
  return index;
}

/** Names of all projects, sorted. */
export const projectsOf = (migration: Migration): string[] =>
  [...indexOf(migration).keys()].filter((project) => project !== undefined).sort();

/** The objects of a project, in the order of the export; of the whole cluster where `project` is undefined. */
export const objectsOf = (migration: Migration, project: string | undefined): readonly ExportedObject[] =>
  indexOf(migration).get(project) ?? [];

/** The objects of a kind in a project, in the order of the export. */
export const ofKind = (migration: Migration, project: string | undefined, ...kinds: readonly string[]): Manifest[] =>
  objectsOf(migration, project)
    .map(({ manifest }) => manifest)
    .filter((manifest) => kinds.includes(manifest.kind));

/** The annotations of a project, from whichever object of it the export has. */
export const projectAnnotations = (migration: Migration, project: string): Fields =>
  Object.assign({}, ...ofKind(migration, project, "Namespace", "Project").map(annotationsOf)) as Fields;

interface Workload {
  readonly manifest: Manifest;
  /** Path of the template in the object, for sentences. */
  readonly path: string;
  readonly template: Fields;
}

const templatePaths: Readonly<Record<string, readonly string[]>> = {
  CronJob: ["spec", "jobTemplate", "spec", "template"],
  Pod: [],
};
const workloadKinds = [
  ...["CronJob", "DaemonSet", "Deployment", "DeploymentConfig", "Job", "Pod", "ReplicaSet", "ReplicationController"],
  "StatefulSet",
];

/** The pod template of an object that runs pods; of a Pod itself. */
export function workloadOf(manifest: Manifest): Workload | undefined {
  if (!workloadKinds.includes(manifest.kind) || !isKnownKind(manifest)) return undefined;
  const path = templatePaths[manifest.kind] ?? ["spec", "template"];
  const template = path.reduce<Fields>((within, key) => fieldsOf(within[key]), manifest);
  return { manifest, path: [...path, "spec"].join("."), template };
}

/** What runs in a project, without what another object of the export runs. */
export const workloadsOf = (migration: Migration, project: string): Workload[] =>
  ofKind(migration, project, ...workloadKinds)
    .filter((manifest) => recordsOf(manifest.metadata.ownerReferences).length === 0)
    .flatMap((manifest) => workloadOf(manifest) ?? []);

export const podSpecOf = ({ template }: Workload): Fields => fieldsOf(template.spec);
const podLabelsOf = ({ template }: Workload): Fields => fieldsOf(fieldsOf(template.metadata).labels);

/** Containers of a pod, those that begin it included. */
export const containersOf = (podSpec: Fields): readonly Fields[] => [
  ...recordsOf(podSpec.initContainers),
  ...recordsOf(podSpec.containers),
];

/** Pods that a selector of a Service finds, by the workloads that run them. */
export const selectedWorkloads = (migration: Migration, project: string, selector: Fields): Workload[] =>
  Object.keys(selector).length === 0
    ? []
    : workloadsOf(migration, project).filter((workload) =>
        Object.entries(selector).every(([key, value]) => textOf(podLabelsOf(workload)[key]) === textOf(value)),
      );
