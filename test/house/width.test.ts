/**
 * Documentation and comments fit 120 columns. Code is for prettier to wrap; it leaves strings and the commands of
 * scripts alone, and so does this test. Nor does it look at data (fixtures, manifests), or at a line with a word of 100
 * characters, an address for instance.
 */
import { textFiles } from "../docs/textFiles";

const isWide = (line: string) => line.length > 120 && !/\S{100,}/.test(line);
const isComment = (line: string) => /^\s*(?:\/\*\* |\* |\/\/ |# )/.test(line);

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
});
