/** Whether the stack file, the last `up` and the cluster agree. */
import { renderPoolFiles } from "../bootstrap/filesInPlace";
import { templateDigestOf } from "../bootstrap/template";
import type { ClusterConfig } from "../config/clusterConfig";
import type { Node } from "../kubernetes/nodes";
import { nodeGroups } from "../machines/planMachines";
import { listed } from "../preflight/findings";
import { kubeletVersion } from "./nodeStatus";
import type { LastUp } from "./stackOutputs";
import type { StatusLine } from "./statusLine";

export const driftPart = "drift";

/** A stack file as it is read without Pulumi. */
export interface FileFacts {
  readonly config: ClusterConfig;
  /** Whether it has values that only Pulumi can read: digests of the file then tell nothing. */
  readonly hasEncrypted: boolean;
}

const warn = (text: string, remedy: string): StatusLine => ({ part: driftPart, level: "warn", text, remedy });
const agreed = (lines: readonly StatusLine[], text: string): StatusLine[] =>
  lines.length > 0 ? [...lines] : [{ part: driftPart, level: "ok", text }];
const difference = (a: readonly string[], b: readonly string[]) => a.filter((name) => !b.includes(name));
const preview = "run `pulumi preview`, then `pulumi up`";
const roll = "name them in `roll`, then run `pulumi up`";

/** The stack file against what the last `up` made. */
export function judgeStackFile(file: FileFacts, outputs: LastUp): StatusLine[] {
  const groups = nodeGroups(file.config);
  const planned = groups.flatMap(({ machines }) => machines.map(({ name }) => name));
  const made = outputs.nodes.map(({ name }) => name);
  const lines = [
    [difference(planned, made), (names: string) => warn(`the last \`up\` did not create ${names}`, preview)],
    [difference(made, planned), (names: string) => warn(`the stack file lacks ${names}`, preview)],
    [outputs.staleMachines, (names: string) => warn(`of an older template: ${names}`, roll)],
    [changedPools(file, outputs), (names: string) => warn(`stack file or program changed for ${names}`, preview)],
  ] as const;
  return agreed(
    lines.flatMap(([names, line]) => (names.length === 0 ? [] : [line(listed(names))])),
    `stack file and last \`up\` agree${file.hasEncrypted ? " on the machines; templates were not compared, since the file has encrypted values" : ""}`,
  );
}

/** Pools whose template or files are not those of the last `up`. */
function changedPools({ config, hasEncrypted }: FileFacts, outputs: LastUp): string[] {
  if (hasEncrypted) return [];
  const isOther = (known: string | undefined, today: string) => known !== undefined && known !== today;
  return nodeGroups(config)
    .map(({ template }) => template)
    .filter(
      (template) =>
        isOther(outputs.templateDigests[template.pool], templateDigestOf(config, template)) ||
        isOther(outputs.fileDigests[template.pool], renderPoolFiles(config, template).digest),
    )
    .map(({ pool }) => pool);
}

/** The nodes against the version of the stack file and the machines of the last `up`. */
export function judgeNodeDrift({ config }: FileFacts, outputs: LastUp, nodes: readonly Node[]): StatusLine[] {
  const wanted = `v${config.kubernetes.version}`;
  const others = nodes.filter((node) => kubeletVersion(node) !== wanted).map(({ metadata }) => metadata.name);
  const made = outputs.nodes.map(({ name }) => name);
  const foreign = difference(
    nodes.map(({ metadata }) => metadata.name),
    made,
  );
  const lines = [
    ...(others.length === 0 ? [] : [warn(`not ${wanted} as in the stack file: ${listed(others)}`, roll)]),
    ...(foreign.length === 0
      ? []
      : [
          warn(
            `nodes that are no machines of the stack: ${listed(foreign)}`,
            "where the machine is gone, run `kubectl delete node NAME`",
          ),
        ]),
  ];
  return agreed(lines, `nodes run ${wanted} as in the stack file`);
}
