import { type FluxFacts, judgeFlux } from "../../src/status/fluxStatus";

const object = (name: string, message?: string, { namespace = "flux-system", suspend = false } = {}) => ({
  metadata: { name, namespace },
  spec: { suspend },
  status: { conditions: [{ type: "Ready", status: message === undefined ? "True" : "False", message }] },
});
const tenants = new Set(["shop"]);
const part = "Flux";

describe("status of Flux", () => {
  const sources = { GitRepository: [object("flux-system")], HelmRelease: [] };

  it("counts its objects where all are Ready", () => {
    expect(judgeFlux({ ...sources, Kustomization: [object("a"), object("b")] }, tenants, true)).toEqual([
      { part, level: "ok", text: "1 GitRepository, 2 Kustomizations, 0 HelmReleases; all Ready" },
    ]);
  });

  it("names what is not Ready, causes before what waits for them, and the platform before tenants", () => {
    const facts: FluxFacts = {
      ...sources,
      Kustomization: [
        object("shop", "no such file", { namespace: "shop" }),
        object("apps", "dependency 'flux-system/policies' is not ready"),
        object("policies", "dry-run failed"),
        object("old", "whatever", { suspend: true }),
      ],
    };
    const remedy = "docs/runbooks/alerts/FluxNotReady.md";
    const notReady = (name: string, cause: string) => `Kustomization ${name} is not Ready: ${cause}`;
    expect(judgeFlux(facts, tenants, true)).toEqual([
      { part, level: "bad", text: "1 GitRepository, 4 Kustomizations, 0 HelmReleases; 3 not Ready" },
      { part, level: "bad", text: notReady("flux-system/policies", "dry-run failed"), remedy },
      {
        part,
        level: "bad",
        text: notReady("flux-system/apps", "dependency 'flux-system/policies' is not ready"),
        remedy,
      },
      { part, level: "warn", text: notReady("shop/shop", "no such file"), remedy },
      {
        part,
        level: "warn",
        text: "suspended by hand: Kustomization flux-system/old",
        remedy: "docs/runbooks/alerts/FluxSuspended.md",
      },
    ]);
  });

  it("is absent where the stack wants none, and bad where it does, or the stack file says nothing", () => {
    expect(judgeFlux({}, tenants, false)).toEqual([{ part, level: "absent", text: "this stack has none" }]);
    const missing = { part, level: "bad", text: "the cluster does not know its objects", remedy: "run `pulumi up`" };
    expect(judgeFlux({}, tenants, true)).toEqual([missing]);
    expect(judgeFlux({}, tenants, undefined)).toEqual([missing]);
  });
});
