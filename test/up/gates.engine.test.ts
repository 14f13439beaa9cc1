/**
 * What a person reads when a gate or a hook of `up` fails. Fakes of Pulumi's SDK show neither what becomes of values on
 * their way through outputs, nor what the engine makes of an error; so each is the real one here. The machines are not.
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { webcrypto } from "node:crypto";
import { describeUnless } from "../describeUnless";
import { commandsRunBy } from "../docs/runbooks";
import { madeCertificates, type MadeCertificates } from "../madeCertificates";
import { engineObstacle } from "../realEngine/installedEngine";
import { messagesOf, type Answers } from "./gates/gatesStack";

jest.setTimeout(600_000);

const ok = (body: unknown) => ({ status: 200, body });
const refused = { status: 403, body: { message: "the admin may not do that" } };
const ready = { conditions: [{ type: "Ready", status: "True" }] };
const node = (name: string, labels = {}) => ({ metadata: { name, labels }, status: ready });
const nodes = (...names: string[]) => ok({ items: names.map((name) => node(name)), metadata: {} });

/** Every kubelet renews its lease between two looks. */
function leases(...names: string[]): () => { status: number; body: unknown } {
  let renewals = 0;
  return () => {
    renewals++;
    return ok({
      items: names.map((name) => ({ metadata: { name }, spec: { renewTime: `${renewals}` } })),
      metadata: {},
    });
  };
}

const leasePath = "GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

/** A cluster whose two machines are Ready nodes. */
const healthy = (): Answers => ({
  "GET /api/v1/nodes": nodes("dev-control-plane-0", "dev-default-0"),
  [leasePath]: leases("dev-control-plane-0", "dev-default-0"),
});

const server = (name: string, role: string, creationDigest: string) => ({
  id: name,
  name,
  status: "ACTIVE",
  metadata: { "kubernetes-cluster": "dev", "kubernetes-role": role, "creation-digest": creationDigest },
});
const servers = (...items: object[]): Answers => ({ "GET /nova/servers/detail": ok({ servers: items }) });

const consoles: Answers = {
  "POST /nova/servers/11111111-0000-4000-8000-000000000000/action": ok({ output: "FAILED: no mirror answers\n" }),
};

describeUnless(engineObstacle(["openstack"]), "a gate or hook that fails under the real engine", () => {
  let certificates: MadeCertificates;
  beforeAll(async () => {
    certificates = await madeCertificates();
  });

  it("is the API's: the last answer and the consoles", async () => {
    const kubernetes = { "GET /readyz": { status: 500 } };
    const openstack = { ...consoles, ...servers(server("dev-control-plane-0", "control-plane", "a")) };
    // They come from three places at once, in any order.
    const messages = [
      'before hook "dev-before-worker" failed: not created: the Kubernetes API did not become ready',
      [
        "The Kubernetes API at https://127.0.0.1:PORT was not ready after 0.02 minutes (readiness.apiTimeoutMinutes); last answer: /readyz answers 500.",
        "The machines exist; mend the cause (docs/runbooks/endpoint-down.md) and run `pulumi up` again.",
        "--- console of dev-control-plane-0 ---",
        "FAILED: no mirror answers",
      ].join("\n"),
      "update failed",
    ];
    expect([...(await messagesOf(certificates, { kubernetes, openstack }))].sort()).toEqual(messages.sort());
  });

  it("is the cluster's: what is missing, with the consoles of machines that did not become nodes", async () => {
    expect(await messagesOf(certificates, { openstack: consoles })).toEqual([
      [
        "The machines and the platform exist, but the cluster is not whole after 0.02 minutes (readiness.clusterTimeoutMinutes):",
        "- machine dev-control-plane-0 has not become a node",
        "- machine dev-default-0 has not become a node",
        "What keeps a machine from joining: docs/runbooks/machine-does-not-join.md.",
        "Nothing is lost; mend the cause and run `pulumi up` again.",
        "--- console of dev-control-plane-0 ---",
        "FAILED: no mirror answers",
        "--- console of dev-default-0 ---",
        "FAILED: no mirror answers",
      ].join("\n"),
    ]);
  });

  it("is a leaving node's: what it still holds", async () => {
    const kubernetes = {
      ...healthy(),
      "GET /api/v1/nodes": nodes("dev-control-plane-0", "dev-default-0", "dev-default-1"),
      "PUT /api/v1/nodes/dev-default-1": ok({}),
      "GET /api/v1/pods": ok({ items: [{ metadata: { name: "cart", namespace: "shop" } }], metadata: {} }),
      "POST /api/v1/namespaces/shop/pods/cart/eviction": { status: 429, body: { message: "the budget allows none" } },
    };
    const openstack = servers(server("dev-default-1", "worker", "a"));
    expect(await messagesOf(certificates, { kubernetes, openstack, run: { limit: 0.5 } })).toEqual([
      "Machines that left the configuration are not deleted: node dev-default-1 still holds something after 0.02 minutes (readiness.drainTimeoutMinutes): pod shop/cart: the budget allows none. The node is cordoned. See to what holds it (docs/runbooks/drain-held.md) and run `pulumi up` again; with readiness.drainTimeoutMinutes: 0 its pods go with the machine.",
    ]);
  });

  it("is a new machine's: its agent does not start", async () => {
    const kubernetes = { ...healthy(), "GET /api/v1/nodes/dev-default-0": ok(node("dev-default-0")) };
    expect(await messagesOf(certificates, { kubernetes, run: { limit: 0.5 } })).toEqual([
      [
        "The agent that takes changed settings to a machine did not start within 0.5 minutes (update.nodeTimeoutMinutes) on dev-default-0. `openstack console log show` tells what a machine's agent did.",
        "Roll the machine (docs/runbooks/replace-machine.md), or mend what the console names, and run `pulumi up` again.",
      ].join("\n"),
    ]);
  });

  it("is a new worker's: its token is refused", async () => {
    const kubernetes = { "POST /api/v1/namespaces/kube-system/secrets": refused };
    expect(await messagesOf(certificates, { kubernetes })).toEqual([
      'before hook "dev-before-worker" failed: The API refused to renew the bootstrap token bootstrap-token-abcdef (403): the admin may not do that',
      "update failed",
    ]);
  });

  it("is the platform's: what an interrupted Helm left cannot be seen", async () => {
    const kubernetes = { ...healthy(), "GET /api/v1/namespaces/kube-system/secrets": refused };
    // Two releases ask at the same time; the answer that comes first is shown.
    expect(await messagesOf(certificates, { kubernetes, run: { limit: 0.5 } })).toEqual([
      expect.stringMatching(
        /^The Kubernetes API refused to list the revisions of release openstack-(cloud-controller-manager|cinder-csi) \(403\): the admin may not do that$/,
      ),
    ]);
  });

  it("is the first machine's: there may be a cluster that it would not join", async () => {
    const clusterCa = await oldCa();
    const openstack = servers(server("dev-control-plane-1", "control-plane", "a"));
    expect(await messagesOf(certificates, { clusterCa, openstack })).toEqual([
      'before hook "dev-before-first-machine" failed: dev-control-plane-0 is not created: the cluster, whose CA is of 2026-01-05, does not answer at https://127.0.0.1:PORT after 0.02 minutes, though its other control-plane machines exist: dev-control-plane-1 (ACTIVE). The new machine would find nobody and begin a second cluster. Start the others, or see to them (docs/runbooks/quorum-lost.md), and run `pulumi up` again. If a new cluster is meant, or there never was one: OPENSTACK_KUBERNETES_NEW_CLUSTER=allow pulumi up.',
      "update failed",
    ]);
  });

  it("is not the first machine's when the operator allows a new cluster, by the runbook's command", async () => {
    const [allow = ""] = commandsRunBy(__filename, "docs/runbooks/interrupted-up.md");
    const [, variable = "", value = ""] = /^(\w+)=(\w+) pulumi up\n$/.exec(allow) ?? [];
    const scenario = {
      clusterCa: await oldCa(),
      openstack: servers(server("dev-control-plane-1", "control-plane", "a")),
      environment: { [variable]: value },
    };
    expect(await messagesOf(certificates, { ...scenario, severity: "warning" })).toContain(
      "OPENSTACK_KUBERNETES_NEW_CLUSTER is set: unless https://127.0.0.1:PORT answers, dev-control-plane-0 begins a new cluster, although there are dev-control-plane-1 (ACTIVE).",
    );
  });

  it("is not the cluster's where a new cluster has begun that has no pod network yet", async () => {
    const waiting = ["dev-control-plane-0", "dev-default-0"].map((name) => ({
      ...node(name),
      status: { conditions: [{ type: "Ready", status: "False", reason: "KubeletNotReady" }] },
    }));
    const kubernetes = { ...healthy(), "GET /api/v1/nodes": ok({ items: waiting, metadata: {} }) };
    // The kubelets are seen twice.
    const scenario = { kubernetes, run: { limit: 0.5 } };
    const environment = { OPENSTACK_KUBERNETES_NEW_CLUSTER: "allow" };
    expect(await messagesOf(certificates, { ...scenario, environment, severity: "warning" })).toEqual([
      "A new cluster has begun; `up` waited for the machines of this run only. Restore a backup if there is one (docs/runbooks/control-plane-lost.md), then run `pulumi up` again.",
    ]);
    expect((await messagesOf(certificates, scenario)).join("\n")).toContain("- node dev-control-plane-0 is not Ready");
  });

  it("is a new machine's in place of a rolled one: the old Node cannot be removed", async () => {
    const leaving = node("dev-default-0");
    const kubernetes = {
      ...healthy(),
      "GET /api/v1/nodes/dev-default-0": ok({
        ...leaving,
        metadata: { name: "dev-default-0", annotations: { "openstack-kubernetes/leaving": "schedulable" } },
      }),
      "DELETE /api/v1/nodes/dev-default-0": refused,
    };
    expect(await messagesOf(certificates, { kubernetes, run: { limit: 0.5 } })).toEqual([
      'before hook "dev-before-rolled-machine" failed: dev-default-0 is not created: the Node of the replaced machine could not be removed in 2 minutes: The Kubernetes API refused the removal of node dev-default-0 (403): the admin may not do that',
      "update failed",
    ]);
  });

  it("is a rolled machine's: the others are not whole", async () => {
    const openstack = servers(server("dev-default-0", "worker", "yesterday's"));
    expect(await messagesOf(certificates, { openstack })).toEqual([
      "dev-default-0 is not touched: after 0.02 minutes (readiness.clusterTimeoutMinutes) machine dev-control-plane-0 has not become a node. Repair or replace it (docs/runbooks/replace-machine.md), then run `pulumi up` again.",
    ]);
  });

  it("is a resized machine's: the others are not whole", async () => {
    const before = { kubernetes: healthy(), run: { limit: 0.5 } };
    const resize = { kubernetes: healthy(), run: { flavor: "b" } };
    expect(await messagesOf(certificates, before, resize)).toEqual([
      'before hook "dev-before-resize" failed: dev-control-plane-0 is not touched: after 0.02 minutes (readiness.clusterTimeoutMinutes) machine dev-control-plane-1 has not become a node; machine dev-control-plane-2 has not become a node. Repair or replace it (docs/runbooks/replace-machine.md), then run `pulumi up` again.',
      "update failed",
    ]);
  });

  it("is nobody's, but preview and up warn of a machine that the state has and OpenStack has not", async () => {
    const whole = { ...servers(), "GET /nova/servers": ok({ servers: [{ name: "dev-control-plane-0" }] }) };
    const before = { kubernetes: healthy(), openstack: whole, run: { limit: 0.5 } };
    const after = { ...before, severity: "warning" as const };
    const lost = [
      "Somebody deleted the server of dev-default-0 in OpenStack. `up` does not create what its state still has: follow docs/runbooks/replace-machine.md from the second command on.",
    ];
    expect(await messagesOf(certificates, before, { ...after, command: "preview" })).toEqual(lost);
    expect(await messagesOf(certificates, before, after)).toEqual(lost);
  });

  it("is the search for what an interrupted up left: OpenStack does not answer", async () => {
    const openstack = { "GET /neutron/v2.0/security-groups": { status: 500 } };
    expect(await messagesOf(certificates, { openstack, run: { securityGroup: { description: "a" } } })).toEqual([
      'before hook "look-for-orphans" failed: Neutron answered 500 to GET /security-groups',
      "update failed",
    ]);
  });

  it("is the completion of tags: OpenStack refuses", async () => {
    const id = "33333333-0000-4000-8000-000000000000";
    const group = (description: string) => ({
      security_group: { id, name: "dev-node", description, stateful: true, security_group_rules: [], tags: [] },
    });
    const openstack: Answers = {
      "POST /neutron/v2.0/security-groups": { status: 201, body: group("a") },
      [`GET /neutron/v2.0/security-groups/${id}`]: ok(group("a")),
      [`PUT /neutron/v2.0/security-groups/${id}/tags`]: ok({ tags: ["kubernetes-cluster=dev"] }),
    };
    const hidden = { ...openstack, [`GET /neutron/v2.0/security-groups/${id}/tags`]: { status: 403 } };
    const of = (description: string) => ({ securityGroup: { description } });
    expect(await messagesOf(certificates, { openstack, run: of("a") }, { openstack: hidden, run: of("b") })).toEqual([
      'before hook "complete-tags" failed: Neutron answered 403 to GET /security-groups/33333333-0000-4000-8000-000000000000/tags',
      "update failed",
    ]);
  });

  it("is pre-flight's: all problems in one message", async () => {
    const openstack = { "GET /glance/v2/images": ok({ images: [] }) };
    expect(await messagesOf(certificates, { openstack, run: { preflight: true } })).toEqual([
      [
        "Pre-flight found 2 problems; nothing was changed in OpenStack:",
        'The cloud has no Octavia (no public load-balancer endpoint in its catalog), but apiEndpoint.kind is "loadBalancer"; set it to "virtualIp" or "external".',
        'image is "ubuntu-24.04" but Glance shows this project no such image; there is none.',
        "To go on regardless, for instance with a destroy, set OPENSTACK_KUBERNETES_PREFLIGHT=warn in the environment.",
      ].join("\n"),
    ]);
  });
});

/** The certificate of a CA of 2026-01-05, before any run of this test. */
async function oldCa(): Promise<string> {
  x509.cryptoProvider.set(webcrypto as never);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=ca",
    notBefore: new Date("2026-01-05T00:00:00Z"),
    notAfter: new Date("2036-01-05T00:00:00Z"),
    keys,
    signingAlgorithm: algorithm,
  });
  return certificate.toString("pem");
}
