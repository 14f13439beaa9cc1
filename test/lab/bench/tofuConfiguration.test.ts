import { join } from "node:path";
import { renderTofuConfiguration, tofuTypes } from "../../../lab/bench/tofuConfiguration";
import type { Simulated } from "../../../simulation";
import { readStack, runStack } from "../../../simulation/preview/run";

type Block = Record<string, unknown>;
const stack = readStack("dev", join(__dirname, "../../../Pulumi.dev.yaml"));
type Resources = Record<string, Record<string, Block>>;

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
  let resource: Resources;
  beforeAll(async () => {
    run = await runStack(stack, undefined, () => undefined);
    ({ resource } = renderTofuConfiguration(run, stack.config) as { resource: Resources });
  }, 120_000);
  const typeOf = (tofuType: string) =>
    Object.entries(tofuTypes).find(([, type]) => tofuType === `openstack_${type}`)?.[0] ?? tofuType;

  it("has as many resources of each type as the program registers for OpenStack", () => {
    const counted = Object.entries(resource).map(([type, blocks]) => [
      typeOf(type),
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
        .filter((one) => one.type === typeOf(type))
        .map(({ inputs }) => saying(inputs).join(" "));
      const written = Object.values(blocks).flatMap((block) =>
        Array.from({ length: Number(block.count ?? 1) }, () => argumentsOf(block).join(" ")),
      );
      expect({ type, all: written.sort() }).toEqual({ type, all: registered.sort() });
    }
  });

  it("makes workers after the last control-plane machine and the members of the endpoint, and those machines one after the other", () => {
    const servers = resource.openstack_compute_instance_v2 as Record<string, Block>;
    const after = (name: string) => servers[name]?.depends_on as string[];
    expect(after("general")).toEqual(
      expect.arrayContaining([
        "openstack_compute_instance_v2.dev-control-plane-2",
        ...[0, 1, 2].map((index) => `openstack_lb_member_v2.dev-control-plane-${index}-api`),
      ]),
    );
    expect(after("dev-control-plane-2")).toContain("openstack_compute_instance_v2.dev-control-plane-1");
    expect(after("dev-control-plane-1")).toContain("openstack_compute_instance_v2.dev-control-plane-0");
  });

  it("names no id or address of the simulation: each is a reference", () => {
    const text = JSON.stringify(resource);
    const known = run.resources.flatMap(({ type, id, outputs }) =>
      type.startsWith("openstack:") ? [id, ...((outputs.allFixedIps ?? []) as string[])] : [],
    );
    expect(known.length).toBeGreaterThan(40);
    expect(known.filter((value) => value !== undefined && text.includes(`"${value}"`))).toEqual([]);
    expect(resource.openstack_lb_member_v2?.["dev-control-plane-0-api"]?.address).toBe(
      "${openstack_networking_port_v2.dev-control-plane-0.all_fixed_ips[0]}",
    );
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
});
