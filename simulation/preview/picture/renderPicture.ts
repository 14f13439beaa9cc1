/** The picture of a cluster: who calls it, its network with machines by zone and pool, what may talk, the platform. */
import { counted } from "../../../src/config/counted";
import type { PictureFacts, PictureFlow, PictureMachine, PicturePool } from "./facts";
import { arrow, box, labelled, marked, plainly, type Rectangle, svgDocument, svgText, widthOf } from "./shapes";

const pageWidth = 1200;
const margin = 24;
const inner = pageWidth - 2 * margin;

/** A part of the picture, `height` pixels of it. */
interface Part {
  readonly content: readonly string[];
  readonly height: number;
}

/** More machines of a pool in one zone than this are drawn as one box. */
const unfolded = 12;
const chip = { height: 26, gap: 8, narrowest: 120 };

export function renderPicture(facts: PictureFacts): string {
  const parts = [header, entrance, network, flows, platform, changes];
  let y = margin;
  const content: string[] = [];
  for (const part of parts) {
    const drawn = part(facts, y);
    content.push(...drawn.content);
    y += drawn.height;
  }
  return svgDocument(pageWidth, y + margin - 16, `The cluster ${facts.title}`, content);
}

function header({ title, subtitle }: PictureFacts, y: number): Part {
  return {
    content: [
      svgText(margin, y + 24, title, { size: 26, kind: "strong" }),
      svgText(margin, y + 48, subtitle, { size: 14, kind: "faint", width: inner }),
    ],
    height: 68,
  };
}

/** Above the network: who calls the API and by which way, at the left; the way out, at the right. */
function entrance({ callers, endpoint, wayOut }: PictureFacts, y: number): Part {
  const height = 72;
  const at = (x: number, boxWidth: number): Rectangle => ({ x, y, width: boxWidth, height });
  const middle = y + height / 2;
  const shown = callers.length > 2 ? [...callers.slice(0, 1), `and ${callers.length - 1} more`] : callers;
  const way =
    callers.length === 0
      ? []
      : [labelled(at(margin, 240), ["may call the API", ...shown], "same"), arrow([264, middle], [306, middle])];
  const out = wayOut.flatMap(({ lines, mark }, index) => {
    const x = pageWidth - margin - 190 - (wayOut.length - 1 - index) * 232;
    return [labelled(at(x, 190), lines, mark), ...(index === 0 ? [] : [arrow([x - 42, middle], [x - 2, middle])])];
  });
  const firstOut = pageWidth - margin - 95 - (wayOut.length - 1) * 232;
  return {
    content: [
      ...way,
      labelled(at(308, 300), endpoint.lines, endpoint.mark),
      arrow([458, y + height], [458, y + height + 30]),
      ...out,
      arrow([firstOut, y + height + 32], [firstOut, y + height + 2]),
    ],
    height: height + 32,
  };
}

/** The frame of the network: a column for each zone, a band for each pool. */
function network(facts: PictureFacts, y: number): Part {
  const { zones, pools } = facts;
  const column = Math.floor((inner - 32 - (zones.length - 1) * 12) / Math.max(zones.length, 1));
  const columns = zones.map((zone, index) => ({ zone, x: margin + 16 + index * (column + 12) }));
  const content = [
    svgText(margin + 16, y + 28, facts.network, { size: 14, kind: "strong", width: inner - 32 }),
    ...columns.map(({ zone, x }) =>
      svgText(x + column / 2, y + 56, zone, { anchor: "middle", kind: "faint", width: column - 12 }),
    ),
  ];
  let bottom = y + 64;
  for (const pool of pools) {
    const drawn = band(pool, columns, column, bottom);
    content.push(...drawn.content);
    bottom += drawn.height;
  }
  const frame = box({ x: margin, y, width: inner, height: bottom + 6 - y }, "frame", 10);
  return { content: [frame, ...content], height: bottom + 6 - y + 28 };
}

interface Column {
  readonly zone: string;
  readonly x: number;
}

/** A pool's line, and below it the machines of each zone. */
function band(pool: PicturePool, columns: readonly Column[], width: number, y: number): Part {
  const title = { "control-plane": "control plane", bastion: "bastion" }[pool.name] ?? `pool ${pool.name}`;
  const about = margin + 28 + widthOf(title, 13);
  const cells = columns.map(({ zone, x }) => {
    const own = pool.machines.filter((machine) => machine.zone === zone);
    return { x, ...cell(own, x + 10, width - 20, y + 36) };
  });
  const height = Math.max(...cells.map((drawn) => drawn.height), chip.height) + 20;
  return {
    content: [
      svgText(margin + 16, y + 18, title, { kind: "strong" }),
      svgText(about, y + 18, pool.about, { kind: "faint", width: margin + inner - 16 - about }),
      ...cells.map(({ x }) => box({ x, y: y + 26, width, height }, "zone")),
      ...cells.flatMap(({ content }) => content),
    ],
    height: 26 + height + 10,
  };
}

/** The machines of a pool in one zone. */
function cell(machines: readonly PictureMachine[], x: number, cellWidth: number, y: number): Part {
  if (machines.length > unfolded) return folded(machines, x, cellWidth, y);
  const longest = Math.max(...machines.map(({ name }) => widthOf(`± ${name}`, 12))) + 12;
  const perRow = Math.max(1, Math.floor((cellWidth + chip.gap) / (Math.max(chip.narrowest, longest) + chip.gap)));
  const chipWidth = Math.floor((cellWidth - (perRow - 1) * chip.gap) / perRow);
  const content = machines.flatMap(({ name, mark }, index) => {
    const place = {
      x: x + (index % perRow) * (chipWidth + chip.gap),
      y: y + Math.floor(index / perRow) * (chip.height + chip.gap),
      width: chipWidth,
      height: chip.height,
    };
    const style = { size: 12, anchor: "middle", width: chipWidth - 8 } as const;
    return [box(place, `box ${mark}`, 4), svgText(place.x + chipWidth / 2, place.y + 17, marked(name, mark), style)];
  });
  const rows = Math.ceil(machines.length / perRow);
  return { content, height: rows * chip.height + Math.max(0, rows - 1) * chip.gap };
}

/** Many machines: how many, from which to which, and how many of them change. */
function folded(machines: readonly PictureMachine[], x: number, cellWidth: number, y: number): Part {
  const names = { add: "new", change: "changed", replace: "replaced", remove: "deleted", same: "" };
  const changed = (["add", "change", "replace"] as const).flatMap((mark) => {
    const count = machines.filter((machine) => machine.mark === mark).length;
    return count === 0 ? [] : [{ mark, line: marked(`${count} ${names[mark]}`, mark) }];
  });
  const lines = [
    counted(machines.length, "machine"),
    `${machines[0]?.name ?? ""} … ${machines.at(-1)?.name ?? ""}`,
    ...(changed.length === 0 ? [] : [changed.map(({ line }) => line).join(", ")]),
  ];
  const height = 20 + lines.length * 18;
  // Behind it the edges of others, as of a pile.
  const edges = [8, 4].map((offset) => box({ x: x + offset, y: y + offset, width: cellWidth - 8, height }, "edge", 4));
  const front = plainly({ x, y, width: cellWidth - 8, height }, lines, changed[0]?.mark ?? "same");
  return { content: [...edges, front], height: height + 8 };
}

/** A line for each pair: from whom, what, to whom. No two lines cross. */
function flows({ flows: pairs }: PictureFacts, y: number): Part {
  const side = 230;
  const middle = inner - 2 * side - 80;
  let bottom = y + 34;
  const content = [
    svgText(margin, y + 14, "Who may talk to whom: security groups drop all else", { size: 15, kind: "strong" }),
  ];
  for (const flow of pairs) {
    const lines = wrappedWords(flow, middle - 24);
    const height = 20 + lines.length * 18;
    const centre = bottom + height / 2;
    const allowed = { x: margin + side + 40, y: bottom, width: middle, height };
    content.push(
      labelled({ x: margin, y: bottom, width: side, height }, [flow.from], "same"),
      arrow([margin + side, centre], [margin + side + 38, centre]),
      box(allowed, `box ${flow.allowed.find(({ mark }) => mark !== "same")?.mark ?? "same"}`),
      ...lines.map((line, index) => svgText(allowed.x + 12, bottom + 23 + index * 18, line, { width: middle - 24 })),
      arrow([allowed.x + middle, centre], [allowed.x + middle + 38, centre]),
      labelled({ x: allowed.x + middle + 40, y: bottom, width: side, height }, [flow.to], "same"),
    );
    bottom += height + 10;
  }
  return { content, height: bottom - y + 20 };
}

/** The allowed ports in lines of at most so many pixels. */
function wrappedWords({ allowed }: PictureFlow, limit: number): string[] {
  const lines: string[] = [];
  for (const { text: words, mark } of allowed) {
    const next = marked(words, mark);
    const last = lines.at(-1);
    if (last !== undefined && widthOf(`${last} · ${next}`, 13) <= limit) lines[lines.length - 1] = `${last} · ${next}`;
    else lines.push(next);
  }
  return lines;
}

function platform({ releases, flux }: PictureFacts, y: number): Part {
  if (releases.length === 0) return { content: [], height: 0 };
  const boxWidth = 376;
  const perRow = Math.floor((inner + 12) / (boxWidth + 12));
  const place = (index: number): Rectangle => ({
    x: margin + (index % perRow) * (boxWidth + 12),
    y: y + 28 + Math.floor(index / perRow) * 50,
    width: boxWidth,
    height: 40,
  });
  const below = y + 28 + Math.ceil(releases.length / perRow) * 50;
  const title = flux === undefined ? "Platform, by Pulumi" : "Platform: by Pulumi, then all the rest by Flux";
  return {
    content: [
      svgText(margin, y + 14, title, { size: 15, kind: "strong" }),
      ...releases.map((release, index) => labelled(place(index), [release.text], release.mark)),
      ...(flux === undefined
        ? []
        : [labelled({ x: margin, y: below, width: inner, height: 52 }, flux.lines, flux.mark)]),
    ],
    height: below - y + (flux === undefined ? 12 : 72),
  };
}

function changes({ comparedWith, deleted = [] }: PictureFacts, y: number): Part {
  if (comparedWith === undefined) return { content: [], height: 0 };
  const listed = deleted.slice(0, 12).map((name) => marked(name, "remove"));
  const lines = [
    `Compared with ${comparedWith}: + new, ~ changed in place, ± replaced, - deleted.`,
    ...(deleted.length === 0 ? ["Nothing is deleted."] : listed),
    ...(deleted.length > listed.length ? [`… and ${deleted.length - listed.length} more are deleted`] : []),
  ];
  return {
    content: lines.map((line, index) => svgText(margin, y + 14 + index * 18, line, { width: inner })),
    height: lines.length * 18 + 16,
  };
}
