/**
 * `npm run bench`: how long the offline preview takes, measured as a user would have it, npm included. Runs are
 * interleaved and medians are taken, since the machine's other work weighs on all of them alike. `--check` makes a
 * missed promise an error.
 */
import { counted } from "../src/config/counted";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { Command } from "commander";
import { parse, stringify } from "yaml";

interface StackFile {
  readonly config: Record<string, unknown>;
}

interface Measured {
  readonly seconds: number;
  readonly peakMiB: number;
}

const root = path.join(__dirname, "..");
const namespace = "openstack-kubernetes";
/** The promises: times as multiples, user data in bytes as sent to Nova. */
const promised = { previewTimes: 5, thousandTimes: 12, workerBytes: 8 * 1024, controlPlaneBytes: 24 * 1024 };

function main(options: { readonly runs: string; readonly check?: true }): void {
  const runs = Number(options.runs);
  const folder = mkdtempSync(path.join(tmpdir(), "openstack-kubernetes-bench-"));
  try {
    const peakFile = path.join(folder, "peak");
    const peakHook = path.join(folder, "peak.js");
    // npm's processes come and go as well; the preview is the last to exit but npm itself, and the largest.
    const keepLargest = `const f = ${JSON.stringify(peakFile)}; const fs = require("node:fs");
      process.on("exit", () => { const before = fs.existsSync(f) ? Number(fs.readFileSync(f, "utf8")) : 0;
        fs.writeFileSync(f, String(Math.max(before, process.resourceUsage().maxRSS / 1024))); });`;
    writeFileSync(peakHook, keepLargest);
    const measure = (command: string, args: readonly string[]): Measured => {
      rmSync(peakFile, { force: true });
      const start = performance.now();
      const { status, stderr } = spawnSync(command, args, {
        cwd: root,
        encoding: "utf8",
        stdio: ["ignore", "ignore", "pipe"],
        env: { ...process.env, NODE_OPTIONS: `--require ${peakHook}` },
      });
      const seconds = (performance.now() - start) / 1000;
      if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stderr}`);
      return { seconds, peakMiB: Number(readFileSync(peakFile, "utf8")) };
    };
    const previewOf = (config: string) =>
      measure("npm", [
        "run",
        "--silent",
        "preview",
        "--",
        "dev",
        "--config",
        config,
        "--previous",
        path.join(folder, `${path.basename(config)}.json`),
      ]);

    const dev = path.join(root, "Pulumi.dev.yaml");
    const hundred = writeStack(folder, dev, 100);
    const thousand = writeStack(folder, dev, 1000);
    const samples: Record<"bare" | "dev" | "hundred" | "thousand", Measured[]> = {
      bare: [],
      dev: [],
      hundred: [],
      thousand: [],
    };
    for (let run = 0; run < runs; run++) {
      process.stderr.write(`run ${run + 1} of ${runs}\n`);
      samples.bare.push(measure("node", ["-e", "require('@pulumi/pulumi')"]));
      samples.dev.push(previewOf(dev));
      samples.hundred.push(previewOf(hundred));
      samples.thousand.push(previewOf(thousand));
    }
    const bare = median(samples.bare);
    const devTime = median(samples.dev);
    const hundredTime = median(samples.hundred);
    const thousandTime = median(samples.thousand);
    const bytes = userDataBytes(dev, path.join(folder, "json.json"));
    const worker = Math.max(...bytes.filter(({ pool }) => pool !== "control-plane").map((entry) => entry.bytes));
    const controlPlane = bytes.find(({ pool }) => pool === "control-plane")?.bytes ?? 0;

    process.stdout.write(`Medians of ${counted(runs, "run")}, npm included:\n`);
    for (const [name, taken] of Object.entries({
      "require('@pulumi/pulumi')": samples.bare,
      "preview dev": samples.dev,
      "3 + 100": samples.hundred,
      "3 + 1000": samples.thousand,
    })) {
      process.stdout.write(
        `  ${name.padEnd(26)} ${median(taken).toFixed(2).padStart(6)} s, peak ${Math.max(...taken.map(({ peakMiB }) => peakMiB)).toFixed(0)} MiB\n`,
      );
    }
    const kept = [
      promise("preview dev / require('@pulumi/pulumi')", devTime / bare, promised.previewTimes),
      promise("3 + 1000 / 3 + 100", thousandTime / hundredTime, promised.thousandTimes),
      promise("bytes of a worker's user data", worker, promised.workerBytes),
      promise("bytes of a control-plane machine's user data", controlPlane, promised.controlPlaneBytes),
    ];
    if (options.check === true && kept.includes(false)) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The dev stack with `count` workers, on networks that have room for them. */
function writeStack(folder: string, dev: string, count: number): string {
  const { config } = parse(readFileSync(dev, "utf8")) as StackFile;
  const key = (name: string) => `${namespace}:${name}`;
  const pools = config[key("nodePools")] as object[];
  const sized = {
    ...config,
    [key("nodePools")]: [{ ...pools[0], count }],
    [key("network")]: { ...(config[key("network")] as object), cidr: "10.20.0.0/16" },
    [key("kubernetes")]: { ...(config[key("kubernetes")] as object | undefined), podCidr: "172.16.0.0/12" },
  };
  const file = path.join(folder, `${count}.yaml`);
  writeFileSync(file, stringify({ config: sized }));
  return file;
}

function userDataBytes(config: string, previous: string): { readonly pool: string; readonly bytes: number }[] {
  const args = ["run", "--silent", "preview", "--", "dev", "--json", "--config", config, "--previous", previous];
  const { stdout } = spawnSync("npm", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  return (JSON.parse(stdout) as { totals: { userData: { pool: string; bytes: number }[] } }).totals.userData;
}

function median(measured: readonly Measured[]): number {
  const sorted = measured.map(({ seconds }) => seconds).sort((a, b) => a - b);
  const last = sorted.length - 1;
  return ((sorted[Math.floor(last / 2)] as number) + (sorted[Math.ceil(last / 2)] as number)) / 2;
}

function promise(name: string, value: number, limit: number): boolean {
  const ok = value <= limit;
  process.stdout.write(`${ok ? "PASS  " : "MISSED"} ${name}: ${Number(value.toFixed(2))}, promised at most ${limit}\n`);
  return ok;
}

new Command("npm run bench --")
  .description("Measures the offline preview against what the project promises.")
  .option("--runs <n>", "runs of each, of which the median counts", "5")
  .option("--check", "exit with 1 when a promise is missed")
  .action(main)
  .parse();
