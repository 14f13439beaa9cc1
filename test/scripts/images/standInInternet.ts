/**
 * The Internet and a site's registry, as the programs of these tests see them: real registries (crane's) behind the
 * names of upstream's, Helm repositories under their addresses, all with TLS, reached by a proxy that leads every name
 * here. What is in them is the test's.
 */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually, freePorts, Processes } from "../../gitops/live/processes";

const siteHost = "registry.example.org";
/** Docker Hub answers under other names than its images have. */
const hub = ["index.docker.io", "registry-1.docker.io"];

export class StandInInternet {
  private constructor(
    private readonly folder: string,
    private readonly processes: Processes,
    private readonly servers: readonly (http.Server | https.Server)[],
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** `registries` and `repositories`: hosts of images and of Helm repositories. `bin`: folder of the programs. */
  static async start(folder: string, bin: string, registries: readonly string[], repositories: readonly string[]) {
    const processes = new Processes(folder);
    const [upstream = 0, site = 0, tls = 0, proxy = 0] = await freePorts(4);
    for (const [name, port] of [
      ["upstream", upstream],
      ["site", site],
    ] as const)
      processes.start(name, join(bin, "crane"), ["registry", "serve", "--address", `127.0.0.1:${port}`]);
    const hosts = [...registries, ...hub, siteHost, ...repositories];
    const charts = join(folder, "repositories");
    const front = https.createServer(certificate(folder, hosts), (request, response) => {
      const host = request.headers.host?.split(":")[0] ?? "";
      if (repositories.includes(host)) {
        serveFile(join(charts, host, request.url ?? ""), response);
        return;
      }
      const { url: path, method, headers } = request;
      const port = host === siteHost ? site : upstream;
      const onward = http.request({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      });
      onward.on("error", () => response.destroy());
      request.pipe(onward);
    });
    const connector = http.createServer().on("connect", (_request, client: net.Socket) => {
      const onward = net.connect(tls, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Yes\r\n\r\n");
        client.pipe(onward).pipe(client);
      });
      for (const [socket, other] of [
        [client, onward],
        [onward, client],
      ] as const)
        socket.on("error", () => other.destroy());
    });
    for (const [server, port] of [
      [front, tls],
      [connector, proxy],
    ] as const)
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    for (const port of [upstream, site])
      await eventually("a registry", 30, () => fetch(`http://127.0.0.1:${port}/v2/`).then(({ ok }) => ok || undefined));
    return new StandInInternet(folder, processes, [front, connector], {
      PATH: `${bin}:${process.env.PATH ?? ""}`,
      HOME: folder,
      HTTPS_PROXY: `http://127.0.0.1:${proxy}`,
      SSL_CERT_FILE: join(folder, "ca.crt"),
    });
  }

  /** Runs a program there. */
  async run(program: string, args: readonly string[], variables: NodeJS.ProcessEnv = {}) {
    const env = { ...this.environment, ...variables };
    const options = { env, encoding: "utf8" as const, maxBuffer: 64 * 1024 * 1024 };
    try {
      const { stdout, stderr } = await promisify(execFile)(program, [...args], options);
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as {
        readonly code: number;
        readonly stdout: string;
        readonly stderr: string;
      };
      return { code, stdout, stderr };
    }
  }

  /** What a program writes to standard output. Errors: it fails. */
  async output(program: string, args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(program, args);
    if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** Serves a chart's archive where upstream does: in a Helm repository, or in a folder of an OCI registry. */
  async publish(archive: string, source: string): Promise<void> {
    if (source.startsWith("oci://")) {
      await this.output("helm", ["push", archive, source]);
      return;
    }
    const { host, pathname } = new URL(source);
    const repository = join(this.folder, "repositories", host, pathname);
    mkdirSync(repository, { recursive: true });
    execFileSync("cp", [archive, repository]);
    await this.output("helm", ["repo", "index", repository, "--url", source]);
  }

  /** Puts an image of one layer there. `layer`: an archive of its files. */
  async publishImage(image: string, layer: string): Promise<void> {
    await this.output("crane", ["append", "--oci-empty-base", "--new_layer", layer, "--new_tag", image]);
  }

  async stop(): Promise<void> {
    for (const server of this.servers) {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    }
    await this.processes.stop();
  }
}

/** One for all names; whoever calls trusts it as a CA. */
function certificate(folder: string, hosts: readonly string[]) {
  const [key, cert] = [join(folder, "ca.key"), join(folder, "ca.crt")];
  const names = [...new Set(hosts)].map((host) => `DNS:${host}`).join(",");
  const subject = ["-subj", "/CN=stand-in", "-addext", `subjectAltName=${names}`];
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key];
  execFileSync("openssl", ["req", "-x509", ...fresh, "-out", cert, "-days", "1", ...subject], { stdio: "ignore" });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

function serveFile(file: string, response: http.ServerResponse): void {
  const found = existsSync(file);
  response.writeHead(found ? 200 : 404).end(found ? readFileSync(file) : undefined);
}
