/** What the README shows of a terminal is what the command prints. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { preview, scratch } from "../scripts/previewCommand";
import { repositoryFolder } from "./textFiles";

const temporary = scratch();
afterAll(temporary.remove);
jest.setTimeout(240_000);

const words = (text: string) => text.trim().replace(/\s+/g, " ");

describe("the transcript in the README", () => {
  it("is what the preview of that change prints, with parts left out where it says ...", async () => {
    const readme = readFileSync(join(repositoryFolder, "README.md"), "utf8");
    const [, transcript = ""] = /```text\n\$ npm run preview -- dev --against main\n([^]*?)```/.exec(readme) ?? [];
    const [, before = "", after = ""] = /network\.cidr: "(\S+)" -> "(\S+)"/.exec(transcript) ?? [];
    const stack = join(repositoryFolder, "Pulumi.dev.yaml");
    const changed = temporary.in("Pulumi.dev.yaml");
    writeFileSync(changed, readFileSync(stack, "utf8").replace(`cidr: ${before}`, `cidr: ${after}`));
    const { stdout } = await preview("dev", "--config", changed, "--against", stack, "--no-color");
    const [shown = "", ...others] = transcript
      .split("...")
      .map(words)
      .filter((part) => part !== "");
    expect(others).toEqual([]);
    expect(words(stdout)).toContain(shown);
    expect(shown).toContain("refused by `npm run consequences`");
  });
});
