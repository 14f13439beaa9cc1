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
import { eventually, Processes } from "../gitops/live/processes";
import { describeWith, siteFolder } from "../gitops/toolbox";
import { commandBlocks, runbooks } from "./runbooks";
import { repositoryFolder } from "./textFiles";
import { layStandIns, placeholders, startKubelet } from "./standInCluster";

jest.setTimeout(300_000);

const ours = runbooks()
  .flatMap(commandBlocks)
  .filter(({ marker }) => marker === "run by test/docs/runbooks.gitops.test.ts");

/**
 * kubectl on the test's API server; a call that fails is noted, wherever in a pipe it stands. What a page has done on a
 * machine is done here.
 */
const prelude = `
noting() {
  "\${@:2}" || printf '%s %s: exit code %s\\n' "$1" "\${*:3}" "$?" >>"$TEST_FAILURES"
}
kubectl() { noting kubectl "$TEST_KUBECTL" "$@"; }
curl() { noting curl command curl "$@"; }
ssh() { eval "$2"; }
sudo() { "$@"; }
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
    const concrete = commands
      .replace(/\b[A-Z]{3,}\b/g, (word) => placeholders[word] ?? word)
      // Addresses of the endpoint and of one API server, and what is on its machine.
      .replace(/https:\/\/(?:10\.0\.0\.1\d|127\.0\.0\.1):6443/g, kubectl.address().server)
      .replace("/etc/kubernetes/admin.conf", kubectl.kubeconfig);
    const { stdout, failures } = await run(concrete);
    expect(failures).toBe("");
    expect(stdout.trim()).not.toBe("");
    if (/ delete /.test(concrete)) await layStandIns(kubectl, kubelet.port);
  });

  it("a webhook that does not answer ends what it looks at, until its configuration is deleted as the page says", async () => {
    const page = "docs/runbooks/alerts/WebhookRefuses.md";
    const [, quoted = ""] = /```text\n(.*?)\.\.\./.exec(readFileSync(join(repositoryFolder, page), "utf8")) ?? [];
    for (const kind of ["Validating", "Mutating"]) {
      const metadata = { name: "broken" };
      const configMaps = { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] };
      const webhook = {
        name: "check.example.org",
        clientConfig: { service: { namespace: "atlas", name: "nobody" } },
        rules: [configMaps],
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "atlas" } },
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
      };
      const apiVersion = "admissionregistration.k8s.io/v1";
      kubectl.apply({ apiVersion, kind: `${kind}WebhookConfiguration`, metadata, webhooks: [webhook] });
      const create = () => run(`kubectl -n atlas create configmap ${kind.toLowerCase()}`);
      const refused = await eventually("a refusal", 60, async () => {
        const { failures } = await run("kubectl -n atlas create configmap never --dry-run=server");
        return failures === "" ? undefined : failures;
      });
      expect(refused).toContain(`${quoted}check.example.org"`);
      const remedy = commandBlocks(page).find(({ commands }) =>
        commands.includes(`delete ${kind.toLowerCase()}webhookconfiguration NAME`),
      );
      expect((await run(remedy!.commands.replaceAll("NAME", "broken"))).failures).toBe("");
      await eventually("a ConfigMap", 60, async () => ((await create()).failures === "" ? true : undefined));
    }
  });

  it("an object that does not exist would fail here", async () => {
    const { failures } = await run("kubectl -n canary logs deploy/nothing | tail");
    expect(failures).toMatch(/^kubectl -n canary logs deploy\/nothing: exit code 1\n.*"nothing" not found/);
  });
});
