/** `npm run status` as a user runs it, without npm itself, with a Pulumi of a few lines. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { stringify } from "yaml";
import { run } from "../../lab/openstack/commands";
import type { Status } from "../../src/status/status";
import { minimalStack } from "../fixtures/minimalStack";
import type { LastUp } from "../../src/status/stackOutputs";
import {
  healthyAnswers,
  standInCloud,
  standInConfig,
  standInOutputs,
  type StandInAnswers,
  withCloud,
  withStandIn,
} from "../status/standIn";

// Each test starts processes of its own, on a machine that may be busy.
jest.setTimeout(120_000);

const root = join(__dirname, "../..");
const command = ["-r", join(root, "scripts/typescript.js"), join(root, "scripts/status.ts"), "dev"];
const workers = 500;
const config = standInConfig(workers);
const healthy = healthyAnswers(config);

/** The screens that docs/status.md shows: the first of a healthy cluster, the second with its API away. */
const [healthyScreen, awayScreen] = [
  ...readFileSync(join(root, "docs/status.md"), "utf8").matchAll(/^```text\n([\s\S]*?)^```$/gm),
].map(([, screen]) => screen);
/** What differs from run to run as docs/status.md has it. */
const shown = (stdout: string) =>
  stdout.replace(/at \S+ UTC/, "at 2026-11-30T02:13:20 UTC").replace(/127\.0\.0\.1:\d+/, "192.0.2.10:6443");

/** Of a Pulumi with its state in a bucket. */
const pulumiSeconds = 1;

/** `seconds` by the clock, on whatever machine this is; `busy` of the processor, which is the command's own. */
interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly seconds: number;
  readonly busy: number;
}

/** What it printed on a cluster of 3 + 500 nodes, its exit code, how long it took and kept a processor busy. */
async function status(answers: StandInAnswers, ...options: string[]): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), "status-test-"));
  try {
    const file = join(folder, "Pulumi.dev.yaml");
    const keys = {
      ...minimalStack,
      network: { cidr: "10.20.0.0/16" },
      kubernetes: { version: "1.36.3", podCidr: "172.16.0.0/12" },
      nodePools: [{ name: "default", count: workers, flavor: "large" }],
    };
    const entries = Object.entries(keys).map(([key, value]) => [`openstack-kubernetes:${key}`, value] as const);
    const both = (use: (outputs: LastUp, authUrl: string) => Promise<Ended>) =>
      withCloud(standInCloud(config), (authUrl) =>
        withStandIn(answers, standInOutputs(config), (outputs) => use(outputs, authUrl)),
      );
    return await both(async (outputs, authUrl) => {
      const cloud = {
        "openstack:authUrl": authUrl,
        "openstack:applicationCredentialId": "id",
        "openstack:applicationCredentialSecret": "secret",
      };
      writeFileSync(file, stringify({ config: { ...cloud, ...Object.fromEntries(entries) } }));
      writeFileSync(join(folder, "outputs.json"), JSON.stringify(outputs));
      const pulumi = join(folder, "pulumi");
      // At its third call somebody presses Ctrl-C.
      const lines = [
        "#!/bin/sh",
        `echo "$*" >> '${folder}/asked'`,
        `[ "$(wc -l < '${folder}/asked')" -lt 3 ] || kill -INT $PPID`,
        `sleep ${pulumiSeconds}`,
        `exec cat '${folder}/outputs.json'`,
      ];
      writeFileSync(pulumi, lines.join("\n"));
      chmodSync(pulumi, 0o755);
      const hook = join(folder, "busy.js");
      writeFileSync(
        hook,
        `process.on("exit", () => { const { user, system } = process.cpuUsage();
          require("node:fs").writeFileSync(${JSON.stringify(join(folder, "busy"))}, String((user + system) / 1e6)); });`,
      );
      const start = performance.now();
      const ended = await run(process.execPath, ["-r", hook, ...command, "--config", file, ...options], {
        environment: { PATH: [folder, process.env.PATH].join(delimiter), HOME: "/nonexistent" },
        allowFailure: true,
      });
      const seconds = (performance.now() - start) / 1000;
      return { ...ended, seconds, busy: Number(readFileSync(join(folder, "busy"), "utf8")) };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the status command", () => {
  it("shows a healthy cluster of 3 + 500 nodes in less than 3 seconds, one of which is Pulumi's", async () => {
    const { code, stdout, seconds, busy } = await status(healthy);
    process.stderr.write(`3 + ${workers} nodes: ${seconds.toFixed(2)} s, of which ${busy.toFixed(2)} s of processor\n`);
    expect(shown(stdout)).toBe(healthyScreen);
    expect(code).toBe(0);
    // What other work of this machine adds is not the command's.
    expect(busy + pulumiSeconds).toBeLessThan(3);
  });

  it("ends in less than 15 seconds with an API that never answers, with status 1", async () => {
    const { code, stdout, seconds, busy } = await status({ "/": () => "hang" });
    process.stderr.write(`API away: ${seconds.toFixed(2)} s, of which ${busy.toFixed(2)} s of processor\n`);
    expect(shown(stdout)).toBe(awayScreen);
    expect(code).toBe(1);
    // All parts wait at the same time, as long as the screen says.
    expect(busy + 8).toBeLessThan(15);
  });

  it("looks again where it watches, and ends with the state of its last look", async () => {
    let looks = 0;
    const body = "[-]etcd failed: reason withheld\n";
    const readyz = () => (++looks === 1 ? healthy["/readyz"]!(new URL("https://x/")) : { status: 500, body });
    const { code, stdout } = await status({ ...healthy, "/readyz": readyz }, "--json", "--watch", "1");
    expect([
      code,
      ...stdout
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as Status).health),
    ]).toEqual([1, "healthy", "bad"]);
  });

  it("ends with status 2 for an option that it does not know", async () => {
    expect(await status(healthy, "--everything")).toMatchObject({ code: 2, stdout: "" });
  });
});
