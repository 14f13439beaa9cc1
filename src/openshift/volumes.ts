/** Claims for the new storage classes, and the plan by which their data moves. */
import { cleanedMetadata } from "./cleaned";
import { type Conversion, remark, notCarried, task } from "./conversion";
import { annotationsOf, defined, fieldsOf, itemsOf, type Manifest, recordsOf, textOf, without } from "./manifest";
import { containersOf, type Migration, ofKind, podSpecOf, tenantOf, workloadsOf, projectOf } from "./target";

const classAnnotation = "volume.beta.kubernetes.io/storage-class";

interface ConvertedClaim {
  readonly claim: Manifest;
  readonly notes: Conversion["notes"];
}

/** A claim of a project, or a template of a StatefulSet. */
export function convertClaim(migration: Migration, manifest: Manifest): ConvertedClaim {
  const spec = fieldsOf(manifest.spec);
  const { accessModes, resources, volumeName, dataSource, selector, volumeMode, ...others } = spec;
  const unknown = without(others, "storageClassName");
  const before = oldClass(manifest);
  const storageClassName = newClass(migration, manifest);
  const project = projectOf(manifest);
  const { name, labels, annotations, namespace } = cleanedMetadata(
    manifest,
    project === undefined ? "" : tenantOf(migration, project),
  );
  const keptAnnotations = without(fieldsOf(annotations), classAnnotation);
  const volume = ofKind(migration, undefined, "PersistentVolume").find(({ metadata }) => metadata.name === volumeName);
  return {
    claim: {
      apiVersion: manifest.apiVersion,
      kind: manifest.kind,
      metadata: {
        name,
        ...(namespace === "" ? {} : { namespace }),
        ...(labels === undefined ? {} : { labels }),
        ...(Object.keys(keptAnnotations).length > 0 ? { annotations: keptAnnotations } : {}),
      },
      spec: defined({
        accessModes,
        resources: { requests: fieldsOf(resources).requests },
        storageClassName,
        volumeMode,
      }),
    },
    notes: [
      remark(
        `Storage class ${before === "" ? "(none)" : before} becomes ${storageClassName ?? "the default, cinder"}; volumes.md says how the data moves.`,
      ),
      ...(storageClassName === "nfs"
        ? [
            task(
              "Many nodes write to it (ReadWriteMany): the class nfs needs the choice NETAPP; ask the platform's owners.",
            ),
          ]
        : []),
      ...(volume !== undefined && fieldsOf(volume.spec).persistentVolumeReclaimPolicy === "Retain"
        ? [task("Its volume was kept when the claim went; for that choose cinder-retain and RETAINED_STORAGE.")]
        : []),
      ...(dataSource === undefined || dataSource === null
        ? []
        : [task("spec.dataSource is not carried over: the data is copied.")]),
      ...(selector === undefined
        ? []
        : [
            task(
              `spec.selector chose a volume by ${JSON.stringify(selector)}; a volume is made for the claim instead.`,
            ),
          ]),
      ...notCarried("spec", unknown),
    ],
  };
}

const oldClass = (manifest: Manifest): string =>
  textOf(fieldsOf(manifest.spec).storageClassName) || textOf(annotationsOf(manifest)[classAnnotation]);

/** Absent: the cluster's default class, of volumes for one node at a time. */
function newClass({ target }: Migration, manifest: Manifest): string | undefined {
  const modes = itemsOf(fieldsOf(manifest.spec).accessModes).map(textOf);
  return (
    target.storageClasses[oldClass(manifest)] ??
    (modes.some((mode) => mode === "ReadWriteMany" || mode === "ReadOnlyMany") ? "nfs" : undefined)
  );
}

/** Whether the new volume of a claim is on one node at a time. */
export function hasSingleWriter(migration: Migration, project: string, name: string): boolean {
  const claim = ofKind(migration, project, "PersistentVolumeClaim").find(({ metadata }) => metadata.name === name);
  return claim !== undefined && !/^nfs/.test(newClass(migration, claim) ?? "cinder");
}

export interface VolumePlan {
  readonly project: string;
  readonly claim: string;
  readonly size: string;
  readonly modes: string;
  /** What holds the data in the old cluster: `nfs filer.example.org:/exports/pv7`. */
  readonly source: string;
  readonly storageClass: string;
  /** Workloads that mount it, each with the folder. */
  readonly users: readonly { readonly kind: string; readonly name: string; readonly folder: string }[];
}

/** Every claim of a project, those of StatefulSets' templates included where the export has them as claims. */
export function planVolumes(migration: Migration, project: string): VolumePlan[] {
  return ofKind(migration, project, "PersistentVolumeClaim").map((manifest) => {
    const spec = fieldsOf(manifest.spec);
    const status = fieldsOf(manifest.status);
    const volume = ofKind(migration, undefined, "PersistentVolume").find(
      ({ metadata }) => metadata.name === spec.volumeName,
    );
    return {
      project,
      claim: manifest.metadata.name,
      size: textOf(fieldsOf(status.capacity).storage) || textOf(fieldsOf(fieldsOf(spec.resources).requests).storage),
      modes: itemsOf(spec.accessModes).map(textOf).join(", "),
      source: volume === undefined ? `volume ${textOf(spec.volumeName) || "unknown"}` : sourceOf(volume),
      storageClass: newClass(migration, manifest) ?? "cinder",
      users: usersOf(migration, project, manifest.metadata.name),
    };
  });
}

/** The kind of a volume and where it is. */
export function sourceOf(volume: Manifest): string {
  const spec = fieldsOf(volume.spec);
  const common =
    /^(accessModes|capacity|claimRef|mountOptions|nodeAffinity|persistentVolumeReclaimPolicy|storageClassName|volumeMode)$/;
  const kind = Object.keys(spec).find((key) => !common.test(key)) ?? "unknown";
  const { server, path, endpoints, volumeID, driver, volumeHandle, iqn } = fieldsOf(spec[kind]);
  const where = [server, endpoints, driver, iqn].map(textOf).find((text) => text !== "") ?? "";
  const what = [path, volumeID, volumeHandle].map(textOf).find((text) => text !== "") ?? "";
  return [kind, [where, what].filter((text) => text !== "").join(":")].filter((text) => text !== "").join(" ");
}

/** A StatefulSet's claims are called TEMPLATE-SET-NUMBER. */
export function isClaimOfSet(claim: string, template: string, set: string): boolean {
  const prefix = `${template}-${set}-`;
  return claim.startsWith(prefix) && /^\d+$/.test(claim.slice(prefix.length));
}

function usersOf(migration: Migration, project: string, claim: string): VolumePlan["users"] {
  return workloadsOf(migration, project).flatMap((workload) => {
    const spec = podSpecOf(workload);
    const templates = recordsOf(fieldsOf(workload.manifest.spec).volumeClaimTemplates)
      .map(({ metadata }) => textOf(fieldsOf(metadata).name))
      .filter((name) => isClaimOfSet(claim, name, workload.manifest.metadata.name));
    const volumes = recordsOf(spec.volumes)
      .filter(({ persistentVolumeClaim }) => fieldsOf(persistentVolumeClaim).claimName === claim)
      .map(({ name }) => textOf(name));
    const folder = containersOf(spec)
      .flatMap(({ volumeMounts }) => recordsOf(volumeMounts))
      .find(({ name }) => [...volumes, ...templates].includes(textOf(name)))?.mountPath;
    return folder === undefined
      ? []
      : [{ kind: workload.manifest.kind, name: workload.manifest.metadata.name, folder: textOf(folder) }];
  });
}
