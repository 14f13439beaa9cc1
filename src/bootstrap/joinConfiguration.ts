/** kubeadm's JoinConfiguration (v1beta4), for workers and for all control-plane machines but the one that inits. */
import { X509Certificate, createHash } from "node:crypto";
import { apiServerPort, type ClusterConfig } from "../config/clusterConfig";
import { endpointAddress } from "./apiServerAddress";
import { kubeadmPatches, kubeadmTimeouts } from "./kubeadmCommon";
import { nodeIpPlaceholder } from "./machineFile";
import { controlPlaneRegistration, workerRegistration, type PoolSettings } from "./nodeRegistration";

/** What a machine needs to trust the API and to be let in. */
export interface JoinCredentials {
  readonly endpointHost: string;
  readonly bootstrapToken: string;
  /** As `caCertificateHash` yields it. */
  readonly caCertHash: string;
}

/**
 * kubeadm's pin of a CA: SHA-256 of its public key (SubjectPublicKeyInfo, DER). Throws when the PEM is not a
 * certificate.
 */
export function caCertificateHash(certificatePem: string): string {
  const publicKey = new X509Certificate(certificatePem).publicKey.export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(publicKey).digest("hex")}`;
}

export function renderWorkerJoinConfiguration(
  config: ClusterConfig,
  pool: PoolSettings,
  credentials: JoinCredentials,
): object {
  return { ...header, discovery: discovery(config, credentials), nodeRegistration: workerRegistration(config, pool) };
}

/** The CAs lie on the machine already: there is no certificate key, and nothing is downloaded from a Secret. */
export function renderControlPlaneJoinConfiguration(config: ClusterConfig, credentials: JoinCredentials): object {
  return {
    ...header,
    controlPlane: { localAPIEndpoint: { advertiseAddress: nodeIpPlaceholder, bindPort: apiServerPort(config) } },
    discovery: discovery(config, credentials),
    nodeRegistration: controlPlaneRegistration(config),
    ...kubeadmPatches(config),
    timeouts: kubeadmTimeouts,
  };
}

const header = { apiVersion: "kubeadm.k8s.io/v1beta4", kind: "JoinConfiguration" };

function discovery(config: ClusterConfig, credentials: JoinCredentials): object {
  return {
    bootstrapToken: {
      apiServerEndpoint: endpointAddress(config, credentials.endpointHost),
      token: credentials.bootstrapToken,
      caCertHashes: [credentials.caCertHash],
    },
  };
}
