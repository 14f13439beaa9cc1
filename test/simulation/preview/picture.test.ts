/**
 * The picture of a cluster. Its geometry is computed from the file: texts are measured as the picture itself does, so
 * a reader's font that is wider than that may still leave its box.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { drawStack, stackPictures } from "../../../scripts/stackPictures";
import { differenceOf } from "../../../simulation/preview/difference";
import { pictureFacts, type PictureFacts } from "../../../simulation/preview/picture/facts";
import { renderPicture } from "../../../simulation/preview/picture/renderPicture";
import { fitted, svgText } from "../../../simulation/preview/picture/shapes";
import { readStack, runStack } from "../../../simulation/preview/run";
import { parseClusterConfig } from "../../../src/config/parse";
import { fixturePath } from "../../config/fixtures";
import { repositoryFolder } from "../../docs/textFiles";

jest.setTimeout(300_000);

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly kind: string;
}

const attributes = (element: string): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(
    [...element.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value] as const),
  );

function boxesOf(picture: string): Box[] {
  return [...picture.matchAll(/<rect [^>]*>/g)].map(([element]) => {
    const { x, y, width, height, class: kind = "" } = attributes(element);
    return { x: Number(x), y: Number(y), width: Number(width), height: Number(height), kind };
  });
}

const contains = (outer: Box, inner: Omit<Box, "kind">) =>
  outer.x <= inner.x &&
  outer.y <= inner.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;
const meet = (a: Omit<Box, "kind">, b: Omit<Box, "kind">) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** Texts that leave the page or stand on another, boxes that cut each other, lines that go through a box. */
function flaws(picture: string): string[] {
  const boxes = boxesOf(picture);
  const [page] = boxes;
  // The edges of a pile are meant to be behind its front.
  const solid = boxes.filter(({ kind }) => kind !== "page" && kind !== "edge");
  const texts = [...picture.matchAll(/<text [^>]*>(?:<title>[^<]*<\/title>)?([^<]*)<\/text>/g)].map(
    ([element, shown = ""]) => {
      const { x, y, "font-size": size, "text-anchor": anchor } = attributes(element.split(">")[0] ?? "");
      const width = shown.length * Number(size) * 0.6;
      const left = anchor === "middle" ? Number(x) - width / 2 : Number(x);
      return { shown, x: left, y: Number(y) - Number(size) * 0.8, width, height: Number(size) };
    },
  );
  const lines = [...picture.matchAll(/<path d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)" class="line"/g)].map((match) => {
    const [fromX = 0, fromY = 0, toX = 0, toY = 0] = match.slice(1).map(Number);
    // Its ends touch what it joins.
    return {
      x: Math.min(fromX, toX) + 0.5,
      y: Math.min(fromY, toY) + 0.5,
      width: Math.max(Math.abs(toX - fromX) - 1, 0.1),
      height: Math.max(Math.abs(toY - fromY) - 1, 0.1),
    };
  });
  const pairs = <T>(items: readonly T[]) =>
    items.flatMap((a, index) => items.slice(index + 1).map((b) => [a, b] as const));
  const said = ({ x, y }: { readonly x: number; readonly y: number }) => `${x},${y}`;
  return [
    ...texts.filter((one) => !contains(page!, one)).map(({ shown }) => `leaves the page: ${shown}`),
    ...pairs(texts)
      .filter(([a, b]) => meet(a, b))
      .map(([a, b]) => `${a.shown} stands on ${b.shown}`),
    ...texts.flatMap((one) =>
      solid
        .filter((box) => meet(box, one) && !contains(box, one))
        .map((box) => `${one.shown} leaves the box at ${said(box)}`),
    ),
    ...pairs(solid)
      .filter(([a, b]) => meet(a, b) && !contains(a, b) && !contains(b, a))
      .map(([a, b]) => `boxes at ${said(a)} and ${said(b)} cut each other`),
    ...lines.flatMap((line) =>
      solid.filter((box) => meet(box, line)).map((box) => `a line goes through the box at ${said(box)}`),
    ),
  ];
}

const shownIn = (picture: string) => [...picture.matchAll(/>([^<>\n]+)</g)].map(([, shown]) => shown);

describe("the picture of a stack", () => {
  it.each(Object.entries(stackPictures))(
    "%s in the README is what the preview draws (npm run docs)",
    async (stack, file) => {
      const picture = await drawStack(stack);
      expect(picture).toBe(readFileSync(join(repositoryFolder, file), "utf8"));
      expect(flaws(picture)).toEqual([]);
    },
  );

  it.each([
    "bastion",
    "endpoint-external",
    "endpoint-virtual-ip",
    "existing-network",
    "many-pools-many-zones",
    "platform",
  ])("can be read for %s: no text on another, none outside of its box, no line through a box", async (name) => {
    expect(flaws(await drawStack("dev", fixturePath("valid", name)))).toEqual([]);
  });

  it("shows networks, endpoint, machines by zone and pool, who may talk to whom, and the platform", () => {
    const shown = shownIn(readFileSync(join(repositoryFolder, stackPictures.dev), "utf8"));
    expect(shown).toEqual(
      expect.arrayContaining([
        ...["network dev · 10.20.0.0/22 · MTU of pods 1392 · 8 addresses used, 1013 free", "az1", "az2", "az3"],
        ...["API endpoint", "https://10.20.0.2:6443", "load balancer (amphora)", "may call the API", "10.0.0.0/8"],
        ...["control plane", "dev-control-plane-2", "pool general", "dev-general-0", "router", "external network"],
        ...["etcd tcp 2379-2380", "calico 3.32.1", "Flux 2.9.5 applies gitops/clusters/dev"],
      ]),
    );
  });
});

describe("the picture of a change", () => {
  it("marks what is new, replaced and changed in place, and names what is deleted", async () => {
    const small = readStack("dev", join(repositoryFolder, "Pulumi.dev.yaml"));
    const before = (await runStack(small, undefined, () => undefined)).toPrevious();
    const [general] = small.values.nodePools as readonly object[];
    const values = {
      ...small.values,
      nodePools: [
        { ...general, count: 2 },
        { name: "large", count: 1, flavor: "m1.2xlarge" },
      ],
      kubernetes: { maxPodsPerNode: 60 },
      roll: ["dev-general-1"],
      apiEndpoint: { kind: "loadBalancer", allowedCidrs: ["10.1.0.0/16"] },
    };
    const input = { ...small, values, config: parseClusterConfig(values, "dev") };
    const run = await runStack(input, before, () => undefined);
    const picture = renderPicture(pictureFacts(input.config, run, differenceOf(run, before, "main")));
    const shown = shownIn(picture);
    expect(shown).toEqual(
      expect.arrayContaining([
        ...["dev-general-0", "± dev-general-1", "- Instance dev-general-2", "+ dev-large-0"],
        ...["+ api tcp 6443", "~ API endpoint"],
      ]),
    );
    expect(shown).toContain("Compared with main: + new, ~ changed in place, ± replaced, - deleted.");
    expect(flaws(picture)).toEqual([]);
  });
});

describe("the picture of a large cluster", () => {
  const machine = (index: number) => ({
    name: `prod-general-${index}`,
    zone: `az${(index % 3) + 1}`,
    mark: "same" as const,
  });
  const facts: PictureFacts = {
    title: "prod",
    subtitle: "Kubernetes",
    callers: Array.from({ length: 9 }, (_, index) => `10.${index}.0.0/16`),
    endpoint: { lines: ["API endpoint"], mark: "same" },
    wayOut: [{ lines: ["router"], mark: "same" }],
    network: "network prod",
    zones: ["az1", "az2", "az3"],
    pools: [
      {
        name: "general",
        about: "1000 × m1.large",
        machines: Array.from({ length: 1000 }, (_, index) => machine(index)),
      },
    ],
    flows: [],
    releases: [],
  };

  it("folds the machines of a zone into one box, and stays small", () => {
    const picture = renderPicture(facts);
    expect(shownIn(picture)).toEqual(
      expect.arrayContaining([
        "334 machines",
        "prod-general-0 … prod-general-999",
        "prod-general-1 … prod-general-997",
      ]),
    );
    expect(shownIn(picture)).toContain("and 8 more");
    expect(picture.length).toBeLessThan(8_000);
    expect(flaws(picture)).toEqual([]);
  });

  it("says how many of the folded machines change", () => {
    const [pool] = facts.pools;
    const machines = pool!.machines.map((one, index) => ({
      ...one,
      mark: index < 6 ? ("replace" as const) : index > 996 ? ("add" as const) : one.mark,
    }));
    const picture = renderPicture({ ...facts, pools: [{ ...pool!, machines }] });
    expect(shownIn(picture).filter((line) => line?.startsWith("+ 1 new"))).toEqual(
      Array(3).fill("+ 1 new, ± 2 replaced"),
    );
  });
});

describe("a text in the picture", () => {
  it("cannot end its element, and is whole for whoever points at it where it does not fit", () => {
    expect(svgText(0, 0, 'a<b>&"c')).toContain(">a&lt;b&gt;&amp;&quot;c</text>");
    expect(fitted("prod-general-1000", 60, 12)).toBe("prod-ge…");
    expect(svgText(0, 0, "prod-general-1000", { size: 12, width: 60 })).toContain(
      "<title>prod-general-1000</title>prod-ge…",
    );
  });
});
