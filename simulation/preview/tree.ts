/** The resources as a tree, with rows of the same kind drawn together so that a thousand workers take one line. */
import type { Simulated, SimulatedResource } from "../simulated";
import { isStale, markOf, type Mark } from "./difference";
import type { Paint } from "./paint";

/** Siblings of one type and mark, from this number on, share a line. */
const collapseFrom = 4;

export const signs: Readonly<Record<Mark, string>> = { add: "+", change: "~", replace: "±", remove: "-", same: " " };

/** One resource, or several of a kind. */
export interface TreeRow {
  readonly isComponent: boolean;
  /** Type of the resource, without its package. */
  readonly kind: string;
  readonly mark: Mark;
  /** Of a group the first and the last name. */
  readonly names: string;
  readonly count: number;
  /** Inputs that differ. */
  readonly inputs: readonly string[];
  readonly facts: readonly string[];
  readonly children: readonly TreeRow[];
}

export function resourceTree(run: Simulated): TreeRow[] {
  const children = new Map<string | undefined, SimulatedResource[]>();
  for (const resource of run.resources) {
    const siblings = children.get(resource.parent);
    if (siblings === undefined) children.set(resource.parent, [resource]);
    else siblings.push(resource);
  }
  const below = (parent: string | undefined): TreeRow[] =>
    grouped(children.get(parent) ?? [], children).map((group) => ({
      ...rowOf(group),
      children: group.length === 1 ? below(group[0]?.urn) : [],
    }));
  return below(undefined);
}

export function renderTree(run: Simulated, paint: Paint): string[] {
  const lines: string[] = [];
  const draw = (rows: readonly TreeRow[], indent: string, isRoot: boolean) => {
    rows.forEach((row, index) => {
      const last = index === rows.length - 1;
      const branch = isRoot ? "" : last ? "└─ " : "├─ ";
      lines.push(`${indent}${branch}${renderRow(row, paint)}`);
      draw(row.children, isRoot ? "" : `${indent}${last ? "   " : "│  "}`, false);
    });
  };
  draw(resourceTree(run), "", true);
  return lines;
}

/** Childless siblings of one type and mark together, in the order of their first. */
function grouped(
  siblings: readonly SimulatedResource[],
  children: ReadonlyMap<string | undefined, unknown>,
): SimulatedResource[][] {
  const groups = new Map<string, SimulatedResource[]>();
  for (const resource of siblings) {
    const key = children.has(resource.urn)
      ? resource.urn
      : `${resource.type} ${markOf(resource)} ${String(isStale(resource))}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [resource]);
    else group.push(resource);
  }
  return [...groups.values()].flatMap((group) =>
    group.length < collapseFrom ? group.map((resource) => [resource]) : [group],
  );
}

function rowOf(group: readonly SimulatedResource[]): Omit<TreeRow, "children"> {
  const first = group[0] as SimulatedResource;
  const mark = first.custom ? markOf(first) : "same";
  return {
    isComponent: !first.custom,
    kind: first.type.split(":").at(-1) ?? first.type,
    mark,
    names: group.length === 1 ? first.name : `${first.name} … ${group.at(-1)?.name ?? ""}`,
    count: group.length,
    inputs: mark === "same" ? [] : (first.change?.changed ?? []),
    facts: [
      ...(group.every(({ protect, custom }) => protect && custom) ? ["protected"] : []),
      ...(isStale(first) ? ["stale"] : []),
    ],
  };
}

function renderRow({ isComponent, kind, mark, names, count, inputs, facts }: TreeRow, paint: Paint): string {
  const times = count === 1 ? "" : ` ×${count}`;
  const sign = isComponent ? "" : `${paint[mark](signs[mark])} `;
  const changed = inputs.length === 0 ? "" : `  [${inputs.join(", ")}]`;
  const noted = facts.length === 0 ? "" : paint.faint(`  (${facts.join(", ")})`);
  return `${sign}${isComponent ? paint.strong(kind) : kind}${times} ${names}${changed}${noted}`;
}
