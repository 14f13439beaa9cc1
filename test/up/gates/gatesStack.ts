/** Runs of program.ts by the real engine, against an OpenStack and a Kubernetes API of a few lines on loopback. */
import * as https from "node:https";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { run } from "../../../lab/openstack/commands";
import { engine, engineFolder } from "../../../lab/openstack/engine";
import { answerAnnotation, orderAnnotation } from "../../../src/kubernetes/filesGuard";
import type { Node } from "../../../src/kubernetes/nodes";
import type { MadeCertificates } from "../../madeCertificates";
import { keystoneToken, whileListening, withServer, type FakeAnswer } from "../../openstack/fakeOpenstack";
import type { GatesRun } from "./gatesRun";

/** Answers by method and path, the query left out; what has none is answered 404 (OpenStack) or an empty list. */
export type Answers = Readonly<Record<string, FakeAnswer | (() => FakeAnswer)>>;

interface Scenario {
  readonly openstack?: Answers;
  readonly kubernetes?: Answers;
  /** The CA by which the program knows the API. @default the API's */
  readonly clusterCa?: string;
  readonly run?: Partial<GatesRun>;
  /** @default "up" */
  readonly command?: "up" | "preview";
  /** What is looked at. @default "error" */
  readonly severity?: "error" | "warning";
  /** Variables that the operator sets for this run. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What the engine called errors or warnings: one entry per message, with PORT for the port of a fake. */
type Messages = readonly string[];

interface EngineEvent {
  diagnosticEvent?: { severity: string; message: string };
}

/**
 * The messages of the last run of a new stack; those before must pass without any.
 *
 * @param scenarios All runs of the stack, one after the other.
 */
export async function messagesOf(certificates: MadeCertificates, ...scenarios: Scenario[]): Promise<Messages> {
  const folder = mkdtempSync(join(tmpdir(), "gates-"));
  try {
    const last = scenarios.pop() ?? {};
    for (const scenario of scenarios) expect(await messagesOfRun(folder, certificates, scenario)).toEqual([]);
    return await messagesOfRun(folder, certificates, last);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function messagesOfRun(
  folder: string,
  certificates: MadeCertificates,
  { openstack = {}, kubernetes = {}, clusterCa = certificates.ca, run: changes, environment, ...asked }: Scenario,
): Promise<Messages> {
  return withServer(
    ({ method, url }, own) =>
      url === "/v3/auth/tokens"
        ? keystoneToken(own, { compute: "/nova", network: "/neutron", image: "/glance" })
        : (answerOf(openstack, method, url) ?? emptyList(url) ?? { status: 404 }),
    (cloud) =>
      withKubernetes(certificates, kubernetes, async (port) => {
        const access = {
          host: "127.0.0.1",
          port,
          clusterCaCertificatePem: clusterCa,
          clientCertificatePem: certificates.clientCertificate,
          clientKeyPem: certificates.clientKey,
        };
        const input: GatesRun = { access, limit: 0.02, drainLimit: 0.02, ...changes };
        return pulumi(folder, asked, {
          OS_AUTH_URL: `${cloud}/v3`,
          OS_TOKEN: "t",
          OS_PROJECT_ID: "p",
          GATES: JSON.stringify(input),
          ...environment,
        });
      }),
  );
}

function answerOf(answers: Answers, method = "", url = ""): FakeAnswer | undefined {
  const answer = answers[`${method} ${url.replace(/\?.*/, "")}`];
  return typeof answer === "function" ? answer() : answer;
}

/** Lists that a run asks for and that no test needs filled. */
function emptyList(url: string): FakeAnswer | undefined {
  const key = /^\/nova\/(servers)\/detail/.exec(url)?.[1] ?? /^\/neutron\/v2\.0\/(security-groups)\?/.exec(url)?.[1];
  return key === undefined ? undefined : { status: 200, body: { [key.replace("-", "_")]: [] } };
}

async function withKubernetes<T>(
  { serverCertificate: cert, serverKey: key }: MadeCertificates,
  answers: Answers,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const ordered = new Map<string, Node>();
  const server = https.createServer({ cert, key }, (request, response) => {
    const sent: Buffer[] = [];
    request.on("data", (part: Buffer) => sent.push(part));
    request.on("end", () => {
      const { method, url = "" } = request;
      if (method === "PUT" && url.startsWith("/api/v1/nodes/"))
        ordered.set(url, withAgentsAnswer(JSON.parse(Buffer.concat(sent).toString()) as Node));
      const node = method === "GET" ? ordered.get(url) : undefined;
      const { status, body } = answerOf(answers, method, url) ?? {
        status: 200,
        body: node ?? { items: [], metadata: {} },
      };
      response.writeHead(status).end(JSON.stringify(body ?? {}));
    });
  });
  return whileListening(server, use);
}

/** The node as its machine's agent leaves it, which has carried out the order on it. */
function withAgentsAnswer(node: Node): Node {
  const order = node.metadata.annotations?.[orderAnnotation];
  const answer = JSON.stringify({
    order,
    state: "reached",
    message: "nothing had to be changed",
    packageManager: "apt",
  });
  return {
    ...node,
    metadata: { ...node.metadata, annotations: { ...node.metadata.annotations, [answerAnnotation]: answer } },
  };
}

async function pulumi(
  folder: string,
  { command = "up", severity = "error" }: Pick<Scenario, "command" | "severity">,
  variables: Readonly<Record<string, string>>,
): Promise<Messages> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("OS_") && !/_proxy$/i.test(name));
  const environment = {
    ...Object.fromEntries(own),
    ...variables,
    PATH: [engineFolder() ?? "", process.env.PATH ?? ""].join(delimiter),
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "gates",
    PULUMI_DEBUG_COMMANDS: "true",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const log = join(folder, "events.jsonl");
  const file = join(folder, "Pulumi.dev.yaml");
  writeFileSync(file, "config: {}\n", { flag: "a" });
  const of = ["--cwd", __dirname, "--stack", "dev", "--config-file", file, "--non-interactive"];
  await run(
    engine,
    ["stack", "select", "--create", ...of.filter((part) => part !== "--config-file" && part !== file)],
    {
      environment,
    },
  );
  const how = command === "up" ? ["up", "--yes", "--skip-preview"] : ["preview"];
  const { code, stdout } = await run(engine, [...how, "--event-log", log, ...of], { environment, allowFailure: true });
  const events = readFileSync(log, "utf8").trim().split("\n");
  rmSync(log);
  const messages = events.flatMap((line) => {
    const { diagnosticEvent: said } = JSON.parse(line) as EngineEvent;
    return said?.severity === severity ? [said.message.trim().replace(/(127\.0\.0\.1):\d+/g, "$1:PORT")] : [];
  });
  if (code !== 0 && messages.length === 0) throw new Error(`pulumi ${command} failed (${code}): ${stdout}`);
  return messages;
}
