/**
 * The real kube-state-metrics as a process, with the configuration of Flux's objects that the release of monitoring
 * hands over.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { buildPart } from "../fluxBuild";
import { clusterSettings } from "../settings";
import { toolFolder } from "../toolbox";
import type { Kubectl } from "./kubectl";
import { freePorts, Processes } from "./processes";

export const stateMetricsPrograms = [join(toolFolder("monitoring"), "kube-state-metrics")];

export class StateMetrics {
  private constructor(
    private readonly folder: string,
    private readonly processes: Processes,
    private readonly port: number,
  ) {}

  static async start(kubectl: Kubectl): Promise<StateMetrics> {
    const folder = mkdtempSync(join(tmpdir(), "state-metrics-"));
    const [port, telemetry] = await freePorts(2);
    const release = buildPart("dev", "monitoring", clusterSettings("dev")).find(
      ({ kind, metadata }) => kind === "HelmRelease" && metadata.name === "prometheus",
    );
    const { values } = release!.spec as {
      values: { "kube-state-metrics": { customResourceState: { config: object } } };
    };
    const file = join(folder, "custom-resources.yaml");
    writeFileSync(file, stringify(values["kube-state-metrics"].customResourceState.config));
    const processes = new Processes(folder);
    processes.start("kube-state-metrics", stateMetricsPrograms[0]!, [
      `--kubeconfig=${kubectl.kubeconfig}`,
      `--custom-resource-state-config-file=${file}`,
      "--host=127.0.0.1",
      `--port=${port}`,
      "--telemetry-host=127.0.0.1",
      `--telemetry-port=${telemetry}`,
    ]);
    return new StateMetrics(folder, processes, port!);
  }

  /** What Prometheus would be given now; empty while nothing is served. */
  metrics(): string {
    return spawnSync(
      "curl",
      ["--silent", "--noproxy", "*", "--max-time", "30", `http://127.0.0.1:${this.port}/metrics`],
      {
        encoding: "utf8",
        maxBuffer: 64 * 1024 * 1024,
      },
    ).stdout;
  }

  log(): string {
    return this.processes.tail("kube-state-metrics");
  }

  async stop(): Promise<void> {
    await this.processes.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
