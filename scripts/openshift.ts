/** `npm run openshift -- audit | convert EXPORT...`: a way out of OpenShift. */
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { counted } from "../src/config/counted";
import { convertExport, type ConvertedExport, prepared } from "../src/openshift/convert";
import { isLabel, readExport } from "../src/openshift/readExport";
import { type Files, filesOf, renderAudit } from "../src/openshift/report";
import type { Target } from "../src/openshift/target";
import { readFiles } from "./openshift/exports";
import { filePath, runCommand } from "./runCommand";
import { renderTenant } from "./tenant/renderTenantFile";
import { checkTenantFile } from "./tenant/tenantFile";
import { reservedNames } from "./tenant/tenantFolder";

interface ConvertOptions {
  readonly out: string;
  readonly domain: string;
  readonly registry: string;
  readonly ingress?: string;
  readonly groupsPrefix: string;
  readonly project: Readonly<Record<string, string>>;
  readonly group: Readonly<Record<string, string>>;
  readonly storageClass: Readonly<Record<string, string>>;
}

const gitops = join(__dirname, "..", "gitops");

/** The objects of all exports; a folder stands for all files below it. */
function read(exports: readonly string[]) {
  const { files, problems: unread } = readFiles(exports);
  const parts = files.map(({ file, content }) => readExport(file, content));
  const { objects, problems } = prepared(parts.flatMap((part) => part.objects));
  return { objects, problems: [...unread, ...parts.flatMap((part) => part.problems), ...problems] };
}

/** The tenants' files as `npm run tenant -- check` accepts them, and what of a plan it would not. */
function tenantFiles({ projects }: ConvertedExport): { readonly files: Files; readonly problems: readonly string[] } {
  const files = new Map<string, string>();
  const problems: string[] = [];
  for (const { tenant } of projects) {
    const content = renderTenant(tenant);
    const { sentences } = checkTenantFile(content, tenant.name, reservedNames(gitops));
    problems.push(...sentences.map((sentence) => `tenants/${tenant.name}.yaml: ${sentence}`));
    files.set(tenant.name, content);
  }
  return { files, problems };
}

function convert(exports: readonly string[], options: ConvertOptions): void {
  const wrong = Object.values(options.project).filter((name) => !isLabel(name));
  if (wrong.length > 0) throw new Error(`--project: no tenant can be called ${wrong.join(", ")}; name another.`);
  const { objects, problems } = read(exports);
  const target: Target = {
    domain: options.domain,
    registry: options.registry.replace(/\/+$/, ""),
    ingressClass: options.ingress,
    groupsPrefix: options.groupsPrefix,
    tenants: options.project,
    groups: options.group,
    storageClasses: options.storageClass,
  };
  const converted = convertExport(objects, target);
  const tenants = tenantFiles(converted);
  const files = filesOf(converted, [...problems, ...tenants.problems], tenants.files);
  if (existsSync(options.out) && readdirSync(options.out).length > 0)
    throw new Error(`${options.out} is not empty, and what is in it might be yours; name another folder.`);
  for (const [name, content] of files) {
    const path = join(options.out, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode: name.startsWith("secrets/") ? 0o600 : 0o644 });
  }
  if (existsSync(join(options.out, "secrets"))) chmodSync(join(options.out, "secrets"), 0o700);
  console.log(`Wrote ${counted(files.size, "file")} to ${options.out}; begin with report.md.`);
  if (problems.length + tenants.problems.length > 0) {
    [...problems, ...tenants.problems].forEach((problem) => process.stderr.write(`${problem}\n`));
    process.exitCode = 1;
  }
}

function audit(exports: readonly string[]): void {
  const { objects, problems } = read(exports);
  const nowhere: Target = {
    domain: "apps.example.org",
    registry: "registry.example.org",
    groupsPrefix: "",
    tenants: {},
    groups: {},
    storageClasses: {},
  };
  console.log(renderAudit(convertExport(objects, nowhere), problems));
  if (problems.length > 0) process.exitCode = 1;
}

/** `OLD=NEW`, repeatable. */
const pair = (text: string, others: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const [, before = "", after = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (before === "") throw new InvalidArgumentError("it must have the form OLD=NEW.");
  return { ...others, [before]: after };
};

const program = new Command("npm run openshift --").description(
  "A way out of OpenShift: what an export holds, and what of it a cluster of this repository runs. See docs/porting.md.",
);
program
  .command("audit")
  .description("say what there is by project and owner, and what does not carry over")
  .argument(
    "<export...>",
    "files of oc get -o yaml or -o json, or folders of them",
    (path: string, others?: readonly string[]) => [...(others ?? []), filePath(path)],
  )
  .action(audit);
program
  .command("convert")
  .description("write manifests, tenants' files, plans for images and volumes, and a report of each decision")
  .argument(
    "<export...>",
    "files of oc get -o yaml or -o json, or folders of them",
    (path: string, others?: readonly string[]) => [...(others ?? []), filePath(path)],
  )
  .requiredOption("--out <folder>", "folder to write; it must be empty or absent", filePath)
  .requiredOption("--domain <domain>", "domain of the new cluster's applications (APPS_DOMAIN)")
  .requiredOption("--registry <registry>", "registry, or folder in one, that the old registry's images are copied to")
  .option("--ingress <class>", "write Ingress objects of this class instead of HTTPRoutes")
  .option("--project <old=new>", "another name for a project's tenant (repeatable)", pair, {})
  .option("--group <project=group>", "group that administers a project's tenant (repeatable)", pair, {})
  .option("--storage-class <old=new>", "storage class for claims of an old one (repeatable)", pair, {})
  .option("--groups-prefix <prefix>", "what the cluster puts before groups (oidc.groupsPrefix)", "oidc:")
  .action(convert);
void runCommand(program);
