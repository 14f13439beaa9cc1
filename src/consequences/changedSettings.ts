/** What changed keys of the configuration do to a cluster that exists. */
import { changedKeys } from "../config/changedKeys";
import type { Moment, Weight } from "../config/effects";
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

/** The change of a value, for people: `"a" -> "b"`. */
export function changeInWords({ before, after }: Pick<ChangedSetting, "before" | "after">): string {
  return `${inWords(before)} -> ${inWords(after)}`;
}

function inWords(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}...` : text;
}
