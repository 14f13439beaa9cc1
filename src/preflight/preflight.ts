import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";
import { OpenstackApi } from "../openstack/client";
import { clockDifference } from "../openstack/clock";
import { stackCloud } from "../openstack/login";
import { checkPreflight, preflightMessage } from "./checkPreflight";
import { joined, problem, type Findings } from "./findings";
import { gatherCloudFacts } from "./gatherCloudFacts";

/**
 * Set to `warn`, problems are warnings, for whoever knows better, and for `pulumi destroy --run-program`, which does
 * not tell a program that it destroys.
 */
const leniency = "OPENSTACK_KUBERNETES_PREFLIGHT";

/**
 * Asks OpenStack, read-only, whether it can give what the configuration asks for, in previews as well as before an `up`
 * creates anything. Throws pulumi.RunError with all problems, one sentence each; what could not be checked is logged.
 * Does nothing in the simulation, which has no engine.
 */
export async function assertPreflight(config: ClusterConfig): Promise<void> {
  if (!pulumi.runtime.hasEngine()) return;
  const { problems, notes } = await preflight(config);
  const lenient = process.env[leniency] === "warn";
  await Promise.all([...notes, ...(lenient ? problems : [])].map((sentence) => pulumi.log.warn(sentence)));
  if (problems.length === 0 || lenient) return;
  throw new pulumi.RunError(
    `${preflightMessage(problems)}\nTo go on regardless, for instance with a destroy, set ${leniency}=warn in the environment.`,
  );
}

/**
 * A cloud that nobody can or may log in to is one problem, and nothing is asked; settings that have no effect
 * are told in any case.
 */
async function preflight(config: ClusterConfig): Promise<Findings> {
  const notes: string[] = [];
  let api: OpenstackApi;
  try {
    const cloud = stackCloud();
    notes.push(...(cloud.notes ?? []));
    api = await OpenstackApi.login(cloud, config.allowPlainHttp);
  } catch (error) {
    if (error instanceof Error)
      return { problems: [`${error.message[0]?.toUpperCase() ?? ""}${error.message.slice(1)}.`], notes };
    throw error;
  }
  return joined([
    { problems: [], notes },
    checkClock(api.clockAhead),
    checkPreflight(config, await gatherCloudFacts(api, config)),
  ]);
}

/** Milliseconds. A bootstrap token lasts for hours; a certificate begins when it is made. */
const mostDifference = 5 * 60_000;

/** @param ahead Milliseconds by which this computer's clock is ahead of OpenStack's. */
export function checkClock(ahead: number): Findings {
  const difference = clockDifference(ahead, mostDifference);
  return difference === undefined
    ? joined([])
    : problem(`${difference}; set it, since the certificates and tokens of the cluster begin and end by it.`);
}
