/** Text for a terminal: lines end between words, and what goes on keeps its indent. */

/** Widths below this, in columns, are taken for this one: an indent would leave no room for words. */
const narrowest = 40;

/** Colour codes take no room. */
const codes = /\u001b\[[0-9;]*m/g;
const widthOf = (text: string) => text.replace(codes, "").length;

/** What stands before the words of a line: blanks, branches of a tree, the mark of a list's item. */
const margin = /^(?:\u001b\[[0-9;]*m)*[ │├└─]*(?:\u001b\[[0-9;]*m)*(?:[-+~±*] )?/;

/** A line that people copy whole into a stack file. */
const isForCopying = (line: string) => /^ *openstack-kubernetes:/.test(line);

/** `text` with no line wider than the stream's terminal; as it is where the stream leads elsewhere. */
export function wrappedFor(
  text: string,
  { isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number },
): string {
  if (isTTY !== true || columns === undefined || columns === 0) return text;
  const width = Math.max(columns, narrowest);
  return text
    .split("\n")
    .flatMap((line) => (widthOf(line) <= width || isForCopying(line) ? [line] : broken(line, width)))
    .join("\n");
}

/** A line for whoever runs the command, beside its result. */
export function say(line: string): void {
  process.stderr.write(`${wrappedFor(line, process.stderr)}\n`);
}

function broken(line: string, width: number): string[] {
  const before = margin.exec(line)?.[0] ?? "";
  const indent = " ".repeat(Math.min(widthOf(before), width / 2));
  const lines: string[] = [];
  let current = before;
  let isEmpty = true;
  for (const word of line.slice(before.length).split(" ")) {
    if (!isEmpty && widthOf(current) + 1 + widthOf(word) > width) {
      lines.push(current);
      current = indent;
      isEmpty = true;
    }
    current += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, current];
}
