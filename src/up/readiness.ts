import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";
import { staleMachines, type MachineSummary } from "../compute/machine";
import { operatingSystem } from "../config/operatingSystems";
import { unlistedComponents } from "../config/versionWarnings";
import { planMachines } from "../machines/planMachines";
import { roles } from "../machines/roles";
import { bootstrapReleases } from "../platform/bootstrapReleases";
import { fluxNamespace, syncName } from "../platform/flux";
import { forgetFailedRelease, forgetInterruptedReleases } from "../kubernetes/interruptedReleases";
import { listNodes, type Node, reconcileNodes } from "../kubernetes/nodes";
import { waitForApi } from "./apiGate";
import { waitForCluster } from "./clusterGate";
import { JoiningMachines } from "./joiningMachines";
import { clusterMachines, notRunning } from "../openstack/machines";
import { kubeletCertificateMismatch } from "../kubernetes/kubeletCertificates";
import { updateKubeadmConfig } from "../kubernetes/kubeadmConfig";
import { kubernetesApi, type KubernetesAccess, type KubernetesRequest } from "../kubernetes/client";
import { patientRequest } from "../kubernetes/patientRequest";
import { takeChangedFiles } from "./changedFiles";
import { begunAnew, isNewClusterAllowed } from "./secondCluster";
import { filesMachines } from "./filesMachines";
import { needsUpgrade } from "./upgradeGate";
import { releaseLeavingNodes } from "./leavingNodes";
import { type NodeSummary, plannedSummary, seenSummary } from "./summary";
import { hasCluster, isLive } from "../engine/live";
import { consoleTails } from "../openstack/console";
import { logInToOpenstack } from "../openstack/login";
import { progress } from "../engine/progress";
import { withPlainError } from "../engine/plainError";
import { settled } from "../engine/settled";
import type { TouchedMachines } from "./touchedMachines";

/** A machine in the outputs. */
export interface NodeOutput {
  readonly name: string;
  readonly address: string;
}

/** Outputs that are known once the cluster is whole; in a preview what an `up` brings about. */
interface WholeCluster {
  readonly nodes: pulumi.Output<readonly NodeOutput[]>;
  readonly summary: pulumi.Output<NodeSummary>;
}

interface ReadinessArgs {
  /** Secret. */
  readonly access: pulumi.Output<KubernetesAccess>;
  /** Secret. */
  readonly bootstrapToken: pulumi.Output<string>;
  readonly controlPlane: readonly MachineSummary[];
  readonly touched: TouchedMachines;
}

/**
 * What `up` waits for. The gate is asked once per run, whoever asks first: the first new worker, or the end of the run.
 * Nothing here runs in a preview, in the simulation, or with `readiness.machinesBoot: false`.
 */
export class Readiness {
  /** Put on every worker: it is created once the API answers and its token is honoured. */
  public readonly beforeWorker: pulumi.ResourceHook;
  /** Put on every Helm release: Helm does not install one of which it remembers a failed installation. */
  public readonly beforeRelease: pulumi.ResourceHook;
  /** Resolves once the API answers and no release is left over from an interrupted run. */
  public readonly beforePlatform: pulumi.Output<unknown>;
  private readonly serverIds: pulumi.Output<ServerIds>;
  private gate: Promise<void> | undefined;
  private joining: Promise<JoiningMachines> | undefined;
  private earlyPart: Promise<void> | undefined;
  private earlyFiles: Promise<void> | undefined;

  constructor(
    private readonly config: ClusterConfig,
    private readonly args: ReadinessArgs,
  ) {
    this.serverIds = serverIdsOf(args.controlPlane);
    this.beforeWorker = new pulumi.ResourceHook(`${config.clusterName}-before-worker`, () => this.admitWorkers());
    this.beforeRelease = new pulumi.ResourceHook(`${config.clusterName}-before-release`, async ({ newInputs }) => {
      if (!hasCluster(config)) return;
      const release = newInputs as { name: string; namespace: string };
      const request = kubernetesApi(await settled(args.access));
      for (const message of await forgetFailedRelease(release, request)) void pulumi.log.warn(message);
    });
    this.beforePlatform = pulumi.all([args.access, this.serverIds]).apply(async ([access]) => {
      await this.apiReady();
      if (hasCluster(config)) await this.early(patientRequest(kubernetesApi(access)));
    });
  }

  /**
   * Resolves when the cluster is whole: after `platform`, with every machine a Ready node that has the labels and
   * taints of its pool, and Flux reconciled.
   */
  public whenWhole(machines: readonly MachineSummary[], platform: pulumi.Output<unknown>): WholeCluster {
    const ids = serverIdsOf(machines);
    const stale = staleMachines(machines);
    const nodes = pulumi
      .all(machines.map(({ server }) => server.accessIpV4))
      .apply((addresses) => machines.map(({ name }, index) => ({ name, address: addresses[index] as string })));
    const planned = plannedSummary(this.config);
    if (!isLive()) return { nodes, summary: pulumi.output(planned) };
    // Beside the chain of outputs: two more outputs that derived from one that fails cost 19 s of processor time and
    // 5.3 GB in V8, which looks through all of them for whoever handles the error (Node 20.20.2).
    let tell: (summary: NodeSummary) => void = () => undefined;
    const summary = pulumi.output(new Promise<NodeSummary>((resolve) => (tell = resolve)));
    const whole = pulumi
      .all([nodes, ids, this.args.access, stale, platform])
      .apply(async ([known, serverIds, access, old]) => {
        // Whoever waits for the API first tells why it did not come; nothing is left to do here then.
        const ready = await this.apiReady().then(
          () => true,
          () => false,
        );
        if (!ready || !this.config.readiness.machinesBoot) {
          tell(planned);
          return known;
        }
        const request = patientRequest(kubernetesApi(access));
        // A platform without releases waits for nothing: settings are taken once, not by two at a time. Why that failed
        // is told by `beforePlatform`.
        const early = await this.early(request).then(
          () => true,
          () => false,
        );
        tell(early ? await withPlainError(this.clusterWhole(known, serverIds, old, request)) : planned);
        return known;
      });
    return { nodes: pulumi.unsecret(whole), summary };
  }

  /** Resolves to `url` once the API answers; the machines' user data must not depend on it (see NodePoolArgs.after). */
  public whenApiReady(url: pulumi.Output<string>): pulumi.Output<string> {
    const ready = pulumi.all([url, this.args.access, this.serverIds]).apply(async ([known]) => {
      await this.apiReady();
      return known;
    });
    // What it waited with is secret; the address is not.
    return pulumi.unsecret(ready);
  }

  private early(request: KubernetesRequest): Promise<void> {
    this.earlyPart ??= withPlainError(this.beforeReleases(request));
    return this.earlyPart;
  }

  private async beforeReleases(request: KubernetesRequest): Promise<void> {
    for (const message of await forgetInterruptedReleases(bootstrapReleases, request)) void pulumi.log.warn(message);
    // Before the platform, because a setting may be what it waits for; after a roll, which replaces machines now.
    if (this.config.roll.length === 0 && !this.beginsAnew()) await this.takeFilesEarly(request);
  }

  /** Once, whoever asks first: the platform, or a new worker whose kubelet would be newer than the API server. */
  private takeFilesEarly(request: KubernetesRequest): Promise<void> {
    this.earlyFiles ??= this.takeFiles(request, []);
    return this.earlyFiles;
  }

  /** Whether this run begins a new cluster in the place of one whose data may yet be restored. */
  private beginsAnew(): boolean {
    const [first] = this.args.controlPlane;
    return isNewClusterAllowed() && first !== undefined && this.args.touched.created().has(first.name);
  }

  private waits(): boolean {
    if (!isLive()) return false;
    if (this.config.readiness.machinesBoot) return true;
    void pulumi.log.warn(
      "readiness.machinesBoot is false: not waiting for the Kubernetes API, and nothing proves that a cluster exists.",
    );
    return false;
  }

  private apiReady(): Promise<void> {
    this.gate ??= this.waits() ? withPlainError(this.openGate()) : Promise.resolve();
    return this.gate;
  }

  private async openGate(): Promise<void> {
    const access = await settled(this.args.access);
    await waitForApi({
      url: `https://${access.host}:${access.port}`,
      request: kubernetesApi(access),
      timeoutMinutes: this.config.readiness.apiTimeoutMinutes,
      consoles: async () => consoleTails(Object.entries(await settled(this.serverIds)), this.config),
      notRunning: async () =>
        notRunning(
          this.args.controlPlane.map(({ name }) => name),
          await clusterMachines(await logInToOpenstack(this.config), this.config.clusterName, "control-plane"),
        ),
      progress,
    });
  }

  private async clusterWhole(
    nodes: readonly NodeOutput[],
    serverIds: ServerIds,
    stale: readonly string[],
    request: KubernetesRequest,
  ): Promise<NodeSummary> {
    const { config } = this;
    // When the API does not answer now, the gate asks again and reports it.
    const mismatch = await kubeletCertificateMismatch(config, request).catch(() => undefined);
    if (mismatch !== undefined) void pulumi.log.warn(mismatch);
    // The others know the data that may be restored, and no pod network is there before.
    const anew = this.beginsAnew();
    const names = nodes.map(({ name }) => name);
    const machines = anew ? names.filter((name) => this.args.touched.names().includes(name)) : names;
    const plan = planMachines(config);
    const joining = await this.joiningMachines();
    let present: readonly Node[] = [];
    await waitForCluster({
      request,
      machines,
      touched: () => this.args.touched.names(),
      nodesReady: !anew && (config.cni.kind !== "none" || config.flux !== undefined),
      isCalico: !anew && config.cni.kind === "calico",
      ...(anew || config.flux === undefined ? {} : { flux: { namespace: fluxNamespace, sync: syncName } }),
      timeoutMinutes: config.readiness.clusterTimeoutMinutes,
      seen: async (seen) => {
        present = seen;
        // What an earlier run created and did not see join.
        const known = new Set(seen.map(({ metadata }) => metadata.name));
        if (machines.some((name) => !known.has(name))) await joining.admit();
        const changed = await reconcileNodes(plan, seen, request);
        if (changed.length > 0) void pulumi.log.info(`Labels and taints set on ${changed.join(", ")}.`);
      },
      consoles: (named) =>
        consoleTails(
          Object.entries(serverIds).filter(([name]) => named.includes(name)),
          config,
        ),
      progress,
    });
    await joining.end();
    if (anew) {
      void pulumi.log.warn(begunAnew);
      return seenSummary(filesMachines(config), await listNodes(request));
    }
    const current = machines.filter((name) => !stale.includes(name));
    await this.takeFiles(request, current);
    await releaseLeavingNodes({
      machines,
      nodes: present,
      request,
      workers: async () =>
        new Set(
          (await clusterMachines(await logInToOpenstack(config), config.clusterName, "worker")).map(({ name }) => name),
        ),
      timeoutMinutes: config.readiness.drainTimeoutMinutes,
      progress,
      tell: (message) => void pulumi.log.info(message),
    });
    return seenSummary(filesMachines(config), await listNodes(request));
  }

  /**
   * Changed settings, for the machines that run.
   *
   * @param withAgent Machines that have an agent for certain.
   */
  private async takeFiles(request: KubernetesRequest, withAgent: readonly string[]): Promise<void> {
    const { clusterName, update, readiness } = this.config;
    await takeChangedFiles({
      clusterName,
      machines: filesMachines(this.config),
      packageManager: operatingSystem(this.config).packageManager,
      withAgent: new Set(withAgent),
      created: this.args.touched.created(),
      ...update,
      unlistedComponents: update.allowUnlistedComponents ? [] : unlistedComponents(this.config),
      drainTimeoutMinutes: readiness.drainTimeoutMinutes,
      timeoutMinutes: readiness.clusterTimeoutMinutes,
      request,
      progress,
      tell: (message) => void pulumi.log.info(message),
      warn: (message) => void pulumi.log.warn(message),
    });
    await updateKubeadmConfig(this.config, request);
  }

  private async admitWorkers(): Promise<void> {
    await this.apiReady().catch(() => {
      // The gate's own message, consoles included, is shown once, by `whenApiReady`.
      throw new Error("not created: the Kubernetes API did not become ready");
    });
    if (!hasCluster(this.config)) return;
    const request = patientRequest(kubernetesApi(await settled(this.args.access)));
    if (needsUpgrade(filesMachines(this.config), await listNodes(request))) await this.takeFilesEarly(request);
    await (await this.joiningMachines()).admit();
  }

  private joiningMachines(): Promise<JoiningMachines> {
    this.joining ??= Promise.all([settled(this.args.access), settled(this.args.bootstrapToken)]).then(
      ([access, token]) =>
        new JoiningMachines({
          request: kubernetesApi(access),
          token,
          planned: planMachines(this.config)
            .filter(({ role }) => roles[role].becomesNode)
            .map(({ name }) => name),
          created: () => this.args.touched.names(),
          warn: (message) => void pulumi.log.warn(message),
        }),
    );
    return this.joining;
  }
}

/** Nova ids by machine name. A plain object: the SDK makes an empty one of a Map on its way through outputs. */
type ServerIds = Readonly<Record<string, string>>;

function serverIdsOf(machines: readonly MachineSummary[]): pulumi.Output<ServerIds> {
  return pulumi
    .all(machines.map(({ server }) => server.id))
    .apply((ids) => Object.fromEntries(machines.map(({ name }, index) => [name, ids[index] as string])));
}
