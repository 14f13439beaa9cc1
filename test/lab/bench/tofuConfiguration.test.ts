import { join } from "node:path";
import { renderTofuConfiguration } from "../../../lab/bench/tofuConfiguration";
import type { Simulated } from "../../../simulation";
import { readStack, runStack } from "../../../simulation/preview/run";

type Block = Record<string, unknown>;
const stack = readStack("dev", join(__dirname, "../../../Pulumi.dev.yaml"));
const { resource } = renderTofuConfiguration(stack.config) as { resource: Record<string, Record<string, Block>> };

/** Type of the program's resources by OpenTofu's type. */
const types: Readonly<Record<string, string>> = {
  openstack_compute_instance_v2: "openstack:compute/instance:Instance",
  openstack_compute_servergroup_v2: "openstack:compute/serverGroup:ServerGroup",
  openstack_lb_listener_v2: "openstack:loadbalancer/listener:Listener",
  openstack_lb_loadbalancer_v2: "openstack:loadbalancer/loadBalancer:LoadBalancer",
  openstack_lb_member_v2: "openstack:loadbalancer/member:Member",
  openstack_lb_monitor_v2: "openstack:loadbalancer/monitor:Monitor",
  openstack_lb_pool_v2: "openstack:loadbalancer/pool:Pool",
  openstack_networking_floatingip_v2: "openstack:networking/floatingIp:FloatingIp",
  openstack_networking_network_v2: "openstack:networking/network:Network",
  openstack_networking_port_v2: "openstack:networking/port:Port",
  openstack_networking_router_interface_v2: "openstack:networking/routerInterface:RouterInterface",
  openstack_networking_router_v2: "openstack:networking/router:Router",
  openstack_networking_secgroup_rule_v2: "openstack:networking/secGroupRule:SecGroupRule",
  openstack_networking_secgroup_v2: "openstack:networking/secGroup:SecGroup",
  openstack_networking_subnet_v2: "openstack:networking/subnet:Subnet",
};

/** Words that the two spell differently for no reason of ours: plural blocks. */
const spelling: Readonly<Record<string, string>> = {
  network: "networks",
  block_device: "blockDevices",
  fixed_ip: "fixedIps",
};

const inPulumisSpelling = (name: string) =>
  spelling[name] ?? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Arguments that say something; `undefined` is not written down. */
const argumentsOf = (block: Block) =>
  Object.entries(block)
    .filter(([name, value]) => value !== undefined && !["count", "depends_on", "lifecycle"].includes(name))
    .map(([name]) => inPulumisSpelling(name))
    .sort();

/**
 * Names of the inputs that say something: an empty list says nothing to OpenTofu's provider, which is the same as
 * Pulumi's.
 */
const saying = (inputs: Block) =>
  Object.entries(inputs)
    .filter(([, value]) => !(Array.isArray(value) && value.length === 0))
    .map(([name]) => name)
    .sort();

describe("The configuration for OpenTofu", () => {
  let run: Simulated;
  beforeAll(async () => {
    run = await runStack(stack, undefined, () => undefined);
  }, 120_000);

  it("has as many resources of each type as the program registers for OpenStack", () => {
    const counted = Object.entries(resource).map(([type, blocks]) => [
      types[type],
      Object.values(blocks).reduce((sum, { count = 1 }) => sum + Number(count), 0),
    ]);
    const registered: Record<string, number> = {};
    for (const { type } of run.resources)
      if (type.startsWith("openstack:")) registered[type] = (registered[type] ?? 0) + 1;
    expect(Object.fromEntries(counted)).toEqual(registered);
  });

  it("gives each resource the arguments that the program gives", () => {
    for (const [type, blocks] of Object.entries(resource)) {
      const registered = run.resources
        .filter((one) => one.type === types[type])
        .map(({ inputs }) => saying(inputs).join(" "));
      const written = Object.values(blocks).flatMap((block) =>
        Array.from({ length: Number(block.count ?? 1) }, () => argumentsOf(block).join(" ")),
      );
      expect({ type, all: written.sort() }).toEqual({ type, all: registered.sort() });
    }
  });

  it("makes workers after the last control-plane machine and the members of the endpoint, and those machines one after the other", () => {
    const servers = resource.openstack_compute_instance_v2 as Record<string, Block>;
    expect(servers.general?.depends_on).toEqual([
      "openstack_compute_instance_v2.dev-control-plane-2",
      ...["dev-control-plane-0", "dev-control-plane-1", "dev-control-plane-2"].map(
        (name) => `openstack_lb_member_v2.${name}`,
      ),
    ]);
    expect(servers["dev-control-plane-2"]?.depends_on).toEqual(["openstack_compute_instance_v2.dev-control-plane-1"]);
    expect(servers["dev-control-plane-1"]?.depends_on).toEqual(["openstack_compute_instance_v2.dev-control-plane-0"]);
  });

  it("ignores on a worker what the program ignores, in OpenTofu's words", () => {
    const servers = resource.openstack_compute_instance_v2 as Record<string, Block>;
    expect(servers.general?.lifecycle).toEqual({
      ignore_changes: [
        "flavor_name",
        "image_id",
        "image_name",
        "block_device",
        "availability_zone",
        "scheduler_hints",
        "network",
        "config_drive",
        "user_data",
        'metadata["template-digest"]',
        'metadata["creation-digest"]',
      ],
    });
  });

  it("is refused for what the benchmark does not compare", () => {
    const external = {
      ...stack.config,
      apiEndpoint: { ...stack.config.apiEndpoint, kind: "external", host: "api.example.org" },
    } as typeof stack.config;
    expect(() => renderTofuConfiguration(external)).toThrow("clusters with a network and a load balancer of their own");
    const onVolumes = {
      ...stack.config,
      controlPlane: { ...stack.config.controlPlane, bootVolume: { sizeGb: 50 } },
    } as typeof stack.config;
    expect(() => renderTofuConfiguration(onVolumes)).toThrow("without boot volumes");
  });
});
