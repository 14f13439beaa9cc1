import { gunzipSync } from "node:zlib";
import { labConfig } from "../../../lab/machines/cluster";
import { netmask, renderConfigDrive } from "../../../lab/machines/configDrive";
import { createLabKeys } from "../../../lab/machines/keys";
import { placeMachines } from "../../../lab/machines/plan";

describe("config drive of a lab machine", () => {
  it("tells name, domain, address and resolver as Nova and Neutron do, and holds the user data as it was sent", async () => {
    const config = labConfig();
    const plan = placeMachines(config, (await createLabKeys("lab", new Date())).secrets);
    const machine = plan.machines[4]!;
    const drive = renderConfigDrive(config, plan, machine);
    const metaData = JSON.parse(drive["openstack/latest/meta_data.json"] as string) as Record<string, unknown>;
    expect([metaData.name, metaData.hostname]).toEqual(["lab-workers-1", "lab-workers-1.novalocal"]);
    expect(JSON.parse(drive["openstack/latest/network_data.json"] as string)).toMatchObject({
      links: [{ ethernet_mac_address: machine.mac, mtu: 1450 }],
      networks: [
        {
          ip_address: "10.10.0.101",
          netmask: "255.255.252.0",
          routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "10.10.0.1" }],
        },
      ],
      services: [{ type: "dns", address: "10.20.0.10" }],
    });
    expect(gunzipSync(drive["openstack/latest/user_data"] as Buffer).toString("utf8")).toBe(
      machine.userData.cloudConfig,
    );
  });

  it("writes prefixes as netmasks", () => {
    expect([8, 9, 16, 22, 24, 28, 32].map(netmask)).toEqual([
      "255.0.0.0",
      "255.128.0.0",
      "255.255.0.0",
      "255.255.252.0",
      "255.255.255.0",
      "255.255.255.240",
      "255.255.255.255",
    ]);
  });
});
