import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkTenants, platformHosts, platformNamespaces, stacksOf } from "../../../scripts/tenant/tenantFolder";

const repository = join(__dirname, "..", "..", "..");

describe("the tenants of gitops/", () => {
  let folder: string;
  let gitops: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tenants-"));
    gitops = join(folder, "gitops");
    cpSync(join(repository, "gitops"), gitops, { recursive: true });
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const tenant = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["-r", "./scripts/typescript.js", "scripts/tenant.ts", ...args, "--gitops", gitops],
      {
        cwd: repository,
        encoding: "utf8",
      },
    );
    return { status, stdout, stderr };
  };

  it("as committed are right", () => {
    expect(checkTenants(join(repository, "gitops"))).toEqual({ checked: 2, problems: [] });
    expect(stacksOf(gitops)).toEqual(["dev", "prod"]);
  });

  it("are told apart from the platform's own namespaces, which are read from its manifests", () => {
    expect(platformNamespaces(gitops).sort()).toEqual([
      "calico-apiserver",
      "calico-system",
      "canary",
      "cert-manager",
      "default",
      "envoy-gateway-system",
      "flux-system",
      "gitlab-jobs",
      "gitlab-runner",
      "headlamp",
      "ingress",
      "ingress-nginx",
      "kubernetes-dashboard",
      "kured",
      "kyverno",
      "logging",
      "monitoring",
      "node-monitoring",
      "tigera-operator",
      "trident",
    ]);
  });

  it("are told apart from the pages of the platform, which are read from its manifests", () => {
    expect(platformHosts(gitops).sort()).toEqual(["canary", "dashboard", "grafana", "headlamp"]);
  });

  it("are made by the command for every stack, and checked by it", () => {
    expect(tenant("new", "borealis", "--group", "borealis-developers", "--egress", "10.1.0.0/16:443")).toMatchObject({
      status: 0,
      stderr: "",
    });
    for (const stack of ["dev", "prod"]) {
      expect(readdirSync(join(gitops, "tenants", stack)).sort()).toEqual(["atlas.yaml", "borealis.yaml"]);
      expect(readFileSync(join(gitops, "tenants", stack, "borealis.yaml"), "utf8")).toContain(
        "GROUP: borealis-developers\n",
      );
    }
    expect(tenant("check")).toEqual({ status: 0, stdout: "4 tenant files checked, no error.\n", stderr: "" });
  });

  it("are not made when anything is wrong, and every reason is told at once, without a stack trace", () => {
    expect(tenant("new", "kyverno", "--group", "g", "--stack", "tset", "--sops")).toEqual({
      status: 1,
      stdout: "",
      stderr: [
        'spec.postBuild.substitute.TENANT is "kyverno" but that name belongs to a namespace or a page of the platform; choose another name.',
        "--branch, --path, --git-credentials and --sops need --git.",
        "There is no stack tset; known are: dev, prod.",
        "",
      ].join("\n"),
    });
    expect(tenant("new", "atlas", "--group", "g", "--stack", "dev")).toEqual({
      status: 1,
      stdout: "",
      stderr: "The tenant atlas of stack dev exists; edit its file instead.\n",
    });
  });

  it("are checked with all errors of all files at once", () => {
    writeFileSync(join(gitops, "tenants", "dev", "atlas.yaml"), "kind: Kustomization");
    writeFileSync(join(gitops, "tenants", "prod", "notes.txt"), "");
    const { status, stderr } = tenant("check");
    expect(status).toBe(1);
    expect(stderr.trim().split("\n")).toEqual([
      "gitops/tenants/dev/atlas.yaml: apiVersion is required but missing.",
      "gitops/tenants/dev/atlas.yaml: metadata is required but missing.",
      "gitops/tenants/dev/atlas.yaml: spec is required but missing.",
      "gitops/tenants/prod/notes.txt: Flux reads *.yaml here; rename or remove the file.",
    ]);
  });
});
