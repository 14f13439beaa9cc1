/** The report on a planned change, for people who decide about it and for a pipeline that refuses it. */
import { createdType, createdTypes } from "../openstack/resourceTypes";
import type { ConsequenceSettings, Weight } from "./consequence";
import { consequenceOf } from "./consequenceRules";
import { poolOf } from "./machineRule";
import type { Operation, Plan, PlannedChange } from "./plannedChange";

/** Resources of one type of which the same can be said. */
export interface Finding {
  readonly weight: Weight;
  /** What it is: `machine`, OpenStack's own word, or the last word of the type. */
  readonly what: string;
  readonly names: readonly string[];
  /** The sentence after the names. */
  readonly told: string;
  /** Whether the key `allowDestruction` names it; always true of what is not destructive. */
  readonly allowed: boolean;
}

export interface Report {
  readonly stack: string;
  /** In the order of their weight. */
  readonly findings: readonly Finding[];
  readonly counts: Readonly<Record<Operation, number>>;
  readonly unchanged: number;
  /** Names of what is destructive and not allowed. */
  readonly refused: readonly string[];
}

/** What of the configuration the report reads. */
export interface Allowances extends ConsequenceSettings {
  /** The key `allowDestruction`. */
  readonly allowDestruction: readonly string[];
}

const weights: readonly Weight[] = ["destructive", "disruptive", "harmless"];

/** The allowances as the plan itself tells them: the configuration that the preview ran with. */
export function allowancesOf({ stack, config }: Pick<Plan, "stack" | "config">): Allowances {
  const value = (key: string): unknown => {
    try {
      return JSON.parse(config[key] ?? "null");
    } catch {
      return undefined;
    }
  };
  const names = (key: string) => {
    const list = value(key);
    return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
  };
  const readiness = value("readiness") as { readonly drainTimeoutMinutes?: unknown } | null | undefined;
  return {
    clusterName: config["clusterName"] ?? stack,
    roll: names("roll"),
    allowDestruction: names("allowDestruction"),
    drains: Number(readiness?.drainTimeoutMinutes ?? 1) !== 0,
  };
}

/** Weighs every change of a plan. */
export function reportOf(
  { stack, changes, unchanged }: Pick<Plan, "stack" | "changes" | "unchanged">,
  allowances: Allowances,
): Report {
  const findings = new Map<string, Finding>();
  for (const change of changes) {
    const { weight, told } = consequenceOf(change, allowances);
    const allowed = weight !== "destructive" || isAllowed(change, allowances);
    const what = nounOf(change.type);
    const key = [weight, allowed, what, told].join("|");
    findings.set(key, { weight, what, told, allowed, names: [...(findings.get(key)?.names ?? []), change.name] });
  }
  const sorted = weights.flatMap((weight) => [...findings.values()].filter((finding) => finding.weight === weight));
  const count = (operation: Operation) => changes.filter((change) => change.operation === operation).length;
  return {
    stack,
    findings: sorted,
    counts: { create: count("create"), update: count("update"), replace: count("replace"), delete: count("delete") },
    unchanged,
    refused: sorted.flatMap(({ allowed, names }) => (allowed ? [] : names)),
  };
}

function nounOf(type: string): string {
  if (type === createdTypes.server.token) return "machine";
  return createdType(type)?.noun ?? type.split(":").at(-1) ?? type;
}

function isAllowed(change: PlannedChange, { allowDestruction }: Allowances): boolean {
  return allowDestruction.includes(change.name) || allowDestruction.includes(poolOf(change) ?? "");
}

/** Names of one finding that are shown at most. */
const shown = 10;

/** The report as Markdown, which terminals show as well as merge requests do. */
export function renderReport({ stack, findings, counts, unchanged, refused }: Report): string {
  const title = `## Stack ${stack}: ${counts.create} to create, ${counts.update} to change in place, ${counts.replace} to replace, ${counts.delete} to delete, ${unchanged} unchanged`;
  if (findings.length === 0) return `${title}\n\nNothing changes.\n`;
  const section = (heading: string, chosen: readonly Finding[]) =>
    chosen.length === 0 ? [] : ["", `**${heading}**`, "", ...chosen.map(line)];
  const of = (weight: Weight, allowed = true) =>
    findings.filter((finding) => finding.weight === weight && finding.allowed === allowed);
  return [
    title,
    ...section("DESTRUCTIVE, and not allowed", of("destructive", false)),
    ...(refused.length === 0
      ? []
      : [
          "",
          "Where that is meant, allow it by name in the stack's file, and take the line out again afterwards:",
          "",
          `    openstack-kubernetes:allowDestruction: [${refused.join(", ")}]`,
        ]),
    ...section("Destructive, allowed by name", of("destructive")),
    ...section("Disruptive", of("disruptive")),
    ...section("Harmless", of("harmless")),
    "",
  ].join("\n");
}

/** One finding as a Markdown item. */
export function line({ what, names, told }: Finding): string {
  const listed = names
    .slice(0, shown)
    .map((name) => `\`${name}\``)
    .join(", ");
  const more = names.length > shown ? ` and ${names.length - shown} more` : "";
  return `- ${what} ${listed}${more} ${told}`;
}
