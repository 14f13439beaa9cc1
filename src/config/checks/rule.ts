/** A rule between fields that the schema, which looks at one field at a time, cannot say. */
import type { ParsedCluster } from "../schema";

/**
 * A parsed configuration with the cluster's name settled; undefined where neither the key nor the stack's name can
 * serve.
 */
export type Checked = Omit<ParsedCluster, "clusterName"> & { readonly clusterName: string | undefined };

export interface Rule {
  /** Top-level keys that the rule reads: it runs when all of them parsed, whatever else is wrong. */
  readonly needs: readonly (keyof Checked)[];
  /** One sentence per problem, each with key path, value and remedy. */
  readonly problems: (config: Checked) => readonly string[];
}

/** A rule that can read only what it says it needs. */
export function rule<K extends keyof Checked>(
  needs: readonly K[],
  problems: (config: Pick<Checked, K>) => readonly string[],
): Rule {
  return { needs, problems };
}

/** `sentence` in a list when `wrong`, else nothing. */
export function when(wrong: boolean, sentence: () => string): string[] {
  return wrong ? [sentence()] : [];
}

/** Positions of the items that an earlier item equals by `keyOf`, with the position of that earlier one. */
export function repeats<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): { index: number; first: number; key: string }[] {
  const firsts = new Map<string, number>();
  return items.flatMap((item, index) => {
    const key = keyOf(item);
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, index);
    return first === undefined ? [] : [{ index, first, key }];
  });
}
