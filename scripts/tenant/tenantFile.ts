/**
 * A tenant's file, gitops/tenants/<stack>/<name>.yaml: what may stand in it, and every problem of one that cannot be
 * used.
 */
import { parseDocument } from "yaml";
import { z } from "zod";
import { didYouMean, type KeyPath, keyPath, shown } from "../../src/config/keyPath";
import { choice, label, matching, section, text, url } from "../../src/config/schema/primitives";
import { egressRules } from "./egress";
import { isReadAsItself, readByFlux } from "./readBack";

export const gitComponent = "../components/git";
export const credentialsComponent = "../components/git-credentials";
export const sopsComponent = "../components/sops";
export const registryComponent = "../components/registry";

/** Flux takes text only; a bare number there fails the whole file, so the sentence says how to write it. */
const quantity = (format: string, example: string, pattern: RegExp) =>
  matching(
    format,
    `must be text in quotes such as "${example}"`,
    (value) => pattern.test(value) && Number.parseFloat(value) > 0,
  );
const cpu = quantity("CPU", "8", /^(\d+m|\d+(\.\d+)?)$/);
const bytes = quantity("bytes", "32Gi", /^\d+(Mi|Gi|Ti)$/);
const retained = matching(
  "bytes",
  'must be text in quotes such as "50Gi", or "0" for none',
  (value) => value === "0" || /^\d+(Mi|Gi|Ti)$/.test(value),
);
const count = matching("count", 'must be a whole number in quotes such as "0"', /^\d{1,5}$/);
const branch = matching("branch", "must be the name of a Git branch", /^[A-Za-z0-9][-A-Za-z0-9._/]*$/);
const path = matching(
  "path",
  'must be a folder of the repository such as ./deploy, without ".."',
  (value) => /^\.\/[-A-Za-z0-9_./]*$/.test(value) && !value.includes(".."),
);
/** RoleBindings take any text; a group that begins with "system:" would be Kubernetes' own. */
const group = text.refine((value) => !value.startsWith("system:"), {
  error: 'must be a group of the directory, so not begin with "system:"',
});

const substitutes = section({
  // A route of a tenant is called TENANT--ANYTHING: a name with "--" could be another's.
  TENANT: label(53)
    .refine((name) => !name.includes("--"), {
      error: 'must not hold "--", which sets a tenant\'s name off from those of its applications',
    })
    .describe("name of the tenant, its namespace and its file"),
  GROUP: group.describe(
    "group of the directory whose members administer the namespace, without the prefix that the cluster puts before it",
  ),
  CPU: cpu.describe("CPU that its pods may request together, in cores"),
  MEMORY: bytes.describe("memory that its pods may request and be limited to together"),
  STORAGE: bytes.describe("storage that its volumes may request together"),
  PODS: count.optional(),
  VOLUMES: count.optional(),
  LOAD_BALANCERS: count.optional(),
  NODE_PORTS: count.optional(),
  OBJECTS: count.optional(),
  EPHEMERAL_STORAGE: bytes.optional(),
  RETAINED_STORAGE: retained.optional(),
  DEFAULT_CPU: cpu.optional(),
  DEFAULT_MEMORY: bytes.optional(),
  DEFAULT_EPHEMERAL_STORAGE: bytes.optional(),
  POD_SECURITY: choice("privileged", "baseline", "restricted").optional(),
  EGRESS: text.optional(),
  GIT_URL: url(["https", "ssh", "http"]).optional(),
  GIT_BRANCH: branch.optional(),
  GIT_PATH: path.optional(),
  GIT_INTERVAL: matching("interval", 'must be a time such as "1m"', /^\d+(s|m|h)$/).optional(),
});

const tenantSchema = section({
  apiVersion: z.literal("kustomize.toolkit.fluxcd.io/v1", { error: "must be kustomize.toolkit.fluxcd.io/v1" }),
  kind: z.literal("Kustomization", { error: "must be Kustomization" }),
  metadata: section({ name: text.describe("tenant- and the tenant's name") }),
  spec: section({
    components: z
      .array(choice(gitComponent, credentialsComponent, sopsComponent, registryComponent), { error: "must be a list" })
      .optional(),
    postBuild: section({ substitute: substitutes }),
  }),
});

type Tenant = z.infer<typeof substitutes>;
export type TenantFile = z.infer<typeof tenantSchema>;

interface CheckedTenant {
  readonly sentences: readonly string[];
  /** Absent: the file's shape is wrong. */
  readonly tenant?: Tenant;
}

/**
 * Reads the text of the file `<name>.yaml`. `reserved` are the names that are not a tenant's to have.
 * Never throws: every problem is a sentence with key, value and remedy.
 */
export function checkTenantFile(content: string, name: string, reserved: readonly string[]): CheckedTenant {
  const document = parseDocument(content);
  const broken = document.errors[0];
  if (broken) return { sentences: [`The file is not YAML: ${broken.message.split("\n")[0] ?? ""}`] };
  const value: unknown = document.toJS();
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { sentences: ["The file must hold one Flux Kustomization."] };
  const parsed = tenantSchema.safeParse(value);
  if (!parsed.success) return { sentences: parsed.error.issues.flatMap((issue) => sentencesOf(issue, value, [])) };
  const { metadata, spec } = parsed.data;
  const tenant = spec.postBuild.substitute;
  const components: readonly string[] = spec.components ?? [];
  return {
    tenant,
    sentences: [
      ...nameProblems(tenant, metadata.name, name, reserved),
      ...readBackProblems(tenant),
      ...gitProblems(tenant, components),
      ...egressProblems(tenant),
    ],
  };
}

const substitutePath: KeyPath = ["spec", "postBuild", "substitute"];
const keyOf = (key: keyof Tenant) => keyPath([...substitutePath, key]);

function nameProblems({ TENANT }: Tenant, objectName: string, fileName: string, reserved: readonly string[]): string[] {
  return [
    ...(objectName === `tenant-${TENANT}`
      ? []
      : [
          `metadata.name is ${shown(objectName)} but must be "tenant-${TENANT}", as ${keyOf("TENANT")} is ${shown(TENANT)}.`,
        ]),
    ...(fileName === TENANT
      ? []
      : [`The file is called ${fileName}.yaml but its tenant ${TENANT}; rename it to ${TENANT}.yaml.`]),
    ...(reserved.includes(TENANT) || /^kube-|^openshift/.test(TENANT)
      ? [
          `${keyOf("TENANT")} is ${shown(TENANT)} but that name belongs to a namespace or a page of the platform; choose another name.`,
        ]
      : []),
  ];
}

/** Where a manifest takes a number as well as a text: quantities and counts. */
const numbersAllowed: readonly (keyof Tenant)[] = [
  ...(["CPU", "MEMORY", "STORAGE", "EPHEMERAL_STORAGE", "RETAINED_STORAGE"] as const),
  ...(["PODS", "VOLUMES", "LOAD_BALANCERS", "NODE_PORTS", "OBJECTS"] as const),
  ...(["DEFAULT_CPU", "DEFAULT_MEMORY", "DEFAULT_EPHEMERAL_STORAGE"] as const),
];

function readBackProblems(tenant: Tenant): string[] {
  return (Object.entries(tenant) as [keyof Tenant, string | undefined][]).flatMap(([key, value]) => {
    if (value === undefined || key === "EGRESS") return [];
    // A group stands behind a prefix, such as "oidc:", or alone where the cluster has none.
    const isRight =
      isReadAsItself(value, numbersAllowed.includes(key)) &&
      (key !== "GROUP" || isReadAsItself(`oidc:${value}`, false));
    return isRight
      ? []
      : [
          `${keyOf(key)} is ${shown(value)} but Flux would read it as something else, because it reads YAML; write another.`,
        ];
  });
}

function gitProblems(tenant: Tenant, components: readonly string[]): string[] {
  const hasGit = components.includes(gitComponent);
  const settings = (["GIT_URL", "GIT_BRANCH", "GIT_PATH", "GIT_INTERVAL"] as const).filter(
    (key) => tenant[key] !== undefined,
  );
  return [
    ...(hasGit && tenant.GIT_URL === undefined
      ? [`${keyOf("GIT_URL")} is required but missing: spec.components has ${gitComponent}.`]
      : []),
    ...(!hasGit
      ? settings.map(
          (key) =>
            `${keyOf(key)} has no effect without ${gitComponent} in spec.components; add that, or remove the key.`,
        )
      : []),
    ...[credentialsComponent, sopsComponent]
      .filter(
        (component) =>
          components.includes(component) && !components.slice(0, components.indexOf(component)).includes(gitComponent),
      )
      .map(
        (component) =>
          `spec.components has ${component}, which changes what ${gitComponent} makes; put ${gitComponent} before it.`,
      ),
  ];
}

function egressProblems({ EGRESS }: Tenant): string[] {
  if (EGRESS === undefined) return [];
  const document = parseDocument(EGRESS);
  if (document.errors.length > 0)
    return [`${keyOf("EGRESS")} must be a list of NetworkPolicy egress rules, on one line in quotes; it is not YAML.`];
  const rules: unknown = document.toJS();
  if (JSON.stringify(readByFlux(EGRESS)) !== JSON.stringify(rules))
    return [`${keyOf("EGRESS")} holds a number that Flux would read as another, such as 010 for 8; write plain JSON.`];
  const parsed = egressRules.safeParse(rules);
  return parsed.success
    ? []
    : parsed.error.issues.flatMap((issue) => sentencesOf(issue, rules, [...substitutePath, "EGRESS"]));
}

function sentencesOf(issue: z.core.$ZodIssue, root: unknown, prefix: KeyPath): string[] {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  const at = (steps: KeyPath) => keyPath([...prefix, ...steps]);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => `${at([...path, key])} is not a known key; ${alternatives(key, path)}`);
  const value = path.reduce<unknown>(
    (within, step) => (within as Record<string | number, unknown> | undefined)?.[step],
    root,
  );
  if (value === undefined) return [`${at(path)} is required but missing${meaning(path)}.`];
  return [`${at(path) || "The file"} is ${shown(value)} but ${issue.message}${issue.message.endsWith("?") ? "" : "."}`];
}

/** What the keys of the file mean, for the sentence on one that is missing. */
function meaning(path: KeyPath): string {
  const schema = path.join(".").startsWith(substitutePath.join("."))
    ? (substitutes.shape as Record<string, z.ZodType>)[String(path.at(-1))]
    : undefined;
  return schema?.description === undefined ? "" : `: ${schema.description}`;
}

function alternatives(key: string, path: KeyPath): string {
  const known = Object.keys(sectionAt(path));
  const near = didYouMean(key, known);
  return near === undefined ? `known here: ${known.join(", ")}.` : `did you mean ${near}?`;
}

const sections: Readonly<Record<string, z.ZodRawShape>> = {
  "": tenantSchema.shape,
  metadata: tenantSchema.shape.metadata.shape,
  spec: tenantSchema.shape.spec.shape,
  "spec.postBuild": tenantSchema.shape.spec.shape.postBuild.shape,
  "spec.postBuild.substitute": substitutes.shape,
};

/** The known keys of a section of the file; those of a rule of EGRESS are Kubernetes' own and few. */
const sectionAt = (path: KeyPath): object =>
  sections[path.join(".")] ?? { to: 0, ports: 0, ipBlock: 0, cidr: 0, except: 0, protocol: 0, port: 0, endPort: 0 };
