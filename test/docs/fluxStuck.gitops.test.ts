/**
 * The commands of docs/runbooks/flux-stuck.md for the cluster's own Kustomization, letter for letter, with Flux's own
 * command line and controllers on a real API server: a commit that nothing can be built of, and a change that cannot
 * wait for Git.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../src/engine/messageOf";
import { controlPlanePrograms, startControlPlane } from "../gitops/live/controlPlane";
import { Flux, fluxPrograms, startFlux } from "../gitops/live/flux";
import { GitServer } from "../gitops/live/gitServer";
import type { Kubectl } from "../gitops/live/kubectl";
import { Processes } from "../gitops/live/processes";
import { describeWith, toolFolder } from "../gitops/toolbox";
import { commandsRunBy } from "./runbooks";

jest.setTimeout(300_000);

const program = join(toolFolder("definitions"), "flux-cli");
const metadata = { namespace: "flux-system", name: "flux-system" };

describeWith([...controlPlanePrograms, ...fluxPrograms, program])("Flux that is stuck", () => {
  const folder = mkdtempSync(join(tmpdir(), "flux-stuck-"));
  const processes = new Processes(folder);
  const [reconcile = "", suspend = "", resume = ""] = commandsRunBy(__filename, "docs/runbooks/flux-stuck.md");
  let git: GitServer;
  let kubectl: Kubectl;
  let flux: Flux;
  let repository: ReturnType<GitServer["create"]>;

  const setting = (value: string) =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "setting", namespace: "default" },
      data: { value },
    });
  const value = () => kubectl.run(["get", "configmap", "setting", "-o", "jsonpath={.data.value}"]);

  beforeAll(async () => {
    const cluster = join(folder, "cluster");
    kubectl = await startControlPlane(cluster, processes);
    await startFlux(cluster, processes, kubectl);
    flux = new Flux(kubectl, processes);
    git = await GitServer.start(join(folder, "git"));
    repository = git.create("platform");
    repository.write("setting.yaml", setting("first")).commit("First version");
    const apply = kubectl.apply(
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
        spec: {
          interval: "1h",
          path: "./",
          prune: true,
          serviceAccountName: "kustomize-controller",
          sourceRef: { kind: "GitRepository", name: "flux-system" },
        },
      },
    );
    expect(apply.ok ? "" : apply.output).toBe("");
    await flux.becomesReady("kustomization", "flux-system", "flux-system");
  }, 600_000);

  afterAll(async () => {
    await git?.stop();
    await processes.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What commands print, and whether one failed. */
  async function run(commands: string): Promise<{ readonly ok: boolean; readonly output: string }> {
    const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: kubectl.kubeconfig, FLUX: program };
    const script = `set -e\nflux() { "$FLUX" "$@"; }\n${commands.replaceAll("NAME", "flux-system")}`;
    return promisify(execFile)("bash", ["-c", script], { env, timeout: 120_000 }).then(
      ({ stdout, stderr }) => ({ ok: true, output: `${stdout}${stderr}` }),
      (error: unknown) => ({ ok: false, output: messageOf(error) }),
    );
  }

  it("waits in vain for what nothing can be built of, and goes on after the next commit", async () => {
    repository.write("setting.yaml", "kind: {").commit("A broken file");
    expect((await run(reconcile)).ok).toBe(false);
    expect(kubectl.run(["-n", "flux-system", "get", "kustomizations"])).toMatch(/False .*setting\.yaml/);
    expect(value()).toBe("first");
    repository.write("setting.yaml", setting("second")).commit("A whole file");
    const whole = await run(reconcile);
    expect(whole).toEqual({ ok: true, output: expect.stringMatching(/applied revision main@sha1:/) as string });
    expect(value()).toBe("second");
  });

  it("leaves a change by hand while it is suspended, and undoes it when it is resumed without a commit", async () => {
    const change = () =>
      kubectl.run(["patch", "configmap", "setting", "--type=merge", "-p", '{"data":{"value":"urgent"}}']);
    change();
    expect((await run(reconcile)).ok).toBe(true);
    expect(value()).toBe("second");
    expect((await run(suspend)).ok).toBe(true);
    change();
    await run(reconcile);
    expect(value()).toBe("urgent");
    const resumed = await run(resume);
    expect(resumed).toEqual({ ok: true, output: expect.stringMatching(/applied revision main@sha1:/) as string });
    expect(value()).toBe("second");
  });
});
