/** Configurations for the platform's tests. */
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { parseClusterConfig } from "../../src/config/parse";
import { newAgeKeys } from "../../lab/ageKeys";
import { minimalStack } from "../fixtures/minimalStack";

/** The minimal stack, called dev, with `values` on top. */
export function configWith(values: Readonly<Record<string, unknown>> = {}): ClusterConfig {
  return parseClusterConfig({ ...minimalStack, ...values }, "dev");
}

export const cloudProvider = { authUrl: "https://keystone.example.org:5000/v3", region: "RegionOne" };
export const openstackCredential = { id: "6f1c2d3e", secret: "application-secret" };
export const flux = { url: "https://git.example.org/platform/cluster.git" };
/** The key of nothing. */
export const ageKey = newAgeKeys().secret;
