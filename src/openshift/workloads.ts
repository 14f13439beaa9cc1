/** Everything that runs pods. */
import { cleanedMetadata } from "./cleaned";
import { type Conversion, leftOut, remark, notCarried, task } from "./conversion";
import { convertDeploymentConfig } from "./deploymentConfigs";
import { resolveStreamTag, type ResolvedImage } from "./images";
import { annotationsOf, defined, type Fields, fieldsOf, type Manifest, recordsOf, textOf, without } from "./manifest";
import { convertTemplate } from "./podTemplate";
import { type Migration, tenantOf } from "./target";
import { followsNoMore, recreated } from "./rollouts";
import { convertClaim } from "./volumes";

export function convertWorkload(migration: Migration, project: string, manifest: Manifest): Conversion {
  const owner = recordsOf(manifest.metadata.ownerReferences)[0];
  if (owner !== undefined)
    return leftOut(`${textOf(owner.kind)} ${textOf(owner.name)} runs it; what becomes of that is decided there.`);
  if (annotationsOf(manifest)["openshift.io/deployment-config.name"] !== undefined)
    return leftOut("A DeploymentConfig runs it; what becomes of that is decided there.");
  const spec = fieldsOf(manifest.spec);
  const namespace = tenantOf(migration, project);
  switch (manifest.kind) {
    case "DeploymentConfig":
      return convertDeploymentConfig(migration, project, manifest);
    case "Pod":
      return convertPod(migration, project, manifest);
    case "Job":
      if (fieldsOf(manifest.status).completionTime !== undefined) return leftOut("It has ended.");
      return withTemplate(migration, project, manifest, {
        ...without(spec, "selector", "manualSelector"),
        template: withoutControllerLabels(fieldsOf(spec.template)),
      });
    case "CronJob": {
      const jobTemplate = fieldsOf(spec.jobTemplate);
      const job = fieldsOf(jobTemplate.spec);
      const converted = convertTemplate(migration, project, fieldsOf(job.template), new Map());
      const inner = { ...jobTemplate, metadata: undefined, spec: { ...job, template: converted.template } };
      return kept(manifest, namespace, { ...spec, jobTemplate: defined(inner) }, converted.notes);
    }
    case "StatefulSet": {
      const claims = recordsOf(spec.volumeClaimTemplates).map((claim) =>
        convertClaim(migration, { apiVersion: "v1", kind: "PersistentVolumeClaim", ...claim } as unknown as Manifest),
      );
      const result = withTemplate(migration, project, manifest, {
        ...spec,
        ...(claims.length > 0 ? { volumeClaimTemplates: claims.map(({ claim }) => claim) } : {}),
      });
      return { ...result, notes: [...result.notes, ...claims.flatMap(({ notes }) => notes)] };
    }
    default:
      return withTemplate(migration, project, manifest, without(spec, "rollbackTo", "templateGeneration"));
  }
}

/** A kind that stays itself. `apps/v1` wants the selector that older versions computed. */
function withTemplate(migration: Migration, project: string, manifest: Manifest, spec: Fields): Conversion {
  const template = fieldsOf(spec.template);
  const { following, notes } = followedStreams(migration, project, manifest);
  const converted = convertTemplate(migration, project, template, following);
  const needsSelector = spec.selector === undefined && manifest.apiVersion.startsWith("apps/");
  const recreate = manifest.kind === "Deployment" ? recreated(migration, project, spec) : undefined;
  return kept(
    manifest,
    tenantOf(migration, project),
    {
      ...spec,
      ...(needsSelector ? { selector: { matchLabels: fieldsOf(fieldsOf(template.metadata).labels) } } : {}),
      ...(recreate === undefined ? {} : { strategy: { type: "Recreate" } }),
      template: converted.template,
    },
    [
      ...converted.notes,
      ...notes,
      ...(needsSelector ? [remark("spec.selector is required now; it is the labels of the pods.")] : []),
      ...(recreate === undefined ? [] : [remark(recreate)]),
    ],
  );
}

const kept = (manifest: Manifest, namespace: string, spec: Fields, notes: Conversion["notes"]): Conversion => ({
  outcome: "kept",
  notes: [...notes, ...notCarried("", without(manifest, "apiVersion", "kind", "metadata", "spec", "status"))],
  objects: [
    {
      apiVersion: manifest.apiVersion,
      kind: manifest.kind,
      metadata: cleanedMetadata(manifest, namespace),
      spec: defined(spec),
    },
  ],
});

function convertPod(migration: Migration, project: string, manifest: Manifest): Conversion {
  if (annotationsOf(manifest)["openshift.io/build.name"] !== undefined) return leftOut("It is a build's.");
  if (/^(Succeeded|Failed)$/.test(textOf(fieldsOf(manifest.status).phase))) return leftOut("It has ended.");
  const { spec } = convertTemplate(
    migration,
    project,
    { spec: unscheduled(fieldsOf(manifest.spec)) },
    new Map(),
  ).template;
  return kept(manifest, tenantOf(migration, project), fieldsOf(spec), [
    remark("What the scheduler and admission wrote is taken out: node, tolerations of conditions, token."),
    task("A pod alone is not started again when its node goes; make it a Deployment."),
  ]);
}

/** What the scheduler and admission wrote into a pod. */
function unscheduled(spec: Fields): Fields {
  const isToken = (name: string) => /^[a-z0-9-]+-token-[a-z0-9]{5}$/.test(name);
  const containers = (key: string) =>
    spec[key] === undefined
      ? {}
      : {
          [key]: recordsOf(spec[key]).map((container) => ({
            ...container,
            volumeMounts: recordsOf(container.volumeMounts).filter(({ name }) => !isToken(textOf(name))),
          })),
        };
  return {
    ...without(spec, "nodeName", "priority", "enableServiceLinks"),
    tolerations: recordsOf(spec.tolerations).filter(({ key }) => !textOf(key).startsWith("node.kubernetes.io/")),
    ...containers("containers"),
    ...containers("initContainers"),
    volumes: recordsOf(spec.volumes).filter(({ name }) => !isToken(textOf(name))),
  };
}

function withoutControllerLabels(template: Fields): Fields {
  const metadata = fieldsOf(template.metadata);
  return {
    ...template,
    metadata: { ...metadata, labels: without(fieldsOf(metadata.labels), "controller-uid", "job-name") },
  };
}

/** Streams that a Deployment follows by the annotation `image.openshift.io/triggers`. */
function followedStreams(migration: Migration, project: string, manifest: Manifest) {
  const following = new Map<string, ResolvedImage>();
  const notes: Conversion["notes"][number][] = [];
  const text = textOf(annotationsOf(manifest)["image.openshift.io/triggers"]);
  if (text === "") return { following, notes };
  let triggers: unknown;
  try {
    triggers = JSON.parse(text);
  } catch {
    notes.push(task("The annotation image.openshift.io/triggers is no JSON; the images stay as they are."));
  }
  for (const trigger of recordsOf(triggers)) {
    const from = fieldsOf(trigger.from);
    const [, container] = /containers\[\?\(@\.name==\\?"([^"\\]+)\\?"\)\]/.exec(textOf(trigger.fieldPath)) ?? [];
    const stream = textOf(from.name);
    const resolved = resolveStreamTag(migration, textOf(from.namespace) || project, stream);
    if (container !== undefined && resolved !== undefined) following.set(container, resolved);
    notes.push(task(followsNoMore(stream, container)));
  }
  return { following, notes };
}
