/**
 * Whatever logs in to OpenStack during a preview or an `up` asks nothing over plain http unless the configuration
 * allows it. Not proven here: the sweep, which is a program of its own (test/scripts/sweep.test.ts).
 */
import { parseClusterConfig } from "../../src/config/parse";
import { minimalStack } from "../fixtures/minimalStack";
import { withProxy } from "../fakeProxy";
import { keystoneToken, withServer } from "../openstack/fakeOpenstack";

jest.mock("@pulumi/pulumi", () => ({
  runtime: { hasEngine: () => true, isDryRun: () => false },
  log: { warn: () => undefined },
  RunError: Error,
  Config: class {
    get = (): undefined => undefined;
  },
  ResourceHook: class {
    constructor(
      readonly name: string,
      readonly callback: (args: object) => Promise<void>,
    ) {}
  },
}));

import type { ClusterConfig } from "../../src/config/clusterConfig";
import { consoleTails } from "../../src/openstack/console";
import { assertPreflight } from "../../src/preflight/preflight";
import { warnOfLostMachines } from "../../src/up/lostMachines";
import { repairs } from "../../src/up/repairs";

const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("OS_")));
afterEach(() => {
  process.env = { ...environment };
});

interface Hook {
  readonly callback: (args: object) => Promise<void>;
}

/** The hook that looks for orphans before a network is created. */
async function lookForOrphans(config: ClusterConfig): Promise<void> {
  const type = "openstack:networking/network:Network";
  const transformations = await repairs(config);
  const hooks = transformations.flatMap((transform) => {
    const made = transform({ resource: {} as never, type, name: "dev", props: {}, opts: {} });
    return ((made?.opts.hooks?.beforeCreate ?? []) as unknown as Hook[]).map(({ callback }) => callback);
  });
  for (const hook of hooks) await hook({ type, newInputs: { name: "dev" } });
}

/** The names in OpenStack, awaited as the engine would. */
async function lookForLostMachines(config: ClusterConfig): Promise<void> {
  const ids: Promise<void>[] = [];
  const server = { id: { apply: (told: () => Promise<void>) => void ids.push(told()) } };
  warnOfLostMachines(config, [{ name: "dev-default-0", server }] as never, { names: () => [] } as never);
  await Promise.all(ids);
}

const commands: readonly [string, (config: ClusterConfig) => Promise<unknown>][] = [
  ["pre-flight", assertPreflight],
  ["the search for orphans", lookForOrphans],
  ["the search for lost machines", lookForLostMachines],
  ["the reader of consoles", (config) => consoleTails([["dev-default-0", "id"]], config)],
];

/** What a command asks of a cloud at http://cloud.test, and the sentence it ends with. */
async function askedBy(command: (config: ClusterConfig) => Promise<unknown>, allowPlainHttp: readonly string[]) {
  const config = parseClusterConfig({ ...minimalStack, allowPlainHttp }, "dev");
  return withServer(
    ({ url }, own) => (url === "/v3/auth/tokens" ? keystoneToken(own, {}) : { status: 404 }),
    (own) =>
      withProxy(Number(new URL(own).port), async (proxy) => {
        const login = { OS_AUTH_URL: "http://cloud.test", OS_TOKEN: "t", OS_PROJECT_ID: "p" };
        process.env = { ...environment, ...login, HTTP_PROXY: proxy.url, NO_PROXY: "" };
        const ended = await command(config).then(
          () => "",
          (error: unknown) => String(error),
        );
        return { asked: proxy.asked, ended };
      }),
  );
}

describe("a log-in over plain http", () => {
  it.each(commands)("is not made by %s", async (_, command) => {
    const { asked, ended } = await askedBy(command, []);
    expect(asked).toEqual([]);
    // The search for lost machines leaves it to pre-flight to say so.
    if (command !== lookForLostMachines)
      expect(ended).toContain("use https, or add openstack.authUrl to allowPlainHttp");
  });

  it.each(commands)("is made by %s where the configuration allows it", async (_, command) => {
    expect((await askedBy(command, ["openstack.authUrl"])).asked).toContain("POST http://cloud.test/v3/auth/tokens");
  });
});
