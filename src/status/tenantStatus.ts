/** Quotas of namespaces that are nearly used. */
import { counted } from "../config/counted";
import { listAll } from "../kubernetes/answers";
import type { KubernetesRequest } from "../kubernetes/client";
import { firstLines, type StatusLine } from "./statusLine";

const part = "tenants";
/** As the alert QuotaNearlyUsed. */
const nearlyUsed = 0.9;

interface ResourceQuota {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly status?: {
    readonly hard?: Readonly<Record<string, string>>;
    readonly used?: Readonly<Record<string, string>>;
  };
}

export function askQuotas(request: KubernetesRequest): Promise<ResourceQuota[]> {
  return listAll<ResourceQuota>("a listing of the quotas", "/api/v1/resourcequotas", request);
}

export function judgeTenants(quotas: readonly ResourceQuota[]): StatusLine[] {
  if (quotas.length === 0) return [{ part, level: "absent", text: "no namespace has a quota" }];
  const lines = quotas
    .flatMap(({ metadata, status }) =>
      Object.entries(status?.hard ?? {}).map(([resource, hard]) => {
        const used = status?.used?.[resource] ?? "0";
        return { namespace: metadata.namespace, resource, hard, used, share: amountOf(used) / amountOf(hard) };
      }),
    )
    .filter(({ share, hard }) => share >= nearlyUsed && amountOf(hard) > 0)
    .sort((a, b) => b.share - a.share)
    .map(({ namespace, resource, hard, used, share }): StatusLine => ({
      part,
      level: "warn",
      text: `${namespace} has used ${Math.round(share * 100)} % of its ${resource} (${used} of ${hard})`,
      remedy: `docs/runbooks/alerts/${share >= 1 ? "QuotaUsedUp" : "QuotaNearlyUsed"}.md`,
    }));
  if (lines.length > 0) return firstLines(lines);
  const share = `${nearlyUsed * 100} %`;
  return [{ part, level: "ok", text: `${counted(quotas.length, "quota")}, none used by ${share} or more` }];
}

/** Kubernetes' suffixes of quantities (apimachinery's resource.Quantity). */
const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** "500m", "16Gi" or "1e3" as a number; NaN for anything else. */
function amountOf(quantity: string): number {
  const [, number = "", suffix = ""] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(quantity) ?? [];
  return number === "" ? NaN : Number(number) * (factors[suffix] ?? NaN);
}
