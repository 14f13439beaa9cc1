/** One owner per Helm release, and the names by which Pulumi's half and Git's half meet. Pure: needs no tools. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { parseClusterConfig } from "../../src/config/parse";
import { readStackFile } from "../../src/config/stackFile";
import { bootstrapReleases } from "../../src/platform/bootstrapReleases";
import { clusterSettingsName } from "../../src/platform/clusterSettings";
import { fluxNamespace, renderFluxInstance, sopsSecretName, syncName } from "../../src/platform/flux";
import { gitopsFolder, repositoryFolder } from "./toolbox";

const texts = readdirSync(gitopsFolder, { recursive: true, encoding: "utf8" })
  // What is in apps/ is for tenants to copy; no cluster's folder refers to it.
  .filter((file) => file.endsWith(".yaml") && !file.startsWith("apps/"))
  .map((file) => readFileSync(join(gitopsFolder, file), "utf8"));

describe("Pulumi's half and Git's half", () => {
  it("own no Helm release together", () => {
    const objects = texts.flatMap((text) =>
      parseAllDocuments(text).map(
        (document) => document.toJS() as { kind?: string; metadata?: { name: string } } | null,
      ),
    );
    const ofGit = objects.filter((object) => object?.kind === "HelmRelease").map((object) => object?.metadata?.name);
    expect(ofGit.length).toBeGreaterThan(12);
    expect(ofGit.filter((name, index) => ofGit.indexOf(name) !== index)).toEqual([]);
    expect(bootstrapReleases.map(({ name }) => name).filter((name) => ofGit.includes(name))).toEqual([]);
  });

  it("mean the same source, settings and key", () => {
    const names = (pattern: RegExp) => [
      ...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name]) => name))),
    ];
    expect(names(/substituteFrom:\n\s+- kind: ConfigMap\n\s+name: (\S+)/g)).toEqual([clusterSettingsName]);
    expect(names(/kind: GitRepository\n\s+name: (\S+)\n\s+(?:#|serviceAccountName: kustomize)/g)).toEqual([
      syncName,
      "external-snapshotter",
    ]);
    expect(
      texts
        .filter((text) => text.includes("\n  decryption:\n"))
        .map((text) => /secretRef:\n\s+name: (\S+)/.exec(text)?.[1]),
    ).toEqual([sopsSecretName]);
    expect(fluxNamespace).toBe("flux-system");
  });

  it.each(["dev", "prod"])("agree on the folder of %s, and that tenants are confined", (stack) => {
    const config = parseClusterConfig(readStackFile(join(repositoryFolder, `Pulumi.${stack}.yaml`)).values, stack);
    const instance = renderFluxInstance(config, {
      url: "https://git.example.org/platform.git",
      branch: "main",
      commitSigners: [],
      settings: {},
    }) as {
      cluster: object;
      sync: { path: string };
    };
    expect(instance.sync.path).toBe(`gitops/clusters/${stack}`);
    const folder = readFileSync(join(repositoryFolder, instance.sync.path, "kustomization.yaml"), "utf8");
    expect((parse(folder) as { resources: unknown }).resources).toEqual(["../base"]);
    expect(instance.cluster).toMatchObject({ multitenant: true, tenantDefaultServiceAccount: "default" });
  });
});
