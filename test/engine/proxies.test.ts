import { proxiesOf, proxyOf } from "../../src/engine/proxies";

const proxy = "http://proxy.test:3128";
/** Which proxy is on the way to an address; "direct" is none. */
const way = (url: string, environment: NodeJS.ProcessEnv) =>
  proxyOf(new URL(url), proxiesOf(environment))?.href ?? "direct";

describe("the proxy of the environment", () => {
  it.each<[string, string, NodeJS.ProcessEnv, string]>([
    ["HTTPS_PROXY leads to https addresses", "https://k.test:5000", { HTTPS_PROXY: proxy }, `${proxy}/`],
    ["HTTPS_PROXY does not lead to http addresses", "http://k.test:5000", { HTTPS_PROXY: proxy }, "direct"],
    ["HTTP_PROXY leads to http addresses", "http://k.test:5000", { HTTP_PROXY: proxy }, `${proxy}/`],
    ["HTTP_PROXY does not lead to https addresses", "https://k.test:5000", { HTTP_PROXY: proxy }, "direct"],
    ["the small spelling counts", "https://k.test", { https_proxy: proxy }, `${proxy}/`],
    [
      "the large spelling wins",
      "https://k.test",
      { HTTPS_PROXY: proxy, https_proxy: "http://other.test" },
      `${proxy}/`,
    ],
    ["an empty variable is none", "https://k.test", { HTTPS_PROXY: "", https_proxy: proxy }, `${proxy}/`],
    ["ALL_PROXY is not read", "https://k.test", { ALL_PROXY: proxy }, "direct"],
    ["a host with a port is an http proxy", "https://k.test", { HTTPS_PROXY: "proxy.test:3128" }, `${proxy}/`],
    ["a host alone is an http proxy", "https://k.test", { HTTPS_PROXY: "proxy.test" }, "http://proxy.test/"],
    ["a SOCKS proxy is taken", "https://k.test", { HTTPS_PROXY: "socks5://p.test:1080" }, "socks5://p.test:1080"],
    ["localhost is reached directly", "https://localhost:5000", { HTTPS_PROXY: proxy }, "direct"],
    ["loopback is reached directly", "https://127.1.2.3:5000", { HTTPS_PROXY: proxy }, "direct"],
    ["loopback of IPv6 is reached directly", "https://[::1]:5000", { HTTPS_PROXY: proxy }, "direct"],
  ])("%s", (_, url, environment, expected) => {
    expect(way(url, environment)).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ["*", "https://anything.test", true],
    ["a.test, *", "https://anything.test", true],
    ["k.test", "https://k.test:5000", true],
    ["k.test", "https://sub.k.test", true],
    ["k.test", "https://notk.test", false],
    ["K.Test", "https://k.test", true],
    [".k.test", "https://sub.k.test", true],
    [".k.test", "https://k.test", false],
    ["*.k.test", "https://sub.k.test", true],
    ["*.k.test", "https://k.test", false],
    ["k.test:5000", "https://k.test:5000", true],
    ["k.test:5000", "https://k.test:8774", false],
    ["k.test:443", "https://k.test", true],
    ["k.test:80", "https://k.test", false],
    [" a.test ,, k.test ", "https://k.test", true],
    ["10.0.0.5", "https://10.0.0.5:5000", true],
    ["10.0.0.5", "https://10.0.0.50", false],
    ["10.0.0.5:5000", "https://10.0.0.5:5000", true],
    ["10.0.0.5:5000", "https://10.0.0.5", false],
    ["10.0.0.0/8", "https://10.200.0.5:5000", true],
    ["10.0.0.0/8", "https://11.0.0.1", false],
    ["10.0.0.0/8", "https://10.example.test", false],
    ["10.0.0.0/99", "https://10.0.0.1", false],
    ["fd00::/8", "https://[fd00::5]:5000", true],
    ["fd00::5", "https://[fd00::5]", true],
    ["[fd00::5]:5000", "https://[fd00::5]:5000", true],
    ["[fd00::5]:5000", "https://[fd00::5]:6000", false],
    ["fd00::/8", "https://10.0.0.1", false],
    [":5000", "https://k.test:5000", false],
    ["bücher.test", "https://xn--bcher-kva.test", true],
  ])("with NO_PROXY=%s, %s is reached directly: %s", (no, url, direct) => {
    expect(way(url, { HTTPS_PROXY: proxy, NO_PROXY: no })).toBe(direct ? "direct" : `${proxy}/`);
  });
});
