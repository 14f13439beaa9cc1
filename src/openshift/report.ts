/** The report of a conversion, and the plans beside it, as the files of a folder. */
import { stringify } from "yaml";
import { counted } from "../config/counted";
import type { ObjectOutcome } from "./conversion";
import type { ConvertedExport, ConvertedProject, DecidedObject } from "./convert";
import { fieldsOf, isKnownKind, type Manifest, recordsOf } from "./manifest";
import { type VolumePlan } from "./volumes";

/** Files by their path below the folder; those below `secrets` are for their owner's eyes only. */
export type Files = ReadonlyMap<string, string>;

const titles: Readonly<Record<ObjectOutcome, string>> = {
  kept: "kept",
  converted: "converted",
  decide: "to be decided",
  "left out": "left out",
};

const nameOf = ({ exported: { manifest } }: DecidedObject) => `${manifest.kind} ${manifest.metadata.name}`;
/** Two names may become one, as two groups may have one kind: the second gets a number. */
function fileName(
  { kind, metadata }: Pick<Manifest, "kind" | "metadata">,
  isTaken: (name: string) => boolean,
  number = 1,
): string {
  const base = `${kind.toLowerCase()}-${metadata.name.replace(/[^A-Za-z0-9.-]/g, "-")}`;
  const name = `${base}${number === 1 ? "" : `-${number}`}.yaml`;
  return isTaken(name) ? fileName({ kind, metadata }, isTaken, number + 1) : name;
}
const yaml = (value: unknown) => stringify(value, { lineWidth: 0, compat: "yaml-1.1", aliasDuplicateObjects: false });

/** Everything that goes into a tenant's folder. */
const manifestsOf = ({ objects, added }: ConvertedProject): Manifest[] => [
  ...objects.flatMap((each) => each.objects),
  ...added.map(({ object }) => object),
];

export function filesOf(converted: ConvertedExport, problems: readonly string[], tenantFiles: Files): Files {
  const files = new Map<string, string>([
    ["report.md", renderReport(converted, problems)],
    ["volumes.md", renderVolumes(converted)],
    ["images.txt", renderImages(converted)],
    ...[...tenantFiles].map(([name, content]) => [`tenants/${name}.yaml`, content] as const),
  ]);
  for (const project of converted.projects) {
    const folder = `manifests/${project.tenant.name}`;
    const resources: string[] = [];
    for (const manifest of manifestsOf(project)) {
      const isSecret = manifest.kind === "Secret" && isKnownKind(manifest);
      const place = isSecret ? `secrets/${project.tenant.name}` : folder;
      const name = fileName(manifest, (each) => files.has(`${place}/${each}`));
      if (!isSecret) resources.push(name);
      files.set(`${place}/${name}`, yaml(manifest));
    }
    if (resources.length > 0)
      files.set(
        `${folder}/kustomization.yaml`,
        yaml({ apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources: resources.sort() }),
      );
  }
  return files;
}

function renderReport(converted: ConvertedExport, problems: readonly string[]): string {
  const all = [...converted.projects.flatMap(({ objects }) => objects), ...converted.cluster];
  const refused = all.flatMap(({ refusals }) => refusals);
  return [
    "# Out of OpenShift: what became of each object",
    "",
    `${counted(all.length, "object")}: ${countsOf(all)}. ${counted(tasksIn(converted), "task")} for people, marked with [ ].`,
    ...(refused.length === 0
      ? []
      : [`The new cluster refuses ${counted(refused.length, "line")} as they are, marked with REFUSED.`]),
    "Steps and words: docs/porting.md. Data: volumes.md. Images to copy: images.txt.",
    ...(problems.length === 0 ? [] : ["", "## Not read", "", ...problems.map((problem) => `- [ ] ${problem}`)]),
    ...converted.projects.flatMap(renderProject),
    ...(converted.cluster.length === 0
      ? []
      : ["", "## The whole cluster", "", ...converted.cluster.flatMap(renderObject)]),
    "",
  ].join("\n");
}

function renderProject(project: ConvertedProject): string[] {
  const { tenant, objects, added } = project;
  return [
    "",
    `## Project ${tenant.project}, tenant ${tenant.name}`,
    "",
    `- tenants/${tenant.name}.yaml: group ${tenant.group}, CPU ${tenant.cpu}, memory ${tenant.memory}, storage ${tenant.storage}.`,
    ...tenant.notes.map(renderNote),
    ...objects.flatMap(renderObject),
    ...added.flatMap(({ object, reason }) => [`- ${object.kind} ${object.metadata.name}: added`, `  - [ ] ${reason}`]),
  ];
}

function renderObject(each: DecidedObject): string[] {
  return [
    `- ${nameOf(each)} (${each.exported.place}): ${titles[each.outcome]}`,
    ...each.notes.map(renderNote),
    ...each.refusals.map((sentence) => `  - [ ] REFUSED: ${sentence}`),
  ];
}

const renderNote = ({ isTask, sentence }: { readonly isTask: boolean; readonly sentence: string }) =>
  `  - ${isTask ? "[ ] " : ""}${sentence}`;

const tasksIn = ({ projects, cluster }: ConvertedExport): number =>
  [...projects.flatMap(({ objects, tenant }) => [...objects, tenant]), ...cluster].reduce(
    (sum, { notes }) => sum + notes.filter(({ isTask }) => isTask).length,
    0,
  );

const countsOf = (objects: readonly DecidedObject[]): string =>
  (["kept", "converted", "decide", "left out"] as const)
    .map((outcome) => `${objects.filter((each) => each.outcome === outcome).length} ${titles[outcome]}`)
    .join(", ");

/** `SOURCE TARGET` on each line, as crane copies them. */
function renderImages({ projects }: ConvertedExport): string {
  const images = projects.flatMap((project) => project.images);
  return [
    "# Images of the old registry, and what they are called in the new one. With OLD, the old registry's address:",
    '#   grep -v \'^#\' images.txt | while read -r from to; do crane copy "$OLD/$from" "$to"; done',
    ...new Set(images.map(({ from, to }) => `${from} ${to}`)),
    "",
  ].join("\n");
}

function renderVolumes({ projects }: ConvertedExport): string {
  const volumes = projects.flatMap((project) =>
    project.volumes.map((volume) => ({ volume, tenant: project.tenant.name })),
  );
  return [
    "# Data of the volumes",
    "",
    "OLD and NEW are the two clusters' contexts of kubectl. Nobody may write meanwhile: scale what mounts a volume to 0 in",
    "the old cluster, and start it in the new one afterwards. A database moves by a dump of its own instead.",
    ...(volumes.length === 0 ? ["", "There is no claim."] : []),
    ...volumes.flatMap(({ volume, tenant }) => renderVolume(volume, tenant)),
    "",
  ].join("\n");
}

function renderVolume(
  { project, claim, size, modes, source, storageClass, users }: VolumePlan,
  tenant: string,
): string[] {
  const helper = `move-${claim}`.slice(0, 63);
  const commands = (["OLD", "NEW"] as const).map(
    (cluster) => `kubectl --context ${cluster} -n ${cluster === "OLD" ? project : tenant} apply -f ${helper}.yaml`,
  );
  const send = `kubectl --context OLD -n ${project} exec ${helper} -- tar -C /data -cf - .`;
  const receive = `kubectl --context NEW -n ${tenant} exec -i ${helper} -- tar -C /data -xf -`;
  return [
    "",
    `## ${project}/${claim}`,
    "",
    `- ${size || "unknown size"}, ${modes || "no access mode"}, from ${source}, to the class ${storageClass}`,
    ...(users.length === 0
      ? ["- [ ] Nothing of the export mounts it; see whether it is still needed."]
      : users.map(({ kind, name, folder }) => `- mounted by ${kind} ${name} at ${folder}`)),
    "",
    `${helper}.yaml, for both clusters:`,
    "",
    "```yaml",
    ...yaml(helperPod(helper, claim)).trimEnd().split("\n"),
    "```",
    "",
    "```sh",
    ...commands,
    `${send} | ${receive}`,
    "```",
  ];
}

/** A pod that mounts the volume and waits, with an image that both clusters' registries have to offer. */
const helperPod = (name: string, claim: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    containers: [
      {
        name: "move",
        image: "docker.io/library/busybox:1.37.0",
        command: ["sleep", "86400"],
        volumeMounts: [{ name: "data", mountPath: "/data" }],
      },
    ],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: claim } }],
  },
});

/** `npm run openshift -- audit`: what there is by project and owner, and what does not carry over. */
export function renderAudit(converted: ConvertedExport, problems: readonly string[]): string {
  const lines = converted.projects.flatMap((project) => {
    const kinds = countedKinds(project.objects);
    const decisions = project.objects.filter(({ outcome, refusals }) => outcome === "decide" || refusals.length > 0);
    return [
      "",
      `Project ${project.tenant.project}, of ${ownerOf(project)}`,
      `  ${kinds}`,
      ...project.objects
        .filter(
          ({ outcome, exported }) =>
            outcome === "converted" && !/^(Project|Namespace|ResourceQuota|LimitRange)$/.test(exported.manifest.kind),
        )
        .map((each) => `  ${nameOf(each)} becomes ${each.objects.map(({ kind }) => kind).join(", ") || "a plan"}`),
      ...decisions.flatMap((each) => [
        `  ${nameOf(each)} does not carry over as it is:`,
        ...each.notes
          .filter(({ isTask }) => isTask && each.outcome === "decide")
          .map(({ sentence }) => `    ${sentence}`),
        ...each.refusals.map((sentence) => `    ${sentence}`),
      ]),
      ...project.volumes.map(
        ({ claim, size, source, storageClass }) => `  Volume ${claim}: ${size} from ${source}, to ${storageClass}`,
      ),
      ...(project.images.length > 0 ? [`  ${counted(project.images.length, "image")} to copy`] : []),
    ];
  });
  const cluster = converted.cluster.filter(({ outcome }) => outcome === "decide");
  return [
    `${counted(converted.projects.length, "project")}, ${counted(converted.projects.reduce((sum, { objects }) => sum + objects.length, 0) + converted.cluster.length, "object")}`,
    ...problems.map((problem) => `Not read: ${problem}`),
    ...lines,
    ...(cluster.length === 0
      ? []
      : [
          "",
          "The whole cluster",
          ...cluster.flatMap((each) => [`  ${nameOf(each)}`, ...each.notes.map(({ sentence }) => `    ${sentence}`)]),
        ]),
  ].join("\n");
}

const countedKinds = (objects: readonly DecidedObject[]): string => {
  const kinds = [...new Set(objects.map(({ exported }) => exported.manifest.kind))].sort();
  return kinds
    .map((kind) => `${objects.filter(({ exported }) => exported.manifest.kind === kind).length} ${kind}`)
    .join(", ");
};

/** Who asked for the project, and who administers it. */
function ownerOf({ objects, tenant }: ConvertedProject): string {
  const annotations = Object.assign(
    {},
    ...objects.map(({ exported: { manifest } }) =>
      ["Project", "Namespace"].includes(manifest.kind) ? fieldsOf(manifest.metadata.annotations) : {},
    ),
  ) as Record<string, unknown>;
  const requester = annotations["openshift.io/requester"];
  const admins = objects
    .map(({ exported: { manifest } }) => manifest)
    .filter(({ kind, roleRef }) => kind === "RoleBinding" && fieldsOf(roleRef).name === "admin")
    .flatMap(({ subjects }) => recordsOf(subjects).map(({ name }) => name));
  return (
    [...new Set([...(typeof requester === "string" ? [requester] : []), ...admins.map(String)])].join(", ") ||
    `nobody named (${tenant.group})`
  );
}
