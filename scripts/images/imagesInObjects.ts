/** The images that objects of Kubernetes name. */
import { formatReference, parseReference } from "./imageReference";

export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly [key: string]: unknown;
}

/** A name with its registry and a tag or digest, within an argument or an environment variable. */
const whole = /(?:^|=)((?:[a-z0-9-]+\.)+[a-z0-9-]+(?::\d+)?(?:\/[\w.-]+)+:\w[\w.-]*(?:@sha256:[0-9a-f]{64})?)$/;
/** `image: name` of a YAML text and `image = "name"` of a TOML text. */
const assigned = /^\s*[\w.]*[iI]mage["']?\s*[:=]\s*["']?([^\s"']+)["']?\s*$/gm;

/**
 * Whole names of all images that the objects name, without repetition: containers of pods and of pods' templates,
 * fields of custom resources called `image`, and what controllers learn by arguments, environment and configuration and
 * then start themselves. Not those that a controller has built in: startedImages.ts.
 */
export function imagesInObjects(objects: readonly KubernetesObject[]): string[] {
  const found = new Set<string>();
  const add = (text: string) => {
    const reference = parseReference(text);
    if (reference !== undefined) found.add(formatReference(reference));
  };
  // The schemas of kinds have fields of all names.
  for (const object of objects) if (object.kind !== "CustomResourceDefinition") collect(object, object.kind, add);
  return [...found].sort();
}

function collect(value: unknown, key: string | undefined, add: (text: string) => void): void {
  if (Array.isArray(value)) {
    for (const item of value)
      if (typeof item === "string") {
        const name = whole.exec(item)?.[1];
        if ((key === "args" || key === "command") && name !== undefined) add(name);
      } else collect(item, key, add);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [name, item] of Object.entries(value)) {
    if (typeof item !== "string") collect(item, name, add);
    else if (/^image$|Image$/.test(name)) add(item);
    else if (name === "value" && whole.test(item)) add(item);
    else if (key === "data") for (const [, image = ""] of item.matchAll(assigned)) add(image);
  }
}
