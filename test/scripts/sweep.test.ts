/** `npm run sweep` as a user runs it, without npm itself and against a few lines of a cloud. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../lab/openstack/commands";
import { withProxy } from "../fakeProxy";
import { keystoneToken, withServer, type FakeAnswer } from "../openstack/fakeOpenstack";

// Each test starts a process of its own, on a machine that may be busy.
jest.setTimeout(60_000);

const root = join(__dirname, "../..");
const command = ["-r", join(root, "scripts/typescript.js"), join(root, "scripts/sweep.ts")];
/** A clean environment: no cloud of whoever runs the tests. */
const environment = { PATH: process.env.PATH, HOME: "/nonexistent" };

interface Circumstances {
  readonly variables?: NodeJS.ProcessEnv;
  readonly allowPlainHttp?: readonly string[];
}

/** Runs it with a stack file that names this cloud in the clear. */
function sweep(url: string, ...options: string[]) {
  return sweepIn({}, url, ...options);
}

async function sweepIn({ variables, allowPlainHttp = [] }: Circumstances, url: string, ...options: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "sweep-test-"));
  const file = join(folder, "Pulumi.dev.yaml");
  const keys = {
    "openstack:authUrl": url,
    "openstack:applicationCredentialId": "id",
    "openstack:applicationCredentialSecret": "secret",
    "openstack-kubernetes:os": { family: "debian", version: "12" },
    "openstack-kubernetes:image": "debian-12",
    "openstack-kubernetes:apiEndpoint": { kind: "virtualIp" },
    "openstack-kubernetes:controlPlane": { replicas: 1, flavor: "m1.medium", schedulable: true },
    "openstack-kubernetes:allowPlainHttp": allowPlainHttp,
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ config: keys }));
  try {
    return await run(process.execPath, [...command, "dev", "--config", file, ...options], {
      environment: { ...environment, ...variables },
      allowFailure: true,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the sweep command", () => {
  const empty = { networks: [], subnets: [], servers: [], floatingips: [], security_groups: [] };
  const reserved = {
    id: "p",
    name: "reserved",
    network_id: "n",
    device_id: "",
    device_owner: "",
    security_groups: [],
    fixed_ips: [],
    tags: [],
  };
  /** A cloud with a port in the cluster's own network; tells what was deleted. */
  async function withPort(use: (url: string) => ReturnType<typeof sweep>) {
    const deleted: string[] = [];
    const answer = (method: string, url: string): FakeAnswer => {
      if (method === "DELETE") deleted.push(url);
      return {
        status: method === "DELETE" ? 204 : 200,
        body: { ...empty, networks: [{ id: "n" }], ports: [reserved] },
      };
    };
    const services = { network: "/neutron", compute: "/nova" };
    const ended = await withServer(
      ({ method, url }, own) => (url === "/v3/auth/tokens" ? keystoneToken(own, services) : answer(method, url)),
      use,
    );
    return { ...ended, deleted };
  }

  it("shows what it would delete and deletes nothing where nobody can be asked", async () => {
    expect(await withPort(sweep)).toEqual({
      code: 3,
      stdout: [
        "To be deleted, none of it known to the stack of cluster dev:",
        "  port reserved (no address): no machine has it; whoever reserved the address loses it",
        "",
      ].join("\n"),
      deleted: [],
    });
  });

  it("deletes it when told yes", async () => {
    const { code, deleted } = await withPort((url) => sweep(url, "--yes"));
    expect([code, deleted]).toEqual([0, ["/neutron/v2.0/ports/p"]]);
  });

  it("works behind the proxy that the environment names", async () => {
    const { code, deleted } = await withPort((url) =>
      withProxy(Number(new URL(url).port), (proxy) =>
        sweepIn(
          { variables: { HTTP_PROXY: proxy.url }, allowPlainHttp: ["openstack.authUrl"] },
          "http://cloud.test",
          "--yes",
        ),
      ),
    );
    expect([code, deleted]).toEqual([0, ["/neutron/v2.0/ports/p"]]);
  });

  it("logs in over plain http only where the stack file allows it", async () => {
    const asked = await withServer(
      () => ({ status: 500 }),
      (url) =>
        withProxy(Number(new URL(url).port), async (proxy) => {
          expect(await sweepIn({ variables: { HTTP_PROXY: proxy.url } }, "http://cloud.test", "--yes")).toEqual({
            code: 1,
            stdout: "",
          });
          return proxy.asked;
        }),
    );
    expect(asked).toEqual([]);
  });

  it("ends with status 1 where nobody can log in, and with 2 for an option that it does not know", async () => {
    expect(
      await withServer(
        () => ({ status: 401 }),
        (url) => sweep(url),
      ),
    ).toEqual({ code: 1, stdout: "" });
    expect(await sweep("http://keystone.invalid", "--everything")).toEqual({ code: 2, stdout: "" });
  });
});
