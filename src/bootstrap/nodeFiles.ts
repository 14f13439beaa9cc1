/** What machines of both roles get. */
import type { ClusterConfig } from "../config/clusterConfig";
import { operatingSystem } from "../config/operatingSystems";
import type { MachineTemplate } from "../machines/planMachines";
import type { NodeRole } from "../machines/roles";
import { bootstrapEnvironmentFile } from "./bootstrapEnvironment";
import { chronyFiles } from "./chronyConfig";
import { crictlFile } from "./containerdConfig";
import { filesInPlace, filesSecretName } from "./filesInPlace";
import type { MachineFile } from "./inputs";
import { scriptFile, textFile } from "./machineFile";
import { kernelFiles } from "./kernelSettings";
import { metadataFilterFile } from "./metadataFilter";
import { kubernetesFiles } from "./kubernetesVersion";
import { proxyFiles } from "./proxyEnvironment";
import { agentUnit, bootstrapUnit, metadataUnit } from "./systemdUnits";
import { trustStoreFiles } from "./trustStore";
import { volumeFiles } from "./volumes";

const scripts = ["bootstrap.sh", "prepare-host.sh", "start-runtime.sh", "close-metadata.sh", "start-agent.sh"];

export function nodeFiles(
  config: ClusterConfig,
  role: NodeRole,
  endpointHost: string,
  { pool, volumes }: Pick<MachineTemplate, "pool" | "volumes">,
): MachineFile[] {
  const volumeTable = volumeFiles(volumes);
  return [
    bootstrapEnvironmentFile(config, role, endpointHost),
    bootstrapUnit(),
    metadataUnit(),
    metadataFilterFile(config),
    agentUnit(config, filesSecretName(pool)),
    ...scripts.map((name) => scriptFile(name)),
    ...kernelFiles(),
    ...filesInPlace(config, role),
    crictlFile(),
    ...kubernetesFiles(config, role).filter(({ change }) => change === undefined),
    ...proxyFiles(config, endpointHost),
    ...chronyFiles(config),
    ...trustStoreFiles(config, role).filter(({ change }) => change === undefined),
    ...(volumeTable.length === 0 ? [] : [scriptFile("mount-volumes.sh"), ...volumeTable]),
    ...networkManagerFiles(config),
  ];
}

/** NetworkManager would take the interfaces of Calico under its care and drop their routes. */
function networkManagerFiles(config: ClusterConfig): MachineFile[] {
  if (!operatingSystem(config).networkManager || config.cni.kind !== "calico") return [];
  const interfaces = ["cali*", "tunl*", "vxlan.calico"].map((name) => `interface-name:${name}`).join(";");
  return [textFile("/etc/NetworkManager/conf.d/calico.conf", `[keyfile]\nunmanaged-devices=${interfaces}\n`)];
}
