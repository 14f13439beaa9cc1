import { parseClusterConfig } from "../../src/config/parse";
import { minimalStack } from "../fixtures/minimalStack";
import { keystoneToken, withServer } from "../openstack/fakeOpenstack";

let engine = true;
let dryRun = false;
const warned: string[] = [];

interface Hook {
  readonly name: string;
  readonly callback: (args: { type: string; id?: string; newInputs?: Record<string, unknown> }) => Promise<void>;
}

jest.mock("@pulumi/pulumi", () => ({
  runtime: { hasEngine: () => engine, isDryRun: () => dryRun },
  log: { warn: (sentence: string) => void warned.push(sentence) },
  Config: class {
    get = (): undefined => undefined;
  },
  ResourceHook: class {
    constructor(
      readonly name: string,
      readonly callback: Hook["callback"],
    ) {}
  },
}));

import { repairs } from "../../src/up/repairs";

const config = parseClusterConfig(minimalStack, "dev");
const environment: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith("OS_")),
);
const instance = "openstack:compute/instance:Instance";
const network = "openstack:networking/network:Network";

beforeEach(() => {
  [engine, dryRun] = [true, false];
  warned.length = 0;
  process.env = { ...environment };
});

/** Options that the transformations give a resource, in a cloud whose only server in error never ran. */
async function optionsOf(
  type: string,
  name: string,
  opts: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const metadata = { "kubernetes-cluster": "dev" };
  const servers = [{ name: "dev-default-1", status: "ERROR", metadata, "OS-SRV-USG:launched_at": null }];
  return withServer(
    ({ url }, own) =>
      url === "/v3/auth/tokens"
        ? keystoneToken(own, { compute: "/nova", network: "/neutron" })
        : { status: 200, body: { servers, networks: [] } },
    async (url) => {
      process.env = { ...environment, OS_AUTH_URL: url, OS_TOKEN: "t", OS_PROJECT_ID: "p", OS_REGION_NAME: "one" };
      const transformations = await repairs(config);
      const resource = {} as never;
      return transformations.reduce(
        (found, transform) =>
          (transform({ resource, type, name, props: {}, opts: found })?.opts ?? found) as Record<string, unknown>,
        opts,
      );
    },
  );
}

const names = (hooks: unknown) =>
  Object.fromEntries(
    Object.entries((hooks ?? {}) as Record<string, Hook[]>).map(([when, list]) => [when, list.map(({ name }) => name)]),
  );

describe("repairs", () => {
  it("replace a machine that never ran, protected or not, and keep what else makes a change a replacement", async () => {
    const { protect, replaceOnChanges } = await optionsOf(instance, "dev-default-1", {
      protect: true,
      replaceOnChanges: ["imageId"],
    });
    expect({ protect, replaceOnChanges }).toEqual({ protect: false, replaceOnChanges: ["imageId", "#initerror"] });
  });

  it("leave every other machine's protection and replacement alone", async () => {
    const { protect, replaceOnChanges } = await optionsOf(instance, "dev-default-0", {
      protect: true,
      replaceOnChanges: ["imageId"],
    });
    expect({ protect, replaceOnChanges }).toEqual({ protect: true, replaceOnChanges: ["imageId"] });
  });

  it("look before a creation, after the hooks that are there already", async () => {
    const { hooks } = await optionsOf(instance, "dev-default-0", {
      hooks: { beforeCreate: [{ name: "fresh-token" }], afterCreate: [{ name: "other" }] },
    });
    expect(names(hooks)).toEqual({ beforeCreate: ["fresh-token", "look-for-orphans"], afterCreate: ["other"] });
  });

  it("also complete the tags of what Neutron tags in a second call", async () => {
    expect(names((await optionsOf(network, "dev")).hooks)).toEqual({
      beforeCreate: ["look-for-orphans"],
      beforeUpdate: ["complete-tags"],
    });
  });

  it("leave keys and components alone", async () => {
    expect(await optionsOf("tls:index/privateKey:PrivateKey", "dev")).toEqual({});
  });

  it("show the replacement in a preview, which looks for nothing else", async () => {
    dryRun = true;
    expect(await optionsOf(instance, "dev-default-1")).toEqual({ protect: false, replaceOnChanges: ["#initerror"] });
    expect(await optionsOf(instance, "dev-default-0")).toEqual({});
  });

  it("are none in the simulation", async () => {
    engine = false;
    expect(await repairs(config)).toEqual([]);
  });

  it("leave it to pre-flight to say that the cloud is not there", async () => {
    process.env = { ...environment, OS_AUTH_URL: "http://127.0.0.1:9", OS_TOKEN: "t", OS_PROJECT_ID: "p" };
    expect((await repairs(config)).length).toBe(2);
    process.env = { ...environment };
    expect((await repairs(config)).length).toBe(2);
  });
});
