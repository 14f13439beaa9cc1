/**
 * The whole program, from a stack's values to its resources, on the simulation: what it asks for, with which options.
 * It does not show that OpenStack accepts it (test/engine) or that a machine boots (test/lab).
 */
import { X509Certificate } from "node:crypto";
import * as path from "node:path";
import { parse } from "yaml";
import { unknown, type Simulated } from "../simulation";
import { readStackFile } from "../src/config/stackFile";
import { minimalStack } from "./fixtures/minimalStack";
import { cloudConfig, runProgram, servers } from "./runProgram";

const stackValues = (stack: string) => readStackFile(path.join(__dirname, `../Pulumi.${stack}.yaml`)).values;
/** Resources of the cloud that the run would create or change, and what about them. */
const touched = (run: Simulated) =>
  run.resources
    .filter(({ custom }) => custom)
    .filter(({ change }) => change === undefined || change.changed.length > 0)
    .map(({ name, change }) => ({ name, changed: change === undefined ? "created" : [...change.changed].sort() }));
const names = (resources: readonly { readonly name: string }[]) => resources.map(({ name }) => name);

describe.each(["dev", "prod"])("stack %s", (stack) => {
  it("comes up with three control-plane machines and the workers of its pools", async () => {
    const values = stackValues(stack);
    const pools = values.nodePools as { name: string; count: number }[];
    const run = await runProgram(values, { stack });
    const workers = pools.flatMap(({ name, count }) =>
      Array.from({ length: count }, (_, index) => `${stack}-${name}-${index}`),
    );
    expect(names(servers(run, "control-plane"))).toEqual([0, 1, 2].map((index) => `${stack}-control-plane-${index}`));
    expect(names(servers(run, "worker"))).toEqual(workers);
    expect((run.outputs.nodes as { name: string }[]).map(({ name }) => name)).toEqual([
      ...names(servers(run, "control-plane")),
      ...workers,
    ]);
    expect(run.outputs.staleMachines).toEqual([]);
  });

  it("shows the same resources in a first preview, where nothing is known yet", async () => {
    const values = stackValues(stack);
    const up = await runProgram(values, { stack });
    const preview = await runProgram(values, { stack, preview: true });
    const urns = (run: typeof up) => run.resources.map(({ urn }) => urn).sort();
    expect(urns(preview)).toEqual(urns(up));
    expect(preview.outputs.adminKubeconfig).toBe(unknown);
    expect(preview.outputs.kubernetesVersion).toEqual(up.outputs.kubernetesVersion);
  });

  it("changes nothing when it is run again", async () => {
    const values = stackValues(stack);
    const first = await runProgram(values, { stack });
    const second = await runProgram(values, { stack, previous: first.toPrevious() });
    expect(touched(second)).toEqual([]);
  });
});

describe("outputs for a second stack", () => {
  it("name the cluster, its network, its subnet and its security groups, and none is secret", async () => {
    const run = await runProgram(minimalStack);
    const { clusterName, networkId, subnetId, securityGroupIds } = run.outputs;
    const group = (name: string) => run.resource("SecGroup", `test-${name}`).id;
    expect({ clusterName, networkId, subnetId, securityGroupIds }).toEqual({
      clusterName: "test",
      networkId: run.resource("openstack:networking/network:Network", "test").id,
      subnetId: run.resource("Subnet", "test").id,
      securityGroupIds: { node: group("node"), "control-plane": group("control-plane") },
    });
    expect(run.secretOutputs).toEqual(["adminKubeconfig"]);
  });
});

describe("scaling", () => {
  const withCount = (count: number) => ({ ...minimalStack, nodePools: [{ name: "default", count, flavor: "large" }] });

  it("adds one machine, changes no other and adds nothing else", async () => {
    const before = await runProgram(withCount(2));
    const after = await runProgram(withCount(3), { previous: before.toPrevious() });
    expect(touched(after)).toEqual([{ name: "test-default-2", changed: "created" }]);
  });

  it("costs at most two OpenStack resources per worker", async () => {
    const count = async (values: Record<string, unknown>) =>
      (await runProgram(values)).resources.filter(({ type }) => type.startsWith("openstack:")).length;
    expect((await count(withCount(3))) - (await count(withCount(2)))).toBe(1);
  });
});

describe("a changed template or image", () => {
  it("touches no existing machine, and is told", async () => {
    const before = await runProgram(minimalStack);
    const changed = { ...minimalStack, image: "ubuntu-24.04.1", ntpServers: ["10.0.0.1"] };
    const after = await runProgram(changed, { previous: before.toPrevious() });
    expect(touched(after)).toEqual([]);
    expect(after.outputs.staleMachines).toEqual([
      "test-control-plane-0",
      "test-control-plane-1",
      "test-control-plane-2",
      "test-default-0",
      "test-default-1",
    ]);
  });

  it("reaches the machine that is rolled, by replacing it", async () => {
    const before = await runProgram(minimalStack);
    const after = await runProgram(
      { ...minimalStack, image: "ubuntu-24.04.1", roll: ["test-default-1"] },
      { previous: before.toPrevious() },
    );
    expect(touched(after)).toEqual([{ name: "test-default-1", changed: ["imageName", "metadata"] }]);
  });

  it("reaches rolled machines one after the other: each lets go of the Node that was drained, and protection stays on all others", async () => {
    const run = await runProgram({ ...minimalStack, roll: ["test-control-plane-1", "default"] });
    const hooksOf = (role: "control-plane" | "worker") =>
      servers(run, role).map(({ hooks }) => hooks.beforeCreate ?? []);
    expect(hooksOf("control-plane")).toEqual([
      ["test-touched", "test-before-first-machine"],
      ["test-touched", "test-before-rolled-machine"],
      ["test-touched"],
    ]);
    expect(hooksOf("worker")).toEqual([
      ["test-touched", "test-before-worker", "test-before-rolled-machine"],
      ["test-touched", "test-before-worker", "test-before-rolled-machine"],
    ]);
    expect(servers(run, "control-plane").map(({ protect }) => protect)).toEqual([true, false, true]);
    const [first, second] = servers(run, "worker");
    expect(run.dependenciesOf(second!).map(({ urn }) => urn)).toContain(first!.urn);
    expect(Object.values(second!.propertyDependencies).flat()).not.toContain(first!.urn);
  });
});

describe("machines", () => {
  it("of the control plane are made one after the other", async () => {
    const run = await runProgram(minimalStack);
    const chain = servers(run, "control-plane").map((server) =>
      names(run.dependenciesOf(server).filter(({ type }) => type.endsWith(":Instance"))),
    );
    expect(chain).toEqual([[], ["test-control-plane-0"], ["test-control-plane-1"]]);
  });

  it("of the control plane wait for the rules that protect them", async () => {
    const run = await runProgram(minimalStack);
    const [first] = servers(run, "control-plane");
    const waitedFor = new Set(names(run.dependenciesOf(first!)));
    expect(names(run.ofType("SecGroupRule")).filter((name) => !waitedFor.has(name))).toEqual([]);
  });

  it("of the workers wait for the members of the endpoint, by which they reach the API; those of the control plane do not", async () => {
    const run = await runProgram(minimalStack);
    const members = names(run.ofType("Member")).sort();
    const waitedFor = (server: (typeof run.resources)[number]) =>
      names(run.dependenciesOf(server).filter(({ type }) => type.endsWith(":Member"))).sort();
    expect(members).toEqual(["test-control-plane-0-api", "test-control-plane-1-api", "test-control-plane-2-api"]);
    expect(servers(run, "worker").map(waitedFor)).toEqual([members, members]);
    expect(servers(run, "control-plane").map(waitedFor)).toEqual([[], [], []]);
  });

  it("share no property with the control plane's machines, or a replaced one would take every worker along", async () => {
    const run = await runProgram(minimalStack);
    const controlPlane = new Set(servers(run, "control-plane").map(({ urn }) => urn));
    for (const worker of servers(run, "worker")) {
      const byProperty = Object.values(worker.propertyDependencies).flat();
      expect(byProperty.filter((urn) => controlPlane.has(urn))).toEqual([]);
      expect(worker.dependencies.filter((urn) => controlPlane.has(urn))).toEqual([
        servers(run, "control-plane")[2]!.urn,
      ]);
    }
  });

  it("are gone before their successors come, and never rebuilt in place", async () => {
    const run = await runProgram(minimalStack);
    expect(
      run
        .ofType("Instance")
        .map(({ deleteBeforeReplace, replaceOnChanges }) => ({ deleteBeforeReplace, replaceOnChanges })),
    ).toEqual(
      Array.from({ length: 5 }, () => ({ deleteBeforeReplace: true, replaceOnChanges: ["imageId", "imageName"] })),
    );
  });

  it("that are the control plane's first are asked whether they would begin a second cluster", async () => {
    const run = await runProgram(minimalStack);
    expect(servers(run, "control-plane").map(({ hooks }) => hooks.beforeCreate ?? [])).toEqual([
      ["test-touched", "test-before-first-machine"],
      ["test-touched"],
      ["test-touched"],
    ]);
  });

  it("of the control plane are resized only when the others are whole", async () => {
    const run = await runProgram(minimalStack);
    expect(servers(run, "control-plane").map(({ hooks }) => hooks.beforeUpdate)).toEqual(
      Array(3).fill(["test-before-resize", "test-touched"]),
    );
  });

  it("that are workers wait for the API and a fresh token, each", async () => {
    const run = await runProgram(minimalStack);
    expect(servers(run, "worker").map(({ hooks }) => hooks)).toEqual(
      Array(2).fill({ beforeCreate: ["test-touched", "test-before-worker"], beforeUpdate: ["test-touched"] }),
    );
  });
});

describe("secrets", () => {
  const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

  it("leave no private key in a worker's user data, while the control plane's holds five", async () => {
    const run = await runProgram(minimalStack);
    for (const worker of servers(run, "worker")) expect(cloudConfig(worker)).not.toMatch(privateKey);
    const [first] = servers(run, "control-plane");
    expect(cloudConfig(first!).match(new RegExp(privateKey, "g"))?.length).toBeGreaterThanOrEqual(4);
  });

  it("are marked wherever they stand", async () => {
    const run = await runProgram(minimalStack);
    const known = [
      ...run.ofType("tls:index/privateKey:PrivateKey").map(({ outputs }) => outputs.privateKeyPem as string),
      ...run
        .ofType("RandomPassword")
        .map(({ outputs }) => outputs.result as string)
        .filter((value) => value.length >= 16),
      ...run.ofType("Instance").map(({ inputs }) => inputs.userData as string),
    ].map((secret) => JSON.stringify(secret).slice(1, -1));
    expect(known.length).toBeGreaterThan(8);
    const leaks = run.resources.flatMap(({ urn, id, inputs, outputs, secretInputs, secretOutputs }) =>
      [
        ["id", id] as const,
        ...Object.entries(inputs).filter(([key]) => !secretInputs.includes(key)),
        ...Object.entries(outputs).filter(([key]) => !secretOutputs.includes(key)),
      ].flatMap(([key, value]) =>
        known.some((secret) => (JSON.stringify(value) ?? "").includes(secret)) ? [`${urn} ${key}`] : [],
      ),
    );
    expect(leaks).toEqual([]);
  });

  it("are marked in the outputs: the admin kubeconfig is, and nothing else needs to be", async () => {
    const run = await runProgram(minimalStack);
    expect(run.secretOutputs).toEqual(["adminKubeconfig"]);
  });

  it("are protected from deletion where a cluster dies with them", async () => {
    const run = await runProgram(minimalStack);
    const isOfTheCluster = ({ name, type }: { name: string; type: string }) =>
      (type.startsWith("tls:") && !name.startsWith("test-admin")) || name === "test-encryption-key";
    const keys = run.resources.filter(isOfTheCluster);
    expect(names(keys).sort()).toEqual(
      [
        "cluster-ca",
        "cluster-ca-key",
        "encryption-key",
        "etcd-ca",
        "etcd-ca-key",
        "front-proxy-ca",
        "front-proxy-ca-key",
        "service-account",
      ].map((name) => `test-${name}`),
    );
    expect(keys.map(({ protect, ignoreChanges }) => ({ protect, ignoreChanges }))).toEqual(
      keys.map(() => ({ protect: true, ignoreChanges: ["*"] })),
    );
  });

  it("stay protected when the rest of the stack is not", async () => {
    const run = await runProgram({ ...minimalStack, protect: false });
    expect(names(run.resources.filter(({ protect }) => protect)).length).toBe(8);
  });
});

describe("admin kubeconfig", () => {
  it("is a client certificate of kubeadm:cluster-admins, issued by the cluster CA it names", async () => {
    const run = await runProgram(minimalStack);
    const kubeconfig = parse(run.outputs.adminKubeconfig as string) as {
      clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
      users: { user: { "client-certificate-data": string } }[];
    };
    const certificate = (base64: string) => new X509Certificate(Buffer.from(base64, "base64"));
    const ca = certificate(kubeconfig.clusters[0]!.cluster["certificate-authority-data"]);
    const client = certificate(kubeconfig.users[0]!.user["client-certificate-data"]);
    expect({
      ca: ca.ca,
      signed: client.verify(ca.publicKey),
      subject: client.subject,
      server: kubeconfig.clusters[0]!.cluster.server,
    }).toEqual({
      ca: true,
      signed: true,
      subject: "O=kubeadm:cluster-admins\nCN=test-admin",
      server: run.outputs.apiEndpoint,
    });
  });
});

describe("API endpoint", () => {
  it.each([
    [
      "loadBalancer",
      { kind: "loadBalancer" },
      ["LoadBalancer", "Listener", "Pool", "Monitor", "Member", "Member", "Member"],
    ],
    ["virtualIp", { kind: "virtualIp" }, []],
    ["external", { kind: "external", host: "api.example.org" }, []],
  ])("of kind %s makes exactly what it needs", async (_, apiEndpoint, expected) => {
    const run = await runProgram({ ...minimalStack, apiEndpoint });
    expect(
      run.resources
        .filter(({ type }) => type.startsWith("openstack:loadbalancer"))
        .map(({ type }) => type.split(":").at(-1)),
    ).toEqual(expected);
  });

  it("is a reserved address that every control-plane port may answer for, with a virtual IP", async () => {
    const run = await runProgram({ ...minimalStack, apiEndpoint: { kind: "virtualIp", address: "10.10.0.100" } });
    const pairs = run
      .ofType("Port")
      .filter(({ name }) => name.includes("control-plane"))
      .map(({ inputs }) => inputs.allowedAddressPairs);
    expect(pairs).toEqual(Array.from({ length: 3 }, () => [{ ipAddress: "10.10.0.100" }]));
    expect(run.outputs.apiEndpoint).toBe("https://10.10.0.100:6443");
  });

  it("is reached by a floating IP from outside, which the API server's certificate then names", async () => {
    const run = await runProgram({
      ...minimalStack,
      network: { externalNetwork: "public" },
      apiEndpoint: { kind: "loadBalancer", floatingIp: true, allowedCidrs: ["10.0.0.0/8"] },
    });
    const [floatingIp] = run.ofType("FloatingIp");
    expect(run.outputs.apiEndpoint).toBe(`https://${String(floatingIp!.outputs.address)}:6443`);
    expect(cloudConfig(servers(run, "control-plane")[0]!)).toContain(String(floatingIp!.outputs.address));
  });
});
