/** SVG, as little of it as the picture needs. */
import type { Mark } from "../difference";
import { escaped } from "../escaped";

/** Marks as people read them; colours say the same, for those who see them. */
const signs: Readonly<Record<Mark, string>> = { add: "+ ", change: "~ ", replace: "± ", remove: "- ", same: "" };

export const marked = (text: string, mark: Mark) => `${signs[mark]}${text}`;

/**
 * Width in pixels that a text takes at most, about: fonts differ, and a picture has none of its own. Wide signs of a
 * proportional font are 0.6 of its size, on the average of names and addresses.
 */
export const widthOf = (text: string, size: number) => text.length * size * 0.6;

/** The text, or its beginning where it does not fit. */
export function fitted(text: string, width: number, size: number): string {
  if (widthOf(text, size) <= width) return text;
  return `${text.slice(0, Math.max(1, Math.floor(width / (size * 0.6)) - 1))}…`;
}

interface TextStyle {
  readonly size?: number;
  readonly anchor?: "middle" | "end";
  readonly kind?: "strong" | "faint";
  /** Pixels that it may take. */
  readonly width?: number;
}

/** `y` is the base line. */
export function svgText(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { size = 13, anchor, kind, width = Infinity } = style;
  const shown = fitted(content, width, size);
  const title = shown === content ? "" : `<title>${escaped(content)}</title>`;
  const classes = kind === undefined ? "" : ` class="${kind}"`;
  const place = anchor === undefined ? "" : ` text-anchor="${anchor}"`;
  return `<text x="${x}" y="${y}" font-size="${size}"${place}${classes}>${title}${escaped(shown)}</text>`;
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** `kind`: a class of the style sheet. */
export function box({ x, y, width, height }: Rectangle, kind: string, radius = 6): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" class="${kind}"/>`;
}

/** A box with lines in its middle, the first one strong and with the mark's sign. */
export function labelled(place: Rectangle, [name = "", ...more]: readonly string[], mark: Mark): string {
  return plainly(place, [marked(name, mark), ...more], mark);
}

/** The same without a sign: the mark is of something in it. */
export function plainly(place: Rectangle, lines: readonly string[], mark: Mark): string {
  const { x, y, width, height } = place;
  const first = y + height / 2 - (lines.length - 1) * 9 + 5;
  return [
    box(place, `box ${mark}`),
    ...lines.map((line, index) =>
      svgText(x + width / 2, first + index * 18, line, {
        anchor: "middle",
        width: width - 16,
        ...(index === 0 ? { kind: "strong" } : {}),
      }),
    ),
  ].join("\n");
}

/** From point to point, its head at the second. */
export function arrow([fromX, fromY]: readonly [number, number], [toX, toY]: readonly [number, number]): string {
  return `<path d="M${fromX} ${fromY}L${toX} ${toY}" class="line" marker-end="url(#head)"/>`;
}

const light = {
  page: "#ffffff",
  ink: "#1f2328",
  faint: "#59636e",
  line: "#8c959f",
  box: "#f6f8fa",
  zone: "#eef4fb",
  add: "#dafbe1",
  change: "#fff8c5",
  replace: "#fbefff",
};
const dark = {
  page: "#0d1117",
  ink: "#e6edf3",
  faint: "#9198a1",
  line: "#6e7681",
  box: "#161b22",
  zone: "#13202f",
  add: "#12351d",
  change: "#3a2f08",
  replace: "#2e1a47",
};

const rules = (colors: typeof light) =>
  [
    `.page{fill:${colors.page}}`,
    `text{fill:${colors.ink}}`,
    `.faint{fill:${colors.faint}}`,
    `.frame{fill:none;stroke:${colors.line}}`,
    `.zone{fill:${colors.zone}}`,
    `.box,.edge{fill:${colors.box};stroke:${colors.line}}`,
    `.line{fill:none;stroke:${colors.faint};stroke-width:1.5}`,
    `.head{fill:${colors.faint}}`,
    ...(["add", "change", "replace"] as const).map((mark) => `.${mark}{fill:${colors[mark]};stroke-width:2}`),
  ].join("");

/** A document that needs nothing else: fonts are the reader's, colours follow light and dark. */
export function svgDocument(width: number, height: number, title: string, content: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    "<style>",
    'text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}.strong{font-weight:600}',
    rules(light),
    `@media(prefers-color-scheme:dark){${rules(dark)}}`,
    "</style>",
    '<defs><marker id="head" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto"><path d="M0 0L8 4L0 8z" class="head"/></marker></defs>',
    box({ x: 0, y: 0, width, height }, "page", 0),
    ...content,
    "</svg>",
    "",
  ].join("\n");
}
