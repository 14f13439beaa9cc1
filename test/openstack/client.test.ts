import * as http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { OpenstackApi, OpenstackError } from "../../src/openstack/client";
import { keystoneToken, whileListening, withServer, type FakeAnswer, type FakeRequest } from "./fakeOpenstack";

const auth = { identity: { methods: ["password"] } };
const isLogIn = ({ url }: FakeRequest) => url === "/v3/auth/tokens";

/**
 * A session with a cloud whose services are given by type and path; `answer` is asked for everything but the log-in.
 */
function withApi<T>(
  catalog: Readonly<Record<string, string>>,
  answer: (request: FakeRequest, own: string) => FakeAnswer,
  use: (api: OpenstackApi) => Promise<T>,
): Promise<T> {
  return withServer(
    (request, own) => (isLogIn(request) ? keystoneToken(own, catalog) : answer(request, own)),
    async (url) => use(await OpenstackApi.login({ authUrl: url, region: "one", auth, insecure: false })),
  );
}

describe("OpenStack API", () => {
  it.each([3_600_000, -3_600_000, 0])(
    "knows by how much this computer's clock is ahead of it: %i ms",
    async (ahead) => {
      const date = new Date(Date.now() - ahead).toUTCString();
      const session = await withServer(
        (_, own) => {
          const answer = keystoneToken(own, {});
          return { ...answer, headers: { ...answer.headers, date } };
        },
        (url) => OpenstackApi.login({ authUrl: url, auth, insecure: false }),
      );
      expect(Math.abs(session.clockAhead - ahead)).toBeLessThan(10_000);
    },
  );

  it("takes a time that it cannot read for none", async () => {
    const session = await withServer(
      (_, own) => {
        const answer = keystoneToken(own, {});
        return { ...answer, headers: { ...answer.headers, date: "yesterday" } };
      },
      (url) => OpenstackApi.login({ authUrl: url, auth, insecure: false }),
    );
    expect(session.clockAhead).toBe(0);
  });

  it("reads a console from the public compute endpoint of the region", async () => {
    const asked: unknown[] = [];
    const endpoints = (own: string) => [
      { interface: "internal", region_id: "one", url: "http://internal.invalid" },
      { interface: "public", region_id: "two", url: "http://elsewhere.invalid" },
      { interface: "public", region_id: "one", url: `${own}/nova/` },
    ];
    const text = await withServer(
      (request, own) => {
        const token = {
          project: { id: "p" },
          catalog: [
            { type: "network", endpoints: [] },
            { type: "compute", endpoints: endpoints(own) },
          ],
        };
        if (isLogIn(request)) return { status: 201, headers: { "x-subject-token": "T" }, body: { token } };
        asked.push({ path: request.url, token: request.headers["x-auth-token"], body: request.body });
        return { status: 200, body: { output: "booted\n" } };
      },
      async (url) =>
        (await OpenstackApi.login({ authUrl: url, region: "one", auth, insecure: false })).consoleOutput(
          "server-1",
          30,
        ),
    );
    expect(text).toBe("booted\n");
    expect(asked).toEqual([
      { path: "/nova/servers/server-1/action", token: "T", body: { "os-getConsoleOutput": { length: 30 } } },
    ]);
  });

  it("sends its token over plain http to no other machine, whatever the catalog says, unless that is allowed", async () => {
    const nova = [{ interface: "public", region_id: "one", url: "http://nova.invalid/v2.1" }];
    const token = { project: { id: "p" }, catalog: [{ type: "compute", endpoints: nova }] };
    await withServer(
      () => ({ status: 201, headers: { "x-subject-token": "T" }, body: { token } }),
      async (url) => {
        const cloud = { authUrl: url, region: "one", auth, insecure: false };
        const asked = async (allowed: readonly string[]) =>
          (await OpenstackApi.login(cloud, allowed)).consoleOutput("server-1", 1);
        await expect(asked([])).rejects.toThrow(
          `Nova's address is "http://nova.invalid/v2.1", where everybody on the way can read the token; have the cloud's catalog name https, or add openstack.authUrl to allowPlainHttp`,
        );
        await expect(asked(["openstack.authUrl"])).rejects.toThrow("nova.invalid");
        await expect(asked(["openstack.authUrl"])).rejects.not.toThrow("everybody on the way");
      },
    );
  });

  it("tells Keystone's status when it refuses, and no credential", async () => {
    await withServer(
      () => ({ status: 401 }),
      async (url) => {
        await expect(
          OpenstackApi.login({ authUrl: url, auth: { password: "hunter2" }, insecure: false }),
        ).rejects.toThrow(
          new OpenstackError(`Keystone at ${url} refused the log-in (401); see docs/runbooks/openstack-credential.md`),
        );
      },
    );
  });

  it("says which Keystone cannot be reached, and why", async () => {
    await expect(OpenstackApi.login({ authUrl: "http://127.0.0.1:9", auth, insecure: false })).rejects.toThrow(
      new OpenstackError("Keystone at http://127.0.0.1:9 could not be reached: connect ECONNREFUSED 127.0.0.1:9"),
    );
  });

  it("refuses credentials that are for no project", async () => {
    await withServer(
      () => ({ status: 201, headers: { "x-subject-token": "T" }, body: { token: {} } }),
      async (url) => {
        await expect(OpenstackApi.login({ authUrl: url, auth, insecure: false })).rejects.toThrow(
          new OpenstackError(`Keystone at ${url} accepted the credentials, but they are for no project`),
        );
      },
    );
  });

  it("names the region that has no compute endpoint", async () => {
    await withServer(
      (_, own) => keystoneToken(own, { compute: "/nova" }),
      async (url) => {
        const api = await OpenstackApi.login({ authUrl: url, region: "three", auth, insecure: false });
        expect(api.has("compute")).toBe(false);
        await expect(api.consoleOutput("server-1", 1)).rejects.toThrow(
          new OpenstackError("the cloud's catalog has no public compute endpoint in region three"),
        );
      },
    );
  });

  it.each([
    ["network", "network", "/neutron", "/neutron/v2.0/networks"],
    ["network", "network", "/neutron/v2.0/", "/neutron/v2.0/networks"],
    ["image", "image", "/glance/v2", "/glance/v2/networks"],
    ["load-balancer", "load-balancer", "/octavia/v2.0", "/octavia/v2/networks"],
    ["block-storage", "volumev3", "/cinder/v3/p", "/cinder/v3/p/networks"],
    ["block-storage", "block-storage", "/cinder/v3/p", "/cinder/v3/p/networks"],
  ] as const)("finds %s at the catalog's %s %s", async (service, type, path, expected) => {
    const answer = await withApi(
      { [type]: path },
      ({ url }) => ({ status: 200, body: { url } }),
      (api) => api.get<unknown>(service, "/networks"),
    );
    expect(answer).toEqual({ url: expected });
  });

  it("follows the links from page to page by their queries, whatever host they name", async () => {
    const asked: string[] = [];
    const pages: Record<string, unknown> = {
      "/nova/servers?name=a&limit=1000": {
        servers: [1, 2],
        servers_links: [{ rel: "next", href: "http://wrong.invalid/v2.1/servers?marker=2" }],
      },
      "/nova/servers?marker=2": {
        servers: [3],
        servers_links: [{ rel: "previous", href: "http://wrong.invalid/v2.1/servers" }],
      },
      "/glance/v2/images?limit=1000": { images: ["a"], next: "/v2/images?marker=a" },
      "/glance/v2/images?marker=a": { images: [], next: "/v2/images?marker=a" },
    };
    const found = await withApi(
      { compute: "/nova", image: "/glance" },
      ({ url, headers }) => {
        asked.push(`${url} ${String(headers["openstack-api-version"])}`);
        return { status: 200, body: pages[url] };
      },
      async (api) => [
        await api.list("compute", "/servers?name=a", "servers", "2.47"),
        await api.list("image", "/images", "images"),
      ],
    );
    expect(found).toEqual([[1, 2, 3], ["a"]]);
    expect(asked).toEqual([
      "/nova/servers?name=a&limit=1000 compute 2.47",
      "/nova/servers?marker=2 compute 2.47",
      "/glance/v2/images?limit=1000 undefined",
      "/glance/v2/images?marker=a undefined",
    ]);
  });

  it("asks a busy service again, and a service that refuses only once", async () => {
    const statuses = [503, 429, 200, 403];
    const got = await withApi(
      { compute: "/nova" },
      () => ({ status: statuses.shift() ?? 500, body: { fine: true } }),
      async (api) => [
        await api.get("compute", "/limits"),
        await api.get("compute", "/limits?reserved=1").catch((error: unknown) => error),
      ],
    );
    expect(got).toEqual([{ fine: true }, new OpenstackError("Nova answered 403 to GET /limits", 403)]);
    expect((got[1] as OpenstackError).status).toBe(403);
  });

  it("holds few connections while it asks, and none a moment after the last answer", async () => {
    let most = 0;
    const open = new Set<unknown>();
    const server = http.createServer((request, response) => {
      const { headers, body } = keystoneToken(`http://${request.headers.host}`, { compute: "/nova" });
      setTimeout(
        () => response.writeHead(request.method === "POST" ? 201 : 200, headers).end(JSON.stringify(body)),
        20,
      );
    });
    server.keepAliveTimeout = 600_000;
    server.on("connection", (socket) => {
      most = Math.max(most, open.add(socket).size);
      socket.on("close", () => open.delete(socket));
    });
    await whileListening(server, async (port) => {
      const api = await OpenstackApi.login({ authUrl: `http://127.0.0.1:${port}`, auth, insecure: false });
      await Promise.all(Array.from({ length: 20 }, () => api.get("compute", "/limits")));
      await sleep(1_500);
      expect({ most, left: open.size }).toEqual({ most: 4, left: 0 });
    });
  });
});
