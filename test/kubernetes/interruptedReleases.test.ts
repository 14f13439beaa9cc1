import { gunzipSync, gzipSync } from "node:zlib";
import type { KubernetesRequest } from "../../src/kubernetes/client";
import { forgetFailedRelease, forgetInterruptedReleases } from "../../src/kubernetes/interruptedReleases";

const calico = { name: "calico", namespace: "tigera-operator" };
const releases = [calico, { name: "flux-operator", namespace: "flux-system" }];
const folder = "/api/v1/namespaces/tigera-operator/secrets/";

/** As Helm stores it; the status stands in the label and in the content. */
const revision = (version: number, status: string) => ({
  metadata: { name: `sh.helm.release.v1.calico.v${version}`, labels: { status, version: String(version) } },
  data: { release: twiceEncoded(gzipSync(JSON.stringify({ version, info: { status, notes: "kept" } }))) },
});

const twiceEncoded = (content: Buffer): string => Buffer.from(content.toString("base64")).toString("base64");
const decoded = (text: string): unknown =>
  JSON.parse(gunzipSync(Buffer.from(Buffer.from(text, "base64").toString(), "base64")).toString());

function apiWith(statuses: readonly string[], deletion = 200) {
  const changes: string[] = [];
  const written: ReturnType<typeof revision>[] = [];
  // Newest first, since a listing has no order that Helm relies on.
  const items = statuses.map((status, index) => revision(index + 1, status)).reverse();
  const request: KubernetesRequest = (method, path, body) => {
    if (method !== "GET") changes.push(`${method} ${path.replace(`${folder}sh.helm.release.v1.`, "")}`);
    if (method === "PUT") written.push(body as ReturnType<typeof revision>);
    if (method === "DELETE") return Promise.resolve({ status: deletion, body: '{"message":"forbidden by a policy"}' });
    const mine = decodeURIComponent(path) === `${folder.slice(0, -1)}?labelSelector=owner=helm,name=calico`;
    return Promise.resolve({ status: 200, body: JSON.stringify({ items: mine ? items : [] }) });
  };
  return { request, changes, written };
}

describe("releases that were interrupted", () => {
  it.each<[states: string[], changes: string[]]>([
    [["pending-install"], ["DELETE calico.v1"]],
    [["deployed", "pending-upgrade"], ["DELETE calico.v2"]],
    [["superseded", "deployed", "failed", "pending-rollback"], ["DELETE calico.v4"]],
    [["superseded", "uninstalling"], ["DELETE calico.v2"]],
    [["deployed", "unknown"], ["DELETE calico.v2"]],
    [["failed", "pending-upgrade"], ["DELETE calico.v2"]],
    [["uninstalling"], ["PUT calico.v1"]],
    [
      ["unknown", "unknown"],
      ["PUT calico.v2", "DELETE calico.v1"],
    ],
    [["deployed"], []],
    [["superseded", "failed"], []],
    [["failed"], []],
    [[], []],
  ])("of %j leave a revision that Helm upgrades, or none", async (states, changes) => {
    const api = apiWith(states);
    const messages = await forgetInterruptedReleases(releases, api.request);
    expect({ changes: api.changes, told: messages.length }).toEqual({ changes, told: changes.length });
  });

  it("are named with what was done about them", async () => {
    expect(await forgetInterruptedReleases(releases, apiWith(["deployed", "pending-upgrade"]).request)).toEqual([
      "Release calico was interrupted (pending-upgrade, revision 2): forgotten, to be done again.",
    ]);
    expect(await forgetInterruptedReleases(releases, apiWith(["uninstalling"]).request)).toEqual([
      "Release calico was interrupted (uninstalling, revision 1): marked as failed, to be done again.",
    ]);
  });

  it("are marked as failed in the label and in the content that Helm reads, and keep the rest", async () => {
    const api = apiWith(["uninstalling"]);
    await forgetInterruptedReleases(releases, api.request);
    const [secret] = api.written;
    expect(secret?.metadata.labels).toEqual({ status: "failed", version: "1" });
    expect(decoded(secret!.data.release)).toEqual({ version: 1, info: { status: "failed", notes: "kept" } });
  });

  it("may be gone already", async () => {
    expect(await forgetInterruptedReleases(releases, apiWith(["pending-install"], 404).request)).toHaveLength(1);
  });

  it("are an error when the API refuses", async () => {
    await expect(forgetInterruptedReleases(releases, apiWith(["pending-install"], 403).request)).rejects.toThrow(
      "The Kubernetes API refused to forget the interrupted revision sh.helm.release.v1.calico.v1 (403): forbidden by a policy",
    );
  });
});

describe("a release that Pulumi is about to install", () => {
  it.each<[states: string[], changes: string[]]>([
    [["failed"], ["DELETE calico.v1"]],
    [
      ["superseded", "uninstalling"],
      ["DELETE calico.v1", "DELETE calico.v2"],
    ],
    [["uninstalled"], ["DELETE calico.v1"]],
    [["deployed", "failed"], []],
    [[], []],
  ])("of %j leaves no name in use, unless it is deployed", async (states, changes) => {
    const api = apiWith(states);
    await forgetFailedRelease(calico, api.request);
    expect(api.changes).toEqual(changes);
  });
});
