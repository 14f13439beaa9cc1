/**
 * The life of a cluster under the real engine, on the lab's real OpenStack. Each claim is asked of OpenStack itself.
 * Not proven: that the machines boot (Nova's hypervisor is a fake), and the data plane.
 */
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readAdminKubeconfig } from "../../src/pki/kubeconfig";
import { commandsRunBy } from "../docs/runbooks";
import { describeOnLab, EngineStack } from "../realEngine/engineStack";
import { type Item, Openstack } from "../realEngine/openstack";

jest.setTimeout(15 * 60_000);

const workers = (count: number) => ({
  path: ["nodePools"],
  value: [{ name: "general", count, flavor: "m1.large", availabilityZones: ["az1", "az2", "az3"] }],
});

describeOnLab("a cluster on OpenStack", () => {
  const stack = new EngineStack("proof", [{ path: ["clusterName"], value: "proof" }, workers(2)]);
  let openstack: Openstack;
  /** What was in the project before: other stacks may live there. */
  let others: ReadonlySet<string>;
  const mineNow = async () =>
    (Object.values(await openstack.inventory()) as Item[][]).flat().filter(({ id }) => !others.has(id));
  const identities = (servers: Item[]) =>
    Object.fromEntries(
      servers.map(({ name, id, created, updated }) => [String(name), { id, created, updated }] as const),
    );

  beforeAll(async () => {
    await stack.removeLeftovers();
    openstack = await Openstack.connect();
    others = new Set((Object.values(await openstack.inventory()) as Item[][]).flat().map(({ id }) => id));
  });
  afterAll(() => stack.removeLeftovers());

  it("comes up from nothing: machines ACTIVE in their zones, endpoint, etcd volumes, and nothing besides", async () => {
    const before = await openstack.counts();
    await stack.up();
    const mine = (items: Item[]) => items.filter(({ name }) => String(name).startsWith("proof"));
    const { servers, loadBalancers, routers, networks, securityGroups, serverGroups, floatingIps } =
      await openstack.inventory();
    expect(mine(servers).map(({ name, status, "OS-EXT-AZ:availability_zone": zone }) => [name, status, zone])).toEqual([
      ["proof-control-plane-0", "ACTIVE", "az1"],
      ["proof-control-plane-1", "ACTIVE", "az2"],
      ["proof-control-plane-2", "ACTIVE", "az3"],
      ["proof-general-0", "ACTIVE", "az1"],
      ["proof-general-1", "ACTIVE", "az2"],
    ]);
    expect(mine(loadBalancers).map(({ provisioning_status }) => provisioning_status)).toEqual(["ACTIVE"]);
    expect([
      mine(networks).length,
      mine(routers).length,
      mine(securityGroups).length,
      mine(serverGroups).length,
    ]).toEqual([1, 1, 2, 1]);
    expect(floatingIps.length).toBe(before.floatingIps);
    const after = await openstack.counts();
    expect({
      servers: after.servers - before.servers,
      volumes: after.volumes - before.volumes,
      networks: after.networks - before.networks,
    }).toEqual({
      servers: 5,
      volumes: 3,
      networks: 1,
    });
  });

  it("hands every machine user data that Nova keeps whole, and no worker a private key", async () => {
    const administrator = await Openstack.connect("lab-admin");
    const servers = (await openstack.servers()).filter(({ name }) => String(name).startsWith("proof"));
    for (const { id, name } of servers) {
      const sent = await administrator.userData(id);
      const plain = (sent[0] === 0x1f && sent[1] === 0x8b ? gunzipSync(sent) : sent).toString("utf8");
      const unpacked =
        plain + [...plain.matchAll(/[A-Za-z0-9+/]{40,}={0,2}/g)].map(([text]) => inflated(text)).join("\n");
      expect([name, unpacked.includes("kubeadm")]).toEqual([name, true]);
      expect([name, unpacked.includes("PRIVATE KEY")]).toEqual([name, String(name).includes("control-plane")]);
    }
  });

  it("is left alone by a second up", async () => {
    const before = identities(await openstack.servers());
    expect(await stack.up()).toEqual([]);
    expect(identities(await openstack.servers())).toEqual(before);
  });

  it("shows no drift on refresh", async () => {
    expect(await stack.refresh()).toEqual([]);
  });

  it("says when its certificates end, and gives a kubeconfig that only its owner reads, and another when it is replaced, by the runbook's commands", async () => {
    const [ends = "", fetch = "", list = "", replace = ""] = commandsRunBy(__filename, "docs/runbooks/certificates.md");
    const folder = mkdtempSync(join(tmpdir(), "certificates-"));
    const kubeconfig = join(folder, "kubeconfig");
    const certificate = async () => {
      await stack.commands(fetch, folder);
      return new X509Certificate(readAdminKubeconfig(readFileSync(kubeconfig, "utf8")).clientCertificatePem);
    };
    try {
      const first = await certificate();
      expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
      expect(await stack.commands(ends)).toContain(new Date(first.validTo).toISOString().slice(0, 10));
      const urns = (await stack.commands(list)).match(/urn:\S+LocallySignedCert::\S*admin\S*/g) ?? [];
      expect(urns).toHaveLength(1);
      await stack.commands(replace.replace("URN", urns[0]!));
      const second = await certificate();
      expect([second.subject, second.serialNumber === first.serialNumber]).toEqual([first.subject, false]);
      expect(await stack.up()).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("gets control-plane machines again that were deleted for a restore, and no other, by the runbook's commands", async () => {
    const [first = "", others = ""] = commandsRunBy(__filename, "docs/runbooks/restore-etcd.md");
    const [all = "", whole = ""] = commandsRunBy(__filename, "docs/runbooks/control-plane-lost.md");
    const [firstName, ...otherNames] = ["proof-control-plane-0", "proof-control-plane-1", "proof-control-plane-2"];
    for (const [commands, lost] of [
      [first, [firstName]],
      [others, otherNames],
      [all, [firstName, ...otherNames]],
      [whole, []],
    ] as const) {
      const before = identities(await openstack.servers());
      await stack.commands(commands);
      const after = identities(await openstack.servers());
      expect(Object.keys(after)).toEqual(Object.keys(before));
      expect(Object.keys(after).filter((name) => after[name]!.id !== before[name]!.id)).toEqual(lost);
    }
    expect(await stack.up()).toEqual([]);
  });

  it("grows from 2 to 5 workers by creating three machines and touching no other", async () => {
    const before = identities(await openstack.servers());
    const changes = await stack.up([workers(5)]);
    const after = identities(await openstack.servers());
    const { "proof-general-2": third, "proof-general-3": fourth, "proof-general-4": fifth, ...rest } = after;
    expect([third, fourth, fifth].every((machine) => machine !== undefined)).toBe(true);
    expect(rest).toEqual(before);
    expect(
      changes.filter(({ operation, name }) => operation !== "create" || !/^proof-general-[234]$/.test(name)),
    ).toEqual([]);
  });

  it("shrinks from 5 to 3 workers by deleting the last two and touching no other", async () => {
    const before = identities(await openstack.servers());
    const changes = await stack.up([workers(3)]);
    const { "proof-general-3": fourth, "proof-general-4": fifth, ...rest } = before;
    expect([fourth, fifth].every((machine) => machine !== undefined)).toBe(true);
    expect(identities(await openstack.servers())).toEqual(rest);
    expect(
      changes.filter(({ operation, name }) => operation !== "delete" || !/^proof-general-[34]$/.test(name)),
    ).toEqual([]);
  });

  it("keeps every machine as it is when the template changes, and names those that are stale", async () => {
    const before = identities(await openstack.servers());
    await stack.up([workers(3), { path: ["ntpServers"], value: ["192.0.2.123"] }]);
    expect(identities(await openstack.servers())).toEqual(before);
    const { staleMachines } = await stack.outputs();
    expect((staleMachines as string[]).map((machine) => machine.split(" ")[0]).sort()).toEqual([
      "proof-control-plane-0",
      "proof-control-plane-1",
      "proof-control-plane-2",
      "proof-general-0",
      "proof-general-1",
      "proof-general-2",
    ]);
  });

  it("keeps no secret of its own in plain text in the state", async () => {
    const [encrypted, clear] = [await stack.exported(), await stack.exportedInTheClear()];
    const secrets = secretsOf(clear);
    expect(secrets.length).toBeGreaterThan(6);
    expect(secrets.filter((secret) => encrypted.includes(secret))).toEqual([]);
    expect(encrypted).not.toContain("PRIVATE KEY");
  });

  it("leaves nothing in the project when it is destroyed", async () => {
    const [look = "", lookAtTheEnd = ""] = commandsRunBy(__filename, "docs/runbooks/destroy.md");
    expect(await stack.commands(look)).not.toMatch(/to create|to update|to replace|to delete/);
    await stack.unprotect();
    expect(await stack.commands(lookAtTheEnd)).toContain("proof-control-plane-0");
    expect((await mineNow()).length).toBeGreaterThan(20);
    await stack.destroy();
    expect((await mineNow()).map(({ name, id }) => `${name} ${id}`)).toEqual([]);
  });
});

/** What a base64 text holds when it is compressed; else nothing. */
function inflated(text: string): string {
  try {
    return gunzipSync(Buffer.from(text, "base64")).toString("utf8");
  } catch {
    return Buffer.from(text, "base64").toString("latin1");
  }
}

/** Private keys, tokens, passwords and user data in a state shown in the clear. */
function secretsOf(clear: string): string[] {
  const found: string[] = [];
  const { deployment } = JSON.parse(clear) as {
    deployment: { resources: { type: string; outputs?: Record<string, unknown> }[] };
  };
  const plain = (value: unknown) => {
    const wrapped = value as { plaintext?: string } | null;
    return typeof wrapped === "object" && wrapped?.plaintext !== undefined
      ? (JSON.parse(wrapped.plaintext) as unknown)
      : value;
  };
  for (const { outputs = {} } of deployment.resources) {
    for (const key of ["privateKeyPem", "result", "base64", "userData"]) {
      const value = plain(outputs[key]);
      // As JSON has it: a PEM's line breaks are escaped in the state.
      if (typeof value === "string" && value.length > 5) found.push(JSON.stringify(value).slice(1, -1));
    }
  }
  return found;
}
