import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";
import { OpenstackApi } from "./openstackApi";
import { findOpenstackCloud } from "./openstackCloud";
import { checkPreflight, preflightMessage } from "./preflight/check";
import { gatherFacts } from "./preflight/gather";

/**
 * Asks OpenStack, read-only, whether it can give what the configuration asks for, in previews as well as before an `up` creates anything.
 * Throws pulumi.RunError with all problems, one sentence each; what could not be checked is logged. Does nothing in the simulation, which has no engine.
 */
export async function assertPreflight(config: ClusterConfig): Promise<void> {
  if (!pulumi.runtime.hasEngine()) return;
  const { problems, notes } = checkPreflight(config, await gatherFacts(await logIn(), config));
  await Promise.all(notes.map((sentence) => pulumi.log.warn(sentence)));
  if (problems.length > 0) throw new pulumi.RunError(preflightMessage(problems));
}

async function logIn(): Promise<OpenstackApi> {
  const provider = new pulumi.Config("openstack");
  try {
    return await OpenstackApi.login(findOpenstackCloud((key) => provider.get(key), process.env));
  } catch (error) {
    throw error instanceof Error ? new pulumi.RunError(`${error.message}.`) : error;
  }
}
