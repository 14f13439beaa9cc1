/**
 * What root of a machine could take over the cluster with: the powers of the service accounts whose pods run there, by
 * the roles that are bound to them.
 */
import type { KubernetesObject } from "./live/kubectl";
import { rulesOf, type Rule } from "./rights";

interface Power {
  readonly what: string;
  readonly verbs: readonly string[];
  /** `<group>/<resource>`. */
  readonly resources: readonly string[];
}

const writing = ["create", "update", "patch"];

/** Each leads to every Secret, or to a pod that mounts one, or to the rights of another account. */
const powers: readonly Power[] = [
  { what: "reads Secrets", verbs: ["get", "list", "watch"], resources: ["/secrets"] },
  {
    what: "makes pods",
    verbs: writing,
    resources: [
      "/pods",
      "/replicationcontrollers",
      "apps/daemonsets",
      "apps/deployments",
      "apps/replicasets",
      "apps/statefulsets",
      "batch/cronjobs",
      "batch/jobs",
    ],
  },
  { what: "enters pods", verbs: ["create"], resources: ["/pods/exec", "/pods/attach"] },
  { what: "takes tokens", verbs: ["create"], resources: ["/serviceaccounts/token"] },
  {
    what: "gives itself rights",
    verbs: ["bind", "escalate"],
    resources: ["rbac.authorization.k8s.io/clusterroles", "rbac.authorization.k8s.io/roles"],
  },
  { what: "acts as others", verbs: ["impersonate"], resources: ["/users", "/groups", "/serviceaccounts"] },
  {
    what: "signs certificates",
    verbs: ["update", "patch", "approve", "sign"],
    resources: [
      "certificates.k8s.io/certificatesigningrequests/approval",
      "certificates.k8s.io/certificatesigningrequests/status",
      "certificates.k8s.io/signers",
    ],
  },
  {
    what: "changes what others write",
    verbs: writing,
    resources: [
      "admissionregistration.k8s.io/mutatingwebhookconfigurations",
      "admissionregistration.k8s.io/mutatingadmissionpolicies",
    ],
  },
  { what: "answers for the API", verbs: writing, resources: ["apiregistration.k8s.io/apiservices"] },
  { what: "reaches every kubelet", verbs: ["get", "create"], resources: ["/nodes/proxy"] },
];

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** The powers of each account over the whole cluster, by `<namespace>/<name>`; accounts without are left out. */
export function powersByAccount(objects: readonly KubernetesObject[]): ReadonlyMap<string, readonly string[]> {
  const roles = objects.filter(({ kind }) => kind === "ClusterRole");
  const found = new Map<string, Set<string>>();
  for (const binding of objects.filter(({ kind }) => kind === "ClusterRoleBinding")) {
    const { name } = binding.roleRef as { readonly name: string };
    const role = roles.find(({ metadata }) => metadata.name === name);
    const held = name === "cluster-admin" ? ["everything"] : role === undefined ? [] : powersOf(rulesOf(role, roles));
    for (const { kind, name: account, namespace } of (binding.subjects ?? []) as readonly Subject[]) {
      if (kind !== "ServiceAccount" || held.length === 0) continue;
      const key = `${namespace}/${account}`;
      found.set(key, new Set([...(found.get(key) ?? []), ...held]));
    }
  }
  return new Map([...found].map(([account, held]) => [account, [...held].sort()]));
}

function powersOf(rules: readonly Rule[]): readonly string[] {
  const given = ({ apiGroups = [], resources = [], resourceNames }: Rule, wanted: string) => {
    const slash = wanted.indexOf("/");
    const [group, resource] = [wanted.slice(0, slash), wanted.slice(slash + 1)];
    const has = (list: readonly string[], each: string) => list.includes("*") || list.includes(each);
    return resourceNames === undefined && has(apiGroups, group) && has(resources, resource);
  };
  return powers
    .filter(({ verbs, resources }) =>
      rules.some(
        (rule) =>
          (rule.verbs.includes("*") || verbs.some((verb) => rule.verbs.includes(verb))) &&
          resources.some((resource) => given(rule, resource)),
      ),
    )
    .map(({ what }) => what);
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly serviceAccount?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly { readonly key?: string; readonly effect?: string }[];
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: {
        readonly nodeSelectorTerms: readonly { readonly matchExpressions?: readonly { readonly key: string }[] }[];
      };
    };
  };
}

/** What makes pods, with their specification, and the account that they run as (`<namespace>/<name>`). */
export function workloads(objects: readonly KubernetesObject[]) {
  return objects.flatMap((object) => {
    const spec = podSpecOf(object);
    if (spec === undefined) return [];
    const account = spec.serviceAccountName ?? spec.serviceAccount ?? "default";
    return [{ object, spec, account: `${object.metadata.namespace}/${account}` }];
  });
}

function podSpecOf({ kind, spec }: KubernetesObject): PodSpec | undefined {
  interface Template {
    readonly template?: { readonly spec?: PodSpec };
    readonly jobTemplate?: { readonly spec: { readonly template: { readonly spec: PodSpec } } };
  }
  const { template, jobTemplate } = (spec ?? {}) as Template;
  if (kind === "CronJob") return jobTemplate?.spec.template.spec;
  return ["DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet"].includes(String(kind))
    ? template?.spec
    : undefined;
}
