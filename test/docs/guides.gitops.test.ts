/**
 * The guides for teams, command by command, as a member of a tenant on a real API server with the guards, Pod Security
 * and Kyverno's policies as the API server evaluates them. Each command prints what the page shows below it. Not shown:
 * that pods run, and Kyverno's own words around a message.
 */
import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { parse, parseAllDocuments, stringify } from "yaml";
import { buildPart, fluxBuildPrograms } from "../gitops/fluxBuild";
import { controlPlanePrograms } from "../gitops/live/controlPlane";
import {
  asAdmissionPolicy,
  type GuardedCluster,
  guardedClusterFolders,
  startGuardedCluster,
} from "../gitops/live/guardedCluster";
import type { KubernetesObject } from "../gitops/live/kubectl";
import { eventually } from "../gitops/live/processes";
import { clusterSettings } from "../gitops/settings";
import { describeWith, siteFolder } from "../gitops/toolbox";
import { type Example, examples, guideText, layClone, linkPackages, missingPart, onlyLooks } from "./guides";
import { startKubelet } from "./standInCluster";
import { repositoryFolder } from "./textFiles";

jest.setTimeout(300_000);

const ours = "test/docs/guides.gitops.test.ts";
/** In the order in which they run, on one cluster: each takes away what it made. */
const pages = [
  ...["log-in", "first-deployment", "what-is-refused", "see-your-quota", "expose-an-application"],
  ...["open-network-policies", "store-data", "watch-your-application", "pull-images"],
];

describe("the guides for teams", () => {
  it("have their examples run, each with its output", () => {
    for (const page of pages) {
      const marked = guideText(page).match(/<!-- run by /g)?.length ?? 0;
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
    expect(names.filter((name) => !guideText("what-is-refused").includes(`\`${name}\``))).toEqual([]);
  });
});

describeWith([...controlPlanePrograms, ...fluxBuildPrograms, ...guardedClusterFolders])("a guide for teams", () => {
  const folder = mkdtempSync(join(tmpdir(), "guides-"));
  let cluster: GuardedCluster;
  let kubelet: Awaited<ReturnType<typeof startKubelet>> | undefined;

  beforeAll(async () => {
    cluster = await startGuardedCluster();
    const settings = {
      ALLOWED_REGISTRIES: "registry.example.org, docker.io/library",
      ALLOWED_STORAGE_CLASSES: "nfs, cinder-retain",
    };
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
    const { authority } = cluster.kubectl.address();
    copyFileSync(authority, join(folder, "ca.crt"));
    kubelet = await startKubelet(dirname(authority));
    layNode(kubelet.port);
    // A clone of the platform's repository, for what teams change there.
    layClone(folder);
    linkPackages(folder);
    const identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
    for (const command of [
      ["init", "--quiet"],
      ["add", "gitops"],
      [...identity, "commit", "--quiet", "-m", "Theirs"],
    ])
      execFileSync("git", command, { cwd: folder });
  }, 600_000);

  afterAll(async () => {
    kubelet?.server.close();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(commands: string, kubeconfig: string): Promise<string> {
    const environment = {
      PATH: process.env.PATH,
      HOME: folder,
      KUBECONFIG: kubeconfig,
      PROGRAM: join(siteFolder("kubernetes"), "kubectl"),
      ROBOT_PASSWORD: "of the robot",
    };
    const { stdout } = await promisify(execFile)(
      "bash",
      ["-c", `kubectl() { "$PROGRAM" "$@"; }\n{ ${commands}\n} 2>&1 || true`],
      { env: environment, cwd: folder, timeout: 120_000 },
    );
    return stdout;
  }

  /** The driver's part, which is not here: each claim that waits has its volume. */
  function bindClaims(): void {
    for (const { metadata, spec, status } of cluster.kubectl.list("pvc", "atlas")) {
      if ((status as { phase?: string } | undefined)?.phase === "Bound") continue;
      const { resources, accessModes } = spec as { resources: { requests: object }; accessModes: string[] };
      const bound = { phase: "Bound", capacity: resources.requests, accessModes };
      const patch = ["patch", "pvc", metadata.name, "-n", "atlas", "--type=merge"];
      cluster.kubectl.run([...patch, "-p", JSON.stringify({ spec: { volumeName: `pvc-${metadata.name}` } })]);
      cluster.kubectl.run([...patch, "--subresource=status", "-p", JSON.stringify({ status: bound })]);
    }
  }

  const node = "dev-general-0";

  /** A node that takes no pod by itself, with the stand-in of a kubelet. */
  function layNode(port: number): void {
    const status = {
      addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    };
    cluster.kubectl.create({ apiVersion: "v1", kind: "Node", metadata: { name: node } });
    const patch = ["patch", "node", node, "--subresource=status", "--type=merge"];
    cluster.kubectl.run([...patch, "-p", JSON.stringify({ status })]);
  }

  /** The scheduler's part, which is not here. */
  function schedulePods(): void {
    for (const { metadata } of cluster.kubectl
      .list("pods", "atlas")
      .filter(({ spec }) => spec?.nodeName === undefined)) {
      const target = { apiVersion: "v1", kind: "Node", name: node };
      const binding = { apiVersion: "v1", kind: "Binding", metadata: { name: metadata.name }, target };
      const path = `/api/v1/namespaces/atlas/pods/${metadata.name}/binding`;
      cluster.kubectl.run(["create", "--raw", path, "-f", "-"], JSON.stringify(binding));
    }
  }

  it.each(pages.flatMap((page) => examples(page).map((example) => ({ ...example, page }))))(
    "prints what it shows: $name",
    async ({ page, ...example }: Example & { readonly page: string }) => {
      const isMember = page !== "log-in" || example.asMember;
      if (example.commands.startsWith("kubectl patch pvc")) bindClaims();
      if (example.commands.startsWith("kubectl logs")) schedulePods();
      const end = Date.now() + (onlyLooks(example) ? 30_000 : 0);
      let [printed, missing]: [string, string | undefined] = ["", undefined];
      do {
        printed = await run(example.commands, join(folder, isMember ? "member" : "own"));
        missing = missingPart(example, printed);
      } while (missing !== undefined && Date.now() < end);
      if (missing !== undefined) throw new Error(`It printed, without what the page shows (${missing}):\n${printed}`);
    },
  );
});
