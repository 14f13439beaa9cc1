/**
 * The real Fluent Bit with the configuration that the option opensearch gives it. Only addresses and folders are
 * exchanged for those of the test, and the seconds between attempts, so that it does not take an hour; the journal's
 * folder is named, which on a node libsystemd finds by itself.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  appendFileSync,
  existsSync,
} from "node:fs";
import { join } from "node:path";
import { buildStack } from "../fluxBuild";
import { freePorts, Processes } from "./processes";

/** Where its project's packages put it; FLUENT_BIT names another place. */
export const fluentBit = process.env.FLUENT_BIT ?? "/opt/fluent-bit/bin/fluent-bit";

interface Values {
  readonly config: { readonly extraFiles: Readonly<Record<string, string>> };
  readonly luaScripts: Readonly<Record<string, string>>;
}

/** Values of the chart, and its version, as Flux would hand them over. */
export function fluentBitRelease(settings: Readonly<Record<string, string>>): {
  readonly version: string;
  readonly values: Values;
} {
  const built = buildStack("dev", { LOGS: "opensearch", OPENSEARCH_HOST: "localhost", ...settings }, ["choices"]).get(
    "logs",
  )!;
  const { spec } = built.find(({ kind }) => kind === "HelmRelease")!;
  return {
    version: (spec as { chart: { spec: { version: string } } }).chart.spec.version,
    values: spec!.values as Values,
  };
}

/** What stands for a cluster and a receiver. */
export interface Surroundings {
  readonly openSearchPort: number;
  readonly authority: string;
  readonly apiServer: string;
  readonly apiAuthority: string;
  readonly token: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** A node's folders with a collector on them. */
export class LogCollector {
  private readonly processes: Processes;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly environment: Readonly<Record<string, string>>,
  ) {
    this.processes = new Processes(folder);
  }

  /** Lays out the folders of a node under `folder`, and the configuration; does not start it. */
  static async prepare(
    folder: string,
    around: Surroundings,
    environment: Readonly<Record<string, string>>,
  ): Promise<LogCollector> {
    const [port] = await freePorts(1);
    for (const each of ["log/pods", "log/containers", "log/kubernetes/audit", "journal", "lib", "conf", "account"])
      mkdirSync(join(folder, each), { recursive: true });
    writeFileSync(join(folder, "account", "token"), around.token);
    writeFileSync(join(folder, "account", "namespace"), "logging");
    const { values } = fluentBitRelease({ ...around.settings, OPENSEARCH_PORT: String(around.openSearchPort) });
    const exchanged = (text: string) =>
      [
        ["kube_url: https://kubernetes.default.svc:443", `kube_url: ${around.apiServer}`],
        ["/var/run/secrets/kubernetes.io/serviceaccount/ca.crt", around.apiAuthority],
        ["/var/run/secrets/kubernetes.io/serviceaccount/token", join(folder, "account", "token")],
        ["/var/run/secrets/kubernetes.io/serviceaccount/namespace", join(folder, "account", "namespace")],
        ["/fluent-bit/opensearch/ca.crt", around.authority],
        ["/fluent-bit/scripts", join(folder, "conf")],
        ["/var/lib/fluent-bit", join(folder, "lib")],
        ["kube.var.log.containers.", `kube${join(folder, "log", "containers").replaceAll("/", ".")}.`],
        ["/var/log/", join(folder, "log/")],
        ["http_listen: 0.0.0.0", "http_listen: 127.0.0.1"],
        ["http_port: 2020", `http_port: ${port}`],
        ["scheduler.base: 5", "scheduler.base: 1"],
        ["scheduler.cap: 60", "scheduler.cap: 3"],
        ["tag: node", `tag: node\n      path: ${join(folder, "journal")}`],
      ].reduce((changed, [from, to]) => changed.replaceAll(from!, to!), text);
    for (const [name, text] of Object.entries({ ...values.config.extraFiles, ...values.luaScripts }))
      writeFileSync(join(folder, "conf", name), exchanged(text));
    return new LogCollector(folder, port!, environment);
  }

  start(): void {
    this.processes.start(
      "fluent-bit",
      fluentBit,
      [`--config=${join(this.folder, "conf", "fluent-bit.yaml")}`],
      this.environment,
    );
  }

  /** As a node's power cut ends it. */
  kill(): Promise<void> {
    return this.processes.kill("fluent-bit");
  }

  /** As if it had not yet noted how far it has read when the power went. */
  forget(): void {
    const folder = join(this.folder, "lib");
    for (const file of readdirSync(folder)) if (file.includes(".db")) rmSync(join(folder, file));
  }

  stop(): Promise<void> {
    return this.processes.stop();
  }

  /** The last lines of what it says. */
  log(lines = 40): string {
    return existsSync(join(this.folder, "fluent-bit.log")) ? this.processes.tail("fluent-bit", lines) : "";
  }

  /** Adds lines to a container's log as containerd writes it, with the link that the kubelet makes. */
  write(namespace: string, pod: string, container: string, lines: readonly string[]): void {
    const target = join(
      this.folder,
      "log",
      "pods",
      `${namespace}_${pod}_00000000-0000-4000-8000-000000000000`,
      container,
    );
    mkdirSync(target, { recursive: true });
    appendFileSync(join(target, "0.log"), lines.map((line) => `${line}\n`).join(""));
    const link = join(this.folder, "log", "containers", `${pod}_${namespace}_${container}-${"ab12".repeat(16)}.log`);
    if (!existsSync(link)) symlinkSync(join(target, "0.log"), link);
  }

  audit(events: readonly object[]): void {
    appendFileSync(
      join(this.folder, "log", "kubernetes", "audit", "audit.log"),
      events.map((event) => `${JSON.stringify(event)}\n`).join(""),
    );
  }

  get journal(): string {
    return join(this.folder, "journal");
  }

  /** Bytes of what waits on disk. */
  queued(): number {
    const queue = join(this.folder, "lib", "queue");
    if (!existsSync(queue)) return 0;
    const files = readdirSync(queue, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    // Blocks, not length: a chunk is a sparse file until it is full.
    return files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).blocks * 512, 0);
  }

  /** Its own metrics, as Prometheus would get them. */
  async metrics(): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/api/v2/metrics/prometheus`);
    return answer.text();
  }

  /** Configuration as it is run, for messages. */
  configuration(): string {
    return readFileSync(join(this.folder, "conf", "fluent-bit.yaml"), "utf8");
  }
}
