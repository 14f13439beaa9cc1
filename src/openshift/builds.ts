/** Builds and image streams: nothing in the cluster takes their place, so each is a plan in words. */
import { counted } from "../config/counted";
import { type Conversion, remark, task } from "./conversion";
import { type Fields, fieldsOf, itemsOf, type Manifest, recordsOf, textOf } from "./manifest";
import { resolveStreamTag } from "./images";
import type { Migration } from "./target";

export function convertBuildConfig(manifest: Manifest): Conversion {
  const { source, strategy, output, triggers, postCommit } = fieldsOf(manifest.spec);
  const { git, contextDir, dockerfile, binary, images, sourceSecret } = fieldsOf(source);
  const { uri, ref } = fieldsOf(git);
  const to = textOf(fieldsOf(fieldsOf(output).to).name);
  const where =
    uri === undefined
      ? binary === undefined
        ? "a Dockerfile in the BuildConfig"
        : "files sent by oc start-build"
      : `${textOf(uri)}${ref === undefined ? "" : ` (${textOf(ref)})`}${contextDir === undefined ? "" : `, folder ${textOf(contextDir)}`}`;
  return {
    outcome: "decide",
    notes: [
      task(
        `Built ${to || "an image"} from ${where}; write a GitLab job that builds and pushes it (docs/how-to/run-gitlab-jobs.md).`,
      ),
      strategyTask(fieldsOf(strategy)),
      ...(dockerfile === undefined
        ? []
        : [
            task(
              `Its Dockerfile is in the export: ${counted(textOf(dockerfile).split("\n").length, "line")} of spec.source.dockerfile.`,
            ),
          ]),
      ...(sourceSecret === undefined
        ? []
        : [
            task(
              `It read the source with Secret ${textOf(fieldsOf(sourceSecret).name)}; GitLab's job token does that.`,
            ),
          ]),
      ...recordsOf(images).map(({ from }) =>
        task(`It copied files out of ${textOf(fieldsOf(from).name)}; use a stage of the Dockerfile.`),
      ),
      ...(postCommit === undefined || Object.keys(fieldsOf(postCommit)).length === 0
        ? []
        : [task(`After each build it ran ${JSON.stringify(postCommit)}; make it a job of the pipeline.`)]),
      ...recordsOf(triggers).map(({ type }) => remark(`The trigger ${textOf(type)} is the pipeline's own.`)),
    ],
    objects: [],
  };
}

function strategyTask(strategy: Fields): Conversion["notes"][number] {
  const { type, sourceStrategy, dockerStrategy, jenkinsPipelineStrategy, customStrategy } = strategy;
  const kind = textOf(type) || Object.keys(strategy)[0] || "unknown";
  const builder = textOf(fieldsOf(fieldsOf(sourceStrategy ?? customStrategy).from).name);
  const environment = recordsOf(fieldsOf(sourceStrategy ?? dockerStrategy).env).map(({ name }) => textOf(name));
  const variables = environment.length === 0 ? "" : ` Its variables: ${environment.join(", ")}.`;
  if (sourceStrategy !== undefined)
    return task(`Source-to-image with the builder ${builder}: write a Dockerfile that starts from it.${variables}`);
  if (jenkinsPipelineStrategy !== undefined) return task("A Jenkins pipeline: translate it to .gitlab-ci.yml.");
  if (customStrategy !== undefined) return task(`A builder of its own, ${builder}: run it in a job.`);
  return task(
    `Strategy ${kind}: its Dockerfile is ${textOf(fieldsOf(dockerStrategy).dockerfilePath) || "Dockerfile"}.${variables}`,
  );
}

export function convertImageStream(migration: Migration, project: string, manifest: Manifest): Conversion {
  const spec = fieldsOf(manifest.spec);
  const status = fieldsOf(manifest.status);
  const tags = [
    ...new Set([
      ...recordsOf(spec.tags).map(({ name }) => textOf(name)),
      ...recordsOf(status.tags).map(({ tag }) => textOf(tag)),
    ]),
  ];
  const resolved = tags.map((tag) => ({
    tag,
    image: resolveStreamTag(migration, project, `${manifest.metadata.name}:${tag}`),
  }));
  return {
    outcome: "converted",
    notes: [
      ...resolved.map(({ tag, image }) =>
        remark(
          image?.copy === undefined
            ? `${tag} is ${image?.reference ?? "unknown"}, which another registry has.`
            : `${tag} is copied to ${image.copy.to} (images.txt).`,
        ),
      ),
      ...recordsOf(spec.tags)
        .filter(({ importPolicy }) => fieldsOf(importPolicy).scheduled === true)
        .map(({ name }) =>
          task(`${textOf(name)} was imported again and again; let Renovate or the pipeline bring new versions.`),
        ),
      ...(fieldsOf(spec.lookupPolicy).local === true
        ? [task("Pods of the project named it without a registry (lookupPolicy); write the new reference into them.")]
        : []),
      ...(tags.length === 0 ? [remark("It has no tag, so there is nothing to copy.")] : []),
      ...itemsOf(spec.dockerImageRepository === undefined ? [] : [spec.dockerImageRepository]).map((repository) =>
        task(`It followed the repository ${textOf(repository)}; name its images in the workloads.`),
      ),
    ],
    objects: [],
  };
}
