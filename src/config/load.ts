/** The configuration of the stack that Pulumi runs. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "./clusterConfig";
import { ConfigError } from "./configError";
import { parseClusterConfig } from "./parse";
import { plainSecrets } from "./plainSecrets";
import { sopsKeyProblems, type SopsRule, sopsRules } from "./sopsRules";
import { ownKeys } from "./stackFile";
import { configWarnings } from "./warnings";

/** The SDK has this function but leaves it out of its declarations. */
const runtime = pulumi.runtime as typeof pulumi.runtime & { isConfigSecret: (key: string) => boolean };

const sopsFile = join(__dirname, "../../gitops/.sops.yaml");

/** Of this checkout, as they are committed beside the Secrets; none where it is without gitops/. */
const committedRules = (file: string): readonly SopsRule[] =>
  existsSync(file) ? sopsRules(readFileSync(file, "utf8")) : [];

interface LoadedConfiguration {
  readonly config: ClusterConfig;
  /** Top-level keys that hold a value which Pulumi encrypts. */
  readonly secretKeys: ReadonlySet<string>;
}

/**
 * Reads the keys of the project's namespace; keys of other namespaces (openstack:, pulumi: ...) are their providers'
 * business. Throws pulumi.RunError, which Pulumi prints without a stack trace, when the configuration cannot be used.
 */
export function loadClusterConfig(rulesFile = sopsFile): LoadedConfiguration {
  const project = pulumi.getProject();
  const values = ownKeys(runtime.allConfig(), project);
  const secretKeys = new Set(Object.keys(values).filter((key) => runtime.isConfigSecret(`${project}:${key}`)));
  try {
    const plain = Object.fromEntries(Object.entries(values).filter(([key]) => !secretKeys.has(key)));
    // The simulation hands over text without a word on what is secret; the stack file has told it already.
    const problems = pulumi.runtime.hasEngine() ? plainSecrets(plain) : [];
    const config = parseClusterConfig(values, pulumi.getStack(), { secretKeys, problems });
    const { sopsAgeKey } = config.credentials ?? {};
    const sopsProblems =
      sopsAgeKey === undefined ? [] : sopsKeyProblems(config.stack, sopsAgeKey, committedRules(rulesFile));
    if (sopsProblems.length > 0) throw new ConfigError(`stack ${config.stack}`, sopsProblems);
    // Without an engine the offline preview shows them itself.
    if (pulumi.runtime.hasEngine())
      for (const warning of configWarnings(config, new Date())) void pulumi.log.warn(warning);
    return { config, secretKeys };
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}
