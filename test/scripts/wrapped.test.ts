import { wrappedFor } from "../../scripts/wrapped";

const terminal = { isTTY: true, columns: 40 };

describe("text for a terminal", () => {
  it("ends its lines between words, and goes on below the first word", () => {
    expect(wrappedFor("  - machine `dev-a`, `dev-b` is replaced: its pods move\nshort", terminal)).toBe(
      ["  - machine `dev-a`, `dev-b` is", "    replaced: its pods move", "short"].join("\n"),
    );
  });

  it("counts no colour as width", () => {
    const red = (text: string) => `\u001b[31m${text}\u001b[0m`;
    const line = red("0123456789 0123456789 0123456789 012345");
    expect(wrappedFor(line, terminal)).toBe(line);
    expect(wrappedFor(`${line} more`, terminal)).toBe(`${line}\nmore`);
  });

  it("leaves a word that is wider than the terminal whole, and a line for copying", () => {
    const word = "x".repeat(50);
    const copied = `    openstack-kubernetes:allowDestruction: [${"dev-general-0, ".repeat(4)}]`;
    expect(wrappedFor(word, terminal)).toBe(word);
    expect(wrappedFor(copied, terminal)).toBe(copied);
  });

  it("stays as it is in a file or pipe, and where the width is not known", () => {
    const line = "word ".repeat(30);
    expect([
      wrappedFor(line, { columns: 40 }),
      wrappedFor(line, { isTTY: true }),
      wrappedFor(line, { isTTY: true, columns: 0 }),
    ]).toEqual([line, line, line]);
  });

  it("takes no terminal for narrower than 40 columns", () => {
    expect(wrappedFor("0123456789 0123456789 0123456789 0123", { isTTY: true, columns: 10 })).toBe(
      "0123456789 0123456789 0123456789 0123",
    );
  });
});
