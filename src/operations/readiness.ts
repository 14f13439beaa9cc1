import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineSummary } from "../compute/controlPlane";
import { waitForApi } from "./apiGate";
import { renewBootstrapToken } from "./bootstrapToken";
import { kubernetesApi, type KubernetesAccess } from "./kubernetesApi";
import { isLive } from "./live";
import { consoleTails } from "./openstackConsole";

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
