/**
 * Stacks that an earlier program made, previewed by the real engine and the real providers with today's program; a fake
 * OpenStack answers their look-ups. The state holds what the earlier program asked for, and where only a digest of it
 * was kept, today's value if it is the same. Not proven: what the cluster's Kubernetes holds
 * (test/platform/platform.engine shows that a second run of the platform changes nothing there).
 */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { run } from "../lab/openstack/commands";
import { engine } from "../lab/openstack/engine";
import { checkout } from "../lab/openstack/stack";
import { dependencies } from "../package.json";
import { existingThings, simulate, type PreviousRun } from "../simulation";
import { idOf, secretDigest } from "../simulation/identity";
import { parseClusterConfig } from "../src/config/parse";
import { readStackFile } from "../src/config/stackFile";
import program from "../src/index";
import { describeUnless } from "./describeUnless";
import { healthyCloud, image, withCloud, type Cloud } from "./preflight/fakeCloud";
import { engineObstacle, programPlugins } from "./realEngine/installedEngine";

jest.setTimeout(5 * 60_000);

const fixtures = join(__dirname, "fixtures/earlierState");
/** What would need the cluster's API server. */
const withoutKubernetes = { flux: undefined, cloudProvider: undefined, credentials: undefined, cni: { kind: "none" } };

/** Outputs that a real provider fills in and the simulation does not have. */
const chosenByProvider: Readonly<Record<string, object>> = {
  "tls:index/privateKey:PrivateKey": { rsaBits: 2048, privateKeyOpenssh: "a key" },
  "tls:index/selfSignedCert:SelfSignedCert": {
    earlyRenewalHours: 0,
    setAuthorityKeyId: false,
    setSubjectKeyId: false,
  },
  "tls:index/locallySignedCert:LocallySignedCert": { isCaCertificate: false, setSubjectKeyId: false },
};

interface Plan {
  readonly steps: readonly { readonly op: string; readonly urn: string; readonly diffReasons?: readonly string[] }[];
}

/** The stack's state, as the engine would have kept it of the earlier program. */
async function earlierState(
  previous: PreviousRun,
  values: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, string>>,
): Promise<object> {
  const existing = existingThings(parseClusterConfig(values, "dev"));
  const today = await simulate(program, { stack: "dev", config, previous, existing });
  const now = new Map(today.resources.map((resource) => [resource.urn, resource]));
  const resources = Object.entries(previous.resources).map(([urn, { type, parent, inputs: kept, computed }]) => {
    const component = { urn, type, custom: false, ...(parent === undefined ? {} : { parent }) };
    const isProvider = type.startsWith("pulumi:providers:");
    if (!isProvider && !type.includes("/")) return component;
    const [provider = ""] = type.split(":");
    const { inputs: todays = {}, outputs: todaysOutputs, protect } = now.get(urn) ?? {};
    const inputs = Object.fromEntries(
      Object.entries(kept).map(([name, input]) => {
        if ("value" in input) return [name, input.value];
        const isSame = secretDigest(previous.seed, todays[name]) === input.digest;
        return [name, isSame ? todays[name] : "of the earlier program"];
      }),
    );
    const resource = { ...component, custom: true, id: computed.id, protect };
    if (isProvider) {
      const settings = { ...inputs, version: versionOf("kubernetes") };
      return { ...resource, inputs: settings, outputs: settings };
    }
    return {
      ...resource,
      provider: `${providerUrn(provider)}::${idOf(provider)}`,
      inputs: { ...inputs, __defaults: [] },
      outputs: { ...chosenByProvider[type], ...todaysOutputs, ...inputs, ...computed },
    };
  });
  const providers = (["openstack", "tls", "random"] as const).map((name) => {
    const inputs = { version: versionOf(name) };
    const type = `pulumi:providers:${name}`;
    return { urn: providerUrn(name), type, custom: true, id: idOf(name), inputs, outputs: inputs };
  });
  const [stack, ...others] = resources;
  return { version: 3, deployment: { manifest: {}, resources: [stack, ...providers, ...others] } };
}

const versionOf = (provider: string) => dependencies[`@pulumi/${provider}` as keyof typeof dependencies];
const providerUrn = (name: string) =>
  `urn:pulumi:dev::openstack-kubernetes::pulumi:providers:${name}::default_${versionOf(name).replaceAll(".", "_")}`;

/** What the engine would do to each resource that does not stay the same: operation, name, properties that differ. */
async function preview(name: string, cloud: Cloud): Promise<readonly string[]> {
  const read = readStackFile(join(fixtures, `${name}.yaml`)).values;
  const values = JSON.parse(JSON.stringify({ ...read, ...withoutKubernetes })) as Record<string, unknown>;
  const { seed, resources } = JSON.parse(readFileSync(join(fixtures, `${name}.json`), "utf8")) as PreviousRun;
  const kept = Object.entries(resources).filter(([, { type }]) => !type.startsWith("kubernetes:"));
  const named = Object.entries(values).map(([key, value]) => [`openstack-kubernetes:${key}`, value] as const);
  const asText = named.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)] as const);
  const state = await earlierState({ seed, resources: Object.fromEntries(kept) }, values, Object.fromEntries(asText));
  const folder = mkdtempSync(join(tmpdir(), "earlier-state-"));
  try {
    return await withCloud(cloud, async (url) => {
      mkdirSync(join(folder, "state"));
      const stateFile = join(folder, "state.json");
      writeFileSync(stateFile, JSON.stringify(state));
      // The engine writes its salt into the stack file of the project that the stack is created in.
      writeFileSync(join(folder, "Pulumi.yaml"), "name: openstack-kubernetes\nruntime: nodejs\n");
      const configFile = join(folder, "Pulumi.dev.yaml");
      const environment = { ...environmentOf(url), PULUMI_BACKEND_URL: `file://${join(folder, "state")}` };
      const pulumi = async (...args: string[]) =>
        (await run(engine, [...args, "--non-interactive"], { environment })).stdout;
      const stack = "organization/openstack-kubernetes/dev";
      await pulumi("stack", "init", stack, "--no-select", "--cwd", folder);
      await pulumi("stack", "import", "--file", stateFile, "--stack", stack, "--cwd", folder);
      appendFileSync(configFile, stringify({ config: Object.fromEntries(named) }));
      const where = ["--config-file", configFile, "--stack", stack, "--cwd", checkout];
      const { steps } = JSON.parse(await pulumi("preview", "--json", ...where)) as Plan;
      return steps
        .filter(({ op }) => op !== "same" && op !== "read")
        .map(({ op, urn, diffReasons = [] }) => [op, urn.split("::").at(-1), ...diffReasons].join(" "));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function environmentOf(cloudUrl: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([key]) => !/_proxy$/i.test(key) && !key.startsWith("OS_"));
  return {
    ...Object.fromEntries(own),
    OS_AUTH_URL: `${cloudUrl}/v3`,
    OS_USERNAME: "u",
    OS_PASSWORD: "p",
    OS_PROJECT_NAME: "p",
    OS_USER_DOMAIN_NAME: "d",
    OS_PROJECT_DOMAIN_NAME: "d",
    // What the fake cloud has room for is not the subject.
    OPENSTACK_KUBERNETES_PREFLIGHT: "warn",
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

const existingId = (end: string) => `5c2f7c53-6a3b-4d0e-9b0a-2f1c6c1c9d${end}`;
const [external] = healthyCloud.networks;
/** What the stacks name and look up. */
const cloud: Cloud = {
  ...healthyCloud,
  images: [image(existingId("3e"), "rocky-9"), image("a1", "debian-12")],
  networks: [
    { ...external!, id: "7c160d62-564c-482c-a345-14b4127133d5" },
    ...["30", "32"].map((end) => ({ ...external!, id: existingId(end), "router:external": false })),
  ],
  subnets: [
    {
      id: existingId("31"),
      network_id: existingId("30"),
      name: "machines",
      cidr: "10.30.0.0/24",
      ip_version: 4,
      tags: [],
    },
  ],
};

describeUnless(engineObstacle(programPlugins), "the real engine on a stack that an earlier program made", () => {
  // Each difference belongs to what was left out of the configuration, but for the configuration that is recorded.
  it("creates, replaces and deletes nothing: wide", async () => {
    expect([...(await preview("wide", cloud))].sort()).toEqual([
      "create wide-node-pods-from-node-any",
      "delete wide-node-calico-typha-from-node-tcp-5473",
      "delete wide-node-calico-vxlan-from-node-udp-4789",
      "update wide",
    ]);
  });

  it("creates, replaces and deletes nothing: virtualIp", async () => {
    expect(await preview("virtualIp", cloud)).toEqual(["update small"]);
  });
});
