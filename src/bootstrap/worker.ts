/** User data of workers. */
import type { ClusterConfig, NodePoolConfig } from "../config/clusterConfig";
import type { MachineFile, UserData, WorkerFacts } from "./inputs";
import { caCertificateHash, renderWorkerJoinConfiguration, type JoinCredentials } from "./joinConfiguration";
import { binDirectory, etcDirectory, scriptFile, textFile, yamlFile } from "./machineFile";
import { nodeFiles } from "./nodeFiles";
import { packUserData, startBootstrap } from "./userData";

/**
 * The same document for every machine of the pool. Of all keys it holds the bootstrap token only.
 * Throws UserDataTooLargeError when Nova would refuse it.
 */
export function renderWorkerUserData(config: ClusterConfig, pool: NodePoolConfig, facts: WorkerFacts): UserData {
  const files = workerFiles(config, pool, facts.clusterCaCertificatePem, {
    endpointHost: facts.endpointHost,
    bootstrapToken: facts.bootstrapToken,
    caCertHash: caCertificateHash(facts.clusterCaCertificatePem),
  });
  return packUserData(config, `node pool ${pool.name}`, files, startBootstrap);
}

/** The files of a worker, from plain join credentials. */
export function workerFiles(
  config: ClusterConfig,
  pool: NodePoolConfig,
  clusterCaCertificatePem: string,
  credentials: JoinCredentials,
): MachineFile[] {
  return [
    ...nodeFiles(config, "worker", credentials.endpointHost, pool.volumes),
    scriptFile("join-worker.sh", `${binDirectory}/become-node.sh`),
    textFile(`${etcDirectory}/ca.crt`, clusterCaCertificatePem),
    yamlFile(`${etcDirectory}/join.yaml`, [renderWorkerJoinConfiguration(config, pool, credentials)]),
  ];
}
