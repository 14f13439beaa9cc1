/** What pages show of a preview is what the command prints for the change that they speak of. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { preview, scratch } from "../scripts/previewCommand";
import { repositoryFolder } from "./textFiles";

const temporary = scratch();
afterAll(temporary.remove);
jest.setTimeout(240_000);

const words = (text: string) => text.trim().replace(/\s+/g, " ");
const textOf = (page: string) => readFileSync(join(repositoryFolder, page), "utf8");
const stack = join(repositoryFolder, "Pulumi.dev.yaml");

/** The parts of what a page shows; between them it leaves something out. */
const parts = (shown: string): string[] =>
  shown
    .split("...")
    .map(words)
    .filter((part) => part !== "");

function transcript(page: string): string[] {
  const [, shown = ""] = /```text\n\$ npm run preview -- dev --against main\n([^]*?)```/.exec(textOf(page)) ?? [];
  return parts(shown);
}

/** What the preview of a changed stack file prints. */
async function previewed(content: string): Promise<string> {
  const changed = temporary.in("Pulumi.dev.yaml");
  writeFileSync(changed, content);
  return words((await preview("dev", "--config", changed, "--against", stack, "--no-color")).stdout);
}

describe("a transcript", () => {
  it("in the README is what the preview of a larger network prints", async () => {
    const [shown = "", ...others] = transcript("README.md");
    expect(others).toEqual([]);
    const [, before = "", after = ""] = /network\.cidr: "(\S+)" -> "(\S+)"/.exec(shown) ?? [];
    expect(await previewed(readFileSync(stack, "utf8").replace(`cidr: ${before}`, `cidr: ${after}`))).toContain(shown);
    expect(shown).toContain("refused by `npm run consequences`");
  });

  it("on the page about GPUs is what the preview of its pool prints", async () => {
    const [, pool = ""] = /```yaml\n(- name: gpu\n[^]*?)```/.exec(textOf("docs/how-to/add-gpus.md")) ?? [];
    const pools = /(openstack-kubernetes:nodePools:\n)((?: {4}.*\n)+)/;
    const printed = await previewed(
      readFileSync(stack, "utf8").replace(pools, (_, key: string, items: string) => {
        return `${key}${items}${pool.replace(/^(?=.)/gm, "    ")}`;
      }),
    );
    const shown = transcript("docs/how-to/add-gpus.md");
    expect(shown).toHaveLength(2);
    for (const part of shown) expect(printed).toContain(part);
  });

  it("on the page about sizing is what the previews of DEV, and of 600 workers, print", async () => {
    const blocks = [...textOf("docs/how-to/size-a-cluster.md").matchAll(/```text\n\$ .*\n([^]*?)```/g)];
    const [totals = [], refusal = []] = blocks.map(([, shown = ""]) => parts(shown));
    const { stdout } = await preview("dev", "--no-color", "--previous", temporary.in("dev.json"));
    expect(totals).toHaveLength(1);
    for (const part of totals) expect(words(stdout)).toContain(part);
    const many = temporary.in("many.yaml");
    writeFileSync(many, readFileSync(stack, "utf8").replace(/(name: general\n +count:) \d+/, "$1 600"));
    const { status, stderr } = await preview("dev", "--config", many, "--no-color");
    expect(status).toBe(1);
    expect(refusal).toHaveLength(1);
    for (const part of refusal) expect(words(stderr)).toContain(part);
  });
});
