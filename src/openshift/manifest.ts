/** Objects of Kubernetes and OpenShift as an export holds them: nothing about them is certain but their name. */

/** A map of YAML, or the empty one where something else stands. */
export type Fields = Readonly<Record<string, unknown>>;

interface Metadata extends Fields {
  readonly name: string;
  readonly namespace?: string;
}

export interface Manifest extends Fields {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
}

/** An object of an export, and where it stands: `shop.yaml, document 2, item 14`. */
export interface ExportedObject {
  readonly manifest: Manifest;
  readonly place: string;
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
export const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
export const recordsOf = (value: unknown): readonly Fields[] => itemsOf(value).filter(isFields);
/** A text, or a number as one; empty where something else stands. */
export const textOf = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
export const annotationsOf = ({ metadata }: Manifest): Fields => fieldsOf(metadata.annotations);

/** The group of an API version: empty for `v1`. */
export const groupOf = ({ apiVersion }: Pick<Manifest, "apiVersion">): string =>
  apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";

/** Without the keys whose value is undefined, so that no document has them. */
export const defined = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

export const without = (fields: Fields, ...keys: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => !keys.includes(key)));

/** API groups of the kinds with a converter, which `Service` of Knative and `Project` of config.openshift.io lack. */
const groupsOfKinds: Readonly<Record<string, readonly string[]>> = {
  BuildConfig: ["build.openshift.io"],
  ConfigMap: [""],
  CronJob: ["batch"],
  DaemonSet: ["apps"],
  Deployment: ["apps"],
  DeploymentConfig: ["apps.openshift.io"],
  EgressNetworkPolicy: ["network.openshift.io"],
  Endpoints: [""],
  HorizontalPodAutoscaler: ["autoscaling", "extensions"],
  ImageStream: ["image.openshift.io"],
  Ingress: ["networking.k8s.io", "extensions"],
  Job: ["batch"],
  LimitRange: [""],
  Namespace: [""],
  NetworkPolicy: ["networking.k8s.io"],
  PersistentVolume: [""],
  PersistentVolumeClaim: [""],
  Pod: [""],
  PodDisruptionBudget: ["policy"],
  Project: ["project.openshift.io"],
  ReplicaSet: ["apps"],
  ReplicationController: [""],
  ResourceQuota: [""],
  Role: ["rbac.authorization.k8s.io"],
  RoleBinding: ["rbac.authorization.k8s.io"],
  Route: ["route.openshift.io"],
  Secret: [""],
  Service: [""],
  ServiceAccount: [""],
  StatefulSet: ["apps"],
  Template: ["template.openshift.io"],
};

/** Whether a kind is the one that the converters know, and not another group's of the same name. */
export const isKnownKind = (manifest: Pick<Manifest, "apiVersion" | "kind">): boolean =>
  groupsOfKinds[manifest.kind]?.includes(groupOf(manifest)) ?? true;
