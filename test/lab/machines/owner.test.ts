/** That one owner at a time has the machines of a host. Proves nothing about machines themselves. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  claimMachines,
  openstackMachines,
  othersClaim,
  ownerOfMachines,
  ownMachines,
  refuseOthers,
  releaseMachines,
} from "../../../lab/machines/owner";

describe("owner of the lab's machines", () => {
  const folder = mkdtempSync(join(tmpdir(), "owner-"));
  const file = join(folder, "openstack-kubernetes", "owner.json");
  const anotherCheckout = { ...ownMachines, checkout: folder };
  const vanishedCheckout = { ...ownMachines, checkout: join(folder, "vanished") };
  const anotherCache = { ...ownMachines, folder: "/srv/another/machines" };

  afterEach(() => releaseMachines(file));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is nobody before anybody claims them, and after they were released", () => {
    expect(ownerOfMachines(file)).toBeUndefined();
    claimMachines(ownMachines, file);
    releaseMachines(file);
    expect(ownerOfMachines(file)).toBeUndefined();
  });

  it("may claim them again", () => {
    claimMachines(ownMachines, file);
    claimMachines(ownMachines, file);
    expect(ownerOfMachines(file)).toMatchObject(ownMachines);
    expect(othersClaim(ownMachines, file)).toBeUndefined();
  });

  it.each([
    [
      "another checkout",
      anotherCheckout,
      `were started by \`npm run lab:machines\` in ${folder}, with their disks in ${ownMachines.folder}: its \`down\` there ends them`,
    ],
    [
      "another folder of disks",
      anotherCache,
      `were started by \`npm run lab:machines\` in ${ownMachines.checkout}, with their disks in /srv/another/machines: its \`down\` there ends them`,
    ],
    [
      "the lab's OpenStack",
      openstackMachines("/srv/lab/openstack"),
      "are those of the lab's OpenStack in /srv/lab/openstack: `npm run lab -- down` ends them",
    ],
  ])("refuses who does not own them, and says that %s does", (_, owner, sentence) => {
    claimMachines(owner, file);
    for (const use of [refuseOthers, claimMachines])
      expect(() => use(ownMachines, file)).toThrow(new Error(`The machines on this host ${sentence}.`));
    expect(ownerOfMachines(file)).toMatchObject(owner);
  });

  it("is another OpenStack with another folder, whatever the checkout", () => {
    claimMachines({ ...openstackMachines("/srv/lab/openstack"), checkout: folder }, file);
    expect(othersClaim(openstackMachines("/srv/lab/openstack"), file)).toBeUndefined();
    expect(othersClaim(openstackMachines("/srv/second/openstack"), file)).toBe(
      "are those of the lab's OpenStack in /srv/lab/openstack: `npm run lab -- down` ends them",
    );
  });

  it("hands them on when its checkout is gone, so that they can be ended at all", () => {
    claimMachines(vanishedCheckout, file);
    expect(othersClaim(ownMachines, file)).toBeUndefined();
  });

  it("is nobody when the claim was cut short in writing", () => {
    claimMachines(anotherCheckout, file);
    writeFileSync(file, readFileSync(file, "utf8").slice(0, 20));
    expect(ownerOfMachines(file)).toBeUndefined();
    claimMachines(ownMachines, file);
    expect(ownerOfMachines(file)).toMatchObject(ownMachines);
  });

  it("keeps its record in a folder of its own, which goes with it", () => {
    expect(dirname(file)).not.toBe(folder);
    claimMachines(ownMachines, file);
    releaseMachines(file);
    expect(() => readFileSync(dirname(file))).toThrow("ENOENT");
  });
});
