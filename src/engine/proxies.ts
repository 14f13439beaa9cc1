/**
 * HTTP proxies of the environment, by the rules of Go's net/http (golang.org/x/net/http/httpproxy), which the providers
 * of OpenStack and Kubernetes obey: what they reach, this program reaches the same way.
 */
import type { Agent } from "node:http";
import { BlockList, isIP, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import { HttpProxyAgent } from "http-proxy-agent";
import { HttpsProxyAgent, type HttpsProxyAgentOptions } from "https-proxy-agent";
import { SocksProxyAgent } from "socks-proxy-agent";

/** Proxies as the environment names them; empty texts are none. */
export interface Proxies {
  /** For http addresses. */
  readonly http: string;
  /** For https addresses. */
  readonly https: string;
  /** Hosts, domains and networks that are reached directly, separated by commas. */
  readonly no: string;
}

/** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, or their spellings in lower case; ALL_PROXY is no variable of Go's. */
export function proxiesOf(environment: NodeJS.ProcessEnv): Proxies {
  const either = (name: string) => environment[name] || environment[name.toLowerCase()] || "";
  return { http: either("HTTP_PROXY"), https: either("HTTPS_PROXY"), no: either("NO_PROXY") };
}

/** Address of the proxy on the way to `url`; undefined when it is reached directly. */
export function proxyOf(url: URL, proxies: Proxies): URL | undefined {
  const named = url.protocol === "https:" ? proxies.https : proxies.http;
  const proxy = parseProxy(named);
  return proxy === undefined || reachedDirectly(url, proxies.no) ? undefined : proxy;
}

/** A proxy's address without the password that it may hold, for messages. */
export const shownProxy = ({ protocol, host }: URL): string => `${protocol}//${host}`;

/** What carries requests to `url` through a proxy; `options` are those of TLS with the proxy itself. */
export function proxyAgent(url: URL, proxy: URL, options: HttpsProxyAgentOptions<string>): Agent {
  if (proxy.protocol === "socks5:") return new SocksProxyAgent(proxy.href.replace(/^socks5:/, "socks5h:"), options);
  return url.protocol === "https:" ? new HttpsProxyAgent(proxy, options) : new HttpProxyAgent(proxy, options);
}

/** A whole URL, or "host:port" of an http proxy. Anything else is none. */
function parseProxy(named: string): URL | undefined {
  const isUrl = /^(https?|socks5):/.test(named) && URL.canParse(named);
  const text = isUrl ? named : `http://${named}`;
  return named !== "" && URL.canParse(text) ? new URL(text) : undefined;
}

/** Brackets belong to URLs, not to addresses of IPv6. */
const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, "");

/** Whether the address is this machine's own, which no network carries. */
export function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  return host === "localhost" || covers("127.0.0.0/8", host) || covers("::1/128", host);
}

/** This machine itself, and what NO_PROXY names. */
function reachedDirectly(url: URL, no: string): boolean {
  const host = hostOf(url);
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  if (isLoopback(url)) return true;
  return no
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== "" && matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return covers(entry, host);
  const [, bracketed, plain, ownPort] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [
    undefined,
    undefined,
    entry,
  ];
  if (ownPort !== undefined && ownPort !== port) return false;
  const name = bracketed ?? plain ?? "";
  if (isIP(name) !== 0) return covers(`${name}/${isIPv6(name) ? 128 : 32}`, host);
  const domain = domainToASCII(name.replace(/^\*(?=\.)/, ""));
  if (domain === "") return false;
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

/** Whether a network holds an address; false for a host that is a name, and for what is no network. */
function covers(network: string, host: string): boolean {
  const [address = "", length] = network.split("/");
  if (isIP(host) === 0 || isIP(address) === 0 || !/^\d+$/.test(length ?? "")) return false;
  const bits = Number(length);
  if (bits > (isIPv6(address) ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(address, bits, isIPv6(address) ? "ipv6" : "ipv4");
  return list.check(host, isIPv6(host) ? "ipv6" : "ipv4");
}
