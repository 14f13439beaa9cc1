/** Digests of what machines are born with, to tell those born with an older template. */
import { createHash } from "node:crypto";
import type { ClusterConfig, NodePoolConfig } from "../config/clusterConfig";
import { bastionFiles } from "./bastion";
import { controlPlaneFiles } from "./controlPlane";
import type { MachineFile } from "./inputs";
import { workerFiles } from "./worker";

/** Stand in for facts and secrets: a renewed token or another number of peers is no other template. */
const labels = { endpointHost: "ENDPOINT_HOST", bootstrapToken: "BOOTSTRAP_TOKEN", caCertHash: "CA_CERT_HASH" };
const authority = { certificatePem: "CERTIFICATE", privateKeyPem: "PRIVATE_KEY" };

/**
 * Template of the control plane: documents, image, volumes and zones. `replicas` is no part of it, nor the flavor,
 * which `up` changes in place.
 */
export function controlPlaneTemplateDigest(config: ClusterConfig): string {
  const { image, availabilityZones, bootVolume, etcdVolume, serverGroupPolicy } = config.controlPlane;
  const files = controlPlaneFiles(
    config,
    { endpointHost: labels.endpointHost, certSans: [], peers: [{ name: "PEER", address: "PEER_ADDRESS" }] },
    {
      clusterCa: authority,
      etcdCa: authority,
      frontProxyCa: authority,
      serviceAccount: { publicKeyPem: "PUBLIC_KEY", privateKeyPem: "PRIVATE_KEY" },
      encryptionKey: "ENCRYPTION_KEY",
      bootstrapToken: labels.bootstrapToken,
    },
    labels.caCertHash,
  );
  return digest(config, files, {
    image: image ?? config.image,
    availabilityZones,
    bootVolume,
    etcdVolume,
    serverGroupPolicy,
  });
}

/**
 * Template of a pool. Its `count`, and labels and taints, which `up` reconciles on the nodes themselves, are no part of
 * it.
 */
export function poolTemplateDigest(config: ClusterConfig, pool: NodePoolConfig): string {
  const { flavor, image, availabilityZones, bootVolume, volumes, networks, serverGroupPolicy } = pool;
  const files = workerFiles(config, { ...pool, labels: {}, taints: [] }, authority.certificatePem, labels);
  return digest(config, files, {
    flavor,
    image: image ?? config.image,
    availabilityZones,
    bootVolume,
    volumes,
    networks,
    serverGroupPolicy,
  });
}

/** Template of the bastion. Throws when the configuration has none. */
export function bastionTemplateDigest(config: ClusterConfig): string {
  if (config.ssh.bastion === undefined) throw new Error("ssh.bastion is not set: there is no template of a bastion.");
  const { flavor, image } = config.ssh.bastion;
  return digest(config, bastionFiles(config), { flavor, image: image ?? config.image });
}

/** The first 12 hexadecimal digits of a SHA-256 over values with sorted keys. */
function digest(config: ClusterConfig, files: readonly MachineFile[], machine: object): string {
  const text = canonical({ files, machine, authorizedKeys: config.ssh.authorizedKeys });
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** JSON with the keys of every object in order, so that the order in which somebody wrote a file means nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
