/**
 * The runbooks' calls of Flux's command line, letter for letter, on a real API server with Flux's own controllers, each
 * in the situation that its page is about.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { controlPlanePrograms, startControlPlane } from "../gitops/live/controlPlane";
import { Flux, fluxPrograms, helmControllerPrograms, ready, startFlux, startHelmController } from "../gitops/live/flux";
import { GitServer } from "../gitops/live/gitServer";
import type { Kubectl } from "../gitops/live/kubectl";
import { eventually, Processes } from "../gitops/live/processes";
import { describeWith, toolFolder } from "../gitops/toolbox";
import { commandsRunBy } from "./runbooks";

jest.setTimeout(300_000);

const program = join(toolFolder("definitions"), "flux-cli");
const metadata = { namespace: "atlas", name: "sample" };
const configMap = (name: string) => JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
const often = { interval: "1h", serviceAccountName: "default" };

describeWith([...controlPlanePrograms, ...fluxPrograms, ...helmControllerPrograms, program])("Flux's command", () => {
  const folder = mkdtempSync(join(tmpdir(), "flux-commands-"));
  const processes = new Processes(folder);
  let git: GitServer;
  let kubectl: Kubectl;
  let flux: Flux;

  beforeAll(async () => {
    const cluster = join(folder, "cluster");
    kubectl = await startControlPlane(cluster, processes);
    await startFlux(cluster, processes, kubectl);
    await startHelmController(cluster, processes, kubectl);
    flux = new Flux(kubectl, processes);
    git = await GitServer.start(join(folder, "git"));
    const repository = git.create("atlas");
    repository
      .write("chart/Chart.yaml", "apiVersion: v2\nname: sample\nversion: 1.0.0\n")
      .write("chart/templates/made.yaml", configMap("of-the-chart"))
      .write("objects/made.yaml", configMap("of-the-kustomization"))
      .commit("First version");
    const sourceRef = { kind: "GitRepository", name: "sample" };
    kubectl.run(["create", "namespace", "atlas"]);
    const { ok, output } = kubectl.apply(
      {
        apiVersion: "source.toolkit.fluxcd.io/v1",
        kind: "GitRepository",
        metadata,
        spec: { interval: "1h", url: repository.url, ref: { branch: "main" } },
      },
      {
        apiVersion: "kustomize.toolkit.fluxcd.io/v1",
        kind: "Kustomization",
        metadata,
        spec: { ...often, path: "objects", prune: true, sourceRef, targetNamespace: "atlas", suspend: true },
      },
      {
        apiVersion: "helm.toolkit.fluxcd.io/v2",
        kind: "HelmRelease",
        metadata,
        spec: { ...often, chart: { spec: { chart: "chart", sourceRef } } },
      },
    );
    expect(ok ? "" : output).toBe("");
  }, 600_000);

  afterAll(async () => {
    await git?.stop();
    await processes.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The blocks of a page that this test runs, with the words in capitals filled in. */
  const blocks = (page: string, words: Readonly<Record<string, string>> = {}) =>
    commandsRunBy(__filename, `docs/runbooks/alerts/${page}.md`).map((block) =>
      block.replace(/\b[A-Z]{3,}\b/g, (word) => words[word] ?? word),
    );
  /** What commands print. Errors: one of them fails. */
  async function run(commands = ""): Promise<string> {
    const environment = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: kubectl.kubeconfig, FLUX: program };
    // Git's server, which Flux asks meanwhile, is in this process.
    const { stdout, stderr } = await promisify(execFile)("bash", ["-c", `flux() { "$FLUX" "$@"; }\n${commands}`], {
      env: environment,
      timeout: 120_000,
    });
    return `${stdout}${stderr}`;
  }

  it("lists what is not Ready, and tries a release again once its cause is mended", async () => {
    // It acts as an account that may do nothing yet.
    await eventually(
      "a release that fails",
      120,
      () => ready(kubectl.get("helmrelease", "atlas", "sample"))?.status === "False" || undefined,
    );
    const [list, retry] = blocks("FluxNotReady", { NAMESPACE: "atlas", NAME: "sample" });
    const failing = await run(list);
    expect(failing).toMatch(/^atlas\s+helmrelease\/sample\s/m);
    expect(failing).not.toContain("gitrepository/sample");
    kubectl.run([
      "create",
      "rolebinding",
      "sample",
      "-n",
      "atlas",
      "--clusterrole=admin",
      "--serviceaccount=atlas:default",
    ]);
    expect(await run(retry)).toMatch(/applied revision 1\.0\.0/);
    expect(kubectl.exists("configmap", "atlas", "of-the-chart")).toBe(true);
  });

  it("lists what is suspended, and resumes it", async () => {
    const [look] = blocks("DaemonSetUnavailable");
    const list = await run(look);
    expect(list).toMatch(/^atlas\s+kustomization\/sample\s.*True/m);
    const [same, resume] = blocks("FluxSuspended", { KIND: "kustomization", NAME: "sample", NAMESPACE: "atlas" });
    expect(await run(same)).toBe(list);
    expect(await run(resume)).toMatch(/applied revision main@sha1:/);
    expect(kubectl.exists("configmap", "atlas", "of-the-kustomization")).toBe(true);
    await flux.becomesReady("kustomization", "atlas", "sample");
  });
});
