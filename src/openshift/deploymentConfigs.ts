/** A DeploymentConfig becomes a Deployment; its triggers and hooks are named, because nothing takes their place. */
import { cleanedMetadata } from "./cleaned";
import { type Conversion, remark, notCarried, task } from "./conversion";
import { resolveStreamTag, type ResolvedImage } from "./images";
import { defined, type Fields, fieldsOf, itemsOf, type Manifest, recordsOf, textOf, without } from "./manifest";
import { convertTemplate } from "./podTemplate";
import { followsNoMore, recreated } from "./rollouts";
import { type Migration, tenantOf } from "./target";

type Notes = Conversion["notes"];

export function convertDeploymentConfig(migration: Migration, project: string, manifest: Manifest): Conversion {
  const spec = fieldsOf(manifest.spec);
  const { replicas, selector, template, strategy, triggers, test, ...others } = spec;
  const { minReadySeconds, paused, revisionHistoryLimit, ...rest } = others;
  const followed = convertTriggers(migration, project, triggers);
  const converted = convertTemplate(migration, project, fieldsOf(template), followed.images);
  const rollout = convertStrategy(fieldsOf(strategy));
  const recreate = recreated(migration, project, { ...spec, strategy: rollout.fields.strategy });
  const labels = fieldsOf(fieldsOf(converted.template.metadata).labels);
  return {
    outcome: "converted",
    notes: [
      remark("DeploymentConfig becomes Deployment."),
      ...converted.notes,
      ...followed.notes,
      ...rollout.notes,
      ...(recreate === undefined ? [] : [remark(recreate)]),
      ...(test === true ? [task("spec.test kept its pods only during a rollout; scale it by hand.")] : []),
      ...notCarried("spec", rest),
    ],
    objects: [
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: cleanedMetadata(manifest, tenantOf(migration, project)),
        spec: defined({
          replicas: test === true ? 0 : (replicas ?? 1),
          selector: { matchLabels: selector === undefined ? labels : fieldsOf(selector) },
          minReadySeconds,
          paused,
          revisionHistoryLimit,
          ...rollout.fields,
          ...(recreate === undefined ? {} : { strategy: { type: "Recreate" } }),
          template: converted.template,
        }),
      },
    ],
  };
}

function convertTriggers(migration: Migration, project: string, triggers: unknown) {
  const images = new Map<string, ResolvedImage>();
  // Without the key OpenShift adds ConfigChange; an empty list means a rollout by hand.
  const all = triggers === undefined || triggers === null ? [{ type: "ConfigChange" }] : recordsOf(triggers);
  const notes: Notes = all.flatMap((trigger): Notes => {
    if (trigger.type === "ConfigChange") return [];
    if (trigger.type !== "ImageChange") return [task(`The trigger ${textOf(trigger.type)} is not carried over.`)];
    const { from, containerNames, automatic, ...rest } = fieldsOf(trigger.imageChangeParams);
    const { name, namespace } = fieldsOf(from);
    const resolved = resolveStreamTag(migration, textOf(namespace) || project, textOf(name));
    const containers = itemsOf(containerNames).map(textOf);
    if (resolved !== undefined) containers.forEach((container) => images.set(container, resolved));
    return [
      ...(automatic === true ? containers.map((container) => task(followsNoMore(textOf(name), container))) : []),
      ...(resolved === undefined
        ? [task(`The ImageStream of ${textOf(name)} is not in the export; look at the images.`)]
        : []),
      ...notCarried("spec.triggers.imageChangeParams", without(rest, "lastTriggeredImage")),
    ];
  });
  return {
    images,
    notes: [
      ...notes,
      ...(all.some(({ type }) => type === "ConfigChange")
        ? []
        : [task("It was rolled out by hand; a Deployment rolls out on every change of its pods, unless paused.")]),
    ],
  };
}

/** Seconds of `timeoutSeconds` that OpenShift writes where nobody set it; also the default of a Deployment. */
const usualTimeout = 600;

function convertStrategy(strategy: Fields): { readonly fields: Fields; readonly notes: Notes } {
  const { type = "Rolling", rollingParams, recreateParams, customParams, ...deployer } = strategy;
  const { resources, activeDeadlineSeconds, labels, annotations, ...rest } = deployer;
  const params = fieldsOf(type === "Recreate" ? recreateParams : rollingParams);
  const { maxSurge, maxUnavailable, timeoutSeconds, pre, mid, post, ...pace } = params;
  const isCustom = type === "Custom" || (customParams !== undefined && customParams !== null);
  const limits = defined({ maxSurge, maxUnavailable });
  return {
    fields: defined({
      strategy:
        type === "Recreate"
          ? { type: "Recreate" }
          : defined({ type: "RollingUpdate", rollingUpdate: Object.keys(limits).length > 0 ? limits : undefined }),
      progressDeadlineSeconds:
        timeoutSeconds === undefined || timeoutSeconds === usualTimeout ? undefined : timeoutSeconds,
    }),
    notes: [
      ...(isCustom ? [task(customSentence(fieldsOf(customParams)))] : []),
      ...Object.entries({ pre, mid, post }).flatMap(([moment, hook]) =>
        hook === undefined || hook === null ? [] : hookTasks(moment, fieldsOf(hook)),
      ),
      ...Object.entries(defined({ activeDeadlineSeconds, annotations, labels, resources })).flatMap(([key, value]) =>
        typeof value === "object" && Object.keys(fieldsOf(value)).length === 0
          ? []
          : [
              remark(
                `spec.strategy.${key} (${JSON.stringify(value)}) was for the pod that rolled out; a Deployment has none.`,
              ),
            ],
      ),
      ...notCarried("spec.strategy", rest),
      ...notCarried("spec.strategy.params", without(pace, "updatePeriodSeconds", "intervalSeconds")),
    ],
  };
}

function customSentence({ image, command, environment }: Fields): string {
  const variables = recordsOf(environment).map(({ name, value }) => `${textOf(name)}=${textOf(value)}`);
  const call = [...variables, ...itemsOf(command).map(textOf)].join(" ");
  return `The Custom strategy ran ${textOf(image) || "an image"} (${call}); a Deployment rolls by itself.`;
}

function hookTasks(moment: string, hook: Fields): Notes {
  const { failurePolicy, execNewPod, tagImages } = hook;
  const policy = textOf(failurePolicy) || "Ignore";
  const { command, containerName, env, volumes, ...rest } = fieldsOf(execNewPod);
  const extras = [
    ...recordsOf(env).map(
      ({ name, value }) => `variable ${textOf(name)}${value === undefined ? "" : `=${textOf(value)}`}`,
    ),
    ...itemsOf(volumes).map((volume) => `volume ${textOf(volume)}`),
  ];
  return [
    ...(execNewPod === undefined
      ? []
      : [
          task(
            `The ${moment} hook ran ${JSON.stringify(itemsOf(command).map(textOf).join(" "))} in a pod of container ${textOf(containerName)} (on failure: ${policy}${extras.length > 0 ? `; ${extras.join(", ")}` : ""}); make it a Job or a hook of the chart.`,
          ),
        ]),
    ...recordsOf(tagImages).map(({ to, containerName: container }) =>
      task(
        `The ${moment} hook tagged the image of ${textOf(container)} as ${textOf(fieldsOf(to).name)} (on failure: ${policy}); let the pipeline do it.`,
      ),
    ),
    ...notCarried(`spec.strategy.${moment}.execNewPod`, rest),
  ];
}
