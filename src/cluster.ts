import * as pulumi from "@pulumi/pulumi";
import { renderPoolFiles } from "./bootstrap/filesInPlace";
import { Bastion } from "./compute/bastion";
import { ControlPlane } from "./compute/controlPlane";
import { staleMachines } from "./compute/machine";
import { NodePool } from "./compute/nodePool";
import type { ClusterConfig } from "./config/clusterConfig";
import { bastionGroup, controlPlaneGroup, nodeGroups, poolGroups } from "./machines/planMachines";
import { ApiEndpoint } from "./network/apiEndpoint";
import { Network } from "./network/network";
import { SecurityGroups } from "./network/securityGroups";
import { beforeFirstMachine } from "./up/firstMachine";
import type { KubernetesAccess } from "./kubernetes/client";
import { warnOfLostMachines } from "./up/lostMachines";
import { isNewClusterAllowed } from "./up/secondCluster";
import { Readiness, type NodeOutput } from "./up/readiness";
import { Rolling } from "./up/rolling";
import { TouchedMachines } from "./up/touchedMachines";
import { refusesDestructiveSettings, warnOfIdleRoll } from "./up/watchedSettings";
import { renderAdminKubeconfig } from "./pki/kubeconfig";
import { Pki } from "./pki/pki";
import { Platform } from "./platform/platform";

/** The stack's outputs; docs/state.md says what each is for. Only the admin kubeconfig is secret. */
interface ClusterOutputs {
  /** Super-user credentials, secret: `pulumi stack output adminKubeconfig --show-secrets`. */
  readonly adminKubeconfig: pulumi.Output<string>;
  /** https://host:port that operators reach the API at; in an `up`, known once the API answers. */
  readonly apiEndpoint: pulumi.Output<string>;
  /** Where to jump from, where the cluster has a bastion. */
  readonly bastionAddress?: pulumi.Output<string>;
  /** End of validity of each certificate of the program, RFC 3339. */
  readonly certificateExpiry: pulumi.Output<Record<string, string>>;
  readonly clusterName: string;
  /** Machines that have not taken today's files yet: they do so when they are back, or wait for `roll`. */
  readonly convergingMachines: pulumi.Output<readonly string[]>;
  /** Digest of the files that `up` takes to machines that run, by role or pool. */
  readonly fileDigests: Readonly<Record<string, string>>;
  /** Version of the kubelet by node, as the cluster shows it after an `up`; in a preview what `up` brings about. */
  readonly kubernetesVersion: pulumi.Output<Readonly<Record<string, string>>>;
  /** Id of the machines' network, created or given. */
  readonly networkId: pulumi.Output<string>;
  /** Machines and their addresses, control plane first. */
  readonly nodes: pulumi.Output<readonly NodeOutput[]>;
  /** Ids by "node" (all machines of the cluster), "control-plane" and, where there is one, "bastion". */
  readonly securityGroupIds: Readonly<Record<string, pulumi.Output<string>>>;
  /** Machines created from another template than today's: what differs changes only when they are rolled. */
  readonly staleMachines: pulumi.Output<string[]>;
  /** Id of the machines' subnet, created or given. */
  readonly subnetId: pulumi.Output<string>;
  /** Digest of today's user-data template by role or pool. */
  readonly templateDigests: Readonly<Record<string, string>>;
}

/** One Kubernetes cluster on OpenStack: the only place that knows network, keys and machines at once. */
export class Cluster extends pulumi.ComponentResource {
  public readonly outputs: ClusterOutputs;

  /** @param configuration What the state keeps of it (config/recordedConfiguration), for the next preview. */
  constructor(
    config: ClusterConfig,
    configuration: Readonly<Record<string, unknown>>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const name = config.clusterName;
    const hooks = { beforeUpdate: [refusesDestructiveSettings(config)] };
    super("openstack-kubernetes:index:Cluster", name, { configuration }, { ...opts, hooks });
    const parent = { parent: this };
    const network = new Network(config, parent);
    const securityGroups = new SecurityGroups(config, parent);
    const endpoint = new ApiEndpoint(config, network, securityGroups, parent);
    const pki = new Pki(name, parent);
    const access: pulumi.Output<KubernetesAccess> = pulumi.output({
      host: endpoint.publicHost,
      port: config.apiEndpoint.port,
      clusterCaCertificatePem: pki.clusterCaCertificatePem,
      clientCertificatePem: pki.admin.certificatePem,
      clientKeyPem: pki.admin.privateKeyPem,
    });
    const rollGate = new Rolling(config, access);
    const touched = new TouchedMachines(name);
    const controlPlane = new ControlPlane(
      config,
      controlPlaneGroup(config),
      {
        network,
        securityGroups,
        apiEndpoint: endpoint,
        secrets: pki.controlPlaneSecrets,
        beforeFirst: beforeFirstMachine(config, access),
        newCluster: isNewClusterAllowed(),
        rollGate,
        touched: touched.hook,
      },
      parent,
    );
    const readiness = new Readiness(config, {
      access,
      bootstrapToken: pki.bootstrapToken,
      controlPlane: controlPlane.machines,
      touched,
    });
    const facts = pulumi.output({
      endpointHost: endpoint.host,
      clusterCaCertificatePem: pki.clusterCaCertificatePem,
      bootstrapToken: pki.bootstrapToken,
    });
    const workers = {
      network,
      securityGroups,
      facts,
      after: controlPlane.reachable,
      beforeCreate: readiness.beforeWorker,
      rollGate,
      touched: touched.hook,
    };
    const groups = poolGroups(config);
    const pools = groups.map((group) => new NodePool(config, group, workers, parent));
    const [bastion] = (bastionGroup(config)?.machines ?? []).map(
      (spec) => new Bastion(config, spec, { network, securityGroups, touched: touched.hook }, parent),
    );

    const adminKubeconfig = pulumi.secret(
      access.apply((known) => renderAdminKubeconfig({ clusterName: name, ...known })),
    );
    const platform = new Platform(
      config,
      {
        adminKubeconfig,
        clusterCaCertificatePem: pki.clusterCaCertificatePem,
        apiServerHost: endpoint.host,
        subnetId: network.subnetId,
        ready: readiness.beforePlatform,
        beforeRelease: readiness.beforeRelease,
        after: controlPlane.reachable,
        cluster: pki,
      },
      parent,
    );

    const machines = [...controlPlane.machines, ...pools.flatMap((pool) => pool.machines)];
    const withBastion = bastion === undefined ? machines : [...machines, bastion.machine];
    warnOfIdleRoll(config, withBastion, touched);
    warnOfLostMachines(config, machines, touched);
    const whole = readiness.whenWhole(machines, platform.installed);
    this.outputs = {
      adminKubeconfig,
      apiEndpoint: readiness.whenApiReady(
        pulumi.interpolate`https://${endpoint.publicHost}:${config.apiEndpoint.port}`,
      ),
      ...(bastion === undefined ? {} : { bastionAddress: bastion.address }),
      certificateExpiry: pki.expiry,
      clusterName: name,
      convergingMachines: whole.summary.convergingMachines,
      fileDigests: Object.fromEntries(
        nodeGroups(config).map(({ template }) => [template.pool, renderPoolFiles(config, template).digest]),
      ),
      kubernetesVersion: whole.summary.kubernetesVersion,
      networkId: network.networkId,
      nodes: whole.nodes,
      securityGroupIds: securityGroups.ids(),
      staleMachines: staleMachines(withBastion),
      subnetId: network.subnetId,
      templateDigests: {
        "control-plane": controlPlane.templateDigest,
        ...Object.fromEntries(
          groups.map(({ template }, index) => [template.pool, (pools[index] as NodePool).templateDigest]),
        ),
      },
    };
    this.registerOutputs({});
  }
}
