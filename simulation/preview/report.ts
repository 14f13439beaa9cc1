/** The preview as text for people and as JSON for machines. */
import { counted } from "../../src/config/counted";
import { momentsInWords } from "../../src/config/effects";
import { changeInWords, type ChangedSetting } from "../../src/consequences/changedSettings";
import type { Report } from "../../src/consequences/consequenceReport";
import { findingLine, rollNote } from "../../src/consequences/renderReport";
import { maxUserDataBytes } from "../openstack/computeTypes";
import type { Simulated } from "../simulated";
import type { Properties } from "../values";
import type { Difference, Differing } from "./difference";
import { paintFor, type Paint } from "./paint";
import type { Totals } from "./totals";
import { renderTree } from "./tree";

export interface Preview {
  readonly stack: string;
  readonly run: Simulated;
  readonly totals: Totals;
  readonly difference: Difference;
  /** What the difference means. */
  readonly report: Report;
  /** What the reader should know about the configuration. */
  readonly notes: readonly string[];
}

/** Longer lists than this are cut, and say so. */
const listed = 20;

export function renderText({ stack, run, totals, difference, report, notes }: Preview, paint: Paint): string {
  return [
    paint.strong(`SIMULATION of stack ${stack}: no cloud was asked and none was changed.`),
    "Names of images, flavors and existing networks are taken on trust; addresses, ids and keys are made up. `pulumi preview` asks your OpenStack.",
    ...notes.map((note) => paint.warning(`Note: ${note}`)),
    "",
    ...renderTree(run, paint),
    "",
    paint.strong("Totals"),
    ...renderTotals(totals),
    "",
    ...renderChange({ difference, report }, paint),
  ].join("\n");
}

/** For a merge request: what the change does, what that means, and what the reader should know of the configuration. */
export function renderForReview(preview: Preview): string {
  const plain = paintFor(false);
  const notes = preview.notes.map((note) => `  ${note}`);
  const section = notes.length === 0 ? [] : [plain.strong("Notes"), ...notes, ""];
  return [...renderChange(preview, plain), ...section].join("\n");
}

/** What the change does and what that means, without what there is. */
function renderChange({ difference, report }: Pick<Preview, "difference" | "report">, paint: Paint): string[] {
  return [
    paint.strong("Difference"),
    ...renderDifference(difference, paint),
    ...renderSettings(report, paint),
    ...renderConsequences(report, paint),
    "",
  ];
}

function renderTotals(totals: Totals): string[] {
  const rows = totalRows(totals);
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
}

/** What is counted, and how much of it; without a label: of the row before. */
export function totalRows(totals: Totals): [label: string, value: string][] {
  const unsized = totals.flavors.filter(({ vcpus }) => vcpus === undefined).map(({ name }) => name);
  const gib = (mib: number) => `${Number((mib / 1024).toFixed(1))} GiB`;
  return [
    [
      "machines",
      `${totals.machines}: ${totals.flavors.map(({ name, machines }) => `${machines} × ${name}`).join(", ")}`,
    ],
    [
      "vCPU, RAM, disk",
      `${unsized.length === 0 ? "" : "at least "}${totals.vcpus} vCPU, ${gib(totals.ramMiB)} RAM, ${totals.localDiskGiB} GiB on the hypervisors, ${totals.volumeGiB} GiB in volumes`,
    ],
    ...(unsized.length === 0
      ? []
      : [
          [
            "",
            `not counted: ${unsized.join(", ")}; write their sizes into simulation/flavors.yaml, or name a file with --flavors`,
          ] as [string, string],
        ]),
    ...totals.subnets.map(({ cidr, used, free }): [string, string] => [
      `addresses ${cidr}`,
      `${used} used, ${free} free`,
    ]),
    [
      "network",
      [
        counted(totals.ports, "port"),
        counted(totals.floatingIps, "floating IP"),
        counted(totals.loadBalancers, "load balancer"),
      ].join(", "),
    ],
    ["security groups", `${totals.securityGroups} with ${counted(totals.securityGroupRules, "rule")}`],
    ...totals.userData.map(({ pool, machines, bytes }): [string, string] => [
      `user data ${pool}`,
      `${bytes} of ${maxUserDataBytes} bytes${machines === 1 ? "" : `, the same on ${counted(machines, "machine")}`}`,
    ]),
  ];
}

function renderDifference(difference: Difference, paint: Paint): string[] {
  const { added, changed, replaced, removed, unchanged, stale } = difference;
  if (difference.comparedWith === undefined)
    return [
      `  First preview of this stack here, so there is nothing to compare with: ${counted(added.length, "resource")} to create.`,
    ];
  const sentence = `  ${added.length} to create, ${changed.length} to change in place, ${replaced.length} to replace, ${removed.length} to delete, ${unchanged} unchanged`;
  return [
    `${sentence} (compared with ${difference.comparedWith}).`,
    ...list(added, (text) => paint.add(`+ ${text}`)),
    ...list(changed, (text) => paint.change(`~ ${text}`)),
    ...list(replaced, (text) => paint.replace(`± ${text}`)),
    ...list(removed, (text) => paint.remove(`- ${text}`)),
    ...(stale.length === 0
      ? []
      : [
          `  ${stale.length === 1 ? "1 stays as it was created, though the program would create it otherwise today" : `${stale.length} stay as they were created, though the program would create them otherwise today`} (stale):`,
        ]),
    ...list(stale, (text) => paint.faint(`  ${text}`)),
  ];
}

function renderSettings({ settings = [] }: Report, paint: Paint): string[] {
  if (settings.length === 0) return [];
  const lines = settings.flatMap((setting: ChangedSetting) => [
    `  ${setting.key}: ${changeInWords(setting)}`,
    weighed(`    takes effect ${momentsInWords(setting.moments)}. ${setting.meaning}`, setting, paint),
  ]);
  return ["", paint.strong("Changed settings"), ...lines];
}

/** Resources whose change is harmless need no words. */
function renderConsequences(report: Report, paint: Paint): string[] {
  const message = report.findings.filter(({ weight }) => weight !== "harmless");
  const notes = rollNote(report).map((note) => paint.warning(`  ${note}`));
  if (message.length + notes.length === 0) return [];
  const lines = message.map((finding) => weighed(`  ${findingLine(finding)}`, finding, paint));
  return ["", paint.strong("What that means"), ...lines, ...notes];
}

function weighed(text: string, { weight, allowed }: Pick<ChangedSetting, "weight" | "allowed">, paint: Paint): string {
  if (weight === "harmless") return text;
  if (weight === "disruptive") return paint.change(text);
  const refused = " (refused by `npm run consequences` unless allowDestruction names it)";
  return paint.remove(`${text}${allowed ? "" : refused}`);
}

function list(resources: readonly Differing[], paint: (text: string) => string): string[] {
  const lines = resources.slice(0, listed).map(({ type, name, inputs, note }) => {
    const what = inputs.length === 0 ? "" : ` [${inputs.join(", ")}]`;
    return `    ${paint(`${type.split(":").at(-1) ?? type} ${name}${what}${note === undefined ? "" : `: ${note}`}`)}`;
  });
  return resources.length > listed ? [...lines, `    … and ${resources.length - listed} more`] : lines;
}

/** One JSON document; every secret is "[secret]". */
export function renderJson({ stack, run, totals, difference, report, notes }: Preview): string {
  return JSON.stringify(
    {
      simulation: true,
      stack,
      notes,
      totals,
      difference,
      settings: report.settings ?? [],
      consequences: report.findings,
      outputs: hide(run.outputs, run.secretOutputs),
      resources: publicResources(run),
    },
    null,
    2,
  );
}

/** Resources as JSON may show them; what only the next run needs is left out. */
export function publicResources(run: Simulated): Properties[] {
  return run.resources.map((resource) => ({
    ...resource,
    kept: undefined,
    generation: undefined,
    inputs: hide(resource.inputs, resource.secretInputs),
    outputs: hide(resource.outputs, resource.secretOutputs),
  }));
}

function hide(values: Properties, secrets: readonly string[]): Properties {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, secrets.includes(name) ? "[secret]" : value]),
  );
}
