/**
 * What the program plans for the machines of a stack, as plain values: names, addresses, MACs and the user data that it
 * renders.
 */
import type { ControlPlaneFacts, UserData } from "../../src/bootstrap/inputs";
import type { ControlPlaneSecrets } from "../../src/pki/secrets";
import { renderControlPlaneUserData } from "../../src/bootstrap/controlPlane";
import { renderWorkerUserData } from "../../src/bootstrap/worker";
import { nthAddress } from "../../src/config/cidr";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { controlPlaneGroup, poolGroups } from "../../src/machines/planMachines";
import type { NodeRole } from "../../src/machines/roles";
import { macOf } from "../../simulation/identity";

export interface PlannedMachine {
  readonly name: string;
  readonly role: NodeRole;
  /** IPv4 address within `network.cidr`. */
  readonly address: string;
  readonly mac: string;
  readonly userData: UserData;
}

export interface MachinesPlan {
  /** Router of the machines' subnet. */
  readonly gateway: string;
  /** Where nodes reach the API. */
  readonly endpointHost: string;
  readonly machines: readonly PlannedMachine[];
}

/**
 * Where in the subnet the lab's Neutron would begin to hand out addresses; below lie the gateway and the virtual IP.
 */
const firstControlPlaneAddress = 10;
const firstWorkerAddress = 100;

/**
 * Gives the planned nodes of a stack addresses and user data. Throws when the API endpoint is of a kind that machines
 * alone cannot hold.
 *
 * @param newCluster Whether the operator says that a new cluster is meant.
 */
export function placeMachines(
  config: ClusterConfig,
  secrets: ControlPlaneSecrets,
  newCluster: Pick<ControlPlaneFacts, "newClusterUntil"> = {},
): MachinesPlan {
  const { cidr } = config.network;
  const peers = controlPlaneGroup(config).machines.map(({ name, index }) => ({
    name,
    address: controlPlaneAddress(config, index),
  }));
  const endpointHost = heldEndpoint(config);
  const controlPlaneUserData = renderControlPlaneUserData(
    config,
    { endpointHost, certSans: config.kubernetes.certSans, peers, ...newCluster },
    secrets,
  );
  const controlPlane = peers.map(({ name, address }) => machine(name, "control-plane", address, controlPlaneUserData));
  const workers = poolGroups(config).flatMap(({ template, machines }) => {
    const facts = {
      endpointHost,
      clusterCaCertificatePem: secrets.clusterCa.certificatePem,
      bootstrapToken: secrets.bootstrapToken,
    };
    const userData = renderWorkerUserData(config, template, facts);
    return machines.map(({ name }) => ({ name, userData }));
  });
  return {
    gateway: nthAddress(cidr, 1),
    endpointHost,
    machines: [
      ...controlPlane,
      ...workers.map(({ name, userData }, index) =>
        machine(name, "worker", nthAddress(cidr, firstWorkerAddress + index), userData),
      ),
    ],
  };
}

/** Address of a control-plane machine, by its number from 0. */
export function controlPlaneAddress({ network }: Pick<ClusterConfig, "network">, index: number): string {
  return nthAddress(network.cidr, firstControlPlaneAddress + index);
}

/** The endpoint's address: the virtual IP, or that of the only control-plane machine. */
function heldEndpoint(config: ClusterConfig): string {
  const { apiEndpoint, controlPlane } = config;
  if (apiEndpoint.kind === "virtualIp" && apiEndpoint.address !== undefined) return apiEndpoint.address;
  const only = controlPlaneAddress(config, 0);
  if (apiEndpoint.kind === "external" && controlPlane.replicas === 1 && apiEndpoint.host === only) return only;
  throw new Error(
    `apiEndpoint must be of kind virtualIp with an address, or with one control-plane machine of kind external with host ${only}: the machines hold it themselves, as the lab has no load balancer.`,
  );
}

function machine(name: string, role: PlannedMachine["role"], address: string, userData: UserData): PlannedMachine {
  return { name, role, address, mac: macOf(name), userData };
}
