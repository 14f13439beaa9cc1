/** What the simulated monitor can do, as an answer to both questions that SDKs ask. */
import * as protocol from "@pulumi/pulumi/proto/resource_pb";

/** Transforms are left out: the engine would call them back over a network. */
const features = [
  "SECRETS",
  "RESOURCE_REFERENCES",
  "OUTPUT_VALUES",
  "ALIAS_SPECS",
  "DELETED_WITH",
  "REPLACE_WITH",
  "PARAMETERIZATION",
  "RESOURCE_HOOKS",
  "ERROR_HOOKS",
] as const;

/** The question of SDKs up to 3.248, one per feature: `id` is its name in camel case, for instance "deletedWith". */
export function supportsFeature(id: string): boolean {
  const name = id.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  return features.some((feature) => feature === name);
}

/** The question of newer SDKs, which fail without an answer. */
export function supportedFeatures(): protocol.ResourceMonitorFeature[] {
  return features.map((feature) => protocol.ResourceMonitorFeature[`RESOURCE_MONITOR_FEATURE_${feature}`]);
}
