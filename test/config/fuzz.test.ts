/**
 * Whatever stands in a stack file, the answer is a configuration or a ConfigError with whole sentences: never another
 * error.
 */
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { stringify } from "yaml";
import { ConfigError } from "../../src/config/configError";
import { reviewedOn } from "../../src/config/kubernetesMinors";
import { parseClusterConfig } from "../../src/config/parse";
import { parseStackFile, readStackFile } from "../../src/config/stackFile";
import { configWarnings } from "../../src/config/warnings";
import { fixtureNames, fixturePath } from "./fixtures";

/**
 * The same cases on every run, so that a change is judged by what it changed; FUZZ_SEED and FUZZ_RUNS look further
 * (docs/testing.md).
 */
const seed = Number(process.env.FUZZ_SEED ?? 20_261_122);
const numRuns = Number(process.env.FUZZ_RUNS ?? 1500);
if (numRuns > 20_000) jest.setTimeout(numRuns * 20);

/** Runs `parse`; true when it yields a value or refuses in sentences. */
function answers(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.sentences.length > 0 && error.sentences.every((sentence) => /^[^\n]*[.?]$/.test(sentence));
  }
}

const today = new Date(reviewedOn);
const parseAndWarn = (values: Record<string, unknown>) => configWarnings(parseClusterConfig(values, "dev"), today);
const validNames = fixtureNames("valid");
const oddities = [
  null,
  "",
  " ",
  "0",
  "-1",
  "1e9",
  "true",
  "[",
  "{}",
  "::",
  "10.0.0.0/8",
  "0.0.0.0/0",
  "256.1.1.1/33",
  "http://",
  "http://[",
  "-----BEGIN",
  "\u0000",
  "__proto__",
];
const oddValue = fc.oneof(fc.constantFrom(...oddities), fc.integer(), fc.double(), fc.jsonValue(), fc.string());

/** Every place within `value`, as a path. */
function places(value: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [[...path]];
  const keys = Array.isArray(value) ? value.map((_, index) => index) : Object.keys(value);
  return [
    ...(path.length > 0 ? [[...path]] : []),
    ...keys.flatMap((key) => places((value as Record<string | number, unknown>)[key], [...path, key])),
  ];
}

/** A copy of `value` with the place at `path` set, removed or given an unknown neighbour. */
function changed(
  value: unknown,
  path: readonly (string | number)[],
  how: "set" | "remove" | "add",
  odd: unknown,
): unknown {
  const copy = structuredClone(value);
  const parent = path
    .slice(0, -1)
    .reduce<Record<string | number, unknown>>(
      (at, step) => at[step] as Record<string | number, unknown>,
      copy as Record<string, unknown>,
    );
  const last = path.at(-1) ?? "";
  if (how === "set") parent[last] = odd;
  else if (how === "add") parent[`${last}x`] = odd;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else Reflect.deleteProperty(parent, last);
  return copy;
}

describe("a fuzzed stack file", () => {
  it("with values changed, removed or added anywhere is answered in sentences", () => {
    const trees = validNames.map((name) => readStackFile(fixturePath("valid", name)).values);
    const mutation = fc.tuple(fc.nat(), fc.constantFrom("set" as const, "remove" as const, "add" as const), oddValue);
    fc.assert(
      fc.property(fc.constantFrom(...trees), fc.array(mutation, { minLength: 1, maxLength: 4 }), (tree, mutations) => {
        const mutated = mutations.reduce<unknown>((value, [at, how, odd]) => {
          const all = places(value);
          const path = all[at % Math.max(all.length, 1)];
          return path === undefined || path.length === 0 ? value : changed(value, path, how, odd);
        }, tree) as Record<string, unknown>;
        return answers(() => parseAndWarn(mutated));
      }),
      { numRuns, seed },
    );
  });

  it("with characters changed, removed or repeated is answered in sentences", () => {
    const texts = validNames.map((name) => readFileSync(fixturePath("valid", name), "utf8"));
    const edit = fc.tuple(
      fc.nat(),
      fc.nat(12),
      fc.oneof(
        fc.string({ maxLength: 8 }),
        fc.constantFrom("\t", "\n", ": ", "- ", "&a", "*a", "!!", "{", "[", "'", '"', "|", "%", "<<: *a", "? "),
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 5 }), (text, edits) => {
        const edited = edits.reduce((result, [at, removed, added]) => {
          const start = at % (result.length + 1);
          return result.slice(0, start) + added + result.slice(start + removed);
        }, text);
        return answers(() => parseAndWarn(parseStackFile(edited, "Pulumi.dev.yaml").values));
      }),
      { numRuns, seed },
    );
  });

  it("made of anything at all is answered in sentences", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (values, document) => {
        return (
          answers(() => parseAndWarn(values)) &&
          answers(() => parseAndWarn(parseStackFile(stringify(document), "Pulumi.dev.yaml").values))
        );
      }),
      { numRuns: Math.ceil(numRuns / 3), seed },
    );
  });
});
