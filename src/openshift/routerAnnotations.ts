/** What annotations told OpenShift's router, as filters and timeouts of an HTTPRoute, or as a sentence. */
import { type Conversion, remark, task } from "./conversion";
import { defined, type Fields, textOf } from "./manifest";

interface RouterSettings {
  readonly filters: readonly Fields[];
  readonly timeouts: Fields | undefined;
  readonly notes: Conversion["notes"];
}

const prefix = "haproxy.router.openshift.io/";

/** What stands behind the prefix, and what is said of it. */
const sentences: Readonly<Record<string, (value: string) => string>> = {
  balance: (value) => `Requests were balanced by ${value}; the gateway's way is the least busy pod.`,
  cookie_name: (value) =>
    `The cookie ${value} kept a client with one pod; the gateway keeps nobody, so keep sessions outside of pods.`,
  "cookie-same-site": (value) => `The router's cookie had SameSite=${value}; the gateway sets no cookie.`,
  ip_whitelist: (value) =>
    `Only ${value} could reach it, anybody can now; ask the platform's owners for a SecurityPolicy before it moves.`,
  ip_allowlist: (value) =>
    `Only ${value} could reach it, anybody can now; ask the platform's owners for a SecurityPolicy before it moves.`,
  "pod-concurrent-connections": (value) =>
    `A pod got ${value} connections at most; ask the platform's owners for a BackendTrafficPolicy.`,
  "rate-limit-connections": () =>
    "Connections were limited by client; ask the platform's owners for a BackendTrafficPolicy.",
  "set-forwarded-headers": (value) =>
    `The headers Forwarded were set by the policy ${value}; the gateway appends to X-Forwarded-For.`,
  "timeout-tunnel": (value) => `A tunnel (WebSocket) could be silent for ${value}; try it with the gateway.`,
};

export function convertRouterAnnotations(annotations: Fields): RouterSettings {
  const filters: Fields[] = [];
  const notes: Conversion["notes"][number][] = [];
  let timeouts: Fields | undefined;
  for (const [key, raw] of Object.entries(annotations)) {
    const value = textOf(raw);
    const [, name = ""] = /^(?:haproxy\.)?router\.openshift\.io\/(.+)$/.exec(key) ?? [];
    if (name === "") {
      if (key === "kubernetes.io/tls-acme")
        notes.push(remark("The gateway has a certificate; kubernetes.io/tls-acme does nothing."));
      continue;
    }
    if (name === "disable_cookies") continue;
    if (name === "timeout") {
      const request = gatewayDuration(value);
      if (request === undefined)
        notes.push(task(`The timeout ${JSON.stringify(value)} is none of HAProxy's; set one in the route.`));
      else {
        timeouts = { request };
        notes.push(remark(`The timeout ${value} is timeouts.request.`));
      }
      continue;
    }
    if (name === "rewrite-target") {
      filters.push({
        type: "URLRewrite",
        urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: value || "/" } },
      });
      notes.push(remark(`The path is rewritten to ${value}.`));
      continue;
    }
    if (name === "hsts_header") {
      const set = [{ name: "Strict-Transport-Security", value }];
      filters.push({ type: "ResponseHeaderModifier", responseHeaderModifier: { set } });
      notes.push(remark(`The header Strict-Transport-Security is ${value}.`));
      continue;
    }
    // rate-limit-connections has settings behind further dots.
    const sentence = sentences[name] ?? sentences[name.split(".")[0] ?? ""];
    const isDetail = name.startsWith("rate-limit-connections.");
    if (!isDetail)
      notes.push(task(sentence?.(value) ?? `${key} (${value}) is not carried over; see whether it matters.`));
    else notes.push(task(`${key} was ${value}.`));
  }
  const isSticky = textOf(annotations[`${prefix}disable_cookies`]) !== "true";
  if (isSticky && !notes.some(({ sentence }) => sentence.includes("keeps nobody")))
    notes.push(remark("The router kept a client with one pod by a cookie; the gateway does not."));
  return { filters, timeouts: timeouts === undefined ? undefined : defined(timeouts), notes };
}

/** HAProxy counts milliseconds where no unit stands, and knows days; Gateway API knows h, m, s and ms. */
function gatewayDuration(value: string): string | undefined {
  const [, number = "", unit = ""] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(value) ?? [];
  if (number === "") return undefined;
  if (unit === "d") return `${Number(number) * 24}h`;
  if (unit === "us") return `${Math.max(1, Math.round(Number(number) / 1000))}ms`;
  return `${number}${unit === "" ? "ms" : unit}`;
}
