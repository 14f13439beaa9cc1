import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { simulate, unknown } from "../../simulation";

function network() {
  const net = new openstack.networking.Network("net", { name: "net", mtu: 1400 });
  const subnet = new openstack.networking.Subnet("sub", { networkId: net.id, cidr: "10.0.0.0/24" });
  return { net, subnet };
}

describe("simulate", () => {
  it("yields the resources with what the cloud computed", async () => {
    const run = await simulate(() => {
      const { net, subnet } = network();
      const port = new openstack.networking.Port("p", { networkId: net.id, fixedIps: [{ subnetId: subnet.id }] }, { protect: true });
      return { address: port.allFixedIps[0], secret: pulumi.secret("x") };
    });
    expect(run.resource("Port", "p").outputs).toEqual({});
    expect(run.outputs).toEqual({ address: "10.0.0.2", secret: "x" });
  });

  it("surfaces the error of a program", async () => {
    await expect(simulate(() => { throw new Error("boom"); })).rejects.toThrow("program: boom");
  });

  it("x", async () => {
    await expect(simulate(() => { new openstack.networking.Port("p", {networkId: "x"}).id.apply(() => 1) })).rejects.toThrow("there is no network");
  });

  it("preview", async () => {
    const run = await simulate(() => { const {subnet} = network(); return { id: subnet.id }; }, { preview: true });
    expect(run.outputs).toEqual({ id: unknown });
  });
});
