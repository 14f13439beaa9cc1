/**
 * The real source- and kustomize-controller as processes, with the flags that Pulumi's Flux has on a cluster
 * (docs/gitops.md, "The contract between Pulumi and Git").
 */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { toolFolder } from "../toolbox";
import { writeKubeconfig } from "./controlPlane";
import type { Condition, Kubectl, KubernetesObject } from "./kubectl";
import { eventually, freePorts, type Processes } from "./processes";

export const fluxPrograms = [
  ...["source-controller", "kustomize-controller"].map((name) => join(toolFolder("flux"), name)),
  join(toolFolder("definitions"), "crds"),
];

/**
 * A Kustomization that waits for its Helm releases holds a worker, for minutes when a chart is broken; with as few as
 * Flux has by default (4) tenants would wait too.
 */
const manyAtOnce = "--concurrent=20";

/**
 * What keeps a tenant's Flux objects within its namespace; and, as there is one flag for all gates, that a fix need not
 * wait for what it fixes.
 */
const lockdown = [
  "--no-cross-namespace-refs=true",
  "--no-remote-bases=true",
  "--default-service-account=default",
  "--feature-gates=StrictPostBuildSubstitutions=true,CancelHealthCheckOnNewRevision=true",
];

/**
 * --no-remote-bases refuses Git repositories as bases, but kustomize itself still fetches a single file that a tenant
 * names by URL, from where the controller stands. A proxy that nobody serves (port 9, "discard") keeps it from
 * everything but the cluster, which is all it needs.
 */
const noWayOut = { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9" };

const common = [
  "--enable-leader-election=false",
  "--metrics-addr=127.0.0.1:0",
  "--watch-all-namespaces=true",
  "--log-level=info",
  "--min-retry-delay=500ms",
  "--max-retry-delay=5s",
];

export const helmControllerPrograms = [join(toolFolder("helm-controller"), "helm-controller")];

/**
 * Starts the real helm-controller beside the others, for tests that install charts; tenants are confined as on a
 * cluster.
 */
export async function startHelmController(folder: string, processes: Processes, kubectl: Kubectl): Promise<void> {
  const [health] = await freePorts(1);
  const kubeconfig = accountOf("helm-controller", folder, kubectl);
  const confined = ["--no-cross-namespace-refs=true", "--default-service-account=default"];
  processes.start(
    "helm-controller",
    helmControllerPrograms[0]!,
    [...common, `--health-addr=127.0.0.1:${health}`, "--requeue-dependency=2s", ...confined],
    {
      KUBECONFIG: kubeconfig,
      RUNTIME_NAMESPACE: "flux-system",
    },
  );
}

export const notificationControllerPrograms = [join(toolFolder("notifications"), "notification-controller")];

/**
 * Starts the real notification-controller, which takes the others' events at port `events`; `proxy` is the site's, as
 * Pulumi hands it over.
 */
export async function startNotificationController(
  folder: string,
  processes: Processes,
  kubectl: Kubectl,
  events: number,
  proxy: string,
): Promise<void> {
  const [health, receiver] = await freePorts(2);
  const listening = [
    `--events-addr=127.0.0.1:${events}`,
    `--receiverAddr=127.0.0.1:${receiver}`,
    `--health-addr=127.0.0.1:${health}`,
  ];
  processes.start(
    "notification-controller",
    notificationControllerPrograms[0]!,
    [...common, ...listening, "--no-cross-namespace-refs=true"],
    {
      KUBECONFIG: accountOf("notification-controller", folder, kubectl),
      RUNTIME_NAMESPACE: "flux-system",
      HTTP_PROXY: proxy,
    },
  );
}

/**
 * Installs Flux's definitions and accounts, and starts its controllers; each acts as its own service account. `events`:
 * port of the notification-controller.
 */
export async function startFlux(
  folder: string,
  processes: Processes,
  kubectl: Kubectl,
  events?: number,
): Promise<void> {
  for (const module of ["flux", "definitions"] as const)
    kubectl.run(["apply", "--server-side", "-f", join(toolFolder(module), "crds")]);
  // They are many and large: a busy machine needs minutes.
  await eventually(
    "Established definitions",
    300,
    () => kubectl.attempt(["wait", "--for=condition=Established", "crd", "--all", "--timeout=45s"]).ok || undefined,
  );
  kubectl.run(["create", "namespace", "flux-system"]);
  const [artifacts, sourceHealth, kustomizeHealth] = await freePorts(3);
  const storage = join(folder, "artifacts");
  mkdirSync(storage, { recursive: true });
  const start = (name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const kubeconfig = accountOf(name, folder, kubectl);
    processes.start(name, join(toolFolder("flux"), name), [...common, ...args], {
      KUBECONFIG: kubeconfig,
      RUNTIME_NAMESPACE: "flux-system",
      ...env,
    });
  };
  start("source-controller", [
    `--storage-path=${storage}`,
    `--storage-addr=127.0.0.1:${artifacts}`,
    `--storage-adv-addr=127.0.0.1:${artifacts}`,
    `--health-addr=127.0.0.1:${sourceHealth}`,
  ]);
  const message = events === undefined ? [] : [`--events-addr=http://127.0.0.1:${events}/`];
  start(
    "kustomize-controller",
    ["--requeue-dependency=2s", `--health-addr=127.0.0.1:${kustomizeHealth}`, manyAtOnce, ...message, ...lockdown],
    noWayOut,
  );
}

/**
 * As Flux's own installation has it, both controllers may do everything: what a tenant's objects make them do is bound
 * by impersonation.
 */
function accountOf(name: string, folder: string, kubectl: Kubectl): string {
  kubectl.run(["create", "serviceaccount", name, "-n", "flux-system"]);
  kubectl.run([
    "create",
    "clusterrolebinding",
    name,
    "--clusterrole=cluster-admin",
    `--serviceaccount=flux-system:${name}`,
  ]);
  const token = kubectl.run(["create", "token", name, "-n", "flux-system", "--duration=8h"]);
  const { server, authority } = kubectl.address();
  return writeKubeconfig(join(dirname(folder), `${name}.kubeconfig`), server, authority, token);
}

type FluxKind = "gitrepository" | "helmrelease" | "kustomization";

/** The Ready condition of the object as it is now; undefined while Flux still speaks of an earlier one. */
export const ready = ({ metadata, status }: KubernetesObject): Condition | undefined =>
  status?.conditions?.find(
    ({ type, observedGeneration }) => type === "Ready" && observedGeneration === metadata.generation,
  );

export class Flux {
  private requests = 0;

  constructor(
    private readonly kubectl: Kubectl,
    private readonly processes: Processes,
  ) {}

  /**
   * Asks for a reconciliation now, as `flux reconcile` does, instead of waiting for the interval; yields its outcome.
   * With a revision given, that of this revision: a controller may not have heard yet of what the source has just
   * fetched.
   */
  async reconcile(kind: FluxKind, namespace: string, name: string, revision?: string): Promise<Condition> {
    const token = `${Date.now()}-${this.requests++}`;
    await eventually(`${kind} ${namespace}/${name}`, 60, () =>
      this.kubectl.exists(kind, namespace, name) ? true : undefined,
    );
    this.kubectl.run([
      "annotate",
      "--overwrite",
      kind,
      name,
      "-n",
      namespace,
      `reconcile.fluxcd.io/requestedAt=${token}`,
    ]);
    return eventually(
      `The reconciliation of ${kind} ${namespace}/${name}`,
      120,
      () => {
        const object = this.kubectl.get(kind, namespace, name);
        const condition = ready(object);
        const isOurs =
          object.status?.lastHandledReconcileAt === token &&
          (revision === undefined || object.status.lastAttemptedRevision === revision);
        return isOurs && condition && condition.status !== "Unknown" ? condition : undefined;
      },
      () => this.log(),
    );
  }

  /** Waits until the object is Ready, without asking for anything. */
  becomesReady(kind: FluxKind, namespace: string, name: string, seconds = 120): Promise<Condition> {
    return eventually(
      `Ready ${kind} ${namespace}/${name}`,
      seconds,
      () => {
        const condition = ready(this.kubectl.get(kind, namespace, name));
        return condition?.status === "True" ? condition : undefined;
      },
      () =>
        `${JSON.stringify(this.kubectl.attempt(["get", kind, name, "-n", namespace, "-o", "jsonpath={.status.conditions}"]).output)}\n${this.log()}`,
    );
  }

  /** A commit of the platform's repository arrives: at the source, then at the Kustomizations named, in order. */
  async arrive(revision: string, ...kustomizations: readonly string[]): Promise<void> {
    await this.reconcile("gitrepository", "flux-system", "flux-system");
    for (const name of kustomizations) await this.reconcile("kustomization", "flux-system", name, revision);
  }

  log(program = "kustomize-controller"): string {
    return this.processes.tail(program);
  }
}
