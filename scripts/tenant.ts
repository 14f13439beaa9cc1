/** `npm run tenant -- new NAME --group GROUP | check`: makes and checks the files of tenants. */
import { counted } from "../src/config/counted";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { type EgressRule, parseEgress } from "./tenant/egress";
import { renderTenantFile } from "./tenant/renderTenantFile";
import { checkTenantFile } from "./tenant/tenantFile";
import { checkTenants, reservedNames, stacksOf, tenantFile } from "./tenant/tenantFolder";

interface NewOptions {
  readonly gitops: string;
  readonly group: string;
  readonly stack: readonly string[];
  readonly cpu: string;
  readonly memory: string;
  readonly storage: string;
  readonly egress: readonly EgressRule[];
  readonly registry: boolean;
  readonly git?: string;
  readonly branch?: string;
  readonly path?: string;
  readonly gitCredentials: boolean;
  readonly sops: boolean;
}

const gitops = join(__dirname, "..", "gitops");
const program = new Command("tenant")
  .description("Tenants: teams with a namespace of their own. See docs/tenants.md.")
  .showHelpAfterError();

program
  .command("new")
  .argument("<name>", "the tenant's name, and that of its namespace")
  .description("write the file of a new tenant")
  .requiredOption("--group <group>", "group of the directory (OIDC, LDAP) whose members administer the namespace")
  .option(
    "--stack <stack>",
    "stack to write it for (repeatable); default: every stack",
    (stack: string, others: readonly string[]) => [...others, stack],
    [],
  )
  .option("--cpu <cores>", "CPU quota", "4")
  .option("--memory <bytes>", "memory quota", "16Gi")
  .option("--storage <bytes>", "storage quota", "100Gi")
  .option(
    "--egress <destination>",
    "CIDR:PORT outside the cluster that may be reached, or internet (repeatable)",
    (words: string, others: readonly EgressRule[]) => [...others, parseEgress(words)],
    [],
  )
  .option("--registry", "its pods get the platform's credentials of registries", false)
  .option("--git <url>", "the tenant's own Git repository, for Flux to reconcile")
  .option("--branch <branch>", "its branch; default: main")
  .option("--path <path>", "its folder; default: ./")
  .option("--git-credentials", "the repository is private", false)
  .option("--sops", "the repository holds Secrets encrypted with sops", false)
  .option("--gitops <folder>", "the folder gitops of another checkout", gitops)
  .action((name: string, options: NewOptions) => {
    const stacks = options.stack.length > 0 ? options.stack : stacksOf(options.gitops);
    const content = renderTenantFile({
      ...options,
      name,
      git: options.git === undefined ? undefined : gitOf(options.git, options),
    });
    const { sentences } = checkTenantFile(content, name, reservedNames(options.gitops));
    const problems = [
      ...sentences,
      ...(options.git === undefined && ((options.branch ?? options.path ?? options.gitCredentials) || options.sops)
        ? ["--branch, --path, --git-credentials and --sops need --git."]
        : []),
      ...stacks
        .filter((stack) => !stacksOf(options.gitops).includes(stack))
        .map((stack) => `There is no stack ${stack}; known are: ${stacksOf(options.gitops).join(", ")}.`),
      ...stacks
        .filter((stack) => existsSync(tenantFile(options.gitops, stack, name)))
        .map((stack) => `The tenant ${name} of stack ${stack} exists; edit its file instead.`),
    ];
    if (problems.length > 0) {
      report(problems);
      return;
    }
    for (const stack of stacks) {
      writeFileSync(tenantFile(options.gitops, stack, name), content);
      console.log(
        `Wrote ${tenantFile(options.gitops, stack, name)}; commit it, and Flux makes the tenant on ${stack}.`,
      );
    }
  });

program
  .command("check")
  .description("check every tenant's file; exit status 1 when one has an error")
  .option("--gitops <folder>", "the folder gitops of another checkout", gitops)
  .action((options: { readonly gitops: string }) => {
    const { checked, problems } = checkTenants(options.gitops);
    if (problems.length > 0) {
      report(problems);
      return;
    }
    console.log(`${counted(checked, "tenant file")} checked, no error.`);
  });

function gitOf(url: string, { branch, path, gitCredentials, sops }: NewOptions) {
  return {
    url,
    credentials: gitCredentials,
    sops,
    ...(branch === undefined ? {} : { branch }),
    ...(path === undefined ? {} : { path }),
  };
}

function report(problems: readonly string[]): void {
  problems.forEach((problem) => process.stderr.write(`${problem}\n`));
  process.exitCode = 1;
}

try {
  program.parse();
} catch (error) {
  report([(error as Error).message]);
}
