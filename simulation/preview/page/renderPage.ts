/**
 * The preview as one HTML file: what changes and what that means, the picture, the tree, and what machines get, to
 * open. It asks for nothing else and runs no script, so it may be handed to anybody; secrets are hidden.
 */
import { stringify } from "yaml";
import { counted } from "../../../src/config/counted";
import { momentsInWords, type Weight } from "../../../src/config/effects";
import { changeInWords } from "../../../src/consequences/changedSettings";
import { findingLine, rollNote } from "../../../src/consequences/renderReport";
import { escaped } from "../escaped";
import { machineDocuments, type MachineDocuments } from "../machineDocuments";
import { publicResources, totalRows, type Preview } from "../report";
import { resourceTree, signs, type TreeRow } from "../tree";
import { hidden, secretsOf, withSecretsHidden } from "./hiddenSecrets";
import { styleSheet } from "./styleSheet";

/** `picture`: the SVG of the cluster. */
export function renderPage(preview: Preview, picture: string): string {
  const { stack, run, totals } = preview;
  const title = `Preview of the stack ${stack}`;
  const sections: readonly [id: string, heading: string, content: string][] = [
    ["change", "What changes", change(preview)],
    ["picture", "The cluster", `<div class="drawing">${picture}</div>`],
    ["totals", "Totals", definitions(totalRows(totals))],
    ["tree", "Resources", `<div class="tree">${tree(resourceTree(run))}</div>`],
    ["machines", "What machines get", machines(preview)],
    ["kubernetes", "What Kubernetes gets", kubernetes(preview)],
  ];
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    // What a browser may do with this page, whatever text is in it.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escaped(title)}</title>`,
    `<style>\n${styleSheet}\n</style>`,
    "</head>",
    "<body>",
    "<main>",
    `<h1>${escaped(title)}</h1>`,
    '<p class="quiet">A simulation: no cloud was asked and none was changed. Addresses, ids and keys are made up.</p>',
    `<nav>${sections.map(([id, heading]) => `<a href="#${id}">${heading}</a>`).join("")}</nav>`,
    ...sections.map(([id, heading, content]) => `<section id="${id}">\n<h2>${heading}</h2>\n${content}\n</section>`),
    `<footer>Secrets are shown as ${hidden}. This page needs no network and runs no script.</footer>`,
    "</main>",
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

const paragraph = (text: string) => `<p>${escaped(text)}</p>`;

const items = (lines: readonly string[]) =>
  lines.length === 0 ? "" : `<ul>${lines.map((line) => `<li>${line}</li>`).join("")}</ul>`;

const definitions = (rows: readonly [string, string][]) =>
  `<dl>${rows.map(([label, value]) => `<dt>${escaped(label)}</dt><dd>${escaped(value)}</dd>`).join("")}</dl>`;

const headed = (heading: string, lines: readonly string[]) =>
  lines.length === 0 ? "" : `<h3>${heading}</h3>${items(lines)}`;

/** Words of a report's Markdown: `code`. */
const inline = (text: string) => escaped(text).replace(/`([^`]*)`/g, "<code>$1</code>");

function change({ difference, report, notes }: Preview): string {
  const { added, changed, replaced, removed, unchanged, stale, comparedWith } = difference;
  const summary =
    comparedWith === undefined
      ? `There is nothing to compare with: ${counted(added.length, "resource")} to create.`
      : `${added.length} to create, ${changed.length} to change in place, ${replaced.length} to replace, ` +
        `${removed.length} to delete, ${unchanged} unchanged, ${stale.length} stale (compared with ${comparedWith}).`;
  const settings = (report.settings ?? []).map(
    (setting) =>
      `<code>${escaped(`${setting.key}: ${changeInWords(setting)}`)}</code><br>` +
      `Takes effect ${escaped(momentsInWords(setting.moments))}. ${inline(setting.meaning)}${weight(setting)}`,
  );
  const findings = report.findings
    .filter((finding) => finding.weight !== "harmless")
    .map((finding) => `${inline(findingLine(finding).replace(/^- /, ""))}${weight(finding)}`);
  return [
    paragraph(summary),
    headed("Changed settings", settings),
    headed("What that means", findings),
    headed(
      "Deleted",
      removed.map(({ type, name }) => escaped(`${type.split(":").at(-1) ?? type} ${name}`)),
    ),
    headed("Notes", [...notes.map(escaped), ...rollNote(report).map((note) => inline(note.replace(/^- /, "")))]),
  ].join("");
}

function weight({ weight: of, allowed }: { readonly weight: Weight; readonly allowed: boolean }): string {
  const refused = allowed ? "" : ", refused by <code>npm run consequences</code> unless allowDestruction names it";
  return ` <span class="weight ${of}">(${of}${refused})</span>`;
}

function tree(rows: readonly TreeRow[]): string {
  const drawn = rows.map((row) => {
    if (row.children.length === 0) return described(row);
    return `<details open><summary>${described(row)}</summary>${tree(row.children)}</details>`;
  });
  return items(drawn);
}

function described({ isComponent, kind, mark, names, count, inputs, facts }: TreeRow): string {
  const sign = isComponent ? "" : `<span class="sign sign-${mark}">${signs[mark]}</span>`;
  const times = count === 1 ? "" : ` ×${count}`;
  const changed = inputs.length === 0 ? "" : ` [${inputs.join(", ")}]`;
  const noted = facts.length === 0 ? "" : ` <span class="quiet">(${facts.join(", ")})</span>`;
  const type = isComponent ? `<b>${escaped(kind)}</b>` : escaped(kind);
  return `${sign}${type}${times} ${escaped(`${names}${changed}`)}${noted}`;
}

function machines({ run }: Preview): string {
  const secrets = secretsOf(run);
  const group = ({ name, machines: own, cloudConfig, files, rest }: MachineDocuments) => {
    const shownNames = own.length > 2 ? `${own[0] ?? ""} … ${own.at(-1) ?? ""}` : own.join(", ");
    const all =
      files === undefined
        ? [{ path: "user data", permissions: "0600", owner: "", content: cloudConfig }]
        : [{ path: "cloud-config", permissions: "0600", owner: "", content: withoutFiles(files, rest) }, ...files];
    return [
      `<h3>${escaped(name)}</h3>`,
      paragraph(`${counted(own.length, "machine")}: ${shownNames}`),
      ...all.map(({ path, permissions, owner, content }) =>
        file(
          path,
          owner === "" ? [] : [permissions, owner, `${Buffer.byteLength(content)} bytes`],
          withSecretsHidden({ content, permissions }, secrets),
        ),
      ),
    ].join("");
  };
  return machineDocuments(run).map(group).join("\n");
}

/** The cloud-config with the paths of its files alone: their content is shown for each. */
const withoutFiles = (files: NonNullable<MachineDocuments["files"]>, rest: MachineDocuments["rest"]) =>
  `#cloud-config\n${stringify({ ...rest, write_files: files.map(({ path }) => path) })}`;

/** Objects and Helm releases that the program makes; the rest of the platform is in Git. */
function kubernetes({ run }: Preview): string {
  const own = publicResources(run).filter(({ type, custom }) => custom === true && /^kubernetes:/.test(String(type)));
  if (own.length === 0) return paragraph("Nothing: the configuration asks for neither network plug-in nor platform.");
  return own
    .map(({ type, name, inputs }) =>
      file(`${String(type).split(":").at(-1) ?? ""} ${String(name)}`, [], stringify(inputs)),
    )
    .join("");
}

const file = (path: string, facts: readonly string[], content: string) =>
  `<details class="file"><summary><code>${escaped(path)}</code>` +
  `${facts.length === 0 ? "" : ` <span class="quiet">${escaped(facts.join(" "))}</span>`}</summary>` +
  `<pre>${escaped(content)}</pre></details>\n`;
