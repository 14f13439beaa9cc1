/** The resources as a tree, with rows of the same kind drawn together so that a thousand workers take one line. */
import type { Simulated, SimulatedResource } from "../simulated";
import { isStale, markOf, type Mark } from "./difference";
import type { Paint } from "./paint";

/** Siblings of one type and mark, from this number on, share a line. */
const collapseFrom = 4;

const signs: Readonly<Record<Mark, string>> = { add: "+", change: "~", replace: "±", remove: "-", same: " " };

export function renderTree(run: Simulated, paint: Paint): string[] {
  const children = new Map<string | undefined, SimulatedResource[]>();
  for (const resource of run.resources) {
    const siblings = children.get(resource.parent);
    if (siblings === undefined) children.set(resource.parent, [resource]);
    else siblings.push(resource);
  }
  const lines: string[] = [];
  const draw = (parent: string | undefined, indent: string) => {
    const rows = grouped(children.get(parent) ?? [], children);
    rows.forEach((row, index) => {
      const last = index === rows.length - 1;
      const branch = parent === undefined ? "" : last ? "└─ " : "├─ ";
      lines.push(`${indent}${branch}${renderRow(row, paint)}`);
      if (row.length === 1) draw(row[0]?.urn, parent === undefined ? "" : `${indent}${last ? "   " : "│  "}`);
    });
  };
  draw(undefined, "");
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

function renderRow(row: readonly SimulatedResource[], paint: Paint): string {
  const first = row[0] as SimulatedResource;
  const kind = first.type.split(":").at(-1) ?? first.type;
  const mark = first.custom ? markOf(first) : "same";
  const names = row.length === 1 ? first.name : `${first.name} … ${row.at(-1)?.name ?? ""}`;
  const times = row.length === 1 ? "" : ` ×${row.length}`;
  const sign = first.custom ? `${paint[mark](signs[mark])} ` : "";
  const inputs = first.change === undefined || mark === "same" ? "" : `  [${first.change.changed.join(", ")}]`;
  const facts = [
    ...(row.every(({ protect, custom }) => protect && custom) ? ["protected"] : []),
    ...(isStale(first) ? ["stale"] : []),
  ];
  return `${sign}${first.custom ? kind : paint.strong(kind)}${times} ${names}${inputs}${facts.length === 0 ? "" : paint.faint(`  (${facts.join(", ")})`)}`;
}
