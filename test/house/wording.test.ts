/**
 * What people read: sentences have fewer than 40 words, and none of the old-fashioned phrases of which the field has a
 * plain word. Whether a sentence says who does what, with one remedy, is for its reviewer to see.
 */
import ts from "typescript";
import { textFiles } from "../docs/textFiles";

const most = 39;

/** Sentences of a text; what is put in counts as one word. */
function sentences(text: string): string[] {
  return text
    .split(/(?<=[.!?:])\s+(?=[A-Z`"_])|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "");
}

const words = (sentence: string): number => sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

const tooLong = (place: string, text: string): string[] =>
  sentences(text)
    .filter((sentence) => words(sentence) > most)
    .map((sentence) => `${place} (${words(sentence)} words): ${sentence.slice(0, 80)}`);

/** Every text in a file of TypeScript, parts that are added up as one. */
function texts(file: string, content: string): string[] {
  const source = ts.createSourceFile(file, content, ts.ScriptTarget.ES2022, true);
  const found: string[] = [];
  const textOf = (node: ts.Node): string | undefined => {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isTemplateExpression(node))
      return [node.head.text, ...node.templateSpans.map(({ literal }) => `X${literal.text}`)].join("");
    if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined;
    return `${textOf(node.left) ?? "X"}${textOf(node.right) ?? "X"}`;
  };
  const visit = (node: ts.Node): void => {
    const text = textOf(node);
    if (text !== undefined) found.push(text);
    if (text === undefined || ts.isTemplateExpression(node)) ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Programs of machines and of the lab, not sentences. */
const isProgram = (text: string) => /(^|\n)(#!|set -|\s*(if|for|case) )|\n\s+\S+.*\n/.test(text);

describe("a sentence", () => {
  it("of what the configuration is refused for has fewer than 40 words", () => {
    const expectations = textFiles((file) => file.startsWith("test/fixtures/config/invalid/")).flatMap(
      ({ path, lines }) => lines.flatMap((line) => tooLong(path, /^# expect: (.+)$/.exec(line)?.[1] ?? "")),
    );
    expect(expectations).toEqual([]);
  });

  it("of the program and its commands has fewer than 40 words", () => {
    const long = textFiles((file) => /^(src|scripts|simulation)\/.*\.ts$/.test(file)).flatMap(({ path, lines }) =>
      texts(path, lines.join("\n"))
        .filter((text) => !isProgram(text))
        .flatMap((text) => tooLong(path, text)),
    );
    expect(long).toEqual([]);
  });
});

describe("the words of the house", () => {
  it("are those of the field", () => {
    const old =
      /\b(made anew|(?:still)?born|for want of|told (?:of|now)|looked at again and again|given up at a limit)\b|\b(thereAre|looksInARow|birthRight)\b/i;
    const ours = /^(src|scripts|simulation|docs|lab|gitops)\/|^README\.md$/;
    // It speaks of what was seen at the time of a release.
    const found = textFiles((file) => ours.test(file) && file !== "docs/capabilities.md").flatMap(({ path, lines }) =>
      lines.flatMap((line, index) => (old.test(line) ? [`${path}:${index + 1} ${old.exec(line)?.[0]}`] : [])),
    );
    expect(found).toEqual([]);
  });
});
