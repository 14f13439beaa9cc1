/** On what ways a cloud is reached: certificates, and proxies on loopback that lead to it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { httpCall } from "../../src/engine/httpCall";
import { proxiesOf } from "../../src/engine/proxies";
import { OpenstackApi } from "../../src/openstack/client";
import { findOpenstackCloud } from "../../src/openstack/cloud";
import { withProxy, withSocksProxy, type FakeProxy } from "../fakeProxy";
import { madeCertificates, type MadeCertificates } from "../madeCertificates";
import { keystoneToken, whileListening, withServer } from "./fakeOpenstack";

const user = { OS_USERNAME: "u", OS_PASSWORD: "pw", OS_USER_DOMAIN_NAME: "d" };
/** Logs in with these variables, and lists networks. */
async function networks(environment: NodeJS.ProcessEnv): Promise<unknown> {
  const api = await OpenstackApi.login(
    findOpenstackCloud(() => undefined, { ...user, ...environment }, []),
    ["openstack.authUrl"],
  );
  return api.list("network", "/networks", "networks");
}

let made: MadeCertificates;
let folder: string;
let caFile: string;
beforeAll(async () => {
  made = await madeCertificates("cloud.test");
  folder = mkdtempSync(join(tmpdir(), "connections-"));
  caFile = join(folder, "ca.pem");
  writeFileSync(caFile, made.ca);
  for (const [name, content] of [
    ["cert.pem", made.clientCertificate],
    ["key.pem", made.clientKey],
  ] as const)
    writeFileSync(join(folder, name), content);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A cloud by https, which tells who asked it for networks: the name in the client's certificate. */
async function withSecureCloud<T>(use: (port: number) => Promise<T>): Promise<T> {
  const { serverCertificate: cert, serverKey: key, ca } = made;
  const server = https.createServer(
    { cert, key, ca, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const token = keystoneToken(`https://${request.headers.host}`, { network: "/neutron" });
      const peer = request.socket instanceof TLSSocket ? request.socket.getPeerCertificate().subject : undefined;
      if (request.url === "/v3/auth/tokens")
        response.writeHead(token.status, token.headers).end(JSON.stringify(token.body));
      else response.end(JSON.stringify({ networks: [peer?.CN ?? "nobody"] }));
    },
  );
  return whileListening(server, use);
}

describe("a cloud by https", () => {
  const ask = (environment: () => NodeJS.ProcessEnv) =>
    withSecureCloud((port) => networks({ OS_AUTH_URL: `https://127.0.0.1:${port}/v3`, ...environment() }));

  it("is believed by the CA in the file that OS_CACERT names", async () => {
    expect(await ask(() => ({ OS_CACERT: caFile }))).toEqual(["nobody"]);
  });

  it("is believed by the CA that OS_CACERT holds itself", async () => {
    expect(await ask(() => ({ OS_CACERT: made.ca }))).toEqual(["nobody"]);
  });

  it("is believed by the system's CAs, which SSL_CERT_FILE replaces", async () => {
    const before = process.env.SSL_CERT_FILE;
    process.env.SSL_CERT_FILE = caFile;
    try {
      expect(await ask(() => ({}))).toEqual(["nobody"]);
    } finally {
      if (before === undefined) delete process.env.SSL_CERT_FILE;
      else process.env.SSL_CERT_FILE = before;
    }
  });

  it("is not believed by other CAs", async () => {
    await expect(ask(() => ({}))).rejects.toThrow(
      /^Keystone at https:\/\/127\.0\.0\.1:\d+ could not be reached: .*certificate/,
    );
  });

  it("is believed unverified with OS_INSECURE", async () => {
    expect(await ask(() => ({ OS_INSECURE: "true" }))).toEqual(["nobody"]);
  });

  it.each([
    ["files", () => ({ OS_CERT: join(folder, "cert.pem"), OS_KEY: join(folder, "key.pem") })],
    ["texts", () => ({ OS_CERT: made.clientCertificate, OS_KEY: made.clientKey })],
  ])("is shown our certificate and key, given as %s", async (_, client) => {
    expect(await ask(() => ({ OS_CACERT: caFile, ...client() }))).toEqual(["admin"]);
  });

  it.each([
    ["cacert", { OS_CACERT: "/nowhere/ca.pem" }, '"/nowhere/ca.pem"', "certificate"],
    ["cert", { OS_CERT: "/nowhere/c.pem", OS_KEY: "k" }, '"/nowhere/c.pem"', "certificate"],
    ["key", { OS_CERT: "-----BEGIN CERTIFICATE-----", OS_KEY: "c2VjcmV0" }, "a text", "private key"],
  ])("is not asked when %s is nothing of the kind, and no key is shown", async (setting, environment, shown, kind) => {
    await expect(networks({ OS_AUTH_URL: "https://cloud.test", ...environment })).rejects.toThrow(
      new Error(`OpenStack's ${setting} is ${shown}, which is neither a file nor the PEM of a ${kind}`),
    );
  });
});

describe("a cloud behind a proxy", () => {
  const plainCloud = <T>(use: (port: number) => Promise<T>) =>
    withServer(
      ({ url }, own) =>
        url === "/v3/auth/tokens"
          ? keystoneToken(own, { network: "/neutron" })
          : { status: 200, body: { networks: [] } },
      (own) => use(Number(new URL(own).port)),
    );
  const secure = { OS_AUTH_URL: "https://cloud.test:5000/v3" };

  it("by http is asked for with its whole address", async () => {
    const asked = await plainCloud((port) =>
      withProxy(port, async (proxy) => {
        await networks({ OS_AUTH_URL: "http://cloud.test:5000/v3", HTTP_PROXY: proxy.url });
        return proxy.asked;
      }),
    );
    expect(asked).toEqual([
      "POST http://cloud.test:5000/v3/auth/tokens",
      "GET http://cloud.test:5000/neutron/v2.0/networks?limit=1000",
    ]);
  });

  it("by https is reached through a tunnel, and its certificate verified", async () => {
    const asked = await withSecureCloud((port) =>
      withProxy(port, async (proxy) => {
        await networks({ ...secure, OS_CACERT: caFile, https_proxy: proxy.url });
        return proxy.asked;
      }),
    );
    expect(asked).toEqual(["CONNECT cloud.test:5000", "CONNECT cloud.test:5000"]);
  });

  it("is reached with the user and password of the proxy's URL", async () => {
    const found = await withSecureCloud((port) =>
      withProxy(port, ({ url }) => networks({ ...secure, OS_CACERT: caFile, HTTPS_PROXY: url }), {
        credentials: "proxyuser:p%40ss",
      }),
    );
    expect(found).toEqual(["nobody"]);
  });

  it("is reached through a SOCKS proxy, which resolves its name", async () => {
    const asked = await withSecureCloud((port) =>
      withSocksProxy(port, async (proxy) => {
        await networks({ ...secure, OS_CACERT: caFile, HTTPS_PROXY: proxy.url });
        return proxy.asked;
      }),
    );
    expect(asked).toEqual(["name cloud.test:5000", "name cloud.test:5000"]);
  });

  it("is looked for directly when NO_PROXY names it", async () => {
    const asked = await withProxy(1, async (proxy) => {
      const environment = { OS_AUTH_URL: "http://cloud.invalid/v3", HTTP_PROXY: proxy.url, NO_PROXY: ".invalid" };
      // No resolver knows the name.
      await expect(networks(environment)).rejects.toThrow(/cloud\.invalid$/);
      return proxy.asked;
    });
    expect(asked).toEqual([]);
  });

  it.each([
    ["http", "HTTP_PROXY"],
    ["https", "HTTPS_PROXY"],
  ])("by %s names the proxy that wants a password, and shows none", async (scheme, variable) => {
    const failure = await withProxy(
      1,
      ({ url }) =>
        networks({ OS_AUTH_URL: `${scheme}://cloud.test`, [variable]: url.replace("//", "//me:wrong@") }).catch(
          (error: unknown) => [String(error), url] as const,
        ),
      { refusal: 407 },
    );
    const [sentence, url] = failure as readonly [string, string];
    expect(sentence).toBe(
      `OpenstackError: Keystone at ${scheme}://cloud.test could not be reached: the proxy answered 407 (through the proxy ${url})`,
    );
  });

  it("is given up when the proxy accepts and never answers, and the connection is closed", async () => {
    await withProxy(
      1,
      async ({ url }: FakeProxy) => {
        const call = { method: "GET", url: new URL("https://cloud.test"), timeout: 100 };
        await expect(httpCall({ ...call, proxies: proxiesOf({ HTTPS_PROXY: url }) })).rejects.toThrow(
          new Error(`no answer within 0.1 s (through the proxy ${url})`),
        );
      },
      { silent: true },
    );
  });

  it("says that nobody is at the proxy's address", async () => {
    await expect(networks({ ...secure, HTTPS_PROXY: "127.0.0.1:9" })).rejects.toThrow(
      "Keystone at https://cloud.test:5000 could not be reached: connect ECONNREFUSED 127.0.0.1:9 (through the proxy http://127.0.0.1:9)",
    );
  });
});
