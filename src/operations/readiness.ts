import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineSummary } from "../compute/controlPlane";
import { forgetInterruptedReleases } from "../platform/interruptedReleases";
import { reconcileNodes } from "../platform/nodeSettings";
import { waitForApi } from "./apiGate";
import { renewBootstrapToken } from "./bootstrapToken";
import { kubernetesApi, type KubernetesAccess } from "./kubernetesApi";
import { isLive } from "./live";
import { consoleTails } from "./openstackConsole";

/** A machine in the outputs. */
export interface NodeOutput {
  readonly name: string;
  readonly address: string;
}

export interface ReadinessArgs {
  /** Secret. */
  readonly access: pulumi.Output<KubernetesAccess>;
  /** Secret. */
  readonly bootstrapToken: pulumi.Output<string>;
  readonly controlPlane: readonly MachineSummary[];
}

/**
 * What `up` waits for. The gate is asked once per run, whoever asks first: the first new worker, or the end of the run.
 * Nothing here runs in a preview, in the simulation, or with `readiness.machinesBoot: false`.
 */
export class Readiness {
  /** Put on every worker: it is created once the API answers and its token is honoured. */
  public readonly beforeWorker: pulumi.ResourceHook;
  /** Resolves once the API answers and no release is left over from an interrupted run. */
  public readonly beforePlatform: pulumi.Output<unknown>;
  private readonly serverIds: pulumi.Output<Map<string, string>>;
  private gate: Promise<void> | undefined;
  private renewal: Promise<void> | undefined;

  constructor(
    private readonly config: ClusterConfig,
    private readonly args: ReadinessArgs,
  ) {
    this.serverIds = pulumi
      .all(args.controlPlane.map(({ server }) => server.id))
      .apply((ids) => new Map(args.controlPlane.map(({ name }, index) => [name, ids[index] as string])));
    this.beforeWorker = new pulumi.ResourceHook(`${config.clusterName}-before-worker`, () => this.renewToken());
    this.beforePlatform = pulumi.all([args.access, this.serverIds]).apply(async ([access]) => {
      await this.apiReady();
      if (!isLive() || !config.readiness.machinesBoot) return;
      for (const told of await forgetInterruptedReleases(kubernetesApi(access))) void pulumi.log.warn(told);
    });
  }

  /** Resolves to `nodes`, known once their machines exist, after the labels and taints of the pools are on those that have registered. */
  public withPoolSettings(nodes: pulumi.Output<NodeOutput[]>): pulumi.Output<NodeOutput[]> {
    const reconciled = pulumi.all([nodes, this.args.access]).apply(async ([known, access]) => {
      // Whoever waits for the API first tells why it did not come; nothing is left to do here then.
      const ready = await this.apiReady().then(
        () => true,
        () => false,
      );
      if (!ready || !isLive() || !this.config.readiness.machinesBoot) return known;
      const { changed, missing } = await reconcileNodes(this.config, kubernetesApi(access));
      if (changed.length > 0) void pulumi.log.info(`Labels and taints set on ${changed.join(", ")}.`);
      if (missing.length > 0)
        void pulumi.log.warn(
          `Not registered yet, so without some labels: ${missing.join(", ")}. Run \`pulumi up\` again when they are nodes (kubectl get nodes).`,
        );
      return known;
    });
    return pulumi.unsecret(reconciled);
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

  private waits(): boolean {
    if (!isLive()) return false;
    if (this.config.readiness.machinesBoot) return true;
    void pulumi.log.warn("readiness.machinesBoot is false: not waiting for the Kubernetes API, and nothing proves that a cluster exists.");
    return false;
  }

  private apiReady(): Promise<void> {
    this.gate ??= this.waits() ? this.openGate() : Promise.resolve();
    return this.gate;
  }

  private async openGate(): Promise<void> {
    const access = await settled(this.args.access);
    await waitForApi({
      url: `https://${access.host}:${access.port}`,
      request: kubernetesApi(access),
      timeoutMinutes: this.config.readiness.apiTimeoutMinutes,
      consoles: async () => consoleTails(await settled(this.serverIds)),
      progress: (message) => void pulumi.log.info(message, undefined, undefined, true),
    });
  }

  private async renewToken(): Promise<void> {
    await this.apiReady().catch(() => {
      // The gate's own message, consoles included, is shown once, by `whenApiReady`.
      throw new Error("not created: the Kubernetes API did not become ready");
    });
    if (!isLive() || !this.config.readiness.machinesBoot) return;
    this.renewal ??= Promise.all([settled(this.args.access), settled(this.args.bootstrapToken)]).then(([access, token]) =>
      renewBootstrapToken(kubernetesApi(access), token, new Date()),
    );
    await this.renewal;
  }
}

/** The value of an output while `up` runs; operations never ask in a preview, where it might stay unknown. */
function settled<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply((value) => resolve(value));
  });
}
