/**
 * Counts in what people read: `1 load balancers` is found here, wherever it would be written. A count before its noun
 * goes through src/config/counted.ts.
 */
import { textFiles } from "../docs/textFiles";

/** Words in s that follow a value and are no count of it: verbs, mostly. */
const verbs =
  /^(is|has|was|does|needs|takes|keeps|holds|says|names|stays|goes|lacks|belongs|boots|exists|carries|stands)$/;

/** Counts that are never 1, as they stand in the template: limits that the program itself sets. */
const neverOne = [
  "mostResolvers",
  "limit",
  "shortestRsaBits",
  "mostNodes",
  "consecutiveChecks",
  "removalMinutes",
  "unusedHours",
  "machineHours",
  "maxUserDataBytes",
  "found.mtu",
  // Said only where there are several.
  "named.length",
  "found.length",
  "stale.length",
  // Of the lab, which has several.
  "services.length",
];

/** `${value} nouns` and `${value} adjective nouns` in the templates of a line. */
function counts(line: string): string[] {
  return [...line.matchAll(/\$\{([^{}]+)\} (?:[a-z-]+ )?([a-z][a-zA-Z-]*s)\b/g)].flatMap(
    ([whole, value = "", noun = ""]) =>
      /^(counted\(|[^.]*[nN]ame|String\()/.test(value) ||
      verbs.test(noun) ||
      neverOne.includes(value) ||
      !isNumber(value)
        ? []
        : [whole],
  );
}

/** Whether a value is a number, by how it is called. */
const isNumber = (value: string) =>
  /(length|size|count|Count\([^)]*\)|[mM]inutes|[hH]ours|[dD]ays|replicas|amount|bytes|Bytes\([^)]*\)|[a-z]+s)$/.test(
    value,
  );

describe("a count in a message", () => {
  it("has its noun in the singular where it is 1", () => {
    const code = textFiles((file) => /^(src|scripts|simulation)\/.*\.ts$/.test(file));
    const found = code.flatMap(({ path, lines }) =>
      lines.flatMap((line) => counts(line).map((count) => `${path}: ${count}`)),
    );
    expect(found).toEqual([]);
  });

  it("is found where it is not", () => {
    expect(counts("`${totals.ports} ports and ${pools.length} node pools for ${pool.name} machines`")).toEqual([
      "${totals.ports} ports",
      "${pools.length} node pools",
    ]);
  });
});
