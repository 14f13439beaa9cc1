import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { Counter, CountingProxy, redirectCatalog } from "../../../lab/bench/countingProxy";

describe("Counter", () => {
  it("counts calls by service, and those that read again what was read", () => {
    const counter = new Counter();
    counter.add("Nova", "POST", "/v2.1/servers");
    counter.add("Nova", "GET", "/v2.1/servers/1");
    counter.add("Nova", "GET", "/v2.1/servers/1");
    counter.add("Nova", "POST", "/v2.1/servers");
    counter.add("Neutron", "GET", "/v2.1/servers/1");
    expect(counter.take()).toEqual({ Neutron: { total: 1, repeated: 0 }, Nova: { total: 4, repeated: 1 } });
  });

  it("begins anew when its count is taken", () => {
    const counter = new Counter();
    counter.add("Nova", "GET", "/a");
    counter.take();
    counter.add("Nova", "GET", "/a");
    expect(counter.take()).toEqual({ Nova: { total: 1, repeated: 0 } });
  });
});

describe("A catalog", () => {
  it("leads to other addresses, paths kept and everything else left alone", () => {
    const token = (nova: string, other: string) => ({
      token: {
        project: { id: "p" },
        catalog: [
          { type: "compute", endpoints: [{ interface: "public", url: nova }] },
          { type: "unheard-of", endpoints: [{ interface: "public", url: other }] },
        ],
      },
    });
    const message: string[] = [];
    const body = redirectCatalog(
      JSON.stringify(token("http://127.0.0.1:8774/v2.1", "http://127.0.0.1:9")),
      (origin, service) => {
        message.push(`${service} ${origin}`);
        return "http://proxy:1";
      },
    );
    expect(JSON.parse(body)).toEqual(token("http://proxy:1/v2.1", "http://proxy:1"));
    expect(message).toEqual(["Nova http://127.0.0.1:8774", "unheard-of http://127.0.0.1:9"]);
  });
});

interface Answer {
  readonly status: number | undefined;
  readonly token: string | string[] | undefined;
  readonly text: string;
}

function ask(url: string, method = "GET"): Promise<Answer> {
  return new Promise((fulfil, reject) => {
    const request = http.request(url, { method, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      answer.on("end", () => fulfil({ status: answer.statusCode, token: answer.headers["x-subject-token"], text }));
    });
    request.on("error", reject).end();
  });
}

describe("CountingProxy", () => {
  let cloud: http.Server;
  let proxy: CountingProxy;
  let origin: string;

  beforeEach(async () => {
    cloud = http.createServer((request, response) => {
      if (request.url === "/v3/auth/tokens") {
        const catalog = [{ type: "network", endpoints: [{ url: `${origin}/neutron` }] }];
        response.writeHead(201, { "x-subject-token": "secret" }).end(JSON.stringify({ token: { catalog } }));
        return;
      }
      response
        .writeHead(request.url === "/neutron/missing" ? 404 : 200)
        .end(`${request.method} ${request.url} of ${request.headers.host}`);
    });
    await new Promise<void>((listening) => void cloud.listen(0, "127.0.0.1", listening));
    origin = `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`;
    proxy = new CountingProxy();
  });

  afterEach(async () => {
    await proxy.close();
    await new Promise((closed) => {
      cloud.close(closed);
      cloud.closeAllConnections();
    });
  });

  it("passes on log-in and questions, counts both, and keeps links leading to itself", async () => {
    const authUrl = await proxy.open(`${origin}/v3`);
    const login = await ask(`${authUrl}/auth/tokens`, "POST");
    expect({ status: login.status, token: login.token }).toEqual({ status: 201, token: "secret" });
    const { token } = JSON.parse(login.text) as { token: { catalog: [{ endpoints: [{ url: string }] }] } };
    const { url } = token.catalog[0].endpoints[0];
    expect(url).toBe(authUrl.replace("/v3", "/neutron"));
    expect(await ask(`${url}/ports`)).toEqual({
      status: 200,
      token: undefined,
      text: `GET /neutron/ports of ${new URL(url).host}`,
    });
    expect((await ask(`${url}/missing`)).status).toBe(404);
    // The stand-in cloud serves everything at one address, so everything is Keystone's here.
    expect(proxy.counter.take()).toEqual({ Keystone: { total: 3, repeated: 0 } });
  });

  it("answers 502 when the service is gone", async () => {
    const authUrl = await proxy.open("http://127.0.0.1:9/v3");
    expect((await ask(`${authUrl}/auth/tokens`)).status).toBe(502);
  });
});
