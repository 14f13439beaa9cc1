/**
 * Commits verified: the cluster's source with the patch of the FluxInstance and the Secret that Pulumi hands over,
 * under the real source-controller. That Flux's operator applies the patch to its GitRepository is not shown here.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { fluxNamespace, renderFluxInstance, signersSecret, signersSecretName, syncName } from "../../src/platform/flux";
import { configWith } from "../platform/config";
import { buildFolder, fluxBuildPrograms } from "./fluxBuild";
import { controlPlanePrograms, startControlPlane } from "./live/controlPlane";
import { Flux, fluxPrograms, startFlux } from "./live/flux";
import { GitServer } from "./live/gitServer";
import type { Kubectl } from "./live/kubectl";
import { Processes } from "./live/processes";
import { describeWith } from "./toolbox";

jest.setTimeout(180_000);

describeWith([...controlPlanePrograms, ...fluxPrograms, ...fluxBuildPrograms])("flux.commitSigners", () => {
  const folder = mkdtempSync(join(tmpdir(), "signers-"));
  const processes = new Processes(folder);
  let git: GitServer;
  let kubectl: Kubectl;
  let flux: Flux;

  beforeAll(async () => {
    git = await GitServer.start(join(folder, "git"));
    kubectl = await startControlPlane(join(folder, "control-plane"), processes);
    await startFlux(join(folder, "flux"), processes, kubectl);
    flux = new Flux(kubectl, processes);
  }, 600_000);

  afterAll(async () => {
    await processes.stop();
    await git?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const keyOf = (person: string): { readonly file: string; readonly line: string } => {
    const file = join(folder, person);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", person, "-f", file]);
    return { file, line: readFileSync(`${file}.pub`, "utf8").trim() };
  };

  it("has Flux take a commit that one of the keys signed, and no other", async () => {
    const [ann, bob] = [keyOf("ann"), keyOf("bob")];
    const repository = git.create("signed");
    const taken = repository.write("first.yaml", "{}\n").commit("Signed", ann.file);
    const config = configWith({
      flux: { url: "https://git.example.org/platform/cluster.git", commitSigners: [ann.line] },
    });
    const { kustomize } = renderFluxInstance(config, config.flux!) as { kustomize: { patches: readonly object[] } };
    const source = join(folder, "source");
    mkdirSync(source);
    writeFileSync(
      join(source, "source.yaml"),
      stringify({
        apiVersion: "source.toolkit.fluxcd.io/v1",
        kind: "GitRepository",
        metadata: { name: syncName, namespace: fluxNamespace },
        spec: { interval: "10m", url: repository.url, ref: { name: "refs/heads/main" } },
      }),
    );
    const applied = kubectl.apply(
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: signersSecretName, namespace: fluxNamespace },
        stringData: signersSecret(config),
      },
      ...buildFolder(source, kustomize.patches),
    );
    expect(applied).toMatchObject({ ok: true });
    const fetched = async () => ({
      condition: await flux.reconcile("gitrepository", fluxNamespace, syncName),
      revision: kubectl.run([
        "get",
        "gitrepository",
        syncName,
        "-n",
        fluxNamespace,
        "-o",
        "jsonpath={.status.artifact.revision}",
      ]),
    });
    const commit = taken.replace("main@", "refs/heads/main@");
    expect(await fetched()).toMatchObject({ condition: { status: "True" }, revision: commit });

    repository.write("second.yaml", "{}\n").commit("Unsigned");
    expect(await fetched()).toMatchObject({
      condition: { status: "False", message: expect.stringMatching(/signature/) as string },
      revision: commit,
    });

    repository.write("third.yaml", "{}\n").commit("Signed by somebody else", bob.file);
    expect(await fetched()).toMatchObject({
      condition: { status: "False", message: expect.stringMatching(/signature/) as string },
      revision: commit,
    });

    const next = repository.write("fourth.yaml", "{}\n").commit("Signed again", ann.file);
    expect(await fetched()).toMatchObject({
      condition: { status: "True" },
      revision: next.replace("main@", "refs/heads/main@"),
    });
  });
});
