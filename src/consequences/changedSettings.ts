/** What changed keys of the configuration do to a cluster that exists. */
import { isDeepStrictEqual } from "node:util";
import { changedKeys } from "../config/changedKeys";
import type { Moment, Weight } from "../config/effects";
import { isMapping } from "../config/textForms";
import { type Configurations, settingRules } from "./settingRules";

/** One changed key. */
export interface ChangedSetting {
  readonly key: string;
  /** As the state keeps them; absent where the key is new, or gone. */
  readonly before?: unknown;
  readonly after?: unknown;
  readonly moments: readonly Moment[];
  readonly weight: Weight;
  /** One or two sentences. */
  readonly meaning: string;
  /** Whether `allowDestruction` names the key; always true of what is not destructive. */
  readonly allowed: boolean;
}

/** Every key that differs between two recorded configurations, in the order of the schema. */
export function changedSettings(configurations: Configurations, allowDestruction: readonly string[]): ChangedSetting[] {
  return changedKeys(configurations.before, configurations.after).map((change) => {
    const { key, pattern, effect, before, after } = change;
    const { weight, meaning } = settingRules[pattern]?.(change, configurations) ?? effect;
    return {
      key,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      moments: effect.moments,
      weight,
      meaning,
      allowed: weight !== "destructive" || allowDestruction.includes(key),
    };
  });
}

/** Longest value shown whole, in characters. */
const longestShown = 60;
/** Most differences shown of one value. */
const mostShown = 4;

/**
 * The change of a value, for people: `"a" -> "b"`. Of objects and lists only what differs is shown, so that a long
 * value does not hide it: `kind: "virtualIp" -> "loadBalancer"`, or `without "a", with "b"`.
 */
export function changeInWords({ before, after }: Pick<ChangedSetting, "before" | "after">): string {
  const differences =
    isMapping(before) && isMapping(after)
      ? propertiesThatDiffer(before, after)
      : Array.isArray(before) && Array.isArray(after)
        ? itemsThatDiffer(before, after)
        : [];
  if (differences.length === 0) return `${inWords(before)} -> ${inWords(after)}`;
  const more = differences.length - mostShown;
  return [...differences.slice(0, mostShown), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

function propertiesThatDiffer(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => !isDeepStrictEqual(before[name], after[name]))
    .map((name) => `${name}: ${changeInWords({ before: before[name], after: after[name] })}`);
}

function itemsThatDiffer(before: readonly unknown[], after: readonly unknown[]): string[] {
  const texts = (items: readonly unknown[]) => new Set(items.map((item) => JSON.stringify(item)));
  const [old, now] = [texts(before), texts(after)];
  const only = (word: string, items: readonly unknown[], others: ReadonlySet<string>) =>
    items.filter((item) => !others.has(JSON.stringify(item))).map((item) => `${word} ${inWords(item)}`);
  const found = [...only("without", before, now), ...only("with", after, old)];
  return found.length > 0 ? found : ["in another order"];
}

/** What is too long is cut, but for what has a name: an item that is new or gone is known by that. */
function inWords(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  if (text.length <= longestShown) return text;
  return isMapping(value) && typeof value.name === "string" ? `"${value.name}"` : `${text.slice(0, longestShown)}...`;
}
