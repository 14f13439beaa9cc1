/**
 * The runbooks' calls of Pulumi, letter for letter, by the real engine: what a refresh of the endpoint reaches in the
 * resources of a whole cluster, and what the stack file holds after a value was set. The resources are stand-ins with
 * the names of the program's; what `up` does of a changed value is for the platform's own test.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { stringify } from "yaml";
import { engineFolder } from "../../lab/openstack/engine";
import { parseClusterConfig } from "../../src/config/parse";
import { readStackFile } from "../../src/config/stackFile";
import { describeUnless } from "../describeUnless";
import { minimalStack } from "../fixtures/minimalStack";
import { engineObstacle } from "../realEngine/installedEngine";
import { runProgram } from "../runProgram";
import { commandsRunBy } from "./runbooks";
import { repositoryFolder } from "./textFiles";

jest.setTimeout(300_000);

/** Registers a resource for each name in `names`, and notes which of them it is asked about. */
const program = `
const pulumi = require("@pulumi/pulumi");
const folder = process.env.TEST_FOLDER;
const provider = {
  create: async ({ name }) => ({ id: name, outs: { name } }),
  diff: async () => ({ changes: false }),
  read: async (id, props) => {
    require("fs").appendFileSync(process.env.TEST_FOLDER + "/asked", id + "\\n");
    return { id, props };
  },
};
for (const name of JSON.parse(require("fs").readFileSync(folder + "/names", "utf8")))
  new pulumi.dynamic.Resource(provider, name, { name });
`;

describeUnless(engineObstacle([]), "a call of Pulumi in the runbooks", () => {
  let folder: string;
  const inFolder = (name: string) => join(folder, name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pulumi-commands-"));
    writeFileSync(
      inFolder("Pulumi.yaml"),
      "name: openstack-kubernetes\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n",
    );
    writeFileSync(inFolder("package.json"), '{ "name": "stand-in", "main": "index.js" }');
    writeFileSync(inFolder("index.js"), program);
    symlinkSync(join(repositoryFolder, "node_modules"), inFolder("node_modules"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs commands with an answer for each question of Pulumi; what asks for a yes gets it. Throws when one fails. */
  function run(commands: string, answer = ""): string {
    const env = {
      PATH: [engineFolder() ?? "", process.env.PATH ?? ""].join(delimiter),
      HOME: process.env.HOME,
      ANSWER: answer,
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_CONFIG_PASSPHRASE: "stand-in",
      PULUMI_SKIP_CONFIRMATIONS: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      TEST_FOLDER: folder,
    };
    const script = `set -e\npulumi() { printf '%s' "$ANSWER" | command pulumi --non-interactive "$@"; }\n${commands}`;
    const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { cwd: folder, env, encoding: "utf8" });
    if (status !== 0) throw new Error(`${commands}: ${stdout}${stderr}`);
    return stdout;
  }

  /** Everything that a cluster with such an endpoint creates. */
  async function resources(apiEndpoint: object): Promise<{ readonly name: string; readonly type: string }[]> {
    const network = { cidr: "10.0.0.0/24", externalNetwork: "public" };
    const values = { ...minimalStack, network, apiEndpoint: { allowedCidrs: ["192.0.2.0/24"], ...apiEndpoint } };
    const { resources: all } = await runProgram(values, { stack: "dev" });
    return all.filter(({ custom }) => custom).map(({ name, type }) => ({ name, type }));
  }

  it.each([
    { kind: "loadBalancer", floatingIp: true },
    { kind: "virtualIp", floatingIp: true },
  ])("refreshes a $kind with the control plane, and neither workers nor what is in the cluster", async (endpoint) => {
    const all = await resources(endpoint);
    const names = [...new Set(all.map(({ name }) => name))];
    writeFileSync(inFolder("names"), JSON.stringify(names));
    run("pulumi stack init dev && pulumi up --stack dev");
    const [commands = ""] = commandsRunBy(__filename, "docs/runbooks/endpoint-down.md");
    run(commands);
    const asked = [...new Set(readFileSync(inFolder("asked"), "utf8").trim().split("\n"))].sort();
    const typesOf = (wanted: (name: string) => boolean) =>
      new Set(all.filter(({ name }) => wanted(name)).map(({ type }) => type.replace(/.*:/, "")));
    const reached = typesOf((name) => asked.includes(name));
    const expected =
      endpoint.kind === "loadBalancer" ? ["LoadBalancer", "Listener", "Pool", "Monitor", "Member"] : ["Port"];
    for (const type of [...expected, "FloatingIp", "SecGroup", "Instance"]) expect(reached).toContain(type);
    expect(asked).toEqual(names.filter((name) => /^dev-(api|control-plane)/.test(name)).sort());
    expect(asked.length).toBeLessThan(names.length);
    expect(all.filter(({ name, type }) => asked.includes(name) && type.startsWith("kubernetes:"))).toEqual([]);
  });

  it.each([
    { page: "openstack-credential", keys: ["credentials.openstack.id", "credentials.openstack.secret"] },
    { page: "registry-away", keys: ["registryMirrors[0].endpoints[0]"] },
  ])("sets what $page says, in a stack file that the program takes", ({ page, keys }) => {
    const file = inFolder("Pulumi.dev.yaml");
    const mirrors = [{ registry: "quay.io", endpoints: ["https://old.example.org"] }];
    const cloudProvider = { authUrl: "https://keystone.example.org:5000/v3", region: "one" };
    const own = Object.entries({
      ...minimalStack,
      ...(page === "registry-away" ? { registryMirrors: mirrors } : { cloudProvider }),
    });
    run("pulumi stack init dev");
    const salt = readFileSync(file, "utf8");
    const config = Object.fromEntries(own.map(([key, value]) => [`openstack-kubernetes:${key}`, value]));
    writeFileSync(file, `${salt}${stringify({ config })}`);
    const [commands = ""] = commandsRunBy(__filename, `docs/runbooks/${page}.md`);
    run(commands, "0123456789abcdef");
    const shown = keys.map((key) => run(`pulumi config get --stack dev --path '${key}'`).trim());
    expect(shown).toEqual(
      keys.map(() => (page === "registry-away" ? "https://mirror.example.org" : "0123456789abcdef")),
    );
    const text = readFileSync(file, "utf8");
    expect(text).not.toContain("0123456789abcdef");
    expect(text.match(/secure:/g) ?? []).toHaveLength(page === "registry-away" ? 0 : 2);
    const { values, problems } = readStackFile(file);
    const parsed = parseClusterConfig(values, "dev", { problems });
    expect(parsed.credentials?.openstack !== undefined).toBe(page !== "registry-away");
    expect(existsSync(inFolder("asked"))).toBe(false);
  });
});
