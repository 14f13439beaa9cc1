/**
 * PROD under the real engine, under another name and with all its machines, and what happens to its machines when the
 * image or a flavor changes: none is rebuilt or resized by surprise, and a machine that is rolled by name is replaced
 * alone (docs/decisions/0001). All asked of OpenStack itself. Not proven: that a resized or replaced machine comes back
 * as a node (Nova's hypervisor is a fake).
 */
import { describeOnLab, EngineStack, type Setting } from "../realEngine/engineStack";
import { type Item, Openstack } from "../realEngine/openstack";

jest.setTimeout(20 * 60_000);

const numbered = (role: string, count: number) => Array.from({ length: count }, (_, index) => `shape-${role}-${index}`);
const machines = [...numbered("control-plane", 3), ...numbered("general", 12)];

/** What of a machine must not change behind its owner's back. */
interface Machine {
  id: string;
  image: string;
  flavor: string;
  created: string;
  updated: string;
}

describeOnLab("a cluster of PROD's shape", () => {
  const base: Setting[] = [{ path: ["clusterName"], value: "shape" }];
  const newImage: Setting = { path: ["image"], value: "rhel-8.10-x86_64-kvm" };
  const newWorkerFlavor: Setting = { path: ["nodePools", "0", "flavor"], value: "m1.xlarge" };
  const roll: Setting = { path: ["roll"], value: ["shape-control-plane-1", "shape-general-2"] };
  const newControlPlaneFlavor: Setting = { path: ["controlPlane", "flavor"], value: "m1.xlarge" };
  const stack = new EngineStack("shape", base, "prod");
  let openstack: Openstack;
  let others: ReadonlySet<string>;

  const mine = async () => (await openstack.everything()).filter(({ id }) => !others.has(id));
  const place = ({ name }: Item) => machines.indexOf(String(name));
  const servers = async () =>
    (await openstack.servers()).filter((server) => place(server) >= 0).sort((a, b) => place(a) - place(b));
  const machinesNow = async (): Promise<Record<string, Machine>> =>
    Object.fromEntries(
      (await servers()).map((server) => {
        const { name, id, image, flavor, created, updated } = server as Item & {
          image: { id: string };
          flavor: { original_name: string };
        };
        return [String(name), { id, image: image.id, flavor: flavor.original_name, created, updated } as Machine];
      }),
    );
  const stale = async () => (await stack.outputs()).staleMachines;

  beforeAll(async () => {
    await stack.removeLeftovers();
    openstack = await Openstack.connect();
    others = new Set((await openstack.everything()).map(({ id }) => id));
  });
  afterAll(() => stack.removeLeftovers());

  it("comes up with its zones, flavors, etcd volumes, server groups and a load balancer that leads to every control-plane machine", async () => {
    await stack.up();
    const found = await servers();
    expect(found.map((server) => [server.name, server.status, server["OS-EXT-AZ:availability_zone"]])).toEqual(
      machines.map((name) => [name, "ACTIVE", `az${(Number(/\d+$/.exec(name)) % 3) + 1}`]),
    );
    expect(Object.values(await machinesNow()).map(({ flavor }) => flavor)).toEqual([
      ...Array<string>(3).fill("m1.large"),
      ...Array<string>(12).fill("m1.2xlarge"),
    ]);

    const { volumes, serverGroups, loadBalancers } = await openstack.inventory();
    const byName = new Map(found.map(({ name, id }) => [String(name), id]));
    const etcd = volumes.map(({ size, attachments }) => [size, (attachments as { server_id: string }[])[0]?.server_id]);
    for (const name of machines.slice(0, 3)) expect(etcd).toContainEqual([20, byName.get(name)]);
    const groups = serverGroups
      .filter(({ id }) => !others.has(id))
      .map(({ name, policy, members }) => [name, policy, (members as string[]).length]);
    expect(groups.sort()).toEqual([
      ["shape-control-plane", "soft-anti-affinity", 3],
      ["shape-general", "soft-anti-affinity", 12],
    ]);
    const balancer = loadBalancers.find(({ name }) => name === "shape-api");
    const members = await openstack.membersOf(balancer!.id);
    expect(members.map(({ name, protocol_port: port }) => [name, port]).sort()).toEqual(
      machines.slice(0, 3).map((name) => [name, 6443]),
    );
  });

  it("is left alone by a second up", async () => {
    const before = await machinesNow();
    expect(await stack.up()).toEqual([]);
    expect(await machinesNow()).toEqual(before);
  });

  it("keeps every machine as it is when the image and the workers' flavor change, and names all of them as stale", async () => {
    const before = await machinesNow();
    expect(await stack.up([newImage, newWorkerFlavor])).toEqual([]);
    expect(await machinesNow()).toEqual(before);
    expect(await stale()).toEqual(machines);
  });

  it("is told in words what a roll and a smaller pool would do, and what is not allowed by name is refused", async () => {
    const smaller: Setting = { path: ["nodePools", "0", "count"], value: 11 };
    const settings = [newImage, newWorkerFlavor, roll, smaller];
    const refused = await stack.consequences(settings);
    const lines = refused.stdout.split("\n").filter((line) => line.startsWith("- machine"));
    expect(lines).toEqual([
      expect.stringMatching(/^- machine `shape-general-11` is deleted with its disks: /),
      expect.stringMatching(
        /^- machine `shape-control-plane-1` is replaced: its disks are wiped, .*; first all others must be whole/,
      ),
      expect.stringMatching(/^- machine `shape-general-2` is replaced: its node is drained first/),
    ]);
    // The state carries the configuration of the last `up`.
    expect(refused.stdout).toContain("- setting `nodePools[0].count`: 12 -> 11, takes effect at once in OpenStack.");
    expect(refused.stdout).toMatch(
      /^## Stack shape: 0 to create, 0 to change in place, 2 to replace, 1 to delete, \d+ unchanged\n\n\*\*DESTRUCTIVE, and not allowed\*\*\n/,
    );
    expect(refused.code).toBe(3);
    expect(
      await stack.consequences([...settings, { path: ["allowDestruction"], value: ["shape-general-11"] }]),
    ).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("**Destructive, allowed by name**") as string,
    });
  });

  it("replaces exactly the machines that `roll` names, which then have the new image and flavor", async () => {
    const before = await machinesNow();
    const changes = await stack.up([newImage, newWorkerFlavor, roll]);
    const { "shape-control-plane-1": controlPlane, "shape-general-2": worker, ...rest } = await machinesNow();
    const { "shape-control-plane-1": oldControlPlane, "shape-general-2": oldWorker, ...untouched } = before;
    expect(rest).toEqual(untouched);
    const image = await openstack.imageId("rhel-8.10-x86_64-kvm");
    expect([controlPlane?.image, controlPlane?.flavor, worker?.image, worker?.flavor]).toEqual([
      image,
      "m1.large",
      image,
      "m1.xlarge",
    ]);
    expect(controlPlane?.id).not.toBe(oldControlPlane?.id);
    expect(worker?.id).not.toBe(oldWorker?.id);
    expect([...new Set(changes.map(({ name }) => name))].sort()).toEqual(["shape-control-plane-1", "shape-general-2"]);
    expect(await stale()).toEqual(
      machines.filter((name) => name !== "shape-control-plane-1" && name !== "shape-general-2"),
    );
  });

  it("has nothing more to do for a `roll` that was left in place", async () => {
    expect(await stack.preview([newImage, newWorkerFlavor, roll])).toEqual([]);
  });

  it("resizes the control plane in place, one machine after the other, and no worker", async () => {
    const before = await machinesNow();
    await stack.up([newImage, newWorkerFlavor, newControlPlaneFlavor]);
    const after = await machinesNow();
    const [controlPlane, workers] = [machines.slice(0, 3), machines.slice(3)];
    const part = (all: Record<string, Machine>, names: string[]) => names.map((name) => all[name]);
    expect(part(after, workers)).toEqual(part(before, workers));
    expect(part(after, controlPlane).map((machine) => [machine?.id, machine?.image, machine?.flavor])).toEqual(
      part(before, controlPlane).map((machine) => [machine?.id, machine?.image, "m1.xlarge"]),
    );
    const actions = (
      await Promise.all(
        controlPlane.map(async (name) =>
          (await openstack.actions(after[name]!.id)).map((action) => ({ name, ...action })),
        ),
      )
    ).flat();
    const resizes = actions
      .filter(({ action }) => action === "resize" || action === "confirmResize")
      .sort((a, b) => a.began.localeCompare(b.began));
    expect(resizes.map(({ name, action }) => [name, action])).toEqual(
      controlPlane.flatMap((name) => [
        [name, "resize"],
        [name, "confirmResize"],
      ]),
    );
  });

  it("leaves nothing in the project when it is destroyed", async () => {
    expect((await mine()).length).toBeGreaterThan(25);
    await stack.destroy();
    expect((await mine()).map(({ name, id }) => `${name} ${id}`)).toEqual([]);
  });
});
