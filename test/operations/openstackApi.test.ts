import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { OpenstackApi } from "../../src/operations/openstackApi";

type Handler = (path: string, headers: http.IncomingHttpHeaders, body: unknown) => { status: number; headers?: Record<string, string>; body?: unknown };

/** A Keystone and Nova of a few lines on loopback. */
async function withCloud<T>(handler: Handler, use: (authUrl: string) => Promise<T>): Promise<T> {
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const answer = handler(request.url ?? "", request.headers, JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const auth = { identity: { methods: ["password"] } };
const catalog = (url: string) => ({
  token: {
    catalog: [
      { type: "network", endpoints: [{ interface: "public", region_id: "one", url: `${url}/neutron` }] },
      {
        type: "compute",
        endpoints: [
          { interface: "internal", region_id: "one", url: "http://internal.invalid" },
          { interface: "public", region_id: "two", url: "http://elsewhere.invalid" },
          { interface: "public", region_id: "one", url: `${url}/nova/` },
        ],
      },
    ],
  },
});

describe("OpenStack API", () => {
  it("reads a console from the public compute endpoint of the region", async () => {
    const asked: unknown[] = [];
    let own = "";
    const text = await withCloud(
      (path, headers, body) => {
        if (path === "/v3/auth/tokens") return { status: 201, headers: { "x-subject-token": "T" }, body: catalog(own) };
        asked.push({ path, token: headers["x-auth-token"], body });
        return { status: 200, body: { output: "booted\n" } };
      },
      async (url) => {
        own = url;
        const api = await OpenstackApi.login({ authUrl: url, region: "one", auth, insecure: false });
        return api.consoleOutput("server-1", 30);
      },
    );
    expect(text).toBe("booted\n");
    expect(asked).toEqual([{ path: "/nova/servers/server-1/action", token: "T", body: { "os-getConsoleOutput": { length: 30 } } }]);
  });

  it("tells Keystone's status when it refuses, and no credential", async () => {
    await withCloud(
      () => ({ status: 401 }),
      async (url) => {
        await expect(OpenstackApi.login({ authUrl: url, auth: { password: "hunter2" }, insecure: false })).rejects.toThrow(
          new Error(`Keystone at ${url} refused the log-in (401)`),
        );
      },
    );
  });

  it("names the region that has no compute endpoint", async () => {
    let own = "";
    await withCloud(
      () => ({ status: 201, headers: { "x-subject-token": "T" }, body: catalog(own) }),
      async (url) => {
        own = url;
        const api = await OpenstackApi.login({ authUrl: url, region: "three", auth, insecure: false });
        await expect(api.consoleOutput("server-1", 1)).rejects.toThrow(new Error("the cloud's catalog has no public compute endpoint in region three"));
      },
    );
  });
});
