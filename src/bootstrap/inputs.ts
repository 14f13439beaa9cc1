/** What the renderers need beside the configuration and the keys (src/pki/secrets.ts): plain values only. */

export interface ControlPlaneFacts {
  /** Host that the nodes use to reach the API (the private address of the endpoint, never its floating IP). */
  readonly endpointHost: string;
  /** Extra names and addresses for the API server's certificate, the floating IP for instance. */
  readonly certSans: readonly string[];
  /** All control-plane machines with their addresses, by index; the first is the only one that may init. */
  readonly peers: readonly { readonly name: string; readonly address: string }[];
  /**
   * Seconds since 1970: until then the first machine begins a cluster as soon as nobody answers, whatever the age of
   * the CA. Present where the operator says that a new cluster is meant.
   */
  readonly newClusterUntil?: number;
}

export interface WorkerFacts {
  readonly endpointHost: string;
  readonly clusterCaCertificatePem: string;
  readonly bootstrapToken: string;
}

/**
 * What another content of a file asks of a machine that runs. `nothing`: whoever reads the file does so anew each time.
 * `containerd`: a restart of containerd, which no container notices. `trust`: the machine's trust store is written
 * again, and containerd restarted. `kubelet`: a restart of the kubelet, which no container notices. `authentication`:
 * the API server reads it by itself, and may refuse it. `apiServer`: another static pod of the API server. `timer`:
 * systemd reads its units again and starts those that are timers. `kubernetes`: other packages, kubeadm's upgrade, and
 * a restart of the kubelet, mostly without pods on the node. files/agent.py does it.
 */
export type FileChange =
  "nothing" | "containerd" | "trust" | "kubelet" | "authentication" | "apiServer" | "timer" | "kubernetes";

/** A file that cloud-init lays on the machine. */
export interface MachineFile {
  readonly path: string;
  /** Octal, for instance "0600". */
  readonly permissions: string;
  readonly content: string;
  /** Absent: a machine keeps the file that it was created with until it is replaced. */
  readonly change?: FileChange;
}

export interface UserData {
  /** As sent to Nova: base64 of the gzipped cloud-config. */
  readonly encoded: string;
  /** The cloud-config document (YAML), for inspection; it holds whatever secrets the role holds. */
  readonly cloudConfig: string;
  /** The files within it, unpacked. */
  readonly files: readonly MachineFile[];
}
