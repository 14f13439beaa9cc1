import { parseClusterConfig } from "../../src/config/parse";
import { minimalStack } from "../fixtures/minimalStack";
import { withProxy } from "../fakeProxy";
import { healthyCloud, image, withCloud, type Cloud } from "./fakeCloud";

let engine = true;
const warned: string[] = [];

class RunError extends Error {}

jest.mock("@pulumi/pulumi", () => ({
  runtime: { hasEngine: () => engine },
  log: {
    warn: (sentence: string) => {
      warned.push(sentence);
      return Promise.resolve();
    },
  },
  Config: class {
    get = (): undefined => undefined;
  },
  get RunError() {
    return RunError;
  },
}));

import { assertPreflight, checkClock } from "../../src/preflight/preflight";

/** Runs with the environment of a shell that a clouds.rc file was read into. */
async function assertOn(change: Partial<Cloud>): Promise<void> {
  await withCloud({ ...healthyCloud, ...change }, async (url) => {
    process.env = { ...environment, OS_AUTH_URL: url, OS_TOKEN: "t", OS_PROJECT_ID: "p" };
    await assertPreflight(config);
  });
}

const wayOut =
  "To go on regardless, for instance with a destroy, set OPENSTACK_KUBERNETES_PREFLIGHT=warn in the environment.";
const config = parseClusterConfig(minimalStack, "dev");
const environment: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith("OS_")),
);

beforeEach(() => {
  engine = true;
  warned.length = 0;
  process.env = { ...environment };
});

describe("the clock of this computer", () => {
  it("is a problem where it is more than five minutes ahead or behind", () => {
    expect([5, -5].map((minutes) => checkClock(minutes * 60_000).problems)).toEqual([[], []]);
    expect([6, -600].map((minutes) => checkClock(minutes * 60_000).problems)).toEqual([
      [
        "The clock of this computer is 6 minutes ahead of OpenStack's; set it, since the certificates and tokens of the cluster begin and end by it.",
      ],
      [
        "The clock of this computer is 600 minutes behind OpenStack's; set it, since the certificates and tokens of the cluster begin and end by it.",
      ],
    ]);
  });

  it("is asked for before anything is created", async () => {
    const real = Date.now();
    const now = jest.spyOn(Date, "now").mockImplementation(() => real + 3_600_000);
    await expect(assertOn({})).rejects.toThrow("60 minutes ahead of OpenStack's");
    now.mockRestore();
  });
});

describe("pre-flight of a run", () => {
  it("passes, and warns of what deserves a word", async () => {
    await assertOn({ images: [image("a", "ubuntu-24.04", { os_distro: "debian" })] });
    expect(warned).toEqual(['os.family is "ubuntu" but image ubuntu-24.04 says that it is debian (os_distro).']);
  });

  it("asks a cloud behind the proxy that the environment names, and tells which settings have no effect", async () => {
    const asked = await withCloud(healthyCloud, (own) =>
      withProxy(Number(new URL(own).port), async (proxy) => {
        const cloud = { OS_AUTH_URL: "http://cloud.test", OS_TOKEN: "t", OS_PROJECT_ID: "p", OS_INTERFACE: "internal" };
        process.env = { ...environment, ...cloud, HTTP_PROXY: proxy.url, NO_PROXY: "" };
        await assertPreflight({ ...config, allowPlainHttp: ["openstack.authUrl"] });
        return proxy.asked;
      }),
    );
    expect(asked[0]).toBe("POST http://cloud.test/v3/auth/tokens");
    expect(asked.length).toBeGreaterThan(10);
    expect(warned).toEqual([
      'OS_INTERFACE is "internal", which the OpenStack provider does not read; set OS_ENDPOINT_TYPE or openstack:endpointType instead.',
    ]);
  });

  it("stops the program with all problems in one message that Pulumi prints without a stack trace", async () => {
    const failure = await assertOn({ images: [], providers: ["ovn"] }).catch((error: unknown) => error);
    expect(failure).toEqual(
      new RunError(
        [
          "Pre-flight found 2 problems; nothing was changed in OpenStack:",
          'image is "ubuntu-24.04" but Glance shows this project no such image; there is none.',
          'apiEndpoint.provider is "amphora" but Octavia has no such provider; there is: ovn.',
          wayOut,
        ].join("\n"),
      ),
    );
    expect(failure).toBeInstanceOf(RunError);
  });

  it("says in one sentence that the cloud cannot be reached", async () => {
    process.env = { ...environment, OS_AUTH_URL: "http://127.0.0.1:9", OS_TOKEN: "t", OS_PROJECT_ID: "p" };
    await expect(assertPreflight(config)).rejects.toEqual(
      new RunError(
        `Pre-flight found 1 problem; nothing was changed in OpenStack:\nKeystone at http://127.0.0.1:9 could not be reached: connect ECONNREFUSED 127.0.0.1:9.\n${wayOut}`,
      ),
    );
  });

  it.each(["cloud.test", "127.cloud.test"])("shows no password to the network on the way to %s", async (host) => {
    process.env = { ...environment, OS_AUTH_URL: `http://${host}:5000/v3`, OS_TOKEN: "t", OS_PROJECT_ID: "p" };
    await expect(assertPreflight(config)).rejects.toEqual(
      new RunError(
        `Pre-flight found 1 problem; nothing was changed in OpenStack:\nOpenStack's auth_url is "http://${host}:5000", where everybody on the way can read the password; use https, or add openstack.authUrl to allowPlainHttp.\n${wayOut}`,
      ),
    );
  });

  it("only warns when it is told so, since a destroy must not need what an up needs", async () => {
    environment.OPENSTACK_KUBERNETES_PREFLIGHT = "warn";
    await assertOn({ images: [] });
    delete environment.OPENSTACK_KUBERNETES_PREFLIGHT;
    expect(warned).toEqual(['image is "ubuntu-24.04" but Glance shows this project no such image; there is none.']);
  });

  it("asks nobody where no engine runs", async () => {
    engine = false;
    process.env = { ...environment, OS_AUTH_URL: "http://127.0.0.1:9", OS_TOKEN: "t", OS_PROJECT_ID: "p" };
    await expect(assertPreflight(config)).resolves.toBeUndefined();
  });
});
