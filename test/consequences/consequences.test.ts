import { plannedChanges } from "../../simulation/preview/plannedChanges";
import { ruledTypes } from "../../src/consequences/consequenceRules";
import { planOf, type PlannedChange } from "../../src/consequences/plannedChange";
import { type Allowances, allowancesOf, reportOf } from "../../src/consequences/consequenceReport";
import { renderReport } from "../../src/consequences/renderReport";
import { createdTokens } from "../everyStack";
import { minimalStack } from "../fixtures/minimalStack";
import { runProgram } from "../runProgram";

const nothing: Allowances = { clusterName: "dev", roll: [], allowDestruction: [], drains: true };

/** The findings of one change, shortened to weight, names and sentence. */
function findings(change: Partial<PlannedChange>, allowances: Partial<Allowances> = {}) {
  const whole: PlannedChange = {
    operation: "delete",
    type: "",
    name: "it",
    changed: [],
    before: {},
    after: {},
    ...change,
  };
  const { findings: found } = reportOf(
    { stack: "test", changes: [whole], unchanged: 0, recorded: {}, warnings: [] },
    { ...nothing, ...allowances },
  );
  return found.map(({ weight, message, allowed }) => ({ weight, message, allowed }));
}

/** What the next `up` means that comes after one with other values. */
async function between(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  allowances: Partial<Allowances> = {},
) {
  const previous = (await runProgram(before)).toPrevious();
  const run = await runProgram(after, { previous });
  const report = reportOf(
    { stack: "test", changes: plannedChanges(run, previous), unchanged: 0, recorded: {}, warnings: [] },
    { ...nothing, ...allowances },
  );
  return report.findings.map(
    ({ weight, what, names, message, allowed }) =>
      `${weight}${allowed ? "" : ", refused"}: ${what} ${names.join(", ")} ${message}`,
  );
}

const server = (role: string, pool: string) => ({
  type: "openstack:compute/instance:Instance",
  before: { metadata: { "kubernetes-role": role, "kubernetes-pool": pool } },
});

describe("consequences", () => {
  it("are known for every type that the program creates, and for no other", async () => {
    expect([...ruledTypes].sort()).toEqual([...(await createdTokens()), "pulumi:providers:kubernetes"].sort());
  }, 180_000);

  it("of a type nobody thought of are destructive when it goes", () => {
    expect(findings({ type: "openstack:dns/zone:Zone" })).toEqual([
      {
        weight: "destructive",
        message: "is deleted: this report does not know what it is for, so look at `pulumi preview --diff`",
        allowed: false,
      },
    ]);
    expect(findings({ type: "openstack:dns/zone:Zone", operation: "create" })).toMatchObject([{ weight: "harmless" }]);
  });

  it("of more workers are none", async () => {
    const pool = (count: number) => ({ ...minimalStack, nodePools: [{ name: "default", count, flavor: "m1.large" }] });
    expect(await between(pool(2), pool(3))).toEqual([
      "harmless: machine test-default-2 is created, a new worker machine",
    ]);
  });

  it("of fewer workers are told, and refused until a name allows them", async () => {
    const pool = (count: number) => ({ ...minimalStack, nodePools: [{ name: "default", count, flavor: "m1.large" }] });
    const message =
      "machine test-default-1 is deleted with its disks: its node is drained first, respecting PodDisruptionBudgets, and what pods kept on the node itself (emptyDir, hostPath) is lost";
    expect(await between(pool(2), pool(1))).toEqual([`destructive, refused: ${message}`]);
    expect(await between(pool(2), pool(1), { allowDestruction: ["test-default-1"] })).toEqual([
      `destructive: ${message}`,
    ]);
    expect(await between(pool(2), pool(1), { allowDestruction: ["default"] })).toEqual([`destructive: ${message}`]);
  });

  it("of a new image are none, until a machine is rolled", async () => {
    const image = { ...minimalStack, image: "ubuntu-24.04.1" };
    expect(await between(minimalStack, image)).toEqual([]);
    const roll = ["test-control-plane-1", "default"];
    expect(await between(minimalStack, { ...image, roll }, { roll })).toEqual([
      "disruptive: machine test-control-plane-1 is replaced: its disks are wiped, snapshots of etcd on them included, and etcd has one member less until the new machine has joined; first all others must be whole, and its node is drained",
      "disruptive: machine test-default-0, test-default-1 is replaced: its node is drained first, respecting PodDisruptionBudgets, its disks are wiped, and what pods kept on the node itself (emptyDir, hostPath) is lost",
    ]);
  });

  it("of a larger control plane are reboots, one after the other", async () => {
    const controlPlane = (flavor: string) => ({ ...minimalStack, controlPlane: { flavor } });
    expect(await between(controlPlane("m1.large"), controlPlane("m1.xlarge"))).toEqual([
      "disruptive: machine test-control-plane-0, test-control-plane-1, test-control-plane-2 is resized in place and reboots, once all others of the control plane are whole; connections to its API server break",
    ]);
  });

  it("of a closed port name it", async () => {
    const allowedCidrs = (cidrs: string[]) => ({ ...minimalStack, ssh: { allowedCidrs: cidrs } });
    const [message, ...others] = await between(
      allowedCidrs(["10.0.0.0/8", "192.0.2.0/24"]),
      allowedCidrs(["10.0.0.0/8"]),
    );
    expect([message, others]).toEqual([
      expect.stringMatching(
        /^disruptive: security-group rule \S+ is deleted: tcp port 22 from 192\.0\.2\.0\/24 is blocked$/,
      ),
      [],
    ]);
  });

  it.each([
    [{ direction: "egress", remoteIpPrefix: "0.0.0.0/0" }, "all traffic to 0.0.0.0/0"],
    [{ direction: "egress", protocol: "tcp", portRangeMin: 443, portRangeMax: 443 }, "tcp port 443 to any address"],
    [{ direction: "ingress", protocol: "icmp", remoteGroupId: "g" }, "icmp from a security group"],
    [
      { direction: "ingress", protocol: "udp", portRangeMin: 30000, portRangeMax: 32767 },
      "udp port 30000 to 32767 from any address",
    ],
  ])("of a security-group rule %j that is deleted name what is blocked", (before, traffic) => {
    expect(findings({ type: "openstack:networking/secGroupRule:SecGroupRule", before })).toEqual([
      { weight: "disruptive", message: `is deleted: ${traffic} is blocked`, allowed: true },
    ]);
  });

  it("of a renamed cluster's keys are known by the name that they had", () => {
    const { findings: found } = reportOf(
      {
        stack: "test",
        changes: (["old", "new"] as const).map((name) => ({
          operation: name === "old" ? "delete" : "create",
          type: "random:index/randomPassword:RandomPassword",
          name: `${name}-encryption-key`,
          changed: [],
          before: {},
          after: {},
        })),
        unchanged: 0,
        recorded: { before: { clusterName: "old" }, after: { clusterName: "new" } },
        warnings: [],
      },
      { ...nothing, clusterName: "new" },
    );
    expect(found.map(({ names, message }) => [...names, message])).toEqual([
      ["old-encryption-key", "is deleted: Secrets that etcd holds can never be read again"],
      ["new-encryption-key", "is created"],
    ]);
  });

  it.each([
    [
      { ...server("control-plane", "control-plane") },
      "is deleted with its disks: etcd loses a member that it goes on counting, and snapshots on it are gone",
    ],
    [
      { ...server("control-plane", "control-plane"), operation: "replace" as const },
      "is replaced: its disks are wiped, snapshots of etcd on them included, and etcd has one member less until the new machine has joined; `roll` does not name it, so nothing waits for the others",
    ],
    [server("unheard-of", "it"), "is deleted with its disks, and its metadata does not say what it is for"],
    [
      { ...server("worker", "default"), operation: "update" as const, changed: ["imageId"] },
      "is rebuilt in place by Nova: its root disk is wiped",
    ],
    [
      { type: "tls:index/selfSignedCert:SelfSignedCert", name: "dev-cluster-ca" },
      "is deleted: every certificate and token that it signed is no longer trusted: nodes, pods and people are locked out of the cluster",
    ],
    [
      { type: "random:index/randomPassword:RandomPassword", name: "dev-encryption-key", operation: "replace" as const },
      "is replaced: Secrets that etcd holds can never be read again",
    ],
    [{ type: "kubernetes:helm.sh/v3:Release", name: "dev-calico" }, "is deleted: pods lose their network"],
    [
      { type: "openstack:networking/floatingIp:FloatingIp" },
      "is deleted: its address is given back to OpenStack, which may give it to somebody else",
    ],
  ])("that nothing brings back are destructive: %#", (change, message) => {
    expect(findings(change)).toEqual([{ weight: "destructive", message, allowed: false }]);
  });

  it.each([
    [
      { type: "tls:index/locallySignedCert:LocallySignedCert", name: "dev-admin", operation: "replace" as const },
      "the admin kubeconfig changes",
    ],
    [
      {
        type: "random:index/randomPassword:RandomPassword",
        name: "dev-bootstrap-token-id",
        operation: "replace" as const,
      },
      "join with another token",
    ],
    [{ ...server("worker", "default"), operation: "update" as const, changed: ["metadata"] }, "without a reboot"],
    [{ type: "kubernetes:core/v1:Secret", operation: "update" as const }, "is changed in place"],
  ])("that nobody notices are harmless: %#", (change, message) => {
    expect(findings(change)).toEqual([
      { weight: "harmless", message: expect.stringContaining(message) as string, allowed: true },
    ]);
  });

  it.each([
    [
      { ...server("bastion", "bastion"), operation: "replace" as const },
      "is replaced: open log-ins to it end, and its disk is wiped",
    ],
    [server("bastion", "bastion"), "is deleted: nobody reaches other machines through it any more"],
    [
      { ...server("worker", "default"), operation: "update" as const, changed: ["flavorName"] },
      "is drained, resized in place and reboots",
    ],
  ])("that people notice are disruptive: %#", (change, message) => {
    expect(findings(change)).toEqual([{ weight: "disruptive", message, allowed: true }]);
  });

  it("of a worker without a drain say so", () => {
    expect(findings(server("worker", "default"), { drains: false })[0]?.message).toContain(
      "only cordoned (readiness.drainTimeoutMinutes is 0), so its pods end at once",
    );
  });
});

describe("the engine's JSON", () => {
  const urn = (type: string, name: string) =>
    `urn:pulumi:dev::openstack-kubernetes::openstack-kubernetes:index:Cluster$${type}::${name}`;
  const instance = "openstack:compute/instance:Instance";
  const inputs = { metadata: { "kubernetes-role": "worker", "kubernetes-pool": "general" }, userData: "[secret]" };
  const digest = {
    config: {
      "openstack-kubernetes:roll": '["dev-general-0"]',
      "openstack-kubernetes:allowDestruction": '["dev-general-2"]',
      "openstack:cloud": "mycloud",
    },
    steps: [
      { op: "same", urn: "urn:pulumi:dev::openstack-kubernetes::pulumi:pulumi:Stack::openstack-kubernetes-dev" },
      { op: "delete-replaced", urn: urn(instance, "dev-general-0"), oldState: { inputs } },
      {
        op: "replace",
        urn: urn(instance, "dev-general-0"),
        oldState: { inputs },
        newState: { inputs },
        detailedDiff: {
          imageName: { kind: "update-replace", inputDiff: false },
          'metadata["template-digest"]': { kind: "update", inputDiff: true },
        },
      },
      { op: "create-replacement", urn: urn(instance, "dev-general-0"), newState: { inputs } },
      { op: "delete", urn: urn(instance, "dev-general-2"), oldState: { inputs }, detailedDiff: null },
      { op: "delete", urn: urn(instance, "dev-general-3"), oldState: { inputs }, detailedDiff: null },
      { op: "create", urn: urn("openstack-kubernetes:compute:NodePool", "dev-gpu") },
    ],
    diagnostics: [
      { severity: "warning", message: "OpenStack's auth_url is mended\n  by hand.\n" },
      { severity: "info", message: "no more than news" },
      { severity: "warning", message: "OpenStack's auth_url is mended by hand." },
      { severity: "warning", message: "zone az2 has no volumes." },
      { severity: "warning" },
    ],
    changeSummary: { same: 41 },
  };

  it("is read: the three steps of a replacement are one, frames are none, and the configuration tells what is allowed", () => {
    const plan = planOf(JSON.stringify(digest));
    expect(plan).toMatchObject({ stack: "dev", unchanged: 41, errors: [] });
    expect(plan.changes.map(({ operation, type, name, changed }) => ({ operation, type, name, changed }))).toEqual([
      { operation: "replace", type: instance, name: "dev-general-0", changed: ["imageName", "metadata"] },
      { operation: "delete", type: instance, name: "dev-general-2", changed: [] },
      { operation: "delete", type: instance, name: "dev-general-3", changed: [] },
    ]);
    expect(allowancesOf(plan)).toEqual({
      clusterName: "dev",
      roll: ["dev-general-0"],
      allowDestruction: ["dev-general-2"],
      drains: true,
    });
    expect(allowancesOf({ stack: "dev", config: { readiness: '{"drainTimeoutMinutes":0}' } })).toMatchObject({
      drains: false,
    });
  });

  it("becomes a report that begins with what is refused, and how to allow it", () => {
    const plan = planOf(JSON.stringify(digest));
    const report = reportOf(plan, allowancesOf(plan));
    const message =
      "is deleted with its disks: its node is drained first, respecting PodDisruptionBudgets, and what pods kept on the node itself (emptyDir, hostPath) is lost";
    expect(renderReport(report))
      .toBe(`## Stack dev: 0 to create, 0 to change in place, 1 to replace, 2 to delete, 41 unchanged

**DESTRUCTIVE, and not allowed**

- machine \`dev-general-3\` ${message}

If you intend this, allow it by name in the stack's file, and remove the line afterwards:

    openstack-kubernetes:allowDestruction: [dev-general-3]

**Destructive, allowed by name**

- machine \`dev-general-2\` ${message}

**Disruptive**

- machine \`dev-general-0\` is replaced: its node is drained first, respecting PodDisruptionBudgets, its disks are wiped, and what pods kept on the node itself (emptyDir, hostPath) is lost

**Note**

- The state holds no configuration yet, so changed settings are not shown; the next \`up\` records it.

**Warnings of the preview**

- OpenStack's auth_url is mended by hand.
- zone az2 has no volumes.
`);
  });

  it.each([
    ["no JSON", "Previewing update (dev)"],
    ["something else", '{"name":"openstack-kubernetes"}'],
    ["a list", "[]"],
  ])("that is %s is refused with a sentence", (_what, text) => {
    expect(() => planOf(text)).toThrow(/`pulumi preview --json`/);
  });
});
