/** The report on a planned change, for people who decide about it and for a pipeline that refuses it. */
import type { Weight } from "../config/effects";
import { createdType, createdTypes } from "../openstack/resourceTypes";
import { changedSettings, type ChangedSetting } from "./changedSettings";
import type { ConsequenceSettings } from "./consequence";
import { consequenceOf } from "./consequenceRules";
import { isRolled, poolOf } from "./machineRule";
import type { Operation, Plan, PlannedChange } from "./plannedChange";

/** Resources of one type of which the same can be said. */
export interface Finding {
  readonly weight: Weight;
  /** What it is: `machine`, OpenStack's own word, or the last word of the type. */
  readonly what: string;
  readonly names: readonly string[];
  /** The sentence after the names. */
  readonly message: string;
  /** Whether the key `allowDestruction` names it; always true of what is not destructive. */
  readonly allowed: boolean;
}

export interface Report {
  readonly stack: string;
  /** Keys of the configuration that changed; absent where the last `up` left nothing to compare with. */
  readonly settings?: readonly ChangedSetting[];
  /** Names in `roll` of which the plan replaces and resizes no machine. */
  readonly idleRoll: readonly string[];
  /** In the order of their weight. */
  readonly findings: readonly Finding[];
  readonly counts: Readonly<Record<Operation, number>>;
  readonly unchanged: number;
  /** What the preview warned of, each sentence once. */
  readonly warnings: readonly string[];
  /**
   * Names of resources, and keys, of what is destructive and not allowed; each once, as `allowDestruction` has them.
   */
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
  { stack, changes, unchanged, recorded, warnings }: Omit<Plan, "config" | "errors">,
  allowances: Allowances,
): Report {
  const findings = new Map<string, Finding>();
  // What goes is known by the name of the cluster that had it, which may be another one now.
  const ofBefore = { ...allowances, clusterName: clusterNameIn(recorded.before) ?? allowances.clusterName };
  for (const change of changes) {
    const { weight, message } = consequenceOf(change, change.operation === "delete" ? ofBefore : allowances);
    const allowed = weight !== "destructive" || isAllowed(change, allowances);
    const what = nounOf(change.type);
    const key = [weight, allowed, what, message].join("|");
    findings.set(key, { weight, what, message, allowed, names: [...(findings.get(key)?.names ?? []), change.name] });
  }
  const sorted = weights.flatMap((weight) => [...findings.values()].filter((finding) => finding.weight === weight));
  const count = (operation: Operation) => changes.filter((change) => change.operation === operation).length;
  const { before, after } = recorded;
  const settings =
    before === undefined ? undefined : changedSettings({ before, after: after ?? before }, allowances.allowDestruction);
  const rolled = new Set(changes.flatMap((change) => (isRolled(change) ? [change.name, poolOf(change) ?? ""] : [])));
  return {
    stack,
    ...(settings === undefined ? {} : { settings }),
    idleRoll: before === undefined ? [] : allowances.roll.filter((name) => !rolled.has(name)),
    findings: sorted,
    counts: { create: count("create"), update: count("update"), replace: count("replace"), delete: count("delete") },
    unchanged,
    warnings,
    refused: [
      ...new Set([
        ...(settings ?? []).flatMap(({ allowed, key }) => (allowed ? [] : [key])),
        ...sorted.flatMap(({ allowed, names }) => (allowed ? [] : names)),
      ]),
    ],
  };
}

/** Name of the cluster in a recorded configuration; undefined where there is none. */
function clusterNameIn(recorded: unknown): string | undefined {
  const name = (recorded as { readonly clusterName?: unknown } | null | undefined)?.clusterName;
  return typeof name === "string" ? name : undefined;
}

function nounOf(type: string): string {
  if (type === createdTypes.server.token) return "machine";
  return createdType(type)?.noun ?? type.split(":").at(-1) ?? type;
}

function isAllowed(change: PlannedChange, { allowDestruction }: Allowances): boolean {
  return allowDestruction.includes(change.name) || allowDestruction.includes(poolOf(change) ?? "");
}
