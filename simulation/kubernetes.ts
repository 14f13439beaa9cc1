/** Kubernetes objects, all alike: what is asked for is there afterwards, with the metadata an API server adds. */
import { idOf } from "./identity";
import { type Created, type Creation, type ResourceType } from "./resourceType";
import type { Properties } from "./values";

/**
 * Kinds of Kubernetes objects share their behaviour; their inputs are checked by the SDK's types and, in the lab, by a
 * real API server.
 */
export function kubernetesType(type: string): Pick<ResourceType, "create" | "replaces"> {
  return type === "kubernetes:helm.sh/v3:Release"
    ? { create: createRelease, replaces: new Set(["name", "namespace"]) }
    : { create: createObject, replaces: identity };
}

/** Changing these means another object. */
const identity = new Set(["apiVersion", "kind", "metadata.name", "metadata.namespace"]);

function createObject({ identity, name, inputs }: Creation): Created {
  const metadata = (inputs.metadata ?? {}) as Properties;
  const objectName =
    (metadata.name as string | undefined) ??
    `${(metadata.generateName as string | undefined) ?? `${name}-`}${suffix(identity)}`;
  const namespace = metadata.namespace as string | undefined;
  return {
    id: namespace === undefined ? objectName : `${namespace}/${objectName}`,
    outputs: { metadata: { ...metadata, name: objectName, uid: idOf(`uid ${identity}`), generation: 1 } },
  };
}

function createRelease({ identity, name, inputs }: Creation): Created {
  const release = (inputs.name as string | undefined) ?? `${name}-${suffix(identity)}`;
  const namespace = (inputs.namespace as string | undefined) ?? "default";
  const status = {
    name: release,
    namespace,
    revision: 1,
    status: "deployed",
    chart: inputs.chart,
    version: inputs.version,
  };
  return { id: `${namespace}/${release}`, outputs: { name: release, namespace, status } };
}

/** What an API server appends to a generated name: here the same in every run. */
function suffix(identity: string): string {
  return idOf(`suffix ${identity}`).slice(0, 8);
}
