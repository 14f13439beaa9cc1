/** The guide about one's own copy: a clone, an update by a merge, and a conflict, with the real Git. */
import { examples, guideText } from "./guides";
import { OwnCopy } from "./ownCopy";

jest.setTimeout(120_000);

const ours = examples("own-copy").filter(({ marker }) => marker === "test/docs/ownCopy.test.ts");

describe("the guide about one's own copy", () => {
  const copy = new OwnCopy(`npm() { [ "$1" = ci ] || command npm "$@"; }`);

  /** What the project and the copy's owner do before an example, by its number. */
  const before: Readonly<Record<number, () => void>> = {
    1: () => {
      copy.release("v1.1.0", "CHANGELOG.md", "# Changelog\n", "# Changelog\n\n- What is new in 1.1.0.\n");
    },
    2: () => copy.link("clusters"),
    3: () => {
      copy.release("v1.2.0", "Pulumi.dev.yaml", "count: 3", "count: 4");
      expect(copy.run({ ...ours[0]!, output: "", commands: edited })).toBeUndefined();
    },
  };
  const edited = "cd clusters && sed -i 's/count: 3/count: 7/' Pulumi.dev.yaml && git commit --quiet -am 'More'";

  afterAll(() => copy.remove());

  it("has every command run, by this test or by that of the command line", () => {
    const marked = guideText("own-copy").match(/```sh/g) ?? [];
    const markers = examples("own-copy").map(({ marker }) => marker);
    expect(markers).toHaveLength(marked.length);
    expect([...new Set(markers)].sort()).toEqual(["test/docs/ownCopy.engine.test.ts", "test/docs/ownCopy.test.ts"]);
  });

  it.each(ours.map((example, index) => ({ ...example, index })))("prints what it shows: $name", (example) => {
    before[example.index]?.();
    expect(copy.run(example)).toBeUndefined();
  });

  it("leaves the owner's line in its place, and the history of both", () => {
    const { log, file } = copy.state("clusters", "Pulumi.dev.yaml");
    expect(file).toContain("count: 7");
    expect(log).toEqual(expect.arrayContaining(["v1.0.0", "v1.1.0", "v1.2.0", "More"]));
  });
});
