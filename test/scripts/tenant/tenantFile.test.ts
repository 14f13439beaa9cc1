import { parse, stringify } from "yaml";
import { parseEgress } from "../../../scripts/tenant/egress";
import { renderTenantFile } from "../../../scripts/tenant/renderTenantFile";
import { checkTenantFile } from "../../../scripts/tenant/tenantFile";

const atlas = { name: "atlas", group: "atlas-developers", cpu: "8", memory: "32Gi", storage: "200Gi", egress: [] };
const substitute = { TENANT: "atlas", GROUP: "atlas-developers", CPU: "8", MEMORY: "32Gi", STORAGE: "200Gi" };
const file = (values: object, components?: readonly string[]) =>
  stringify({
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { name: "tenant-atlas" },
    spec: { ...(components ? { components } : {}), postBuild: { substitute: { ...substitute, ...values } } },
  });
const sentences = (content: string, name = "atlas") =>
  checkTenantFile(content, name, ["cert-manager", "monitoring"]).sentences;

describe("renderTenantFile", () => {
  it("writes the shortest file that a tenant needs", () => {
    expect(renderTenantFile(atlas)).toBe(`apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: tenant-atlas
spec:
  postBuild:
    substitute:
      TENANT: atlas
      GROUP: atlas-developers
      CPU: "8"
      MEMORY: 32Gi
      STORAGE: 200Gi
`);
  });

  it("writes the component that brings credentials of registries, with a repository of the tenant's own or without", () => {
    const written = (tenant: object) =>
      (parse(renderTenantFile({ ...atlas, ...tenant })) as { spec: { components?: string[] } }).spec.components;
    const git = { url: "https://gitlab.example.org/atlas/deploy.git", credentials: false, sops: false };
    expect(written({ registry: true })).toEqual(["../components/registry"]);
    expect(written({ registry: true, git })).toEqual(["../components/registry", "../components/git"]);
    expect(written({})).toBeUndefined();
    expect(sentences(renderTenantFile({ ...atlas, registry: true }))).toEqual([]);
  });

  it("writes 20 lines with all that a tenant may have but registries, which passes the check", () => {
    const git = {
      url: "https://gitlab.example.org/atlas/deploy.git",
      branch: "main",
      path: "./deploy",
      credentials: true,
      sops: true,
    };
    const content = renderTenantFile({ ...atlas, egress: [parseEgress("internet")], git });
    expect(content.trimEnd().split("\n")).toHaveLength(20);
    expect(checkTenantFile(content, "atlas", [])).toMatchObject({
      sentences: [],
      tenant: { ...substitute, GIT_URL: git.url, GIT_PATH: "./deploy" },
    });
  });
});

describe("checkTenantFile", () => {
  it.each<[string, object, string]>([
    [
      "a number without quotes",
      { CPU: 8 },
      'spec.postBuild.substitute.CPU is 8 but must be text in quotes such as "8".',
    ],
    [
      "no quantity",
      { MEMORY: "lots" },
      'spec.postBuild.substitute.MEMORY is "lots" but must be text in quotes such as "32Gi".',
    ],
    [
      "no quota at all",
      { STORAGE: "0Gi" },
      'spec.postBuild.substitute.STORAGE is "0Gi" but must be text in quotes such as "32Gi".',
    ],
    [
      "a group of Kubernetes' own",
      { GROUP: "system:masters" },
      'spec.postBuild.substitute.GROUP is "system:masters" but must be a group of the directory, so not begin with "system:".',
    ],
    [
      "a name that could be another's",
      { TENANT: "atlas--web" },
      'spec.postBuild.substitute.TENANT is "atlas--web" but must not hold "--", which sets a tenant\'s name off from those of its applications.',
    ],
    ["a misspelt key", { STORGE: "1Gi" }, "spec.postBuild.substitute.STORGE is not a known key; did you mean STORAGE?"],
    [
      "a name that is not its own",
      { TENANT: "monitoring" },
      'spec.postBuild.substitute.TENANT is "monitoring" but that name belongs to a namespace or a page of the platform; choose another name.',
    ],
    [
      "a repository that nothing reads",
      { GIT_URL: "https://git.example.org/a.git" },
      "spec.postBuild.substitute.GIT_URL has no effect without ../components/git in spec.components; add that, or remove the key.",
    ],
    [
      "a path out of the repository",
      { GIT_PATH: "../other" },
      'spec.postBuild.substitute.GIT_PATH is "../other" but must be a folder of the repository such as ./deploy, without "..".',
    ],
    [
      "egress that is no list",
      { EGRESS: "everything" },
      'spec.postBuild.substitute.EGRESS is "everything" but must be a list of NetworkPolicy egress rules.',
    ],
    [
      "egress with host bits",
      { EGRESS: "[{to: [{ipBlock: {cidr: 10.0.0.1/24}}], ports: [{protocol: TCP, port: 80}]}]" },
      'spec.postBuild.substitute.EGRESS[0].to[0].ipBlock.cidr is "10.0.0.1/24" but has host bits set; did you mean 10.0.0.0/24?',
    ],
  ])("tells of %s", (_what, values, sentence) => {
    expect(sentences(file(values))).toContain(sentence);
  });

  it("tells all problems of a file at once", () => {
    expect(sentences(file({ CPU: "x", MEMORY: "y", GROUP: undefined }))).toEqual([
      "spec.postBuild.substitute.GROUP is required but missing: group of the directory whose members administer the namespace, without the prefix that the cluster puts before it.",
      'spec.postBuild.substitute.CPU is "x" but must be text in quotes such as "8".',
      'spec.postBuild.substitute.MEMORY is "y" but must be text in quotes such as "32Gi".',
    ]);
  });

  it("wants name, tenant and file to agree", () => {
    expect(sentences(file({}), "borealis")).toEqual([
      "The file is called borealis.yaml but its tenant atlas; rename it to atlas.yaml.",
    ]);
    expect(sentences(file({ TENANT: "borealis" }), "borealis")).toEqual([
      'metadata.name is "tenant-atlas" but must be "tenant-borealis", as spec.postBuild.substitute.TENANT is "borealis".',
    ]);
  });

  it("wants components that exist, in the order in which they build on each other", () => {
    expect(sentences(file({}, ["../components/gti"]))).toEqual([
      'spec.components[0] is "../components/gti" but must be one of: ../components/git, ../components/git-credentials, ../components/sops, ../components/registry.',
    ]);
    expect(
      sentences(file({ GIT_URL: "https://git.example.org/a.git" }, ["../components/sops", "../components/git"])),
    ).toEqual([
      "spec.components has ../components/sops, which changes what ../components/git makes; put ../components/git before it.",
    ]);
    expect(sentences(file({}, ["../components/git"]))).toEqual([
      "spec.postBuild.substitute.GIT_URL is required but missing: spec.components has ../components/git.",
    ]);
  });

  it("lets a tenant have credentials of registries, with a repository or without", () => {
    expect(sentences(file({}, ["../components/registry"]))).toEqual([]);
    expect(
      sentences(
        file({ GIT_URL: "https://gitlab.example.org/atlas/deploy.git" }, [
          "../components/registry",
          "../components/git",
        ]),
      ),
    ).toEqual([]);
  });

  it("takes a file that overrides what is common to all tenants for an error: the common part wins silently", () => {
    const content = file({}).replace("spec:\n", "spec:\n  path: ./elsewhere\n");
    expect(sentences(content)).toEqual(["spec.path is not a known key; known here: components, postBuild."]);
  });

  it.each(["", "- a list", "a: [", "\u0000", "a: &a [*a]"])(
    "answers %j with a sentence, never an exception",
    (content) => {
      expect(sentences(content).length).toBeGreaterThan(0);
    },
  );
});

describe("a value that Flux would read as something else", () => {
  const named = (name: string) =>
    checkTenantFile(file({ TENANT: name }).replace("tenant-atlas", `tenant-${name}`), name, []).sentences;

  it.each(["on", "off", "no", "yes", "true", "false", "null", "y"])("is refused as a tenant's name: %s", (name) => {
    expect(named(name)).toEqual([expect.stringContaining(`is "${name}" but Flux would read it as something else`)]);
  });

  it.each([
    "on",
    "1234",
    "a: b",
    "a #b",
    " a",
    "*all",
    "2026-01-01",
    "12:30:45",
    "0o17",
    "1e3",
    "a${CLUSTER_NAME}",
    "a$$b",
  ])("is refused as a group: %s", (GROUP) => {
    expect(sentences(file({ GROUP }))).toEqual([expect.stringContaining("GROUP is ")]);
  });

  it.each([
    ["CPU", "010"],
    ["CPU", "1.50"],
    ["PODS", "0100"],
    ["VOLUMES", "00"],
    ["GIT_BRANCH", "1.0"],
    ["GIT_BRANCH", "on"],
  ])("is refused as a quantity, a count or a branch: %s %s", (key, value) => {
    const git = { GIT_URL: "https://gitlab.example.org/atlas/deploy.git" };
    expect(sentences(file({ ...git, [key]: value }, ["../components/git"]))).toEqual([
      expect.stringContaining(`${key} is "${value}" but Flux would read it as something else`),
    ]);
  });

  it("is refused in a rule of egress", () => {
    const EGRESS = '[{"to":[{"ipBlock":{"cidr":"10.0.0.0/8"}}],"ports":[{"protocol":"TCP","port":0443}]}]';
    expect(sentences(file({ EGRESS }))).toEqual([expect.stringContaining("a number that Flux would read as another")]);
  });

  it("is not what a directory's usual names and Kubernetes' usual quantities are", () => {
    const usual = { GROUP: "cn=atlas,ou=groups,dc=example,dc=org", CPU: "1.5", MEMORY: "8Gi", PODS: "0" };
    expect(sentences(file(usual))).toEqual([]);
    expect(sentences(file({ GROUP: "Atlas Developers", CPU: "500m" }))).toEqual([]);
  });
});
