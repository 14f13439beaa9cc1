/**
 * Machines that are switched off or in error. Nothing about them changes in the configuration, so that the engine calls
 * them unchanged. They do not make `up` fail by themselves: notes, each with the command that helps. Machines that are
 * gone, only the state tells from those that are yet to come (up/lostMachines.ts).
 */
import type { CloudFacts } from "./cloudFacts";
import { joined, note, type Findings } from "./findings";
import type { Needs } from "./needs";

/** What a machine in each of Nova's statuses is, in words, and the command that brings it back. */
const remedies: Readonly<Record<string, { readonly is: string; readonly command: string }>> = {
  SHUTOFF: { is: "off", command: "start" },
  PAUSED: { is: "paused", command: "unpause" },
  SUSPENDED: { is: "suspended", command: "resume" },
  SHELVED: { is: "shelved", command: "unshelve" },
  SHELVED_OFFLOADED: { is: "shelved", command: "unshelve" },
  RESCUE: { is: "in rescue mode", command: "unrescue" },
  ERROR: { is: "in error", command: "reboot --hard" },
};

/** Statuses to ask Nova about: those in which a machine does not run and will not by itself. */
export const standingStatuses: readonly string[] = Object.keys(remedies);

export function checkRunning({ groups }: Needs, { compute: { standing = [] } }: CloudFacts): Findings {
  const names = new Set(groups.flatMap((group) => group.names));
  const own = standing.filter(({ name }) => names.has(name));
  return joined(standingSentences(own).map(({ text, remedy }) => note(`${text}: ${remedy}.`)));
}

/** For each status of Nova: which machines have it, and what brings them back. */
export function standingSentences(
  standing: readonly { readonly name: string; readonly status: string }[],
): { readonly text: string; readonly remedy: string }[] {
  return Object.entries(remedies).flatMap(([status, { is, command }]) => {
    const all = standing
      .filter((machine) => machine.status === status)
      .map(({ name }) => name)
      .sort();
    if (all.length === 0) return [];
    const otherwise = status === "ERROR" ? "; if that does not help, docs/runbooks/replace-machine.md" : "";
    return {
      text: `${all.join(", ")} ${all.length === 1 ? "is" : "are"} ${is} (Nova: ${status})`,
      remedy: `\`openstack server ${command} ${all.join(" ")}\`${otherwise}`,
    };
  });
}
