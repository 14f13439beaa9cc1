/**
 * An OCI registry on loopback that holds the bootstrap charts: the real ones where their archives lie in the cache
 * (`helm pull` into ~/.cache/openstack-kubernetes/charts), else stand-ins with one object or two of the same kinds.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";

const cache = join(
  process.env.OPENSTACK_KUBERNETES_CACHE ?? join(homedir(), ".cache", "openstack-kubernetes"),
  "charts",
);

interface Chart {
  readonly chart: string;
  readonly version: string;
}

const digestOf = (content: Buffer) => `sha256:${createHash("sha256").update(content).digest("hex")}`;

export class ChartRegistry {
  private readonly blobs = new Map<string, Buffer>();
  private readonly manifests = new Map<string, Buffer>();
  /** Charts whose real archive was found. */
  readonly real: string[] = [];

  private constructor(
    private readonly server: https.Server,
    readonly caFile: string,
  ) {}

  /** `folder` takes the key and certificate of the registry. */
  static async start(folder: string, charts: readonly Chart[]): Promise<ChartRegistry> {
    const [keyFile, caFile] = [join(folder, "registry.key"), join(folder, "registry.crt")];
    const subject = ["-subj", "/CN=chart-registry", "-addext", "subjectAltName=IP:127.0.0.1"];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyFile];
    execFileSync("openssl", ["req", "-x509", ...key, "-out", caFile, "-days", "1", ...subject], { stdio: "ignore" });
    const server = https.createServer({ key: readFileSync(keyFile), cert: readFileSync(caFile) });
    const registry = new ChartRegistry(server, caFile);
    for (const chart of charts) registry.add(chart);
    server.on("request", ({ url = "", method }, response) => {
      const content = url === "/v2/" ? Buffer.from("{}") : registry.contentAt(url);
      response.statusCode = content === undefined ? 404 : 200;
      if (content === undefined) {
        response.end();
        return;
      }
      response.setHeader("content-type", url.includes("/manifests/") ? manifestType : "application/octet-stream");
      response.setHeader("content-length", content.length);
      response.setHeader("docker-content-digest", digestOf(content));
      response.end(method === "HEAD" ? undefined : content);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  get url(): string {
    return `oci://127.0.0.1:${(this.server.address() as AddressInfo).port}/charts`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  private contentAt(url: string): Buffer | undefined {
    const [, name = "", kind, reference = ""] = /^\/v2\/charts\/([^/]+)\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
    return kind === "blobs"
      ? this.blobs.get(reference)
      : (this.manifests.get(`${name}:${reference}`) ?? this.blobs.get(reference));
  }

  private add({ chart, version }: Chart): void {
    const real = join(cache, `${chart}-${version}.tgz`);
    const archive = existsSync(real) ? readFileSync(real) : standIn(chart, version);
    if (existsSync(real)) this.real.push(chart);
    const config = Buffer.from(JSON.stringify({ apiVersion: "v2", name: chart, version }));
    const described = (content: Buffer, mediaType: string) => {
      this.blobs.set(digestOf(content), content);
      return { mediaType, digest: digestOf(content), size: content.length };
    };
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: described(config, "application/vnd.cncf.helm.config.v1+json"),
        layers: [described(archive, "application/vnd.cncf.helm.chart.content.v1.tar+gzip")],
      }),
    );
    this.blobs.set(digestOf(manifest), manifest);
    this.manifests.set(`${chart}:${version}`, manifest);
  }
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";

/**
 * A chart that shows the values it got in a ConfigMap and has a Deployment to wait for, new with other values; Flux's
 * operator also brings the kind FluxInstance.
 */
function standIn(chart: string, version: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "chart-"));
  try {
    const templates = join(folder, chart, "templates");
    mkdirSync(templates, { recursive: true });
    const labels = { app: "{{ .Release.Name }}" };
    const pod = {
      metadata: { labels, annotations: { values: "{{ .Values | toJson | sha256sum }}" } },
      spec: { containers: [{ name: "main", image: "registry.example.org/main:1" }] },
    };
    const objects: object[] = [
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "{{ .Release.Name }}-values" },
        data: { values: "{{ .Values | toJson }}" },
      },
    ];
    if (!chart.startsWith("crd."))
      objects.push({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "{{ .Release.Name }}" },
        spec: { replicas: 1, selector: { matchLabels: labels }, template: pod },
      });
    if (chart === "flux-operator") objects.push(fluxInstanceKind);
    writeFileSync(join(folder, chart, "Chart.yaml"), stringify({ apiVersion: "v2", name: chart, version }));
    writeFileSync(
      join(templates, "objects.yaml"),
      objects
        .map((object) => stringify(object, { lineWidth: 0 }))
        .join("---\n")
        .replace('"{{ .Values | toJson }}"', "{{ .Values | toJson | quote }}"),
    );
    return execFileSync("tar", ["-czf", "-", "-C", folder, chart]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const fluxInstanceKind = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "fluxinstances.fluxcd.controlplane.io" },
  spec: {
    group: "fluxcd.controlplane.io",
    scope: "Namespaced",
    names: { kind: "FluxInstance", listKind: "FluxInstanceList", plural: "fluxinstances", singular: "fluxinstance" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};
