/** The configuration of the stack that Pulumi runs. */
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "./clusterConfig";
import { ConfigError } from "./configError";
import { parseClusterConfig } from "./parse";
import { ownKeys } from "./stackFile";

/** The SDK has this function but leaves it out of its declarations. */
const runtime = pulumi.runtime as typeof pulumi.runtime & { isConfigSecret: (key: string) => boolean };

/**
 * Reads the keys of the project's namespace; keys of other namespaces (openstack:, pulumi: ...) are their providers' business.
 * Throws pulumi.RunError, which Pulumi prints without a stack trace, when the configuration cannot be used.
 */
export function loadClusterConfig(): ClusterConfig {
  const project = pulumi.getProject();
  const values = ownKeys(runtime.allConfig(), project);
  const secretKeys = new Set(Object.keys(values).filter((key) => runtime.isConfigSecret(`${project}:${key}`)));
  try {
    return parseClusterConfig(values, pulumi.getStack(), { secretKeys });
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}
