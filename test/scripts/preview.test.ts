/** The offline preview from the command line to its exit code, as a child process. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { caCertificateHash } from "../../src/bootstrap/joinConfiguration";
import { preview, root, scratch, stackFile } from "./previewCommand";

const temporary = scratch();
afterAll(temporary.remove);
jest.setTimeout(120_000);

const pools = "openstack-kubernetes:nodePools";
type Pools = { count: number; flavor: string }[];

/** A stack file like dev's with another number of workers. */
function devWith(name: string, change: (config: Record<string, unknown>) => void): string {
  const content = stackFile("dev");
  change(content.config);
  writeFileSync(temporary.in(name), stringify(content));
  return temporary.in(name);
}

interface Document {
  simulation: boolean;
  totals: { machines: number; userData: { pool: string; bytes: number }[] };
  difference: Record<
    "added" | "changed" | "replaced" | "removed" | "stale",
    { name: string; inputs: string[]; note?: string }[]
  > & { unchanged: number };
  outputs: Record<string, unknown>;
  resources: { type: string; name: string; inputs: Record<string, unknown>; outputs: Record<string, unknown> }[];
}

describe.each(["dev", "prod"])("the preview of stack %s", (stack) => {
  it("says that it simulates, and shows tree, totals and difference", async () => {
    const { status, stdout } = await preview(stack, "--previous", temporary.in(`${stack}-text.json`));
    expect(status).toBe(0);
    expect(stdout.split("\n")[0]).toBe(`SIMULATION of stack ${stack}: no cloud was asked and none was changed.`);
    expect(stdout).toContain(`\n└─ Cluster ${stack}\n`);
    expect(stdout).toMatch(/\nTotals\n {2}machines +\d+: /);
    expect(stdout).toMatch(
      /\n {2}First preview of this stack here, so there is nothing to compare with: \d+ resources to create\.\n$/,
    );

    expect(stdout).not.toMatch(/\u001b/);
  });

  it("changes nothing the second time", async () => {
    const { stdout } = await preview(stack, "--previous", temporary.in(`${stack}-text.json`));
    expect(stdout).toMatch(
      /\n {2}0 to create, 0 to change in place, 0 to replace, 0 to delete, \d+ unchanged \(compared with the baseline of 2\S+Z, which --accept moves\)\.\n$/,
    );
  });
});

describe("the difference", () => {
  it("is exactly the added machine after the count was raised, and the removed one after it was lowered", async () => {
    const previous = temporary.in("count.json");
    const count = (n: number) => devWith(`count-${n}.yaml`, (config) => ((config[pools] as Pools)[0]!.count = n));
    const run = async (n: number) => {
      const { stdout } = await preview("dev", "--json", "--accept", "--config", count(n), "--previous", previous);
      return JSON.parse(stdout) as Document;
    };
    const first = await run(3);
    const raised = (await run(4)).difference;
    const lowered = (await run(3)).difference;
    const names = ({ added, changed, replaced, removed, stale }: Document["difference"]) =>
      Object.fromEntries(
        Object.entries({ added, changed, replaced, removed, stale }).map(([key, list]) => [
          key,
          list.map(({ name }) => name),
        ]),
      );
    expect(names(raised)).toEqual({ added: ["dev-general-3"], changed: [], replaced: [], removed: [], stale: [] });
    expect(raised.unchanged).toBe(first.difference.added.length);
    expect(names(lowered)).toEqual({ added: [], changed: [], replaced: [], removed: ["dev-general-3"], stale: [] });
  });

  it("is told with what it means when something is lost, and whether the configuration allows it", async () => {
    const previous = temporary.in("meaning.json");
    const count = (n: number, allowed: string[] = []) =>
      devWith(`meaning-${n}.yaml`, (config) => {
        (config[pools] as Pools)[0]!.count = n;
        config["openstack-kubernetes:allowDestruction"] = allowed;
      });
    await preview("dev", "--config", count(3), "--previous", previous);
    const refused = (await preview("dev", "--accept", "--config", count(2), "--previous", previous)).stdout;
    expect(refused).toMatch(
      /\nWhat that means\n {2}- machine `dev-general-2` is deleted with its disks: .* is lost \(refused by `npm run consequences` unless allowDestruction names it\)\n$/,
    );
    const allowed = (await preview("dev", "--config", count(1, ["general"]), "--previous", previous)).stdout;
    expect(allowed).toMatch(
      /\nWhat that means\n {2}- machine `dev-general-1` is deleted with its disks: .* is lost\n$/,
    );
  });

  it("tells a resize, and what stays as it was born", async () => {
    const previous = temporary.in("change.json");
    await preview("dev", "--previous", previous);
    const file = devWith("change.yaml", (config) => {
      config["openstack-kubernetes:image"] = "rhel-9.7";
      (config["openstack-kubernetes:controlPlane"] as { flavor: string }).flavor = "m1.xlarge";
    });
    const { stdout } = await preview("dev", "--config", file, "--previous", previous);
    expect(stdout).toContain("  0 to create, 3 to change in place, 0 to replace, 0 to delete,");
    expect(stdout).toContain("\n    ~ Instance dev-control-plane-0 [flavorName]: resized, with a reboot\n");
    expect(stdout).toMatch(
      /\n {2}6 stay as they were created, though the program would create them otherwise today \(stale\):\n/,
    );
    expect(stdout).toMatch(/\n {6}Instance dev-general-2 \[imageName.*\]\n/);
  });

  it("is kept in a file of its owner alone, without any secret", async () => {
    const previous = temporary.in("kept/run.json");
    const { stdout } = await preview("dev", "--json", "--previous", previous);
    const machine = (JSON.parse(stdout) as Document).resources.find(({ name }) => name === "dev-general-0");
    const kept = readFileSync(previous, "utf8");
    expect(statSync(previous).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(previous)).mode & 0o777).toBe(0o700);
    expect(machine?.inputs.userData).toBe("[secret]");
    expect(kept).not.toMatch(/PRIVATE KEY|H4sI/);
  });

  it("is made with nothing when the kept file is unusable, and says so", async () => {
    writeFileSync(temporary.in("broken.json"), "{");
    const { status, stdout } = await preview("dev", "--previous", temporary.in("broken.json"));
    expect(status).toBe(0);
    expect(stdout).toContain(
      `Note: ${temporary.in("broken.json")} is not a run that this version of the preview kept, so there is nothing to compare with. Replace it with --accept.`,
    );
    expect(readFileSync(temporary.in("broken.json"), "utf8")).toBe("{");
  });
});

describe("--json", () => {
  it("is one document on stdout, secrets hidden", async () => {
    const { status, stdout } = await preview("dev", "--json", "--previous", temporary.in("json.json"));
    const document = JSON.parse(stdout) as Document;
    expect(status).toBe(0);
    expect(document.simulation).toBe(true);
    expect(document.totals.machines).toBe(6);
    expect(document.outputs.adminKubeconfig).toBe("[secret]");
    expect(stdout).not.toMatch(/PRIVATE KEY|H4sI/);
  });
});

describe("--html", () => {
  it("writes the page and prints the preview as always", async () => {
    const file = temporary.in("pages/dev.html");
    const { status, stdout } = await preview("dev", "--html", file, "--previous", temporary.in("json.json"));
    expect({ status, first: stdout.split("\n")[0] }).toEqual({
      status: 0,
      first: "SIMULATION of stack dev: no cloud was asked and none was changed.",
    });
    expect(readFileSync(file, "utf8")).toMatch(/^<!doctype html>\n[^]*<svg [^]*kubeadm\.k8s\.io[^]*<\/html>\n$/);
  });
});

describe("--out", () => {
  const out = temporary.in("documents");
  const files = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [path.join(entry.parentPath, entry.name)] : [],
    );

  it("writes every document, as the files that it lays on a machine's disk, readable by their owner alone", async () => {
    const { status, stderr } = await preview("dev", "--out", out, "--previous", temporary.in("out.json"));
    expect(status).toBe(0);
    expect(stderr).toContain("The keys in them are throw-away ones, made for this preview.");
    expect(readFileSync(path.join(out, "machines/general/machines.txt"), "utf8")).toBe(
      "dev-general-0\ndev-general-1\ndev-general-2\n",
    );
    expect(parse(readFileSync(path.join(out, "kubeconfig.yaml"), "utf8"))).toMatchObject({ kind: "Config" });
    const ca = readFileSync(path.join(out, "certificates/dev-cluster-ca.pem"), "utf8");
    expect(readFileSync(path.join(out, "machines/general/files/etc/openstack-kubernetes/join.yaml"), "utf8")).toContain(
      caCertificateHash(ca),
    );
    const listed = readFileSync(path.join(out, "machines/control-plane/files.txt"), "utf8").trim().split("\n");
    expect(
      listed
        .map((line) => line.split(" ")[3] ?? "")
        .filter((file) => !existsSync(path.join(out, "machines/control-plane/files", file))),
    ).toEqual([]);
    expect(files(out).filter((file) => (statSync(file).mode & 0o777) !== 0o600)).toEqual([]);
    expect(statSync(out).mode & 0o777).toBe(0o700);
  });

  it("holds no private key of a worker, and those of the control plane", () => {
    const withKeys = (pool: string) =>
      files(path.join(out, "machines", pool)).filter((file) => readFileSync(file, "utf8").includes("PRIVATE KEY"));
    expect(withKeys("general")).toEqual([]);
    expect(withKeys("control-plane").length).toBeGreaterThan(3);
  });

  it("writes over what an earlier preview wrote, and leaves nothing of it", async () => {
    const { status } = await preview(
      "dev",
      "--out",
      out,
      "--previous",
      temporary.in("out.json"),
      "--config",
      devWith("renamed.yaml", (config) => (config["openstack-kubernetes:clusterName"] = "other")),
    );
    expect(status).toBe(0);
    expect(readdirSync(path.join(out, "certificates")).sort()).toEqual([
      "other-admin.pem",
      "other-cluster-ca.pem",
      "other-etcd-ca.pem",
      "other-front-proxy-ca.pem",
    ]);
  });

  it("does not touch a folder with other files", async () => {
    mkdirSync(temporary.in("foreign"));
    writeFileSync(temporary.in("foreign/letter.txt"), "dear");
    const { status, stderr } = await preview(
      "dev",
      "--out",
      temporary.in("foreign"),
      "--previous",
      temporary.in("out.json"),
    );
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `--out ${temporary.in("foreign")} holds other files; name an empty folder or one that does not exist yet.\n`,
    });
    expect(readdirSync(temporary.in("foreign"))).toEqual(["letter.txt"]);
  });
});

describe("a mistake", () => {
  it("in the configuration exits with 1 and the sentences alone", async () => {
    const file = devWith("broken.yaml", (config) => {
      (config[pools] as Pools)[0]!.count = -1;
      config["openstack-kubernetes:controlPlain"] = {};
    });
    const { status, stdout, stderr } = await preview("dev", "--config", file);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("nodePools[0].count is -1 but must be a whole number from 0 to 2000");
    expect(stderr).toContain("controlPlain");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each([
    ["no stack", [], 2, "error: missing required argument 'stack'\n"],
    ["an unknown option", ["dev", "--jsn"], 2, "error: unknown option '--jsn'\n(Did you mean --json?)\n"],
    ["a stack that is not there", ["none"], 1, `${path.join(root, "Pulumi.none.yaml")} does not exist`],
    [
      "a flavors file that is none",
      ["dev", "--flavors", path.join(root, "Pulumi.dev.yaml")],
      1,
      "write lines like those of simulation/flavors.yaml.\n",
    ],
  ])("in the usage (%s) is told in a sentence", async (_, args, expected, message) => {
    const { status, stdout, stderr } = await preview(...args);
    expect({ status, stdout }).toEqual({ status: expected, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("of the reader's, to close the pipe early, is none", () => {
    const command = `node -r ./scripts/typescript.js scripts/preview.ts dev --previous ${temporary.in("pipe.json")} 2>&1 | head -1`;
    expect(execFileSync("bash", ["-c", command], { cwd: root, encoding: "utf8" })).toMatch(
      /^(SIMULATION|Simulating).*\n$/,
    );
  });
});
