/** What a preview of the engine plans, read from the JSON that `pulumi preview --json` prints. */
import { z } from "zod";

/** Type of the component that is a cluster; the state of every stack has it. */
export const clusterType = "openstack-kubernetes:index:Cluster";

export type Operation = "create" | "update" | "replace" | "delete";

/** What is to happen to one resource. */
export interface PlannedChange {
  readonly operation: Operation;
  /** Pulumi's type token, `openstack:compute/instance:Instance`. */
  readonly type: string;
  /** The resource's name in the program; a machine's is its node's. */
  readonly name: string;
  /** Names of the top-level inputs that differ, of an update or a replacement. */
  readonly changed: readonly string[];
  /** Inputs as the last `up` left them; secrets are the engine's `[secret]`. */
  readonly before: Readonly<Record<string, unknown>>;
  /** Inputs as the next `up` would make them. */
  readonly after: Readonly<Record<string, unknown>>;
}

export interface Plan {
  readonly stack: string;
  readonly changes: readonly PlannedChange[];
  readonly unchanged: number;
  /**
   * Configuration as the last `up` recorded it, and as the next one would (config/recordedConfiguration). `before` is
   * absent where there is no cluster yet, or where an older program made its state.
   */
  readonly recorded: { readonly before?: unknown; readonly after?: unknown };
  /** Configuration without the project's namespace; values as the engine prints them, lists and maps as JSON. */
  readonly config: Readonly<Record<string, string>>;
  /** Messages of severity error: the preview did not come to its end. */
  readonly errors: readonly string[];
  /** What the program, pre-flight and the providers warned of: each sentence once, in the order of the preview. */
  readonly warnings: readonly string[];
}

const state = z.object({ inputs: z.record(z.string(), z.unknown()).default({}) });

const digestSchema = z.object({
  config: z.record(z.string(), z.string()).default({}),
  steps: z
    .array(
      z.object({
        op: z.string(),
        urn: z.string(),
        oldState: state.optional(),
        newState: state.optional(),
        diffReasons: z.array(z.string()).nullish(),
        replaceReasons: z.array(z.string()).nullish(),
        detailedDiff: z.record(z.string(), z.unknown()).nullish(),
      }),
    )
    .default([]),
  diagnostics: z.array(z.object({ severity: z.string().optional(), message: z.string().optional() })).default([]),
  changeSummary: z.record(z.string(), z.number()).default({}),
});

type Step = z.output<typeof digestSchema>["steps"][number];

/** The engine's words for the steps of a replacement, beside those that are ours as well. */
const operations: Readonly<Record<string, Operation>> = {
  create: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
};

/** Reads the engine's JSON. Throws a sentence when it is something else. */
export function planOf(text: string): Plan {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Error("This is not JSON; pass the whole output of `pulumi preview --json`.");
  }
  const parsed = digestSchema.safeParse(content);
  if (!parsed.success || (parsed.data.steps.length === 0 && parsed.data.diagnostics.length === 0)) {
    throw new Error("This JSON holds neither steps nor messages; pass the whole output of `pulumi preview --json`.");
  }
  const { config, steps, diagnostics, changeSummary } = parsed.data;
  const messages = (wanted: string) =>
    diagnostics.flatMap(({ severity, message = "" }) =>
      severity === wanted && message.trim() !== "" ? [message.trim()] : [],
    );
  const byUrn = new Map<string, Step[]>();
  for (const step of steps) if (step.op in operations) byUrn.set(step.urn, [...(byUrn.get(step.urn) ?? []), step]);
  return {
    stack: /^urn:pulumi:([^:]+)::/.exec(steps[0]?.urn ?? "")?.[1] ?? "",
    changes: [...byUrn].map(([urn, ofOne]) => changeOf(urn, ofOne)).filter(({ type }) => !isFrame(type)),
    unchanged: changeSummary["same"] ?? 0,
    recorded: recordedIn(steps),
    config: Object.fromEntries(Object.entries(config).map(([key, value]) => [key.slice(key.indexOf(":") + 1), value])),
    errors: messages("error"),
    warnings: [...new Set(messages("warning").map((message) => message.replace(/\s+/g, " ")))],
  };
}

/** The cluster's own component carries the configuration. */
function recordedIn(steps: readonly Step[]): Plan["recorded"] {
  const ofCluster = steps.filter(({ urn }) => typeOf(urn) === clusterType);
  const find = (state: "oldState" | "newState") =>
    ofCluster.flatMap((step) => step[state]?.inputs["configuration"] ?? [])[0];
  return { before: find("oldState"), after: find("newState") };
}

/** urn:pulumi:STACK::PROJECT::PARENT$...$TYPE::NAME */
function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

/** The stack itself and components: nothing of them exists outside the program. */
function isFrame(type: string): boolean {
  return type === "pulumi:pulumi:Stack" || type.startsWith("openstack-kubernetes:");
}

/** A replacement is told in up to three steps of one URN. */
function changeOf(urn: string, steps: readonly Step[]): PlannedChange {
  const found = steps.map(({ op }) => operations[op] as Operation);
  const keys = steps.flatMap(({ detailedDiff, replaceReasons, diffReasons }) => [
    ...Object.keys(detailedDiff ?? {}),
    ...(replaceReasons ?? []),
    ...(diffReasons ?? []),
  ]);
  return {
    operation: found.includes("replace") ? "replace" : (found[0] as Operation),
    type: typeOf(urn),
    name: urn.split("::").slice(3).join("::"),
    changed: [...new Set(keys.map((key) => /^[^.[]+/.exec(key)?.[0] ?? key))].sort(),
    before: steps.find(({ oldState }) => oldState !== undefined)?.oldState?.inputs ?? {},
    after: steps.find(({ newState }) => newState !== undefined)?.newState?.inputs ?? {},
  };
}
