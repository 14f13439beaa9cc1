/**
 * The simulated run as a whole: what is recorded, what is unknown, what goes wrong. Single resource types have tests of
 * their own beside this one.
 */
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { simulate, SimulationError, unknown } from "../../simulation";

class Component extends pulumi.ComponentResource {
  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("test:index:Component", name, {}, opts);
  }
}

class Strange extends pulumi.CustomResource {
  constructor(type: string, inputs: pulumi.Inputs) {
    super(type, "strange", inputs);
  }
}

const failures = async (program: () => unknown) => {
  const error: unknown = await simulate(program).catch((thrown: unknown) => thrown);
  if (!(error instanceof SimulationError)) throw new Error("expected a SimulationError");
  return error.failures.map(({ where, message }) => ({ where, message }));
};

describe("a simulated run", () => {
  it("records the resources in order, with the URNs that the engine would form", async () => {
    const run = await simulate(
      () => {
        const parent = new Component("outer");
        const child = new Component("inner", { parent });
        new openstack.networking.Network("net", {}, { parent: child });
      },
      { project: "p", stack: "s" },
    );
    expect(run.resources.map(({ urn }) => urn)).toEqual([
      "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s",
      "urn:pulumi:s::p::test:index:Component::outer",
      "urn:pulumi:s::p::test:index:Component$test:index:Component::inner",
      "urn:pulumi:s::p::test:index:Component$test:index:Component$openstack:networking/network:Network::net",
    ]);
  });

  it("records options, dependencies and hooks as the engine sees them", async () => {
    const run = await simulate(() => {
      const guarded = new Component("guarded", { protect: true });
      const network = new openstack.networking.Network("net", {}, { parent: guarded, retainOnDelete: true });
      const hook = new pulumi.ResourceHook("drain", () => undefined);
      new openstack.networking.Subnet(
        "sub",
        { networkId: network.id, cidr: "10.0.0.0/24" },
        {
          protect: false,
          dependsOn: [network],
          ignoreChanges: ["tags"],
          replaceOnChanges: ["name"],
          deleteBeforeReplace: true,
          aliases: [{ name: "before" }],
          customTimeouts: { create: "5m" },
          hooks: { beforeDelete: [hook] },
          deletedWith: network,
        },
      );
    });
    const network = run.resource("Network", "net");
    const subnet = run.resource("Subnet", "sub");
    expect(network).toMatchObject({
      protect: true,
      retainOnDelete: true,
      ignoreChanges: [],
      deleteBeforeReplace: undefined,
      hooks: {},
    });
    expect(subnet).toMatchObject({
      protect: false,
      dependencies: [network.urn],
      propertyDependencies: { networkId: [network.urn] },
      ignoreChanges: ["tags"],
      replaceOnChanges: ["name"],
      deleteBeforeReplace: true,
      deletedWith: network.urn,
      aliases: ["before"],
      customTimeouts: { create: "5m", update: undefined, delete: undefined },
      hooks: { beforeDelete: ["drain"] },
    });
    expect(run.dependenciesOf(subnet)).toEqual([network]);
  });

  it("runs the hooks of a resource when a test asks for it", async () => {
    const calls: pulumi.ResourceHookArgs[] = [];
    const run = await simulate(() => {
      const hook = new pulumi.ResourceHook("note", (args) => void calls.push(args));
      new openstack.networking.Network("net", {}, { hooks: { afterCreate: [hook] } });
    });
    const { urn, id = "", type, name } = run.resource("Network", "net");
    expect(calls).toEqual([]);
    await run.runHooks(run.resource("Network", "net"), "afterCreate", { newOutputs: { mtu: 1 } });
    expect(calls).toEqual([{ urn, id, type, name, newOutputs: { mtu: 1 } }]);
  });

  it("tells secret inputs and outputs apart from plain ones, at any depth", async () => {
    const run = await simulate(() => {
      const password = new random.RandomPassword("pw", { length: 8, special: false });
      new openstack.networking.Network("net", {
        name: password.result,
        tags: ["plain", pulumi.secret("hidden")],
        description: "plain",
      });
      return { open: 1, hidden: { deep: [pulumi.secret(2)] } };
    });
    expect(run.resource("RandomPassword", "pw").secretOutputs).toEqual(["bcryptHash", "result"]);
    expect([...run.resource("Network", "net").secretInputs].sort()).toEqual(["name", "tags"]);
    expect(run.outputs).toEqual({ open: 1, hidden: { deep: [2] } });
    expect(run.secretOutputs).toEqual(["hidden"]);
  });

  it("waits for what an apply starts late", async () => {
    const run = await simulate(() => {
      const network = new openstack.networking.Network("net");
      network.id.apply(async (id) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return new openstack.networking.Subnet("late", { networkId: id, cidr: "10.0.0.0/24" }).id;
      });
      return { settled: network.id.apply(() => new Promise((resolve) => setTimeout(() => resolve("yes"), 60))) };
    });
    expect(run.outputs).toEqual({ settled: "yes" });
    expect(run.ofType("Subnet").map(({ name }) => name)).toEqual(["late"]);
  });

  it("forgets an earlier run", async () => {
    const program = () => ({ id: new openstack.networking.Network("net", { name: "one" }).id });
    const first = await simulate(program);
    const second = await simulate(program);
    expect(second.resources.map(({ urn, id }) => ({ urn, id }))).toEqual(
      first.resources.map(({ urn, id }) => ({ urn, id })),
    );
    expect(second.seed).not.toBe(first.seed);
  });

  it("records lookups", async () => {
    const run = await simulate(() => ({ image: openstack.images.getImageOutput({ name: "debian" }).id }));
    expect(run.invokes.map(({ token, args }) => ({ token, args }))).toEqual([
      { token: "openstack:images/getImage:getImage", args: { name: "debian" } },
    ]);
    expect(run.outputs.image).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it("hands the configuration over", async () => {
    const run = await simulate(() => ({ size: new pulumi.Config("mine").requireNumber("size") }), {
      config: { "mine:size": "3" },
    });
    expect(run.outputs).toEqual({ size: 3 });
  });
});

describe("a simulated preview", () => {
  const program = () => {
    const network = new openstack.networking.Network("net", { name: "n" });
    const subnet = new openstack.networking.Subnet("sub", { networkId: network.id, cidr: "10.0.0.0/24" });
    return { id: network.id, name: network.name, gateway: subnet.gatewayIp };
  };

  it("knows inputs and no computed output of what does not exist yet", async () => {
    const run = await simulate(program, { preview: true });
    expect(run.outputs).toEqual({ id: unknown, name: "n", gateway: unknown });
    expect(run.resource("Subnet", "sub").inputs).toEqual({ networkId: unknown, cidr: "10.0.0.0/24" });
    expect(run.resource("Network", "net").id).toBeUndefined();
  });

  it("knows the outputs of what the previous run made", async () => {
    const up = await simulate(program);
    const run = await simulate(program, { preview: true, previous: up.toPrevious() });
    expect(run.outputs).toEqual(up.outputs);
  });

  it("refuses what is wrong whatever the cloud says", async () => {
    const tooLarge = () =>
      new openstack.compute.Instance("vm", { flavorName: "f", imageId: "i", userData: "x".repeat(49_153) });
    await expect(
      simulate(
        () => {
          tooLarge();
        },
        { preview: true },
      ),
    ).rejects.toThrow("user data is 65540 bytes in base64; Nova takes at most 65535");
  });
});

describe("a failing run", () => {
  it("throws the error of the program, with the place where it was thrown", async () => {
    const fault = new Error("a fault of the program");
    const error: unknown = await simulate(() => {
      throw fault;
    }).catch((thrown: unknown) => thrown);
    expect((error as SimulationError).failures).toEqual([
      { where: "program", message: "a fault of the program", error: fault },
    ]);
    expect((error as SimulationError).stack).toContain("simulate.test.ts");
  });

  it("tells every refused resource at once, and passes over what depends on them", async () => {
    const found = await failures(() => {
      const network = new Strange("openstack:networking/network:Netwerk", {});
      new openstack.networking.Subnet("depends", { networkId: network.id, cidr: "nonsense" });
      new openstack.networking.Subnet("other", { networkId: "there-is-none", cidr: "10.0.0.0/24" });
    });
    expect(found).toEqual([
      {
        where: "urn:pulumi:test::openstack-kubernetes::openstack:networking/network:Netwerk::strange",
        message:
          "the simulation does not know the resource type openstack:networking/network:Netwerk: add it beside its kin under simulation/",
      },
      {
        where: "urn:pulumi:test::openstack-kubernetes::openstack:networking/subnet:Subnet::other",
        message:
          'there is no network "there-is-none": it neither exists before the program runs nor has been created by it yet',
      },
    ]);
  });

  it.each([
    ["a missing input", "openstack:networking/port:Port", {}, "Port lacks networkId"],
    [
      "a missing input among several",
      "openstack:loadbalancer/pool:Pool",
      { lbMethod: "ROUND_ROBIN" },
      "Pool lacks protocol",
    ],
  ])("refuses %s", async (_, type, inputs, message) => {
    await expect(
      simulate(() => {
        new Strange(type, inputs);
      }),
    ).rejects.toThrow(message);
  });

  it("refuses two resources of one URN", async () => {
    const twice = () => [new openstack.networking.Network("net"), new openstack.networking.Network("net")];
    await expect(
      simulate(() => {
        twice();
      }),
    ).rejects.toThrow("Network::net: two resources have this URN: give one of them another name or parent");
  });

  it("refuses a lookup that it does not know", async () => {
    await expect(
      simulate(async () => {
        await openstack.identity.getProject({ name: "x" });
      }),
    ).rejects.toThrow("the simulation does not know the lookup openstack:identity/getProject:getProject");
  });

  it("refuses to read an existing resource", async () => {
    await expect(simulate(() => void openstack.networking.Network.get("net", "some-id"))).rejects.toThrow(
      "reading the existing openstack:networking/network:Network some-id is not simulated: use a lookup",
    );
  });

  it("refuses two hooks of one name", async () => {
    const twice = async () => {
      new pulumi.ResourceHook("same", () => undefined);
      const second = new pulumi.ResourceHook("same", () => undefined) as pulumi.ResourceHook & {
        __registered: Promise<void>;
      };
      await second.__registered;
    };
    await expect(simulate(twice)).rejects.toThrow("there is already a resource hook named same");
  });
});
