/** User data of workers. */
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineTemplate } from "../machines/planMachines";
import type { UserData, WorkerFacts } from "./inputs";
import { caCertificateHash, renderWorkerJoinConfiguration, type JoinCredentials } from "./joinConfiguration";
import { binDirectory, etcDirectory, scriptFile, yamlFile } from "./machineFile";
import { nodeFiles } from "./nodeFiles";
import { packUserData, startBootstrap, type Content } from "./userData";

/** What a node pool is to its machines; plain values of src/machines. */
type WorkerTemplate = Pick<MachineTemplate, "pool" | "labels" | "taints" | "volumes">;

/**
 * The same document for every machine of the pool. Of all keys it holds the bootstrap token only.
 * Throws UserDataTooLargeError when Nova would refuse it.
 */
export function renderWorkerUserData(config: ClusterConfig, template: WorkerTemplate, facts: WorkerFacts): UserData {
  const content = workerContent(config, template, {
    endpointHost: facts.endpointHost,
    bootstrapToken: facts.bootstrapToken,
    caCertHash: caCertificateHash(facts.clusterCaCertificatePem),
  });
  return packUserData(config, `node pool ${template.pool}`, content);
}

/** What a worker is given, from plain join credentials. */
export function workerContent(config: ClusterConfig, template: WorkerTemplate, credentials: JoinCredentials): Content {
  return {
    files: [
      ...nodeFiles(config, "worker", credentials.endpointHost, template),
      scriptFile("join-worker.sh", `${binDirectory}/become-node.sh`),
      yamlFile(`${etcDirectory}/join.yaml`, [renderWorkerJoinConfiguration(config, template, credentials)]),
    ],
    commands: startBootstrap,
  };
}
