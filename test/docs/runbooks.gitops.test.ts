/**
 * The runbooks' kubectl commands, run letter for letter on a real API server: they are understood, and what they name
 * can be asked for. The objects and the kubelet are stand-ins. Not proven: that a cluster calls its objects so, and
 * that a remedy helps.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { controlPlanePrograms, startControlPlane } from "../gitops/live/controlPlane";
import type { Kubectl } from "../gitops/live/kubectl";
import { Processes } from "../gitops/live/processes";
import { describeWith, siteFolder } from "../gitops/toolbox";
import { commandBlocks, runbooks } from "./runbooks";
import { layStandIns, placeholders, startKubelet } from "./standInCluster";

jest.setTimeout(300_000);

const ours = runbooks()
  .flatMap(commandBlocks)
  .filter(({ marker }) => marker === "run by test/docs/runbooks.gitops.test.ts");

/** kubectl on the test's API server; a call that fails is noted, wherever in a pipe it stands. */
const prelude = `
kubectl() {
  "$TEST_KUBECTL" "$@" || printf 'kubectl %s: exit code %s\\n' "$*" "$?" >>"$TEST_FAILURES"
}
`;

describeWith(controlPlanePrograms)("The kubectl commands of", () => {
  const folder = mkdtempSync(join(tmpdir(), "runbooks-"));
  const processes = new Processes(folder);
  let kubectl: Kubectl;
  let kubelet: { server: Server; port: number };

  beforeAll(async () => {
    kubectl = await startControlPlane(join(folder, "cluster"), processes);
    kubelet = await startKubelet(join(folder, "cluster", "certificates"));
    await layStandIns(kubectl, kubelet.port);
  });
  afterAll(async () => {
    kubelet?.server.close();
    await processes.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Standard output, and what failed with the reasons. */
  function run(commands: string): Promise<{ readonly stdout: string; readonly failures: string }> {
    const noted = join(folder, "failures");
    writeFileSync(noted, "");
    const environment = {
      PATH: process.env.PATH,
      HOME: folder,
      KUBECONFIG: kubectl.kubeconfig,
      TEST_KUBECTL: join(siteFolder("kubernetes"), "kubectl"),
      TEST_FAILURES: noted,
    };
    return new Promise((resolve) => {
      execFile("bash", ["-c", `${prelude}${commands}`], { env: environment, timeout: 120_000 }, (_, stdout, stderr) => {
        const failures = readFileSync(noted, "utf8");
        resolve({ stdout, failures: failures === "" ? "" : `${failures}${stderr}` });
      });
    });
  }

  it.each(ours)("$place are understood by a real API server", async ({ commands }) => {
    const concrete = commands.replace(/\b[A-Z]{3,}\b/g, (word) => placeholders[word] ?? word);
    const { stdout, failures } = await run(concrete);
    expect(failures).toBe("");
    expect(stdout.trim()).not.toBe("");
    if (/ delete /.test(concrete)) await layStandIns(kubectl, kubelet.port);
  });

  it("an object that does not exist would fail here", async () => {
    const { failures } = await run("kubectl -n canary logs deploy/nothing | tail");
    expect(failures).toMatch(/^kubectl -n canary logs deploy\/nothing: exit code 1\n.*"nothing" not found/);
  });
});
