/** Exports in which something stands where nobody expects it: every one is converted, none ends the command. */
import fc from "fast-check";
import { convertExport, prepared } from "../../src/openshift/convert";
import { isFields } from "../../src/openshift/manifest";
import { readExport } from "../../src/openshift/readExport";
import { filesOf, renderAudit } from "../../src/openshift/report";
import { exportsIn, readCorpus, target } from "./corpus";

const objects = readCorpus(exportsIn(".")).objects.map(({ manifest }) => manifest);

/** Paths to everything within a value. */
function paths(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  const within = isFields(value) || Array.isArray(value) ? Object.entries(value) : [];
  return [path, ...within.flatMap(([key, item]) => paths(item, [...path, key]))];
}

/** The value with something else at a path. */
function replaced(value: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other;
  if (Array.isArray(value))
    return (value as unknown[]).map((item, index) => (String(index) === key ? replaced(item, rest, other) : item));
  return isFields(value) ? { ...value, [key]: replaced(value[key], rest, other) } : value;
}

describe("an export with something unexpected in it", () => {
  it("is converted all the same, or named as unreadable", () => {
    const strange = fc.constantFrom<unknown>(null, "", "text", 7, -1, true, [], {}, [null], ["x"], [{}], {
      name: null,
    });
    const changed = fc
      .constantFrom(...objects)
      .chain((manifest) => fc.tuple(fc.constant(manifest), fc.constantFrom(...paths(manifest)), strange));
    fc.assert(
      fc.property(changed, ([manifest, path, other]) => {
        const text = JSON.stringify({
          apiVersion: "v1",
          kind: "List",
          items: [...objects.filter((each) => each !== manifest).slice(0, 3), replaced(manifest, path, other)],
        });
        const read = readExport("changed.json", text);
        const { objects: found, problems } = prepared(read.objects);
        const converted = convertExport(found, target);
        expect(found.length + read.problems.length).toBeGreaterThanOrEqual(4);
        expect(filesOf(converted, problems, new Map()).get("report.md")).toContain("# Out of OpenShift");
        expect(renderAudit(converted, problems)).not.toContain("[object Object]");
      }),
      { numRuns: 1500, seed: 19 },
    );
  });
});
