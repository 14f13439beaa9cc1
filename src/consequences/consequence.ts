/** What a planned change means for the people on the cluster. */
import type { Weight } from "../config/effects";
import type { PlannedChange } from "./plannedChange";

export interface Consequence {
  readonly weight: Weight;
  /**
   * What becomes of it, as a sentence without its subject; the same words for the same case, so that many of a kind are
   * told once.
   */
  readonly message: string;
}

/** What of the stack's configuration decides about consequences. */
export interface ConsequenceSettings {
  /** Resources are known by their type and the names that the program gives them in this cluster. */
  readonly clusterName: string;
  /** The key `roll`. */
  readonly roll: readonly string[];
  /** Whether nodes are drained: `readiness.drainTimeoutMinutes` is not 0. */
  readonly drains: boolean;
}

/** The rule of one type of resource. */
export type ConsequenceRule = (change: PlannedChange, settings: ConsequenceSettings) => Consequence;

export const destructive = (message: string): Consequence => ({ weight: "destructive", message });
export const disruptive = (message: string): Consequence => ({ weight: "disruptive", message });
export const harmless = (message: string): Consequence => ({ weight: "harmless", message });
