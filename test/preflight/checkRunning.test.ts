import { healthyCloud, server } from "./fakeCloud";
import { fullCloud, preflight } from "./run";

const [, medium, large] = healthyCloud.flavors;

describe("machines that exist and do not run", () => {
  it("are named with their status and the command that brings them back", async () => {
    const servers = [
      server("dev-control-plane-0", medium!, "SHUTOFF"),
      server("dev-control-plane-1", medium!, "SHUTOFF"),
      server("dev-control-plane-2", medium!, "RESCUE"),
      server("dev-default-0", large!, "ERROR"),
      server("dev-default-1", large!, "SHELVED_OFFLOADED"),
    ];
    expect(await preflight({}, { ...fullCloud, servers })).toEqual({
      problems: [],
      notes: [
        "dev-control-plane-0, dev-control-plane-1 are off (Nova: SHUTOFF): `openstack server start dev-control-plane-0 dev-control-plane-1`.",
        "dev-default-1 is shelved (Nova: SHELVED_OFFLOADED): `openstack server unshelve dev-default-1`.",
        "dev-control-plane-2 is in rescue mode (Nova: RESCUE): `openstack server unrescue dev-control-plane-2`.",
        "dev-default-0 is in error (Nova: ERROR): `openstack server reboot --hard dev-default-0`; if that does not help, docs/runbooks/replace-machine.md.",
      ],
    });
  });

  it("are not named when they boot, never started, or belong to another cluster", async () => {
    const servers = [
      ...fullCloud.servers!.filter(({ name }) => !name.startsWith("dev-default-")),
      server("dev-default-0", large!, "BUILD"),
      server("dev-default-1", large!, "ERROR", false),
      server("dev-2-default-2", large!, "SHUTOFF"),
    ];
    expect(await preflight({}, { ...fullCloud, servers })).toEqual({ problems: [], notes: [] });
  });
});
