import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { renderWorkerUserData } from "../../src/bootstrap/worker";
import { bootstrapToken, fixtures, poolTemplates, reviewable, sampleConfig, workerFacts } from "./samples";

const render = (changes: Record<string, unknown> = {}) => {
  const config = sampleConfig(changes);
  return renderWorkerUserData(config, poolTemplates(config)[0]!, workerFacts);
};

describe("user data of a worker", () => {
  it("reads as reviewed", () => {
    const { cloudConfig } = render({
      ssh: { authorizedKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4p1nVx2C8bY0n5oYpZ8mJrUe7u0uG3f4y5Vw6xZ7aB ops"] },
    });
    expect(reviewable(cloudConfig)).toMatchSnapshot();
  });

  it("is the gzipped cloud-config in base64, with the files that it promises", () => {
    const { encoded, cloudConfig, files } = render();
    expect(gunzipSync(Buffer.from(encoded, "base64")).toString()).toBe(cloudConfig);
    const { write_files } = parse(cloudConfig) as {
      write_files: { path: string; permissions?: string; content: string }[];
    };
    expect(write_files.map(({ path, permissions = "0644", content }) => ({ path, permissions, content }))).toEqual(
      files.map(({ path, permissions, content }) => ({ path, permissions, content })),
    );
  });

  it("is the same bytes every time", () => {
    expect(render().encoded).toBe(render().encoded);
  });

  it("holds no private key and of all credentials the bootstrap token only", () => {
    for (const [, config] of fixtures()) {
      for (const pool of poolTemplates(config)) {
        const { cloudConfig } = renderWorkerUserData(config, pool, workerFacts);
        expect(cloudConfig).not.toMatch(/PRIVATE KEY|encryption\.yaml|sa\.key|ca\.key/);
        expect(cloudConfig.match(/[a-z0-9]{6}\.[a-z0-9]{16}/g)).toEqual([bootstrapToken]);
      }
    }
  });

  it("lets nobody but root read the bootstrap token", () => {
    const { files } = render();
    expect(
      files
        .filter(({ content }) => content.includes(bootstrapToken))
        .map(({ path, permissions }) => [path, permissions]),
    ).toEqual([["/etc/openstack-kubernetes/join.yaml", "0600"]]);
  });

  it("lays no path twice, in any valid configuration", () => {
    for (const [, config] of fixtures()) {
      for (const pool of poolTemplates(config)) {
        const paths = renderWorkerUserData(config, pool, workerFacts).files.map(({ path }) => path);
        expect(paths).toEqual([...new Set(paths)]);
      }
    }
  });
});
