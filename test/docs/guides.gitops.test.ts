/**
 * The guides for teams, command by command, as a member of a tenant on a real API server with the guards, Pod Security
 * and Kyverno's policies as the API server evaluates them. Each command prints what the page shows below it. Not shown:
 * that pods run, and Kyverno's own words around a message.
 */
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse, parseAllDocuments, stringify } from "yaml";
import { buildPart, fluxBuildPrograms } from "../gitops/fluxBuild";
import { controlPlanePrograms } from "../gitops/live/controlPlane";
import { type GuardedCluster, guardedClusterFolders, startGuardedCluster } from "../gitops/live/guardedCluster";
import type { KubernetesObject } from "../gitops/live/kubectl";
import { eventually } from "../gitops/live/processes";
import { clusterSettings } from "../gitops/settings";
import { describeWith, siteFolder } from "../gitops/toolbox";
import { repositoryFolder } from "./textFiles";

jest.setTimeout(300_000);

const ours = "run by test/docs/guides.gitops.test.ts";
const pages = ["log-in", "first-deployment", "what-is-refused"] as const;
const textOf = (page: string) => readFileSync(join(repositoryFolder, `docs/how-to/${page}.md`), "utf8");

/** Commands of a page with the output that it shows below them, in their order. */
function examples(page: string) {
  const pattern = /<!-- (run by \S+)( as a member)? -->\n\n```sh\n([^]*?)```\n\n```text\n([^]*?)```/g;
  return [...textOf(page).matchAll(pattern)].map(([, marker, asMember, commands = "", output = ""], index) => ({
    name: `${page}, example ${index + 1}`,
    marker,
    isMember: page !== "log-in" || asMember !== undefined,
    commands,
    output,
  }));
}

const words = (text: string) => text.trim().replace(/\s+/g, " ");

describe("the guides for teams", () => {
  it("have their examples run, each with its output", () => {
    for (const page of pages) {
      const marked = textOf(page).match(/<!-- run by /g)?.length ?? 0;
      expect(examples(page).filter(({ marker }) => marker === ours)).toHaveLength(marked);
      expect(marked).toBeGreaterThan(1);
    }
  });

  it("name every guard and policy on the page about refusals", () => {
    const folders = ["guards", "policies"].map((name) => join(repositoryFolder, "gitops/infrastructure", name));
    const names = folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((file) => file.endsWith(".yaml"))
        .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), "utf8")))
        .map((document) => document.toJS() as KubernetesObject & { kind: string })
        .filter(({ kind }) => ["ValidatingAdmissionPolicy", "ValidatingPolicy"].includes(kind))
        .map(({ metadata }) => metadata.name),
    );
    expect(names.length).toBeGreaterThan(12);
    expect(names.filter((name) => !textOf("what-is-refused").includes(`\`${name}\``))).toEqual([]);
  });
});

describeWith([...controlPlanePrograms, ...fluxBuildPrograms, ...guardedClusterFolders])("a guide for teams", () => {
  const folder = mkdtempSync(join(tmpdir(), "guides-"));
  let cluster: GuardedCluster;

  beforeAll(async () => {
    cluster = await startGuardedCluster();
    const settings = { ALLOWED_REGISTRIES: "registry.example.org, docker.io/library", ALLOWED_STORAGE_CLASSES: "nfs" };
    const names = ["image-tags", "image-registries", "storage-classes", "external-ips"];
    const policies = buildPart("dev", "policies", { ...clusterSettings("dev"), ...settings });
    const built = policies.filter(({ metadata }) => names.includes(metadata.name)).flatMap(asAdmissionPolicy);
    expect(cluster.kubectl.apply(...built)).toMatchObject({ ok: true });
    const probe = (image: string) =>
      cluster.member.attempt(["run", "probe", `--image=${image}`, "-n", "atlas", "--dry-run=server"]);
    await eventually("Policies in force", 60, () =>
      probe("docker.io/library/nginx").output.includes("image-tags") &&
      probe("quay.io/a/b:1").output.includes("image-reg")
        ? true
        : undefined,
    );
    const { clusters, contexts, users, ...rest } = parse(readFileSync(cluster.kubectl.kubeconfig, "utf8")) as {
      clusters: object[];
      contexts: { name: string; context: object }[];
      users: { name: string; user: object }[];
    };
    const impersonation = { as: "oidc:ada", "as-groups": ["oidc:atlas-developers", "system:authenticated"] };
    const member = {
      ...rest,
      clusters,
      contexts: contexts.map(({ name, context }) => ({ name, context: { ...context, namespace: "atlas" } })),
      users: users.map(({ name, user }) => ({ name, user: { ...user, ...impersonation } })),
    };
    writeFileSync(join(folder, "member"), stringify(member));
    copyFileSync(cluster.kubectl.address().authority, join(folder, "ca.crt"));
  }, 600_000);

  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const asAdmissionPolicy = ({ metadata: { name }, spec }: KubernetesObject) => {
    const { validationActions, ...others } = spec as { validationActions: readonly string[] };
    const apiVersion = "admissionregistration.k8s.io/v1";
    const binding = { policyName: name, validationActions };
    return [
      { apiVersion, kind: "ValidatingAdmissionPolicy", metadata: { name }, spec: others },
      { apiVersion, kind: "ValidatingAdmissionPolicyBinding", metadata: { name }, spec: binding },
    ];
  };

  async function run(commands: string, kubeconfig: string): Promise<string> {
    const environment = {
      PATH: process.env.PATH,
      HOME: folder,
      KUBECONFIG: kubeconfig,
      PROGRAM: join(siteFolder("kubernetes"), "kubectl"),
    };
    const { stdout } = await promisify(execFile)(
      "bash",
      ["-c", `kubectl() { "$PROGRAM" "$@"; }\n{ ${commands}\n} 2>&1 || true`],
      {
        env: environment,
        cwd: folder,
        timeout: 120_000,
      },
    );
    return stdout;
  }

  it.each(pages.flatMap(examples))("prints what it shows: $name", async ({ commands, output, isMember }) => {
    const shown = output
      .split("...")
      .map(words)
      .filter((part) => part !== "");
    let printed = "";
    // Quotas are counted, and pods made, a moment later; what changes something is run once.
    const isQuestion = /^kubectl (get|describe) /.test(commands);
    const end = Date.now() + (isQuestion ? 30_000 : 0);
    do {
      printed = words(await run(commands, join(folder, isMember ? "member" : "own")));
    } while (!shown.every((part) => printed.includes(part)) && Date.now() < end);
    let rest = printed;
    for (const part of shown) {
      expect(rest).toContain(part);
      rest = rest.slice(rest.indexOf(part) + part.length);
    }
  });
});
