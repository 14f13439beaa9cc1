import type { KubernetesRequest } from "../../src/kubernetes/client";
import { forgetInterruptedReleases } from "../../src/kubernetes/interruptedReleases";

const releases = [
  { name: "calico", namespace: "tigera-operator" },
  { name: "flux-operator", namespace: "flux-system" },
];

const revision = (name: string, version: number, status: string) => ({
  metadata: { name: `sh.helm.release.v1.${name}.v${version}`, labels: { status, version: String(version) } },
});

function apiWith(listed: Readonly<Record<string, readonly object[]>>, deletion = 200) {
  const calls: string[] = [];
  const request: KubernetesRequest = (method, path) => {
    calls.push(`${method} ${decodeURIComponent(path)}`);
    if (method === "DELETE") return Promise.resolve({ status: deletion, body: '{"message":"forbidden by a policy"}' });
    const [, name = ""] = /name=([a-z-]+)/.exec(decodeURIComponent(path)) ?? [];
    return Promise.resolve({ status: 200, body: JSON.stringify({ items: listed[name] ?? [] }) });
  };
  return { request, calls };
}

describe("forgetInterruptedReleases", () => {
  it("asks for pending revisions of the given releases only, and forgets them", async () => {
    const api = apiWith({ calico: [revision("calico", 3, "pending-upgrade")] });
    expect(await forgetInterruptedReleases(releases, api.request)).toEqual([
      "Release calico was interrupted (pending-upgrade, revision 3): forgotten, to be done again.",
    ]);
    expect(api.calls).toContain(
      "GET /api/v1/namespaces/tigera-operator/secrets?labelSelector=owner=helm,name=calico,status in (pending-install,pending-upgrade,pending-rollback)",
    );
    expect(api.calls.filter((call) => call.startsWith("DELETE"))).toEqual([
      "DELETE /api/v1/namespaces/tigera-operator/secrets/sh.helm.release.v1.calico.v3",
    ]);
  });

  it("does nothing where nothing was interrupted", async () => {
    const api = apiWith({});
    expect(await forgetInterruptedReleases(releases, api.request)).toEqual([]);
    expect(api.calls.every((call) => call.startsWith("GET"))).toBe(true);
  });

  it("does not mind one that is gone already", async () => {
    const api = apiWith({ calico: [revision("calico", 1, "pending-install")] }, 404);
    expect((await forgetInterruptedReleases(releases, api.request)).length).toBe(1);
  });

  it("tells when the API refuses", async () => {
    const api = apiWith({ calico: [revision("calico", 1, "pending-install")] }, 403);
    await expect(forgetInterruptedReleases(releases, api.request)).rejects.toThrow(
      "The Kubernetes API refused to forget the interrupted revision sh.helm.release.v1.calico.v1 (403): forbidden by a policy",
    );
  });
});
