/** Small parts of a network that the tests of the simulated OpenStack are built from. */
import * as openstack from "@pulumi/openstack";
import type * as pulumi from "@pulumi/pulumi";
import { simulate } from "../../../simulation";

export const uuid: unknown = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
export const mac: unknown = expect.stringMatching(/^fa:16:3e(:[0-9a-f]{2}){3}$/);
export const project = { region: "RegionOne", tenantId: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown };

export function lan(cidr = "10.0.0.0/24") {
  const network = new openstack.networking.Network("lan", { name: "lan", mtu: 1400, tags: ["a=b"] });
  const subnet = new openstack.networking.Subnet("lan", { name: "lan", networkId: network.id, cidr });
  return { network, subnet };
}

export function router(subnet: openstack.networking.Subnet) {
  const externalNetworkId = openstack.networking.getNetworkOutput({ name: "public", external: true }).id;
  const own = new openstack.networking.Router("lan", { externalNetworkId });
  return new openstack.networking.RouterInterface("lan", { routerId: own.id, subnetId: subnet.id });
}

export const server = (
  name: string,
  args: Partial<openstack.compute.InstanceArgs>,
  opts?: pulumi.CustomResourceOptions,
) => new openstack.compute.Instance(name, { name, flavorName: "m1.large", imageId: "image", ...args }, opts);

export const refusal = (program: () => unknown) =>
  expect(
    simulate(() => {
      program();
    }),
  ).rejects;
