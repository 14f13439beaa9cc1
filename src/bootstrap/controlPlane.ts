/** User data of control-plane machines. */
import type { ClusterConfig } from "../config/clusterConfig";
import { controlPlaneGroup } from "../machines/planMachines";
import { renderClusterConfiguration } from "./clusterConfiguration";
import { renderEncryptionConfiguration } from "./encryptionConfiguration";
import { renderInitConfiguration } from "./initConfiguration";
import type { ControlPlaneFacts, MachineFile, UserData } from "./inputs";
import type { ControlPlaneSecrets } from "../pki/secrets";
import { caCertificateHash, renderControlPlaneJoinConfiguration } from "./joinConfiguration";
import { checkApiPath, keepalivedTemplatePath, renderKeepalivedConfig } from "./keepalivedConfig";
import { kubeadmPatchFiles } from "./kubeadmCommon";
import { renderKubeletConfiguration } from "./kubeletConfiguration";
import { apiServerDirectory, binDirectory, etcDirectory, scriptFile, textFile, yamlFile } from "./machineFile";
import { nodeFiles } from "./nodeFiles";
import { peersUnits, renewalUnits, snapshotUnits } from "./systemdUnits";
import { packUserData, startBootstrap, type Content } from "./userData";

/**
 * The same document for every control-plane machine: each finds itself by its name among the peers and decides at boot
 * whether it inits or joins. Throws UserDataTooLargeError when Nova would refuse it.
 */
export function renderControlPlaneUserData(
  config: ClusterConfig,
  facts: ControlPlaneFacts,
  secrets: ControlPlaneSecrets,
): UserData {
  const caCertHash = caCertificateHash(secrets.clusterCa.certificatePem);
  return packUserData(config, "the control plane", controlPlaneContent(config, facts, secrets, caCertHash));
}

/** Read by the machine that creates the cluster, and by none that joins one. */
export const initConfigurationPath = `${etcDirectory}/init.yaml`;

/** What a control-plane machine is given; `caCertHash` pins the cluster CA. */
export function controlPlaneContent(
  config: ClusterConfig,
  facts: ControlPlaneFacts,
  secrets: ControlPlaneSecrets,
  caCertHash: string,
): Content {
  return { files: controlPlaneFiles(config, facts, secrets, caCertHash), commands: startBootstrap };
}

function controlPlaneFiles(
  config: ClusterConfig,
  facts: ControlPlaneFacts,
  secrets: ControlPlaneSecrets,
  caCertHash: string,
): MachineFile[] {
  const { kubernetes } = config;
  const credentials = { endpointHost: facts.endpointHost, bootstrapToken: secrets.bootstrapToken, caCertHash };
  // What is alike stands together, and what is random last: user data packs smaller so.
  return [
    ...nodeFiles(config, "control-plane", facts.endpointHost, controlPlaneGroup(config).template),
    yamlFile(initConfigurationPath, [
      renderInitConfiguration(config, secrets.bootstrapToken),
      renderClusterConfiguration(config, facts),
      renderKubeletConfiguration(config),
    ]),
    yamlFile(`${etcDirectory}/join.yaml`, [renderControlPlaneJoinConfiguration(config, credentials)]),
    scriptFile("control-plane.sh", `${binDirectory}/become-node.sh`),
    scriptFile("renew-certificates.sh"),
    scriptFile("snapshot-etcd.sh"),
    ...renewalUnits(),
    ...snapshotUnits(kubernetes.etcd.snapshotIntervalHours),
    textFile(`${etcDirectory}/peers`, facts.peers.map(({ name, address }) => `${name} ${address}`).join("\n")),
    ...(facts.newClusterUntil === undefined
      ? []
      : [textFile(`${etcDirectory}/new-cluster-until`, String(facts.newClusterUntil))]),
    ...kubeadmPatchFiles(config),
    // It holds the key, so that no other machine may read it: it waits for `roll`.
    yamlFile(`${apiServerDirectory}/encryption.yaml`, [
      renderEncryptionConfiguration(kubernetes.encryptionAtRest, secrets.encryptionKey),
    ]),
    ...(config.apiEndpoint.kind === "virtualIp"
      ? [
          textFile(keepalivedTemplatePath, renderKeepalivedConfig(facts, config.apiEndpoint.virtualRouterId)),
          scriptFile("check-api.sh", checkApiPath),
          scriptFile("refresh-peers.sh"),
          ...peersUnits(),
        ]
      : []),
    ...certificateFiles(secrets),
  ];
}

/**
 * In the layout of /etc/kubernetes/pki, where the bootstrap copies them: kubeadm issues the leaves from them and
 * replaces none.
 */
function certificateFiles({ clusterCa, etcdCa, frontProxyCa, serviceAccount }: ControlPlaneSecrets): MachineFile[] {
  const directory = `${etcDirectory}/pki`;
  const cas = { ca: clusterCa, "etcd/ca": etcdCa, "front-proxy-ca": frontProxyCa };
  return [
    ...Object.entries(cas).flatMap(([name, ca]) => [
      textFile(`${directory}/${name}.crt`, ca.certificatePem),
      textFile(`${directory}/${name}.key`, ca.privateKeyPem, "0600"),
    ]),
    textFile(`${directory}/sa.pub`, serviceAccount.publicKeyPem),
    textFile(`${directory}/sa.key`, serviceAccount.privateKeyPem, "0600"),
  ];
}
