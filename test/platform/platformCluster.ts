/**
 * A cluster for the platform's tests: a real API server (shared with test/gitops), somebody who plays the kubelet, and
 * a registry of charts.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { startControlPlane } from "../gitops/live/controlPlane";
import { Processes } from "../gitops/live/processes";

interface Answer {
  readonly status: number;
  readonly body: string;
}

type Call = (method: string, path: string, body?: unknown, contentType?: string) => Promise<Answer>;

interface Listed {
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly generation?: number };
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly phase?: string;
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string }[];
  };
}

export class PlatformCluster {
  private playing: Promise<void> = Promise.resolve();
  private stopped = false;
  /** What the player leaves unready, as if an image could not be pulled: names of Deployments begin with it. */
  public broken: string | undefined;

  private constructor(
    readonly folder: string,
    readonly kubeconfig: string,
    readonly caFile: string,
    private readonly processes: Processes,
    private readonly server: URL,
    private readonly token: string,
  ) {}

  static async start(): Promise<PlatformCluster> {
    const folder = mkdtempSync(join(tmpdir(), "platform-"));
    const processes = new Processes(folder);
    try {
      const { kubeconfig } = await startControlPlane(join(folder, "control-plane"), processes);
      const { clusters, users } = parse(readFileSync(kubeconfig, "utf8")) as {
        clusters: [{ cluster: { server: string; "certificate-authority": string } }];
        users: [{ user: { token: string } }];
      };
      const { server, "certificate-authority": ca } = clusters[0].cluster;
      const cluster = new PlatformCluster(folder, kubeconfig, ca, processes, new URL(server), users[0].user.token);
      cluster.playing = cluster.playKubelet();
      return cluster;
    } catch (error) {
      await processes.stop();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Ends it all; the engine then finds nobody at its address. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.playing;
    await this.processes.stop();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  readonly request: Call = (...call) => this.send({}, ...call);

  /** The same calls as somebody else makes them, by impersonation. */
  as(user: string, groups: readonly string[]): Call {
    const identity = { "impersonate-user": user, "impersonate-group": [...groups, "system:authenticated"] };
    return (...call) => this.send(identity, ...call);
  }

  private send(
    identity: Readonly<Record<string, string | string[]>>,
    method: string,
    path: string,
    body?: unknown,
    contentType = "application/json",
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = https.request(
        {
          host: this.server.hostname,
          port: this.server.port,
          path,
          method,
          ca: readFileSync(this.caFile),
          headers: {
            ...identity,
            authorization: `Bearer ${this.token}`,
            ...(body === undefined ? {} : { "content-type": contentType }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
          );
        },
      );
      request.on("error", reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** The object at `path`; undefined where there is none. */
  async get<T = Record<string, unknown>>(path: string): Promise<T | undefined> {
    const { status, body } = await this.request("GET", path);
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body}`);
    return JSON.parse(body) as T;
  }

  async create(path: string, object: unknown): Promise<void> {
    const { status, body } = await this.request("POST", path, object);
    if (status !== 201) throw new Error(`POST ${path}: ${status} ${body}`);
  }

  async patch(path: string, patch: unknown): Promise<void> {
    const { status, body } = await this.request("PATCH", path, patch, "application/merge-patch+json");
    if (status !== 200) throw new Error(`PATCH ${path}: ${status} ${body}`);
  }

  /**
   * No machine is there to run a pod: pods, DaemonSets and the FluxInstance are said to be ready, as kubelet,
   * controller and operator would.
   */
  private async playKubelet(): Promise<void> {
    const now = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");
    while (!this.stopped) {
      await this.each("/api/v1/pods", ({ metadata: { name, namespace }, status }) => {
        if (status?.phase === "Running" || (this.broken !== undefined && name.startsWith(this.broken)))
          return undefined;
        const conditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
          type,
          status: "True",
          lastTransitionTime: now(),
        }));
        return [`/api/v1/namespaces/${namespace}/pods/${name}/status`, { status: { phase: "Running", conditions } }];
      });
      await this.each("/apis/apps/v1/daemonsets", ({ metadata: { name, namespace, generation }, status }) =>
        status?.observedGeneration === generation
          ? undefined
          : [
              `/apis/apps/v1/namespaces/${namespace}/daemonsets/${name}/status`,
              {
                status: {
                  observedGeneration: generation,
                  ...Object.fromEntries(
                    [
                      "currentNumberScheduled",
                      "desiredNumberScheduled",
                      "numberReady",
                      "numberAvailable",
                      "updatedNumberScheduled",
                    ].map((key) => [key, 1]),
                  ),
                  numberMisscheduled: 0,
                },
              },
            ],
      );
      await this.each(
        "/apis/fluxcd.controlplane.io/v1/fluxinstances",
        ({ metadata: { name, namespace, generation }, status }) =>
          status?.conditions?.some(({ type }) => type === "Ready")
            ? undefined
            : [
                `/apis/fluxcd.controlplane.io/v1/namespaces/${namespace}/fluxinstances/${name}/status`,
                {
                  status: {
                    conditions: [
                      {
                        type: "Ready",
                        status: "True",
                        reason: "Played",
                        message: "by the test",
                        observedGeneration: generation,
                        lastTransitionTime: now(),
                      },
                    ],
                  },
                },
              ],
      );
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  private async each(
    path: string,
    patchOf: (item: Listed) => readonly [path: string, patch: unknown] | undefined,
  ): Promise<void> {
    try {
      const list = await this.get<{ items: Listed[] }>(path);
      for (const item of list?.items ?? []) {
        const patch = patchOf(item);
        if (patch !== undefined) await this.patch(...patch);
      }
    } catch {
      // What was listed may be gone, and the server with it when the test is over.
    }
  }
}
