/**
 * What Kubernetes' user-facing roles `admin`, `edit` and `view` gain from the ClusterRoles of a cluster, as the
 * controller of aggregated roles would compute it.
 */
import type { KubernetesObject } from "./live/kubectl";

export const userFacingRoles = ["admin", "edit", "view"] as const;
type UserFacingRole = (typeof userFacingRoles)[number];

export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly unknown[];
}

/** Kubernetes' own: each takes in what is labelled for it, and the role before it. */
const takesIn: Readonly<Record<UserFacingRole, readonly UserFacingRole[]>> = {
  view: ["view"],
  edit: ["edit", "view"],
  admin: ["admin", "edit", "view"],
};

/** A line per resource and origin: `<group>/<resource>: <verbs> (<ClusterRole>)`, sorted. */
export function gainedRights(role: UserFacingRole, objects: readonly KubernetesObject[]): string[] {
  const roles = objects.filter(({ kind }) => kind === "ClusterRole");
  const labels = takesIn[role].map((each) => `rbac.authorization.k8s.io/aggregate-to-${each}`);
  const lines = roles
    .filter(({ metadata }) => labels.some((label) => metadata.labels?.[label] === "true"))
    .flatMap((object) => rulesOf(object, roles).flatMap((rule) => linesOf(rule, object.metadata.name)));
  return [...new Set(lines)].sort();
}

/** The rules of a ClusterRole; of one that aggregates, those of the roles that it selects. */
export function rulesOf(object: KubernetesObject, roles: readonly KubernetesObject[]): readonly Rule[] {
  const { clusterRoleSelectors } = (object.aggregationRule ?? {}) as { clusterRoleSelectors?: readonly Selector[] };
  if (clusterRoleSelectors === undefined) return (object.rules ?? []) as readonly Rule[];
  return roles
    .filter((other) => other !== object && clusterRoleSelectors.some((selector) => selects(selector, other)))
    .flatMap((other) => rulesOf(other, roles));
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, { metadata }: KubernetesObject): boolean {
  if (matchExpressions.length > 0) throw new Error("An aggregation by matchExpressions is not computed here.");
  return Object.entries(matchLabels).every(([key, value]) => metadata.labels?.[key] === value);
}

function linesOf({ apiGroups = [], resources = [], resourceNames, nonResourceURLs = [], verbs }: Rule, origin: string) {
  const names = resourceNames === undefined ? "" : ` ${[...resourceNames].sort().join(",")}`;
  const what = [
    ...apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}${names}`)),
    ...nonResourceURLs,
  ];
  return what.map((each) => `${each}: ${[...verbs].sort().join(" ")} (${origin})`);
}
