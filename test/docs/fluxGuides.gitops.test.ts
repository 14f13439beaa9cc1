/**
 * The guides about a team's own repository, command by command, as a member of a tenant: real Git, sops, age and Flux
 * on a real API server.
 */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { renderTenantFile } from "../../scripts/tenant/renderTenantFile";
import { controlPlanePrograms } from "../gitops/live/controlPlane";
import { fluxPrograms } from "../gitops/live/flux";
import type { Repository } from "../gitops/live/gitServer";
import { type Platform, startPlatform } from "../gitops/live/platform";
import { eventually } from "../gitops/live/processes";
import { sopsPrograms } from "../gitops/sops";
import { describeWith, siteFolder, toolFolder } from "../gitops/toolbox";
import { type Example, examples, guideText, missingPart, onlyLooks } from "./guides";

jest.setTimeout(300_000);

const ours = "test/docs/fluxGuides.gitops.test.ts";
const pages = ["deploy-with-flux", "encrypt-secrets"] as const;

describe("the guides about a team's repository", () => {
  it.each(pages)("have their examples run: %s", (page) => {
    const marked = guideText(page).match(/<!-- run by /g)?.length ?? 0;
    expect(examples(page).map(({ marker }) => marker)).toEqual(Array(marked).fill(ours));
    expect(marked).toBeGreaterThan(5);
  });
});

describeWith([...controlPlanePrograms, ...fluxPrograms, ...sopsPrograms])("a guide with Flux", () => {
  let platform: Platform;
  let repository: Repository;

  beforeAll(async () => {
    platform = await startPlatform((own, git) => {
      for (const stack of ["dev", "prod"]) rmSync(join(own.folder, "gitops/tenants", stack, "atlas.yaml"));
      repository = git.create("atlas").write("README.md", "Of the team atlas\n");
      repository.commit("The beginning");
      own.write(tenantFile, tenant(false));
    });
    await eventually(
      "the tenant",
      120,
      () => (platform.kubectl.exists("kustomization", "atlas", "tenant") ? true : undefined),
      () => platform.flux.log(),
    );
    const config = parse(readFileSync(platform.kubectl.kubeconfig, "utf8")) as {
      contexts: { context: object }[];
      users: { user: object }[];
    };
    const groups = ["oidc:atlas-developers", "system:authenticated"];
    config.contexts = config.contexts.map(({ context, ...rest }) => ({
      ...rest,
      context: { ...context, namespace: "atlas" },
    }));
    config.users = config.users.map(({ user, ...rest }) => ({
      ...rest,
      user: { ...user, as: "oidc:ada", "as-groups": groups },
    }));
    mkdirSync(home(), { recursive: true });
    writeFileSync(join(home(), "member"), stringify(config));
  }, 600_000);

  afterAll(() => platform?.stop());

  const tenantFile = "gitops/tenants/dev/atlas.yaml";
  const tenant = (sops: boolean) =>
    renderTenantFile({
      ...{ name: "atlas", group: "atlas-developers", cpu: "4", memory: "8Gi", storage: "10Gi", egress: [] },
      git: { url: repository.url, path: "./", credentials: false, sops },
    });

  /** The component that the guide about Secrets begins with. */
  async function withSops(): Promise<void> {
    const revision = platform.repository.write(tenantFile, tenant(true)).commit("Secrets for atlas");
    await platform.flux.arrive(revision, "tenants", "tenant-atlas");
  }

  const home = () => join(dirname(repository.folder), "home");

  async function run(commands: string): Promise<string> {
    const identity = Object.fromEntries(
      ["AUTHOR", "COMMITTER"].flatMap((who) => [
        [`GIT_${who}_NAME`, "ada"],
        [`GIT_${who}_EMAIL`, "ada@example.org"],
      ]),
    ) as Record<string, string>;
    const environment = {
      ...identity,
      ...{ GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "push.default", GIT_CONFIG_VALUE_0: "current" },
      PATH: process.env.PATH,
      HOME: home(),
      KUBECONFIG: join(home(), "member"),
      SITE: siteFolder("kubernetes"),
      TOOLS: toolFolder("flux"),
    };
    const programs = [
      'kubectl() { "$SITE/kubectl" "$@"; }',
      'sops() { "$TOOLS/sops" "$@"; }',
      'age-keygen() { "$TOOLS/age-keygen" "$@"; }',
    ];
    const { stdout } = await promisify(execFile)(
      "bash",
      ["-e", "-c", `${programs.join("\n")}\n{ ${commands}\n} 2>&1`],
      {
        env: environment,
        cwd: repository.folder,
        timeout: 120_000,
      },
    );
    return stdout;
  }

  /** Looks at the newest commit at once; what Flux says of it is for the page. */
  async function lookNow(): Promise<void> {
    const revision = `main@sha1:${(await run("git rev-parse HEAD")).trim()}`;
    await platform.flux.reconcile("gitrepository", "atlas", "tenant");
    await platform.flux.reconcile("kustomization", "atlas", "tenant", revision);
  }

  it.each(pages.flatMap(examples))("prints what it shows: $name", async (example: Example) => {
    if (example.name === "encrypt-secrets, example 1") await withSops();
    if (onlyLooks(example)) await lookNow();
    const printed = await run(example.commands);
    const missing = missingPart(example, printed);
    if (missing !== undefined) throw new Error(`It printed, without what the page shows (${missing}):\n${printed}`);
  });
});
