/**
 * Whatever a stack file holds, the preview answers with sentences: the part of it that reads the file, without the
 * processes of preview.test.ts.
 */
import { writeFileSync } from "node:fs";
import * as fc from "fast-check";
import { stringify } from "yaml";
import { readStack } from "../../simulation/preview/run";
import { ConfigError } from "../../src/config/configError";
import { scratch, stackFile } from "./previewCommand";

const temporary = scratch();
afterAll(temporary.remove);

/** Undefined when the file is fine; throws what is no ConfigError. */
function mistake(content: string): ConfigError | undefined {
  const file = temporary.in("fuzz.yaml");
  writeFileSync(file, content);
  try {
    readStack("dev", file);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  return undefined;
}

const isSentences = (error: ConfigError | undefined) =>
  error === undefined ||
  (error.sentences.length > 0 && error.sentences.every((line) => /^\S.*[.?]$/s.test(line) && !/\n\s+at /.test(line)));

describe("a stack file", () => {
  it("of any text yields sentences", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (content) => isSentences(mistake(content))),
      { numRuns: 300 },
    );
  });

  it("with any value under any key yields sentences", () => {
    const { config } = stackFile("dev");
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(config)), fc.jsonValue({ maxDepth: 3 }), (key, value) =>
        isSentences(mistake(stringify({ config: { ...config, [key]: value } }))),
      ),
      { numRuns: 300 },
    );
  });

  it("with a stretch cut out of it yields sentences", () => {
    const whole = stringify(stackFile("prod"));
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(60), (start, length) =>
        isSentences(mistake(whole.slice(0, start) + whole.slice(start + length))),
      ),
      { numRuns: 300 },
    );
  });
});
