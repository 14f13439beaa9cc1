/**
 * Documentation, comments and code fit 120 columns. Exempt: a line with a word of 100 characters, an address for
 * instance; data (fixtures, manifests); the commands of scripts in other languages than TypeScript, since a break in a
 * user's machine's script would make every machine stale; and in TypeScript what one text adds to a line. A text is a
 * string, a template or a regular expression: it stands whole, so that searching for a sentence that a user reports
 * finds it.
 */
import ts from "typescript";
import { textFiles } from "../docs/textFiles";

const isWide = (line: string) => line.length > 120 && !/\S{100,}/.test(line);
const isComment = (line: string) => /^\s*(?:\/\*\* |\* |\/\/ |# )/.test(line);

const isText = (node: ts.Node) =>
  ts.isStringLiteral(node) ||
  ts.isNoSubstitutionTemplateLiteral(node) ||
  ts.isTemplateExpression(node) ||
  ts.isRegularExpressionLiteral(node);

/** The code with every text emptied, line breaks within it kept. */
function withoutTexts(code: string): string {
  let emptied = code;
  const source = ts.createSourceFile("any.ts", code, ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    if (!isText(node)) return ts.forEachChild(node, visit);
    const [start, end] = [node.getStart(source), node.getEnd()];
    emptied = emptied.slice(0, start) + code.slice(start, end).replace(/[^\n]/g, "\0") + emptied.slice(end);
  };
  visit(source);
  return emptied.replaceAll("\0", "");
}

describe("lines", () => {
  it.each([
    ["documentation, tables among them,", /\.md$/, () => true],
    ["comments in code and scripts", /\.(ts|js|sh|py)$|^\.ci\//, isComment],
  ])("of %s fit 120 columns", (_, wanted, isOurs) => {
    const wide = textFiles((file) => wanted.test(file)).flatMap(({ path: file, lines }) =>
      lines.flatMap((line, index) => (isOurs(line) && isWide(line) ? [`${file}:${index + 1}`] : [])),
    );
    expect(wide).toEqual([]);
  });

  it("of TypeScript fit 120 columns but for a text in them", () => {
    const wide = textFiles((file) => file.endsWith(".ts"))
      .filter(({ lines }) => lines.some(isWide))
      .flatMap(({ path: file, lines }) =>
        withoutTexts(lines.join("\n"))
          .split("\n")
          .flatMap((line, index) => (isWide(line) ? [`${file}:${index + 1}`] : [])),
      );
    expect(wide).toEqual([]);
  });

  it("are measured without the texts in them, whatever stands in these", () => {
    expect(withoutTexts('a("x", `b ${c("d")}\n e`, /"/);')).toBe("a(, \n, );");
  });
});
