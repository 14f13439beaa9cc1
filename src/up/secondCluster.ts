/**
 * What keeps the first control-plane machine, the only one that may start a cluster, from starting a second one
 * (docs/decisions/0009). The machine itself asks endpoint and peers at its boot, but cannot tell peers that are off
 * from peers that never were. OpenStack can.
 */
import { counted } from "../config/counted";
import { X509Certificate } from "node:crypto";
import { ApiNotReadyError, waitForApi } from "./apiGate";
import { type ClusterMachine, notRunning } from "../openstack/machines";
import type { KubernetesRequest } from "../kubernetes/client";
import { type Clock, realClock } from "../engine/waiting";

export interface FirstMachineInput {
  /** Name of the machine that is about to be created. */
  readonly machine: string;
  /** For messages: https://host:port. */
  readonly url: string;
  readonly clusterCaCertificatePem: string;
  readonly request: KubernetesRequest;
  /** The cluster's other control-plane machines that OpenStack has. */
  readonly peers: () => Promise<readonly ClusterMachine[]>;
  /** How long the cluster may take to answer. */
  readonly timeoutMinutes: number;
  /** The operator's word that a new cluster is meant. */
  readonly allowed: boolean;
  readonly progress: (message: string) => void;
  readonly warn: (message: string) => void;
  readonly clock?: Clock;
}

/** Set to `allow` for one run. */
const newClusterVariable = "OPENSTACK_KUBERNETES_NEW_CLUSTER";

/** Whether the operator says so for this run. */
export function isNewClusterAllowed(): boolean {
  return process.env[newClusterVariable] === "allow";
}

/** What such a run says at its end: the gate of the whole cluster waits until the data are there. */
export const begunAnew =
  "A new cluster has begun; `up` waited for the machines of this run only. Restore a backup if there is one (docs/runbooks/control-plane-lost.md), then run `pulumi up` again.";

/**
 * Age of the cluster CA in milliseconds from which a cluster may exist. As in control-plane.sh: the CA is made in the
 * first `up`, and a repeated first `up` of the same hour is not asked.
 */
const oldEnough = 3_600_000;

/**
 * Resolves when the machine may be created: it will join, or there is nothing that it could part from. Throws a
 * sentence when there may be.
 */
export async function assertNoSecondCluster(input: FirstMachineInput): Promise<void> {
  const clock = input.clock ?? realClock;
  const made = new Date(new X509Certificate(input.clusterCaCertificatePem).validFrom);
  if (clock.now() - made.getTime() < oldEnough) return;
  const since = made.toISOString().slice(0, 10);
  const peers = await input.peers();
  if (peers.length === 0) {
    input.warn(
      `${input.machine} is created, and OpenStack has no other control-plane machine of the cluster: unless ${input.url} answers, it begins a new, empty cluster${input.allowed ? "" : ` after about ten minutes, or at once with ${newClusterVariable}=allow`}. For the data of an earlier one, see docs/runbooks/control-plane-lost.md.`,
    );
    return;
  }
  const others = peers.map(({ name, status }) => `${name} (${status})`).join(", ");
  const begins = `${newClusterVariable} is set: unless ${input.url} answers, ${input.machine} begins a new cluster, although there are ${others}.`;
  const names = peers.map(({ name }) => name);
  if (input.allowed && notRunning(names, peers).length === names.length) {
    input.warn(begins);
    return;
  }
  try {
    const { url, request, timeoutMinutes, progress } = input;
    // What is wrong with the others, the message below tells.
    const silent = { consoles: () => Promise.resolve(new Map()), notRunning: () => Promise.resolve([]) };
    await waitForApi({ url, request, timeoutMinutes, progress, clock, ...silent });
  } catch (error) {
    if (!(error instanceof ApiNotReadyError)) throw error;
    // The machine itself looks for a few seconds only (files/control-plane.sh): what runs has had its time here.
    if (input.allowed) {
      input.warn(begins);
      return;
    }
    throw new Error(
      `${input.machine} is not created: the cluster, whose CA is of ${since}, does not answer at ${input.url} after ${counted(input.timeoutMinutes, "minute")}, though its other control-plane machines exist: ${others}. The new machine would find nobody and begin a second cluster. ` +
        `Start the others, or see to them (docs/runbooks/quorum-lost.md), and run \`pulumi up\` again. If a new cluster is meant, or there never was one: ${newClusterVariable}=allow pulumi up.`,
    );
  }
}
