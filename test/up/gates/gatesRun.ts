import type { KubernetesAccess } from "../../../src/kubernetes/client";

/** What a test says of the run, as JSON in the variable GATES. */
export interface GatesRun {
  readonly access: KubernetesAccess;
  /** Minutes that the API, and then the cluster, may take. */
  readonly limit: number;
  /** Minutes that a drain may take. */
  readonly drainLimit: number;
  /** @default "a" */
  readonly flavor?: string;
  /** Adds a security group, whose creation and change the repairs precede. */
  readonly securityGroup?: { readonly description: string };
  /** Asks OpenStack first whether it has what the minimal stack needs. */
  readonly preflight?: boolean;
}
