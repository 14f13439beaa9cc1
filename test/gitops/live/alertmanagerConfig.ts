/** What the real Prometheus operator makes of Alertmanager's configuration, and what amtool says of it. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { buildPart } from "../fluxBuild";
import { clusterSettings } from "../settings";
import { toolFolder } from "../toolbox";
import type { Kubectl } from "./kubectl";
import { eventually, freePorts, Processes } from "./processes";

const [operator, amtool] = ["operator", "amtool"].map((name) => join(toolFolder("monitoring"), name)) as [
  string,
  string,
];
export const alertmanagerPrograms = [operator, amtool];

/**
 * The release's Alertmanager as far as its configuration goes: the chart's own part, and whose AlertmanagerConfig
 * counts.
 */
function alertmanager(): readonly object[] {
  const release = buildPart("dev", "monitoring", clusterSettings("dev")).find(
    ({ kind, metadata }) => kind === "HelmRelease" && metadata.name === "prometheus",
  );
  const { alertmanagerSpec, config } = (
    release!.spec as { values: { alertmanager: { alertmanagerSpec: Record<string, unknown>; config: object } } }
  ).values.alertmanager;
  const { alertmanagerConfigSelector, alertmanagerConfigNamespaceSelector, alertmanagerConfigMatcherStrategy } =
    alertmanagerSpec;
  const metadata = { name: "test", namespace: "monitoring" };
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { ...metadata, name: "alertmanager-test" },
      stringData: { "alertmanager.yaml": JSON.stringify(config) },
    },
    {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "Alertmanager",
      metadata,
      spec: {
        replicas: 1,
        version: "v0.34.0",
        alertmanagerConfigSelector,
        alertmanagerConfigNamespaceSelector,
        alertmanagerConfigMatcherStrategy,
      },
    },
  ];
}

export class AlertmanagerConfiguration {
  private constructor(
    private readonly folder: string,
    readonly text: string,
  ) {}

  /** Runs the operator until it has written the configuration. */
  static async make(kubectl: Kubectl): Promise<AlertmanagerConfiguration> {
    const folder = mkdtempSync(join(tmpdir(), "alertmanager-"));
    const [port] = await freePorts(1);
    const { ok, output } = kubectl.apply(...alertmanager());
    if (!ok) throw new Error(output);
    const processes = new Processes(folder);
    try {
      processes.start("operator", operator, ["--namespaces=monitoring", `--web.listen-address=127.0.0.1:${port}`], {
        KUBECONFIG: kubectl.kubeconfig,
      });
      const text = await eventually(
        "Alertmanager's configuration",
        120,
        () => {
          const { data } = kubectl.get("secret", "monitoring", "alertmanager-test-generated") as unknown as {
            data: Record<string, string>;
          };
          const packed = data["alertmanager.yaml.gz"];
          return packed === undefined ? undefined : gunzipSync(Buffer.from(packed, "base64")).toString();
        },
        () => processes.tail("operator"),
      );
      writeFileSync(join(folder, "alertmanager.yaml"), text);
      return new AlertmanagerConfiguration(folder, text);
    } finally {
      await processes.stop();
    }
  }

  /** amtool's verdict. */
  check(): { readonly status: number | null; readonly output: string } {
    const { status, stdout, stderr } = spawnSync(amtool, ["check-config", join(this.folder, "alertmanager.yaml")], {
      encoding: "utf8",
    });
    return { status, output: `${stdout}${stderr}` };
  }

  /** Receivers of an alert with these labels. */
  receivers(labels: Readonly<Record<string, string>>): string {
    const args = ["config", "routes", "test", `--config.file=${join(this.folder, "alertmanager.yaml")}`];
    return execFileSync(amtool, [...args, ...Object.entries(labels).map(([name, value]) => `${name}=${value}`)], {
      encoding: "utf8",
    }).trim();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
