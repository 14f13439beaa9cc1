/** The rows of the CIS benchmark as docs/cis.md has them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryFolder } from "./textFiles";

/** How many rows each section has in kube-bench 0.15.6, profile cis-1.12. */
const sections: Readonly<Record<string, number>> = {
  "1.1": 21,
  "1.2": 30,
  "1.3": 7,
  "1.4": 2,
  "2": 7,
  "3.1": 3,
  "3.2": 2,
  "4.1": 10,
  "4.2": 14,
  "4.3": 1,
  "5.1": 13,
  "5.2": 12,
  "5.3": 2,
  "5.4": 2,
  "5.5": 1,
  "5.6": 4,
};

/** Every row of the benchmark, in its order. */
export const benchmarkRows: readonly string[] = Object.entries(sections).flatMap(([section, rows]) =>
  Array.from({ length: rows }, (_, index) => `${section}.${index + 1}`),
);

interface CisRow {
  readonly id: string;
  /** False: the page gives a reason instead. */
  readonly pass: boolean;
}

/** What docs/cis.md says: a line `Pass: 1.1.1, 1.1.2.` per section, and an item `**1.1.12**` for each other row. */
export function cisRows(): CisRow[] {
  const text = readFileSync(join(repositoryFolder, "docs/cis.md"), "utf8");
  const passing = [...text.matchAll(/^Pass: ([\d., \n]+)\.$/gm)].flatMap(([, ids = ""]) => ids.split(/,\s+/));
  const reasoned = [...text.matchAll(/^- \*\*([\d.]+)\*\* \S/gm)].map(([, id = ""]) => id);
  return [...passing.map((id) => ({ id: id.trim(), pass: true })), ...reasoned.map((id) => ({ id, pass: false }))];
}
