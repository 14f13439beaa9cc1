/** What the checks say. */
import { didYouMean, shown } from "../config/keyPath";
import type { Setting } from "./needs";

export interface Findings {
  /** What would make `up` fail: a sentence each, with key, value and remedy. */
  readonly problems: readonly string[];
  /** What may surprise, or could not be checked: a sentence each. */
  readonly notes: readonly string[];
}

/** All findings in one; each sentence once. */
export function joined(findings: readonly Findings[]): Findings {
  return {
    problems: [...new Set(findings.flatMap(({ problems }) => problems))],
    notes: [...new Set(findings.flatMap(({ notes }) => notes))],
  };
}

export const problem = (sentence: string): Findings => ({ problems: [sentence], notes: [] });
export const note = (sentence: string): Findings => ({ problems: [], notes: [sentence] });

/** `key is "value"`, the begin of a sentence. */
export const describeSetting = ({ key, value }: Setting): string => `${key} is ${shown(value)}`;

/** Most names that a sentence lists. */
const longestList = 10;

/** The end of a sentence about a name that is not there: the one that was probably meant, else those that are there. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = didYouMean(name, known);
  return near === undefined ? availableNames(known) : `did you mean ${near}?`;
}

/** The end of a sentence about a name that is not there and like no other. */
export function availableNames(known: readonly string[]): string {
  return `${foundNames(known)}.`;
}

/** The names that there are, as a clause. */
export function foundNames(known: readonly string[]): string {
  return known.length === 0 ? "there is none" : `there ${known.length === 1 ? "is" : "are"}: ${listed(known)}`;
}

/** Names for a sentence: sorted, and not too many. */
export function listed(names: readonly string[]): string {
  const sorted = [...new Set(names)].sort();
  const rest = sorted.length - longestList;
  return sorted.length === 0
    ? "none"
    : `${sorted.slice(0, longestList).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
