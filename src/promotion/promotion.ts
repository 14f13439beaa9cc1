/** Whether a stack may take its version of Kubernetes: another stack must have had it for long enough. */
import { counted } from "../config/counted";
import { compareVersions } from "../config/kubernetesMinors";

/** What a stack's file said from a commit on, until the next commit that changed it. */
export interface FileVersion {
  /** Short hash. */
  readonly commit: string;
  /** When the commit came to the branch, in seconds since 1970. */
  readonly time: number;
  /** kubernetes.version; undefined where the file did not name one. */
  readonly version: string | undefined;
}

export interface PromotionInput {
  /** What the stack is to take. */
  readonly version: string;
  /** The stack that must have had it, as `promotion.from`. */
  readonly from: string;
  readonly soakDays: number;
  /** Versions that need no such proof, as `promotion.allow`. */
  readonly allow: readonly string[];
  /** Of the other stack's file, newest first. */
  readonly history: readonly FileVersion[];
  /** Version by node, from the last `up` of the other stack that succeeded; undefined: it was not asked. */
  readonly nodes: Readonly<Record<string, string>> | undefined;
  /** Seconds since 1970. */
  readonly now: number;
}

interface Verdict {
  /** What was seen, a sentence each. */
  readonly seen: readonly string[];
  /** Every reason to wait, a sentence each; empty: the stack may take the version. */
  readonly refusals: readonly string[];
}

const day = 86_400;

/**
 * When commits came to their branch, by what each says and by those around it: the clock of one computer may be years
 * off, and must not make a version old that is not.
 *
 * @param times Of the branch's commits, oldest first, in seconds since 1970.
 * @param now Seconds since 1970.
 */
export function arrivals(times: readonly number[], now: number): number[] {
  // A time to come says nothing: the commit was there when the next one came.
  const past = times.reduceRight<number[]>((later, time) => [time > now ? (later[0] ?? now) : time, ...later], []);
  let latest = 0;
  return past.map((time) => (latest = Math.max(latest, time)));
}

export function judgePromotion(input: PromotionInput): Verdict {
  const { version, allow } = input;
  if (allow.includes(version))
    return { seen: [`promotion.allow names ${version}, so nothing else is asked.`], refusals: [] };
  const parts = [judgeFile(input), judgeNodes(input)];
  return { seen: parts.flatMap(({ seen }) => seen), refusals: parts.flatMap(({ refusals }) => refusals) };
}

function judgeFile({ version, from, soakDays, history, now }: PromotionInput): Verdict {
  const file = `Pulumi.${from}.yaml`;
  const stretches = history.flatMap(({ commit, time, version: named }, index) =>
    named === version ? [{ commit, start: time, end: history[index - 1]?.time ?? now }] : [],
  );
  // Commits that changed something else in the file do not end a stretch.
  const joined = stretches.reduceRight<typeof stretches>((all, one) => {
    const last = all.at(-1);
    return last?.end === one.start ? [...all.slice(0, -1), { ...last, end: one.end }] : [...all, one];
  }, []);
  const longest = joined.sort((a, b) => b.end - b.start - (a.end - a.start))[0];
  if (longest === undefined)
    return { seen: [], refusals: [`${file} has never named ${version}. Upgrade ${from} first.`] };
  const days = Math.floor((longest.end - longest.start) / day);
  const seen = `${file} named ${version} for ${counted(days, "day")}, from commit ${longest.commit} on.`;
  if (days >= soakDays) return { seen: [seen], refusals: [] };
  const left = counted(soakDays - days, "more day");
  const remedy = longest.end === now ? `Wait ${left}` : `Give it ${version} again`;
  return { seen: [], refusals: [`${seen} promotion.soakDays wants ${soakDays}. ${remedy}.`] };
}

function judgeNodes({ version, from, nodes }: PromotionInput): Verdict {
  if (nodes === undefined) return { seen: [`The nodes of ${from} were not asked.`], refusals: [] };
  const all = Object.entries(nodes);
  if (all.length === 0)
    return { seen: [], refusals: [`No \`up\` of ${from} has said which version its nodes run. Run one.`] };
  const older = all.filter(([, runs]) => compareVersions(runs, version) < 0).map(([name, runs]) => `${name} (${runs})`);
  if (older.length > 0)
    return {
      seen: [],
      refusals: [`The last \`up\` of ${from} that succeeded left nodes below ${version}: ${older.join(", ")}.`],
    };
  return { seen: [`Every node of ${from} (${all.length}) runs ${version} or newer.`], refusals: [] };
}
