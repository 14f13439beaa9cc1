/** The status on one screen. */
import type { Status } from "./status";
import type { StatusLevel } from "./statusLine";

/** Colours of the levels. */
type StatusPaint = (level: StatusLevel, text: string) => string;

const verdicts: Readonly<Record<Status["health"], string>> = {
  healthy: "healthy",
  bad: "something is bad",
  unknown: "not everything could be asked",
};

/** A line for each line of the status, and one for each remedy; ends with a line break. */
export function renderStatus({ stack, asked, health, lines }: Status, paint: StatusPaint): string {
  const width = Math.max(...lines.map(({ part }) => part.length));
  const shown = lines.flatMap(({ part, level, text, remedy }, index) => {
    const name = lines[index - 1]?.part === part ? "" : part;
    const head = `${paint(level, level.padEnd("unknown".length))}  ${name.padEnd(width)}  ${text}`;
    return remedy === undefined ? [head] : [head, `${" ".repeat("unknown".length + width + 4)}-> ${remedy}`];
  });
  return [`Stack ${stack} at ${asked.slice(0, 19)} UTC: ${verdicts[health]}`, ...shown, ""].join("\n");
}
