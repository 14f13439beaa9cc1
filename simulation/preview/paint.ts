/** Colours of the terminal, or none. */
import type { Mark } from "./difference";

export type Paint = Readonly<Record<Mark | "strong" | "faint" | "warning", (text: string) => string>>;

const codes: Readonly<Record<keyof Paint, number | undefined>> = {
  add: 32,
  change: 33,
  replace: 35,
  remove: 31,
  same: undefined,
  strong: 1,
  faint: 2,
  warning: 33,
};

export function paintFor(colored: boolean): Paint {
  const paint = (code: number | undefined) => (text: string) =>
    colored && code !== undefined ? `\u001b[${code}m${text}\u001b[0m` : text;
  return Object.fromEntries(Object.entries(codes).map(([name, code]) => [name, paint(code)])) as unknown as Paint;
}
