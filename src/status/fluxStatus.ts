/** What Flux reconciles, and what it does not. */
import { counted } from "../config/counted";
import { listAll } from "../kubernetes/answers";
import type { KubernetesRequest } from "../kubernetes/client";
import { type Condition, isReady, notReadyReason } from "../kubernetes/nodes";
import { listed } from "../preflight/findings";
import { firstLines, type StatusLine } from "./statusLine";

const part = "Flux";

const kinds = [
  { kind: "GitRepository", many: "GitRepositories", path: "/apis/source.toolkit.fluxcd.io/v1/gitrepositories" },
  { kind: "Kustomization", many: "Kustomizations", path: "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations" },
  { kind: "HelmRelease", many: "HelmReleases", path: "/apis/helm.toolkit.fluxcd.io/v2/helmreleases" },
] as const;

interface Reconciled {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: { readonly suspend?: boolean };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** Objects by kind; undefined where the cluster has no such kind. */
export type FluxFacts = Readonly<Partial<Record<(typeof kinds)[number]["kind"], readonly Reconciled[]>>>;

export async function askFlux(request: KubernetesRequest): Promise<FluxFacts> {
  const entries = await Promise.all(
    kinds.map(async ({ kind, many, path }) => {
      const { status } = await request("GET", `${path}?limit=1`);
      if (status === 404) return [kind, undefined] as const;
      return [kind, await listAll<Reconciled>(`a listing of the ${many}`, path, request)] as const;
    }),
  );
  return Object.fromEntries(entries);
}

/** Names of the namespaces that are tenants'. */
export async function askTenants(request: KubernetesRequest): Promise<ReadonlySet<string>> {
  const path = "/api/v1/namespaces?labelSelector=openstack-kubernetes/tenant";
  const found = await listAll<Pick<Reconciled, "metadata">>("a listing of the tenants' namespaces", path, request);
  return new Set(found.map(({ metadata }) => metadata.name));
}

/** @param wanted Whether the stack file has Flux; undefined where it could not be read. */
export function judgeFlux(facts: FluxFacts, tenants: ReadonlySet<string>, wanted: boolean | undefined): StatusLine[] {
  if (Object.values(facts).every((objects) => objects === undefined)) {
    if (wanted === false) return [{ part, level: "absent", text: "this stack has none" }];
    return [{ part, level: "bad", text: "the cluster does not know its objects", remedy: "run `pulumi up`" }];
  }
  const all = kinds.flatMap(({ kind }) => (facts[kind] ?? []).map((object) => ({ kind, object })));
  const suspended = all.filter(({ object }) => object.spec?.suspend === true);
  const troubled = all.filter((each) => !suspended.includes(each) && !isReady(each.object));
  const lines = troubled
    .map(({ kind, object: { metadata, status } }): StatusLine => ({
      part,
      level: tenants.has(metadata.namespace) ? "warn" : "bad",
      text: `${kind} ${metadata.namespace}/${metadata.name} is not Ready: ${notReadyReason(status?.conditions ?? []) ?? "it says no why"}`,
      remedy: "docs/runbooks/alerts/FluxNotReady.md",
    }))
    .sort((a, b) => rank(a) - rank(b));
  const counts = kinds.map(({ kind, many }) => counted(facts[kind]?.length ?? 0, kind, many)).join(", ");
  return [
    {
      part,
      level: lines.some(({ level }) => level === "bad") ? "bad" : "ok",
      text: `${counts}; ${troubled.length === 0 ? "all Ready" : `${troubled.length} not Ready`}`,
    },
    ...firstLines(lines),
    ...(suspended.length === 0
      ? []
      : [
          {
            part,
            level: "warn" as const,
            text: `suspended by hand: ${listed(suspended.map(({ kind, object: { metadata } }) => `${kind} ${metadata.namespace}/${metadata.name}`))}`,
            remedy: "docs/runbooks/alerts/FluxSuspended.md",
          },
        ]),
  ];
}

/** The platform's before the tenants', causes before what waits for them. */
function rank({ level, text }: StatusLine): number {
  return (level === "bad" ? 0 : 2) + (/dependency|dependencies/.test(text) ? 1 : 0);
}
