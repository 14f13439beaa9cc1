/** What `npm run status` says: a line for each thing that it looked at. */

/**
 * `absent`: this cluster has no such part. `unknown`: it could not be asked. `warn`: somebody should look at it by day.
 * `bad`: something does not work.
 */
export type StatusLevel = "ok" | "absent" | "warn" | "unknown" | "bad";

export interface StatusLine {
  /** What it is about, for instance "nodes general". */
  readonly part: string;
  readonly level: StatusLevel;
  /** One sentence or less, without a full stop. */
  readonly text: string;
  /** What helps: a command, or a page of docs/. */
  readonly remedy?: string;
}

/** `unknown` only where nothing is bad: what is bad is known. */
export type Health = "healthy" | "bad" | "unknown";

export function healthOf(lines: readonly StatusLine[]): Health {
  const has = (level: StatusLevel) => lines.some((line) => line.level === level);
  return has("bad") ? "bad" : has("unknown") ? "unknown" : "healthy";
}

/** Most things of one sort that get a line of their own. */
const shownLines = 5;

/** The first lines, and one that says how many more there are. */
export function firstLines(lines: readonly StatusLine[]): StatusLine[] {
  const [first] = lines.slice(shownLines);
  if (first === undefined) return [...lines];
  return [
    ...lines.slice(0, shownLines),
    { part: first.part, level: first.level, text: `and ${lines.length - shownLines} more` },
  ];
}

/** A time that has passed, in its largest unit: "12 min". */
export function ageOf(since: string, now: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

/** An amount of bytes for people: "24 MiB", "2.1 GiB". */
export function shownBytes(bytes: number): string {
  const gibibytes = bytes / 2 ** 30;
  return gibibytes < 1 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${gibibytes.toFixed(1).replace(/\.0$/, "")} GiB`;
}
