import * as pulumi from "@pulumi/pulumi";
import { loadClusterConfig } from "../../src/config/load";
import { readStackFile } from "../../src/config/stackFile";
import { parseClusterConfig } from "../../src/config/parse";
import { fixtureNames, fixturePath, minimal } from "./fixtures";

/** Sets the configuration as the engine hands it over: text as it is, everything else as JSON. */
function setConfig(values: Record<string, unknown>, secretKeys: readonly string[] = []): void {
  const entries = Object.entries(values).map(([key, value]) => [
    `openstack-kubernetes:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig({ ...Object.fromEntries(entries), "openstack:cloud": "site" } as Record<string, string>, [
    ...secretKeys.map((key) => `openstack-kubernetes:${key}`),
  ]);
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

beforeAll(async () => {
  await pulumi.runtime.setMocks(
    { call: () => ({}), newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }) },
    "openstack-kubernetes",
    "dev",
  );
});

describe("loadClusterConfig", () => {
  it.each(fixtureNames("valid").filter((name) => !name.includes("encrypted")))(
    "reads from Pulumi what is read from the file: %s",
    (name) => {
      const { values } = readStackFile(fixturePath("valid", name));
      setConfig(values);
      expect(loadClusterConfig()).toEqual({ config: parseClusterConfig(values, "dev"), secretKeys: new Set() });
    },
  );

  it("reports every error to Pulumi without a stack trace", () => {
    setConfig({ ...minimal, image: " ", protect: "maybe" });
    const error = thrownBy(loadClusterConfig);
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect((error as Error).message).toBe(
      [
        "The configuration of stack dev has 2 errors:",
        'image is " " but must be one line of text, not empty and without blanks at its ends.',
        'protect is "maybe" but must be true or false.',
      ].join("\n"),
    );
  });

  it("refuses what is secret and not encrypted, under the engine as in the file", () => {
    const hasEngine = jest.spyOn(pulumi.runtime, "hasEngine").mockReturnValue(true);
    const proxy = { httpProxy: "http://user:hunter2@proxy.example.org:3128" };
    const credentials = { openstack: { id: "abc", secret: "hunter2-in-the-clear" } };
    const cloudProvider = { authUrl: "https://keystone.example.org:5000/v3", region: "one" };
    setConfig({ ...minimal, proxy, credentials, cloudProvider });
    const message = (thrownBy(loadClusterConfig) as Error).message;
    setConfig({ ...minimal, proxy, credentials, cloudProvider, roll: ["nowhere"] }, ["proxy", "credentials"]);
    const encrypted = (thrownBy(loadClusterConfig) as Error).message;
    hasEngine.mockRestore();
    expect(message).toBe(
      [
        "The configuration of stack dev has 2 errors:",
        "proxy.httpProxy is a secret but stands in the clear; replace what it opens, then set it by `pulumi config set --secret --path proxy.httpProxy`.",
        "credentials.openstack.secret is a secret but stands in the clear; replace what it opens, then set it by `pulumi config set --secret --path credentials.openstack.secret`.",
      ].join("\n"),
    );
    expect(encrypted).toMatch(/^The configuration of stack dev has an error:\nroll\[0\] is "nowhere"/);
  });

  it("shows nothing of a value that is encrypted in the stack's file", () => {
    setConfig({ ...minimal, proxy: { httpProxy: "hunter2" } }, ["proxy"]);
    expect((thrownBy(loadClusterConfig) as Error).message).toBe(
      [
        "The configuration of stack dev has an error:",
        "proxy.httpProxy is [secret] but is not a valid URL; see docs/configuration.md.",
      ].join("\n"),
    );
  });
});
