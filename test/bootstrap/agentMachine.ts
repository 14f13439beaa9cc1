/**
 * A pretended machine for the agent (src/bootstrap/files/agent.py): its own files are moved below a folder, where the
 * files of a test are as well; its programs are stand-ins that write down each call; and a stand-in of the API server
 * has one Node and one Secret. Proves what the agent decides, and what it does after it was killed. What a real API
 * server and a real containerd make of it: test/kubernetes and test/lab/machines.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { scriptFile } from "../../src/bootstrap/machineFile";
import { answerAnnotation, drainedAnnotation, orderAnnotation } from "../../src/kubernetes/filesGuard";

interface Answer {
  readonly order: string;
  readonly state: string;
  readonly message: string;
}

/** A file as the Secret holds it. */
interface OrderedFile {
  readonly content: string;
  readonly change?: string;
  readonly mode?: string;
}

/** The API server's static pod. */
export const manifestPath = "/manifests/kube-apiserver.yaml";
export const etcdManifestPath = "/manifests/etcd.yaml";

export class AgentMachine {
  /** Every answer that the agent gave, in order. */
  readonly answers: Answer[] = [];
  /** Whether the kubelet says that it is well. */
  kubeletIsWell = true;
  /** Whether the API server says that it is ready. */
  apiServerIsReady = true;
  /** Whether the API server takes answers. */
  takesAnswers = true;
  private readonly root = mkdtempSync(join(tmpdir(), "agent-"));
  private readonly node = `/api/v1/nodes/${hostname().split(".")[0]}`;
  private annotations: Record<string, string> = {};
  private readonly watchers = new Set<http.ServerResponse>();
  private secret: Record<string, string> = {};
  private api: https.Server | undefined;
  private readonly kubelet = http.createServer((_, response) =>
    response.writeHead(this.kubeletIsWell ? 200 : 500).end(),
  );
  private agent: ChildProcess | undefined;
  private output = "";

  /** Starts the API server and the kubelet's; then the machine is one that was created with `files`. */
  async start(files: Readonly<Record<string, OrderedFile>>): Promise<void> {
    const pem = this.certificate();
    this.api = https.createServer({ key: pem, cert: pem }, (request, response) => this.serve(request, response));
    for (const server of [this.api, this.kubelet])
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.lay("/etc/bootstrap.env", `ENDPOINT='127.0.0.1:${portOf(this.api)}'\nAPI_PORT='${portOf(this.api)}'\n`);
    this.lay("/console", "");
    for (const { path, content, mode } of this.ordered(files)) this.lay(path.replace(this.root, ""), content, mode);
    for (const name of ["systemctl", "crictl", "update-ca-certificates"]) this.program(name, "true");
  }

  lay(path: string, content: string, mode = "0644"): void {
    mkdirSync(dirname(this.root + path), { recursive: true });
    writeFileSync(this.root + path, content, { mode: parseInt(mode, 8) });
  }

  /** The file's text; undefined where there is none. */
  read(path: string): string | undefined {
    return existsSync(this.root + path) ? readFileSync(this.root + path, "utf8") : undefined;
  }

  mode(path: string): string {
    return (statSync(this.root + path).mode & 0o777).toString(8).padStart(4, "0");
  }

  /**
   * A stand-in: its call is written down, then `body` (bash) runs; "$machine" is the machine's folder.
   *
   * @param folder "bin" for one of our own scripts.
   */
  program(name: string, body: string, folder: "programs" | "bin" = "programs"): void {
    const path = join(this.root, folder, name);
    mkdirSync(dirname(path), { recursive: true });
    const script = `#!/bin/bash\nmachine=${this.root}\necho "${name} $*" >>"$machine/calls"\n${body}\n`;
    writeFileSync(path, script, { mode: 0o755 });
  }

  /** Calls of the programs so far. */
  calls(): string[] {
    return (this.read("/calls") ?? "").split("\n").filter(Boolean);
  }

  /** Puts the files into the Secret, with today's agent or another one, and orders them on the Node. */
  order(files: Readonly<Record<string, OrderedFile>>, agent = this.agentProgram()): string {
    const content = JSON.stringify(this.ordered(files));
    const encoded = (text: string) => Buffer.from(text).toString("base64");
    this.secret = { agent: encoded(agent), "files.json": encoded(content) };
    return this.annotate(createHash("sha256").update(`${agent}\0${content}`).digest("hex"));
  }

  /** Orders a digest, whatever the Secret holds. */
  annotate(digest: string): string {
    this.annotations[orderAnnotation] = digest;
    this.notify();
    return digest;
  }

  /** Says on the Node that nothing is in the way of an order, as `up` does when the pods are gone. */
  allow(digest: string): void {
    this.annotations[drainedAnnotation] = digest;
  }

  /** Takes the answer off the Node, as `up` does when it orders once more. */
  forgetAnswer(): void {
    const kept = Object.entries(this.annotations).filter(([key]) => key !== answerAnnotation);
    this.annotations = Object.fromEntries(kept);
    this.notify();
  }

  /** Somebody writes something else in place of the answer. */
  spoilAnswer(): void {
    this.annotations[answerAnnotation] = "{";
    this.notify();
  }

  /** Starts the agent as start-agent.sh does: the one that the Secret holds. */
  powerOn(): void {
    const path = join(this.root, "agent.py");
    const published = this.secret["agent"];
    writeFileSync(
      path,
      published === undefined ? this.agentProgram() : Buffer.from(published, "base64").toString("utf8"),
    );
    this.output = "";
    const env = {
      ...process.env,
      PATH: `${join(this.root, "programs")}:${process.env["PATH"] ?? ""}`,
    };
    this.agent = spawn("python3", ["-I", path, "openstack-kubernetes-files-default"], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.agent.stdout!, this.agent.stderr!])
      stream.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
  }

  /** Kills the agent, whatever it does. Resolves when it is gone. */
  async powerOff(): Promise<void> {
    const { agent } = this;
    if (agent === undefined || agent.exitCode !== null || agent.signalCode !== null) return;
    const gone = new Promise((resolve) => agent.once("exit", resolve));
    agent.kill("SIGKILL");
    await gone;
  }

  /** Resolves with the agent's last line when it ends by itself. */
  async end(): Promise<string> {
    await new Promise((resolve) => this.agent!.once("close", resolve));
    return this.output.trim().split("\n").at(-1) ?? "";
  }

  /** Resolves with the first answer of this state after the first `skipped` answers. */
  async answer(state: string, skipped = 0): Promise<Answer> {
    return this.eventually(`an answer "${state}"`, () =>
      this.answers.slice(skipped).find((answer) => answer.state === state),
    );
  }

  async eventually<T>(what: string, look: () => T | undefined): Promise<T> {
    const end = Date.now() + 20_000;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`no ${what}: ${JSON.stringify(this.answers)}\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async remove(): Promise<void> {
    await this.powerOff();
    for (const server of [this.api, this.kubelet]) {
      server?.closeAllConnections();
      server?.close();
    }
    rmSync(this.root, { recursive: true });
  }

  /** The agent's program, which looks for its own files on this machine and waits for a second only. */
  agentProgram(): string {
    const constant: Readonly<Record<string, string>> = {
      ETC: `${this.root}/etc`,
      JOURNAL: `${this.root}/journal`,
      CA: `${this.root}/certificate`,
      CERTIFICATE: `${this.root}/certificate`,
      CONSOLE: `${this.root}/console`,
      HEALTHZ: `http://127.0.0.1:${portOf(this.kubelet)}/healthz`,
      FLAGS: `${this.root}/kubeadm-flags.env`,
      MANIFEST: `${this.root}${manifestPath}`,
      ETCD: `${this.root}${etcdManifestPath}`,
      BIN: `${this.root}/bin`,
      ROOT: this.root,
      APPLYING: `${this.root}/applying`,
      KUBEADM_LOG: `${this.root}/kubeadm.log`,
    };
    return Object.entries(constant)
      .reduce(
        (text, [name, value]) => text.replace(new RegExp(`^${name} = .*$`, "m"), `${name} = ${JSON.stringify(value)}`),
        scriptFile("agent.py").content,
      )
      .replace("PATIENCE = 120", "PATIENCE = 1")
      .replace("PATIENCE = 240", "PATIENCE = 3")
      .replace("DRAIN_PATIENCE = 7200", "DRAIN_PATIENCE = 4");
  }

  private ordered(files: Readonly<Record<string, OrderedFile>>): (OrderedFile & { path: string })[] {
    const all = Object.entries(files).map(([path, { content, change = "nothing", mode = "0644" }]) => ({
      path: `${this.root}${path}`,
      mode,
      content,
      change,
    }));
    const record = all.map(({ change, path }) => `${change} ${path}\n`).join("");
    return [...all, { path: `${this.root}/etc/files-in-place`, mode: "0644", content: record, change: "nothing" }];
  }

  private serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    const path = request.url ?? "";
    const node = () => ({ metadata: { annotations: this.annotations } });
    const send = (document: unknown, status = 200) => response.writeHead(status).end(JSON.stringify(document));
    if (path === "/api/v1/namespaces/kube-system/secrets/openstack-kubernetes-files-default") {
      send({ data: this.secret });
    } else if (path.startsWith("/api/v1/nodes?watch=1")) {
      response.writeHead(200);
      response.write(`${JSON.stringify({ type: "ADDED", object: node() })}\n`);
      this.watchers.add(response);
    } else if (path === "/readyz") {
      response.writeHead(this.apiServerIsReady ? 200 : 500).end();
    } else if (path !== this.node) {
      send({ message: path }, 403);
    } else if (request.method === "GET") {
      send(node());
    } else {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (!this.takesAnswers) return send({ message: "away" }, 503);
        const { metadata } = JSON.parse(Buffer.concat(chunks).toString()) as {
          metadata: { annotations: Record<string, string> };
        };
        Object.assign(this.annotations, metadata.annotations);
        this.answers.push(JSON.parse(metadata.annotations[answerAnnotation]!) as Answer);
        return send(node());
      });
    }
  }

  private notify(): void {
    const event = { type: "MODIFIED", object: { metadata: { annotations: this.annotations } } };
    for (const watcher of this.watchers) watcher.write(`${JSON.stringify(event)}\n`);
  }

  /** Key and certificate of the API server in one text, which is the kubelet's as well. */
  private certificate(): string {
    const file = join(this.root, "certificate");
    const subject = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${file}.key`];
    execFileSync("openssl", ["req", "-x509", ...key, ...subject, "-out", file], { stdio: "pipe" });
    writeFileSync(file, readFileSync(file, "utf8") + readFileSync(`${file}.key`, "utf8"));
    return readFileSync(file, "utf8");
  }
}

function portOf(server: http.Server | https.Server): number {
  return (server.address() as AddressInfo).port;
}
