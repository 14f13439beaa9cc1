/**
 * What `up` itself says of changed settings: it carries out none that ends the cluster unless that is allowed by name.
 */
import { valueAt } from "../config/shape";
import { changeInWords, changedSettings } from "../consequences/changedSettings";

/** Pools come and go without an end of the cluster; `npm run consequences` weighs their machines one by one. */
const isOfOnePool = (key: string) => key.startsWith("nodePools");

/**
 * The state has the version that the last `up` was to bring, which it may have failed to: the cluster itself is asked
 * (up/upgradeChecks.ts). Not where packages come with the image, as no machine that runs changes then.
 */
const isAskedOfCluster = (key: string, after: unknown) =>
  key === "kubernetes.version" && valueAt(["packageSource"], after) !== "preinstalled";

/**
 * Why a change must not be carried out, as a message for people; undefined when it may be. Both configurations as the
 * state keeps them; `before` is undefined where an older program made the state.
 */
export function refusedChange(
  before: unknown,
  after: unknown,
  allowDestruction: readonly string[],
  roll: readonly string[],
): string | undefined {
  if (before === undefined) return undefined;
  const rolled = rollDuringUpgrade(before, after, roll);
  if (rolled !== undefined) return rolled;
  const refused = changedSettings({ before, after }, allowDestruction).filter(
    ({ key, allowed }) => !allowed && !isOfOnePool(key) && !isAskedOfCluster(key, after),
  );
  if (refused.length === 0) return undefined;
  return [
    "Nothing was changed, as these settings would end or cut off the cluster:",
    ...refused.map((setting) => `- ${setting.key}: ${changeInWords(setting)}. ${setting.meaning}`),
    `Undo the change. If you intend it, add to allowDestruction: ${refused.map(({ key }) => key).join(", ")}.`,
  ].join("\n");
}

/** A machine that is replaced would join a control plane of the older version. */
function rollDuringUpgrade(before: unknown, after: unknown, roll: readonly string[]): string | undefined {
  const path = ["kubernetes", "version"];
  if (roll.length === 0 || valueAt(path, before) === valueAt(path, after)) return undefined;
  return `Nothing was changed: kubernetes.version changes, and roll names ${roll.join(", ")}. Empty \`roll\`, upgrade, and roll afterwards.`;
}

interface Machine {
  readonly name: string;
  /** Its pool, or `control-plane` or `bastion`. */
  readonly pool: string;
}

/** The names in `roll` of which no machine was created, or replaced, by this run. */
export function idleRoll(
  roll: readonly string[],
  machines: readonly Machine[],
  created: ReadonlySet<string>,
): readonly string[] {
  return roll.filter(
    (entry) => !machines.some(({ name, pool }) => (name === entry || pool === entry) && created.has(name)),
  );
}
