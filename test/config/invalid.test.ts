/**
 * Every fixture in test/fixtures/config/invalid begins with the sentences that a user must read, one `# expect:` line
 * each, no more and no fewer.
 */
import { readFileSync } from "node:fs";
import { parseClusterConfig } from "../../src/config/parse";
import { readStackFile } from "../../src/config/stackFile";
import { defaultKubernetesVersion, hasEnded, minorNames, reviewedOn } from "../../src/config/kubernetesMinors";
import { osFamilies, releaseNames } from "../../src/config/operatingSystems";
import { fixtureNames, fixturePath, sentencesOf } from "./fixtures";

/** What stands for words that a table decides, so that a new row changes no fixture. */
const placeholders = {
  "<default version>": defaultKubernetesVersion,
  "<minors>": minorNames.filter((minor) => !hasEnded(minor, reviewedOn)).join(", "),
  "<os families>": osFamilies.join(", "),
  ...Object.fromEntries(osFamilies.map((family) => [`<releases of ${family}>`, releaseNames(family).join(", ")])),
};

function parseFile(path: string) {
  const { values, problems } = readStackFile(path);
  return parseClusterConfig(values, "web", { problems });
}

function expectedSentences(path: string): string[] {
  return [...readFileSync(path, "utf8").matchAll(/^# expect: (.*)$/gm)].map(([, sentence]) =>
    Object.entries(placeholders).reduce((text, [name, list]) => text.replace(name, list), sentence ?? ""),
  );
}

describe("a broken stack file", () => {
  it.each(fixtureNames("invalid"))("is refused with the sentences expected: %s", (name) => {
    const path = fixturePath("invalid", name);
    const expected = expectedSentences(path);
    expect(expected).not.toEqual([]);
    expect(sentencesOf(() => parseFile(path))).toEqual(expected);
  });

  it("is described by whole sentences that show no secret", () => {
    for (const name of fixtureNames("invalid")) {
      const path = fixturePath("invalid", name);
      for (const sentence of sentencesOf(() => parseFile(path))) {
        expect(sentence).toMatch(/^[^\n]+[.?]$/);
        expect(sentence).not.toMatch(/hunter2|BEGIN [A-Z ]*PRIVATE|MIIB/);
      }
    }
  });

  it("has a fixture for every mistake that the issue asks for", () => {
    expect(fixtureNames("invalid").length).toBeGreaterThanOrEqual(70);
  });
});
