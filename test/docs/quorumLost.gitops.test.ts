/**
 * What etcd says of itself on a machine, asked by the commands of docs/runbooks/quorum-lost.md: a real member with its
 * quorum, and one of two whose other never was. `ssh NODE` runs here.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderClusterConfiguration } from "../../src/bootstrap/clusterConfiguration";
import { rhel9, sampleConfig, sampleFacts } from "../bootstrap/samples";
import { eventually, freePorts, Processes } from "../gitops/live/processes";
import { describeWith, siteFolder } from "../gitops/toolbox";
import { commandsRunBy } from "./runbooks";
import { repositoryFolder } from "./textFiles";

jest.setTimeout(120_000);

const page = "docs/runbooks/quorum-lost.md";
const etcd = join(siteFolder("etcd"), "server");

describeWith([etcd])("etcd on a machine", () => {
  const folder = mkdtempSync(join(tmpdir(), "quorum-lost-"));
  const processes = new Processes(folder);
  const data = join(folder, "etcd");
  const [health = "", size = ""] = commandsRunBy(__filename, page);
  const text = readFileSync(join(repositoryFolder, page), "utf8");
  let metrics = 0;

  afterEach(() => processes.stop());
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts a member whose cluster has so many more, none of which runs. */
  async function start(others: number): Promise<void> {
    const ports = await freePorts(3 + others);
    const [client, peer, port = 0, ...silent] = ports;
    metrics = port;
    const member = `m0=http://127.0.0.1:${peer}`;
    rmSync(data, { recursive: true, force: true });
    processes.start("etcd", etcd, [
      "--name=m0",
      `--data-dir=${data}`,
      `--listen-client-urls=http://127.0.0.1:${client}`,
      `--advertise-client-urls=http://127.0.0.1:${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-cluster=${[member, ...silent.map((other, index) => `m${index + 1}=http://127.0.0.1:${other}`)].join(",")}`,
      `--listen-metrics-urls=http://127.0.0.1:${metrics}`,
    ]);
  }

  /** What a command prints; on the machine etcd's metrics and data have other places. */
  function run(commands: string): string {
    const here = commands.replace(":2381/", `:${metrics}/`).replace("/var/lib/etcd", data);
    const prelude = `ssh() { shift; eval "$1"; }\nsudo() { "$@"; }\n`;
    return spawnSync("bash", ["-c", `${prelude}${here}`], { encoding: "utf8", timeout: 30_000 }).stdout.trim();
  }

  it.each([
    { title: "has its quorum", others: 0, answer: '{"health":"true","reason":""}' },
    { title: "has lost it", others: 1, answer: '{"health":"false","reason":"RAFT NO LEADER"}' },
  ])("answers as the page shows when it $title, and has its data", async ({ others, answer }) => {
    await start(others);
    const said = await eventually(
      "an answer",
      60,
      () => (run(health) === answer ? answer : undefined),
      () => `${run(health)}\n${processes.tail("etcd")}`,
    );
    expect(text).toContain(`**\`${said}\`:**`);
    expect(run(size)).toMatch(/^\d+(?:\.\d+)?[KM]\t\S+\/member\/snap\/db$/);
  });

  it("says nothing when it does not run", () => {
    expect(run(health)).toBe("");
  });

  it("is asked where the program has it listen", () => {
    const config = sampleConfig(rhel9);
    const document = JSON.stringify(renderClusterConfiguration(config, sampleFacts(config)));
    expect(document).toContain('"value":"http://0.0.0.0:2381"');
    expect(document).toContain('"dataDir":"/var/lib/etcd"');
    expect(existsSync(etcd)).toBe(true);
  });
});
