/** What the renderers need beside the configuration and the keys (src/pki/secrets.ts): plain values only. */

export interface ControlPlaneFacts {
  /** Host that the nodes use to reach the API (the private address of the endpoint, never its floating IP). */
  readonly endpointHost: string;
  /** Extra names and addresses for the API server's certificate, the floating IP for instance. */
  readonly certSans: readonly string[];
  /** All control-plane machines with their addresses, by index; the first is the only one that may init. */
  readonly peers: readonly { readonly name: string; readonly address: string }[];
}

export interface WorkerFacts {
  readonly endpointHost: string;
  readonly clusterCaCertificatePem: string;
  readonly bootstrapToken: string;
}

/** A file that cloud-init lays on the machine. */
export interface MachineFile {
  readonly path: string;
  /** Octal, for instance "0600". */
  readonly permissions: string;
  readonly content: string;
}

export interface UserData {
  /** As sent to Nova: base64 of the gzipped cloud-config. */
  readonly encoded: string;
  /** The cloud-config document (YAML), for inspection; it holds whatever secrets the role holds. */
  readonly cloudConfig: string;
  /** The files within it, unpacked. */
  readonly files: readonly MachineFile[];
}
