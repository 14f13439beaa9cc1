/** Both systems' pipelines as one list of jobs. */
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";

export const root = path.join(__dirname, "../..");

export interface Job {
  /** "github ci.yml plan", "gitlab gate". */
  readonly name: string;
  /** Everything of the job, as text. */
  readonly text: string;
  readonly condition: string;
  readonly environment?: string;
  readonly commands: readonly string[];
  readonly steps: readonly Step[];
  readonly permissions: Readonly<Record<string, string>>;
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface GitHubJob {
  readonly if?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface GitLabJob {
  readonly extends?: string;
  readonly image?: string;
  readonly rules?: readonly { readonly if: string }[];
  readonly environment?: { readonly name: string };
  readonly script?: readonly string[];
}

const workflows = path.join(root, ".github/workflows");

export const githubJobs: readonly Job[] = readdirSync(workflows).flatMap((file) => {
  const { jobs, permissions } = parse(readFileSync(path.join(workflows, file), "utf8")) as {
    jobs: Record<string, GitHubJob>;
    permissions: Record<string, string>;
  };
  return Object.entries(jobs).map(([name, job]) => ({
    name: `github ${file} ${name}`,
    text: JSON.stringify(job),
    condition: job.if ?? "",
    environment: job.environment,
    commands: job.steps.flatMap(({ run }) => run ?? []),
    steps: job.steps,
    permissions: job.permissions ?? permissions,
  }));
});

const { image: defaultImage, ...gitlab } = parse(readFileSync(path.join(root, ".gitlab-ci.yml"), "utf8"), {
  // `!reference [job, key]` stays a list here, which `rulesOf` follows.
  customTags: [{ tag: "!reference", collection: "seq" }],
}) as { readonly image: string } & Readonly<Record<string, GitLabJob>>;

export const gitlabJobs: readonly (Job & { readonly image: string })[] = Object.keys(gitlab)
  .map((name) => [name, withBase(name)] as const)
  .filter(([name, { script }]) => !name.startsWith(".") && script !== undefined)
  .map(([name, job]) => ({
    name: `gitlab ${name}`,
    text: JSON.stringify(job),
    condition: rulesOf(job),
    environment: job.environment?.name,
    commands: job.script ?? [],
    steps: [],
    permissions: {},
    image: job.image ?? defaultImage,
  }));

/** A job with what it extends. */
function withBase(name: string): GitLabJob {
  const job = gitlab[name] ?? {};
  return { ...(job.extends === undefined ? {} : withBase(job.extends)), ...job };
}

function rulesOf({ rules = [] }: GitLabJob): string {
  const [name, key] = rules as readonly unknown[];
  if (typeof name === "string" && key === "rules") return rulesOf(withBase(name));
  return rules.map((rule) => rule.if).join(" || ");
}
