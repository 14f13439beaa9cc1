/**
 * The last gate of `up` before real Flux controllers: it passes when all are Ready, and says which is not and why. And
 * that a fix is not held up by what it fixes. Its look at nodes is proven elsewhere (test/lab/openstack/servers): there
 * are none here.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { ClusterNotReadyError, waitForCluster } from "../../src/up/clusterGate";
import { fluxNamespace, syncName } from "../../src/platform/flux";
import { controlPlanePrograms } from "./live/controlPlane";
import { fluxPrograms } from "./live/flux";
import type { Repository } from "./live/gitServer";
import { kubernetesRequest } from "./live/kubernetesRequest";
import { breakStorage, edit, type Platform, startPlatform } from "./live/platform";
import { eventually } from "./live/processes";
import { describeWith } from "./toolbox";

jest.setTimeout(300_000);

/** What needs charts, which cannot be had here, and what waits for that. */
const needCharts = [
  "controllers",
  "policies",
  "certificates",
  "ingress",
  "monitoring",
  "alerts",
  "grafana",
  "canary",
  "secrets",
];
const choicesNeedCharts = ["acme", "ui", "second-ingress", "notifications"];
const configMap = (name: string) =>
  stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } });

/** A Kustomization that waits for the health of what it brings, as those of Helm releases do. */
const slow = stringify({
  apiVersion: "kustomize.toolkit.fluxcd.io/v1",
  kind: "Kustomization",
  metadata: { name: "slow", namespace: "flux-system" },
  spec: {
    interval: "10m",
    timeout: "20m",
    prune: true,
    wait: true,
    path: "./gitops/infrastructure/slow",
    sourceRef: { kind: "GitRepository", name: "flux-system" },
    serviceAccountName: "kustomize-controller",
  },
});

/** Never becomes available: there is no node. */
const stuck = stringify({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "stuck", namespace: "default" },
  spec: {
    selector: { matchLabels: { app: "stuck" } },
    template: {
      metadata: { labels: { app: "stuck" } },
      spec: { containers: [{ name: "main", image: "registry.example.org/none:1.0.0" }] },
    },
  },
});

describeWith([...controlPlanePrograms, ...fluxPrograms])("the gate of `up` before real Flux", () => {
  let platform: Platform;

  beforeAll(async () => {
    const prepare = (repository: Repository) => {
      for (const name of needCharts)
        edit(repository, "gitops/clusters/base/kustomization.yaml", `  - ${name}.yaml\n`, "");
      edit(repository, "gitops/clusters/dev/kustomization.yaml", "  - ../base\n", "  - ../base\n  - slow.yaml\n");
      for (const name of choicesNeedCharts) rmSync(join(repository.folder, "gitops/choices", `${name}.yaml`));
      repository
        .write("gitops/clusters/dev/slow.yaml", slow)
        .write("gitops/infrastructure/slow/part.yaml", configMap("part"));
    };
    platform = await startPlatform(prepare, { settings: { SNAPSHOTS: "none", REBOOTS: "none" } });
  }, 600_000);

  afterAll(() => platform?.stop());

  /** Lines of its message; none when it lets pass. */
  const gate = async (timeoutMinutes: number): Promise<readonly string[]> => {
    try {
      await waitForCluster({
        request: kubernetesRequest(platform.kubectl),
        machines: [],
        touched: () => [],
        nodesReady: false,
        isCalico: false,
        flux: { namespace: fluxNamespace, sync: syncName },
        timeoutMinutes,
        seen: () => Promise.resolve(),
        consoles: () => Promise.resolve(new Map()),
        progress: () => undefined,
      });
      return [];
    } catch (error) {
      if (!(error instanceof ClusterNotReadyError)) throw error;
      return error.message.split("\n").filter((line) => line.startsWith("- "));
    }
  };

  it("passes once all that Flux has is Ready", async () => {
    expect(await gate(4)).toEqual([]);
    const names = platform.kubectl.list("kustomizations", "flux-system").map(({ metadata }) => metadata.name);
    expect(names).toEqual(
      expect.arrayContaining([
        "flux-system",
        "guards",
        "storage",
        "tenants",
        "tenant-atlas",
        "choices",
        "logs",
        "slow",
      ]),
    );
  });

  it("names the one Kustomization that is broken, with Flux's reason, and no other", async () => {
    const revision = breakStorage(platform.repository);
    await platform.flux.arrive(revision, "flux-system", "storage");
    await platform.flux.becomesReady("kustomization", "flux-system", "slow");
    const lines = await eventually("The others", 120, async () => {
      const found = await gate(0);
      return found.length === 1 ? found : undefined;
    });
    expect(lines).toEqual([expect.stringMatching(/^- Kustomization storage is not Ready: .*StorageKlass/)]);
    await platform.flux.arrive(platform.repository.revert(), "flux-system", "storage");
    expect(await gate(4)).toEqual([]);
  });

  it("says of one that waits for health what it waits for, and lets pass as soon as a commit mends it, whatever its timeout", async () => {
    const before = platform.repository
      .write("gitops/infrastructure/slow/part.yaml", stuck)
      .commit("Never becomes ready");
    await platform.flux.reconcile("gitrepository", "flux-system", "flux-system");
    let seen: readonly string[] = [];
    const lines = await eventually(
      "The wait for health",
      120,
      async () => {
        seen = await gate(0);
        return seen.length === 1 && seen[0]!.includes("health") ? seen : undefined;
      },
      () =>
        `${seen.join("\n")}\n${JSON.stringify(platform.kubectl.get("kustomization", "flux-system", "slow").status)}\n${platform.flux.log()}`,
    );
    expect(lines).toEqual([
      expect.stringMatching(
        /^- Kustomization slow is not Ready: Running health checks for revision .* with a timeout of/,
      ),
    ]);
    const after = platform.repository.write("gitops/infrastructure/slow/part.yaml", configMap("part")).commit("Mended");
    expect(after).not.toBe(before);
    const start = Date.now();
    await platform.flux.reconcile("gitrepository", "flux-system", "flux-system");
    await eventually(
      "The mended part",
      120,
      () =>
        platform.kubectl.get("kustomization", "flux-system", "slow").status?.lastAppliedRevision === after
          ? true
          : undefined,
      () => platform.flux.log(),
    );
    expect(await gate(4)).toEqual([]);
    // Of 20 minutes that its timeout is.
    expect(Date.now() - start).toBeLessThan(180_000);
  });
});
