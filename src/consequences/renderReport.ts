/** The report on a planned change as Markdown, which terminals show as well as merge requests do. */
import { momentsInWords, type Weight } from "../config/effects";
import { type ChangedSetting, changeInWords } from "./changedSettings";
import type { Finding, Report } from "./consequenceReport";

export function renderReport(report: Report): string {
  const { stack, findings, counts, unchanged, refused, warnings, settings = [] } = report;
  const title = `## Stack ${stack}: ${counts.create} to create, ${counts.update} to change in place, ${counts.replace} to replace, ${counts.delete} to delete, ${unchanged} unchanged`;
  const notes = [...rollNote(report), ...unrecordedNote(report)];
  if (findings.length + settings.length + notes.length + warnings.length === 0) return `${title}\n\nNothing changes.\n`;
  const section = (heading: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", `**${heading}**`, "", ...lines];
  const of = (weight: Weight, allowed = true) => [
    ...settings.filter((setting) => setting.weight === weight && setting.allowed === allowed).map(settingLine),
    ...findings.filter((finding) => finding.weight === weight && finding.allowed === allowed).map(findingLine),
  ];
  return [
    title,
    ...section("DESTRUCTIVE, and not allowed", of("destructive", false)),
    ...(refused.length === 0
      ? []
      : [
          "",
          "If you intend this, allow it by name in the stack's file, and remove the line afterwards:",
          "",
          `    openstack-kubernetes:allowDestruction: [${refused.map(listItem).join(", ")}]`,
        ]),
    ...section("Destructive, allowed by name", of("destructive")),
    ...section("Disruptive", of("disruptive")),
    ...section("Harmless", of("harmless")),
    ...section("Note", notes),
    ...section(
      "Warnings of the preview",
      warnings.map((warning) => `- ${warning}`),
    ),
    "",
  ].join("\n");
}

/** Within brackets YAML reads a plain text that holds some of these otherwise than it stands. */
function listItem(name: string): string {
  return /[[\]{},:#"'&*!|>%@`]/.test(name) ? JSON.stringify(name) : name;
}

/** Names of one finding that are shown at most. */
const shown = 10;

/** One finding as a Markdown item. */
export function findingLine({ what, names, message }: Finding): string {
  const listed = names
    .slice(0, shown)
    .map((name) => `\`${name}\``)
    .join(", ");
  const more = names.length > shown ? ` and ${names.length - shown} more` : "";
  return `- ${what} ${listed}${more}${names.length > 1 ? ": each" : ""} ${message}`;
}

/** One changed key as a Markdown item. */
function settingLine(setting: ChangedSetting): string {
  const { key, moments, meaning } = setting;
  return `- setting \`${key}\`: ${changeInWords(setting)}, takes effect ${momentsInWords(moments)}. ${meaning}`;
}

/** A name that stays in `roll` is a word given in advance. */
export function rollNote({ idleRoll }: Pick<Report, "idleRoll">): string[] {
  return idleRoll.length === 0 ? [] : [`- ${idleRollSentence(idleRoll)}`];
}

export function idleRollSentence(names: readonly string[]): string {
  const listed = names.map((name) => `\`${name}\``).join(", ");
  return `\`roll\` names ${listed}, of which nothing is replaced now. Remove it: a later change would replace these machines.`;
}

/** The first run after a program that recorded no configuration. */
function unrecordedNote({ settings, findings, unchanged }: Report): string[] {
  if (settings !== undefined || findings.length === 0 || unchanged === 0) return [];
  return ["- The state holds no configuration yet, so changed settings are not shown; the next `up` records it."];
}
