/** When a changed key of the configuration reaches a cluster that exists, and what that does to people. */

/** The moments at which a change takes effect, in the words of previews and docs/configuration.md. */
const moments = {
  cluster: "only when the cluster is created",
  running: "on machines that run",
  machine: "when a machine is created",
  openstack: "at once in OpenStack",
  kubernetes: "at once in Kubernetes",
  run: "in this program only",
} as const;

export type Moment = keyof typeof moments;

/** `at once in OpenStack and when a machine is created`. */
export function momentsInWords(of: readonly Moment[]): string {
  const words = (chosen: readonly Moment[]) =>
    chosen
      .map((moment) => moments[moment])
      .join(", ")
      .replace(/, ([^,]*)$/, " and $1");
  const later = of.filter((moment) => moment !== "cluster");
  if (later.length === of.length || later.length === 0) return words(of);
  return `in full ${moments.cluster}, in part ${words(later)}`;
}

/**
 * How much a change weighs. `destructive`: data, an address or a trust goes that nothing brings back, or the cluster
 * stands still. `disruptive`: pods move, machines reboot, connections break, and all is well afterwards. `harmless`:
 * nobody notices.
 */
export type Weight = "destructive" | "disruptive" | "harmless";

export interface Effect {
  /** One or more; a key may reach OpenStack at once and machines when they are created. */
  readonly moments: readonly Moment[];
  /** What a change does to a cluster that exists and to the people on it: one or two sentences. */
  readonly meaning: string;
  readonly weight: Weight;
}

/**
 * Metadata that declares the effect of a schema's key, and of all keys below it that declare none themselves. Every
 * key has one: test/consequences/everyKey.test.ts.
 */
export function takesEffect(
  when: Moment | readonly Moment[],
  meaning: string,
  weight: Weight = "harmless",
): { readonly effect: Effect } {
  return { effect: { moments: typeof when === "string" ? [when] : when, meaning, weight } };
}
