/**
 * The comment on a merge request that shows what the change does. Its text comes from the change, so none is trusted.
 */
import { counted } from "../../src/config/counted";

/** First line of our comment, by which the next pipeline finds it. */
export const marker = "<!-- openstack-kubernetes: simulated preview -->";

interface StackReport {
  readonly stack: string;
  /** What `npm run preview -- <stack> --report` wrote. */
  readonly text: string;
}

/** Characters that all reports together may take: GitHub refuses a comment of more than 65,536. */
const room = 60_000;

/** @param commit the change's newest commit, so that a reader sees what the comment is about */
export function commentBody(reports: readonly StackReport[], commit: string): string {
  const each = Math.floor(room / Math.max(reports.length, 1));
  return [
    marker,
    "## What this change does",
    "",
    `Commit ${commit}, compared with where it left the target branch, on a simulated OpenStack: no cloud was asked.`,
    ...reports.flatMap(({ stack, text }) => ["", `### ${stack}`, "", ...fenced(cut(text.trim(), each))]),
    "",
  ].join("\n");
}

/** A block that nothing within it can end: no mention, link or picture of the change's making. */
function fenced(text: string): string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return [`${fence}text`, text, fence];
}

/** At most `size` characters, whole lines of them. */
function cut(text: string, size: number): string {
  if (text.length <= size) return text;
  const kept = text.slice(0, size).split("\n").slice(0, -1);
  return [...kept, `… ${counted(text.split("\n").length - kept.length, "more line")}: the job's log has them all`].join(
    "\n",
  );
}
