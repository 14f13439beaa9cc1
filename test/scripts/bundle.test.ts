/**
 * `npm run bundle` as a user runs it, without npm itself, with a Pulumi of a few lines, on a cluster and a cloud that
 * say thirty kinds of secrets wherever one may say something. The archive is unpacked and read.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { stringify } from "yaml";
import { run } from "../../lab/openstack/commands";
import { gatherBundle } from "../../src/bundle/bundle";
import { planted } from "../bundle/planted";
import { OpenstackApi } from "../../src/openstack/client";
import { minimalStack } from "../fixtures/minimalStack";
import {
  healthyAnswers,
  standInCloud,
  standInConfig,
  standInOutputs,
  type StandInAnswers,
  withCloud,
  withStandIn,
} from "../status/standIn";

jest.setTimeout(120_000);

const root = join(__dirname, "../..");
const config = standInConfig(1);
const everything = Object.values(planted)
  .map(({ text }) => text)
  .join("\n");
const knownHere = ["known-to-this-computer", "known-from-a-file"];
const secrets = [...Object.values(planted).map(({ secret }) => secret), ...knownHere];
const machine = "dev-control-plane-0";
const listing = (items: readonly object[]) => () => ({ body: { items, metadata: {} } });
const talkative = { message: everything, metadata: { name: "x", annotations: { note: everything } } };
const kubernetes: StandInAnswers = {
  ...healthyAnswers(config),
  "/api/v1/events": listing([talkative, { message: "Failed to pull image shop:2" }]),
  "/api/v1/pods": listing([
    {
      metadata: { name: "shop" },
      spec: { containers: [{ env: [{ name: "GREETING", value: secrets[0] }], args: [everything] }] },
    },
  ]),
  "/api/v1/namespaces/kube-system/pods": listing([
    { metadata: { name: `etcd-${machine}`, namespace: "kube-system" }, spec: { containers: [{ name: "etcd" }] } },
  ]),
  [`/api/v1/namespaces/kube-system/pods/etcd-${machine}/log`]: () => ({
    body: `${everything}\n${knownHere.join(" and ")}\nelected leader`,
  }),
  [`/api/v1/nodes/${machine}/proxy/logs/openstack-kubernetes.log`]: () => ({
    body: `${everything}\nFAILED: no mirror`,
  }),
  [`/api/v1/nodes/${machine}/proxy/logs/`]: () => ({ status: 404, body: everything }),
};
const cloud: StandInAnswers = {
  ...standInCloud(config),
  "/nova/servers/detail": () => ({
    body: {
      servers: [{ id: "s", name: machine, status: "ACTIVE", metadata: {}, user_data: secrets[0], fault: talkative }],
    },
  }),
  "/nova/servers/s/action": () => ({ body: { output: `${everything}\nlogin:` } }),
};

describe("the bundle command", () => {
  const folder = mkdtempSync(join(tmpdir(), "bundle-test-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const archive = join(folder, "dev.tar.gz");

  it("collects everything in one archive that only its owner reads", async () => {
    const { code, stdout } = await withCloud(cloud, (authUrl) =>
      withStandIn(kubernetes, standInOutputs(config), async (outputs) => {
        const file = join(folder, "Pulumi.dev.yaml");
        const own = Object.fromEntries(
          Object.entries({
            ...minimalStack,
            network: { cidr: "10.20.0.0/16" },
            kubernetes: { version: "1.36.3", podCidr: "172.16.0.0/12" },
            nodePools: [{ name: "default", count: 1, flavor: "large" }],
          }).map(([key, value]) => [`openstack-kubernetes:${key}`, value]),
        );
        const login = { "openstack:authUrl": authUrl, "openstack:applicationCredentialId": "id" };
        const secret = { "openstack:applicationCredentialSecret": "known-to-this-computer" };
        writeFileSync(file, stringify({ config: { ...login, ...secret, ...own } }));
        writeFileSync(join(folder, "outputs.json"), JSON.stringify(outputs));
        const script = `#!/bin/sh\n[ "$1" != version ] || { echo v3.0.0; exit; }\ncat '${folder}/outputs.json'\n`;
        writeFileSync(join(folder, "pulumi"), script, { mode: 0o755 });
        const passphrase = join(folder, "passphrase");
        writeFileSync(passphrase, "known-from-a-file\n");
        const command = ["-r", join(root, "scripts/typescript.js"), join(root, "scripts/bundle.ts"), "dev"];
        return run(process.execPath, [...command, "--config", file, "--out", archive], {
          environment: {
            PATH: [folder, process.env.PATH].join(delimiter),
            HOME: "/nonexistent",
            PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
          },
          allowFailure: true,
        });
      }),
    );
    expect([code, stdout]).toEqual([0, `${archive}\n`]);
    expect((statSync(archive).mode & 0o777).toString(8)).toBe("600");
    execFileSync("tar", ["-xzf", archive, "--strip-components=1", "--one-top-level=found", "-C", folder]);
  });

  it.each([
    ["a stack without a file", ["dve"], /There is no .*Pulumi\.dve\.yaml, so dve may be misspelt/],
    ["a folder that is not there", ["dev", "--out", "/dev/null/x.tar.gz"], /There is no folder \/dev\/null/],
  ])("ends before it asks anybody for %s", (_what, words, sentence) => {
    const command = ["-r", join(root, "scripts/typescript.js"), join(root, "scripts/bundle.ts"), ...words];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr.replace(/\s+/g, " ")).toMatch(sentence);
    expect(stderr).not.toContain("questions were asked");
  });

  const files = () =>
    readdirSync(join(folder, "found"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const read = (file: string) => readFileSync(join(folder, "found", file), "utf8");

  it.each(secrets)("has no secret of kind %#, plain, encoded or as part of an address", (secret) => {
    const shown = files().map((file) => readFileSync(file, "utf8"));
    for (const form of [secret, Buffer.from(secret).toString("base64"), encodeURIComponent(secret)])
      expect(files().filter((_, index) => shown[index]!.includes(form))).toEqual([]);
  });

  it("keeps what whoever helps looks for", () => {
    expect(read(`consoles/${machine}.log`)).toMatch(/login:$/);
    expect(read(`logs/${machine}/bootstrap.log`)).toContain("FAILED: no mirror");
    expect(read(`logs/pods/kube-system/etcd-${machine}/etcd.log`)).toContain("elected leader");
    expect(read(`logs/${machine}/journal-kubelet.log`)).toMatch(/^could not be asked: HTTP 404/);
    expect(read("kubernetes/events.json")).toContain("Failed to pull image shop:2");
    expect(JSON.parse(read("kubernetes/nodes.json"))).toHaveLength(4);
    expect(read("status.txt")).toContain("3 of 3 members healthy");
    expect(JSON.parse(read("versions.json"))).toMatchObject({ pulumi: "v3.0.0" });
    expect(read("stack-file.yaml")).toContain("openstack-kubernetes:image");
    expect(JSON.parse(read("openstack/servers.json"))).toMatchObject([{ name: machine, status: "ACTIVE" }]);
    expect(JSON.parse(read("outputs.json"))).not.toHaveProperty("adminKubeconfig");
    expect(read("kubernetes/webhooks.json")).toMatch(/^could not be asked: .*404/);
  });
});

describe("the gathering of a bundle", () => {
  it("keeps the consoles of two servers of one name apart, and each below its folder", async () => {
    const listed = [
      { id: "1", name: machine },
      { id: "2", name: machine },
      { id: "3", name: "../../x y" },
    ];
    const twins: StandInAnswers = {
      ...cloud,
      "/nova/servers/detail": () => ({ body: { servers: listed } }),
      ...Object.fromEntries(
        listed.map(({ id }) => [`/nova/servers/${id}/action`, () => ({ body: { output: `of ${id}` } })]),
      ),
    };
    const written = new Map<string, string>();
    const nobody = () => Promise.reject(new Error("nobody answers"));
    await withCloud(twins, (authUrl) =>
      gatherBundle({
        own: {},
        outputs: () => Promise.resolve(standInOutputs(config) as never),
        request: nobody,
        cloud: () => OpenstackApi.login({ authUrl, insecure: false, token: "t" }, [authUrl]),
        known: [],
        write: (file, content) => written.set(file, content),
        tell: () => undefined,
      }),
    );
    const consoles = [...written].filter(([file]) => file.startsWith("consoles/"));
    expect(Object.fromEntries(consoles)).toEqual({
      [`consoles/${machine}-1.log`]: "of 1",
      [`consoles/${machine}-2.log`]: "of 2",
      "consoles/..-..-x-y.log": "of 3",
    });
  });

  it("goes on where a question hangs and where nobody answers", async () => {
    const written = new Map<string, string>();
    const nobody = () => Promise.reject(new Error("nobody answers"));
    await gatherBundle(
      {
        own: {
          "status.txt": () => new Promise(() => undefined),
          "stack-file.yaml": () => Promise.resolve("config: {}"),
        },
        outputs: nobody,
        request: nobody,
        cloud: nobody,
        known: [],
        write: (file, content) => written.set(file, content),
        tell: () => undefined,
      },
      100,
    );
    expect(written.get("status.txt")).toBe("could not be asked: no answer within 0.1 s\n");
    expect(written.get("stack-file.yaml")).toBe("config: {}");
    expect(written.get("kubernetes/pods.json")).toBe("could not be asked: nobody answers\n");
  });
});
