import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseStackOutputs, readStackOutputs } from "../../src/status/stackOutputs";

describe("outputs of a stack", () => {
  let folder: string;
  const path = process.env.PATH;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "outputs-test-"));
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });

  /** What comes of a Pulumi that is this shell script. */
  function readWith(script: string, limit = 20_000) {
    writeFileSync(join(folder, "pulumi"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "pulumi"), 0o755);
    process.env.PATH = [folder, path].join(delimiter);
    return readStackOutputs("dev", "/project", limit);
  }

  it("are asked of the engine with their secrets", async () => {
    const outputs = JSON.stringify({ clusterName: "dev", adminKubeconfig: "K", networkId: "n" });
    expect(await readWith(`echo "$*" > ${folder}/asked; echo '${outputs}'`)).toEqual({
      clusterName: "dev",
      adminKubeconfig: "K",
      certificateExpiry: {},
      fileDigests: {},
      kubernetesVersion: {},
      nodes: [],
      staleMachines: [],
      templateDigests: {},
    });
  });

  it("are a sentence where the engine refuses, hangs or is not there", async () => {
    const refusal = `echo "error: no stack named 'dev' found" >&2; exit 255`;
    await expect(readWith(refusal)).rejects.toThrow("`pulumi stack output` failed: no stack named 'dev' found");
    await expect(readWith("exec sleep 30", 200)).rejects.toThrow("`pulumi stack output` did not end within 0.2 s");
    process.env.PATH = folder;
    rmSync(join(folder, "pulumi"));
    await expect(readStackOutputs("dev", "/project", 200)).rejects.toThrow("Pulumi's CLI is not in PATH");
  });

  it("of a stack that never came up are a sentence that shows none of them", () => {
    const secret = JSON.stringify({ adminKubeconfig: { private: "secret" } });
    expect(() => parseStackOutputs("dev", secret)).toThrow(
      "stack dev has no kubeconfig among its outputs, so no `pulumi up` has ended yet",
    );
  });
});
