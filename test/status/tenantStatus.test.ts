import { judgeTenants } from "../../src/status/tenantStatus";

const quota = (hard: Record<string, string>, used: Record<string, string>) => ({
  metadata: { name: "quota", namespace: "shop" },
  status: { hard, used },
});
const shown = (...quotas: Parameters<typeof judgeTenants>[0][number][]) =>
  judgeTenants(quotas).map(({ level, text, remedy = "" }) => `${level} ${text} ${remedy}`.trim());

describe("status of tenants", () => {
  it("is one line while there is room", () => {
    expect(shown(quota({ "requests.cpu": "4", pods: "0" }, { "requests.cpu": "3500m", pods: "0" }))).toEqual([
      "ok 1 quota, none used by 90 % or more",
    ]);
  });

  it("names what is nearly used, the fullest first, in whatever unit", () => {
    const hard = { "requests.cpu": "4", "requests.memory": "16Gi", "requests.storage": "1e3", pods: "50" };
    const used = { "requests.cpu": "3600m", "requests.memory": "16384Mi", "requests.storage": "0.9k", pods: "44" };
    expect(shown(quota(hard, used))).toEqual([
      "warn shop has used 100 % of its requests.memory (16384Mi of 16Gi) docs/runbooks/alerts/QuotaUsedUp.md",
      "warn shop has used 90 % of its requests.cpu (3600m of 4) docs/runbooks/alerts/QuotaNearlyUsed.md",
      "warn shop has used 90 % of its requests.storage (0.9k of 1e3) docs/runbooks/alerts/QuotaNearlyUsed.md",
    ]);
  });

  it("is absent where no namespace has a quota", () => {
    expect(shown()).toEqual(["absent no namespace has a quota"]);
  });
});
