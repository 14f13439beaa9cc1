import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { backupSecretName, renderEtcdBackup } from "../bootstrap/etcdBackup";
import type { ClusterConfig } from "../config/clusterConfig";
import { settled } from "../engine/settled";
import type { BootstrapRelease } from "./bootstrapReleases";
import { calicoValues } from "./calico";
import { cinderNodePlugin, cinderNodePluginName } from "./cinderNodePlugin";
import {
  cinderCsiValues,
  cloudConfigDigest,
  cloudConfigSecretName,
  cloudControllerManagerValues,
  renderCloudConfig,
} from "./cloudProvider";
import { clusterIdentifier } from "./clusterIdentifier";
import { clusterSettingsName, renderClusterSettings } from "./clusterSettings";
import {
  caSecret,
  caSecretName,
  type FluxConfig,
  fluxNamespace,
  fluxOperatorValues,
  gitSecret,
  gitSecretName,
  proxySecret,
  proxySecretName,
  renderFluxInstance,
  signersSecret,
  signersSecretName,
  sopsSecret,
  sopsSecretName,
} from "./flux";
import { createRelease } from "./release";

interface PlatformArgs {
  /** Secret. */
  readonly adminKubeconfig: pulumi.Output<string>;
  readonly clusterCaCertificatePem: pulumi.Output<string>;
  /** Host that the nodes reach the API at. */
  readonly apiServerHost: pulumi.Output<string>;
  /** Neutron id of the machines' subnet. */
  readonly subnetId: pulumi.Output<string>;
  /** Resolves once the API answers. Its value is not used, and replacing what it came from replaces nothing here. */
  readonly ready: pulumi.Output<unknown>;
  /** Put on every Helm release before its creation. */
  readonly beforeRelease: pulumi.ResourceHook;
  /** Plain ordering: what must exist before, and go after, everything here, or there is no API to ask. */
  readonly after: readonly pulumi.Resource[];
  /** Goes only with the whole cluster; when it does, the objects in the cluster go with it and need not be asked to. */
  readonly cluster: pulumi.Resource;
}

/**
 * What Pulumi puts into the cluster so that Flux can take over, and the hand-off to Flux. Nothing where
 * `readiness.machinesBoot` is false, as there is no API to put it into.
 *
 * In a first preview the kubeconfig is unknown, and later the API may be out of reach: everything is shown all the
 * same, since nothing is created within an `apply`.
 */
export class Platform extends pulumi.ComponentResource {
  /** Resolves once all of it is installed and Flux's controllers run. */
  public readonly installed: pulumi.Output<unknown>;
  private readonly opts: pulumi.CustomResourceOptions = {};

  constructor(
    private readonly config: ClusterConfig,
    private readonly args: PlatformArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("openstack-kubernetes:platform:Platform", `${config.clusterName}-platform`, {}, opts);
    const last: pulumi.CustomResource[] = [];
    if (config.readiness.machinesBoot) {
      this.opts = { parent: this, provider: this.provider(), deletedWith: args.cluster };
      const network = this.podNetwork();
      const cloud = this.cloudProvider(network);
      last.push(...network, ...cloud, ...this.backups([...network, ...cloud]));
      if (config.flux !== undefined) last.push(this.flux(config.flux, last));
    }
    this.installed = pulumi.all(last.map(({ id }) => id));
    this.registerOutputs({});
  }

  private name(suffix: string): string {
    return `${this.config.clusterName}-${suffix}`;
  }

  private provider(): kubernetes.Provider {
    const { adminKubeconfig, clusterCaCertificatePem, ready, after } = this.args;
    return new kubernetes.Provider(
      this.name("kubernetes"),
      {
        kubeconfig: onceReady(adminKubeconfig, ready),
        clusterIdentifier: clusterCaCertificatePem.apply(clusterIdentifier),
        enableServerSideApply: true,
        // Changed data must reach Flux as a change, not as a ConfigMap or Secret that is gone for a moment.
        enableConfigMapMutable: true,
        enableSecretMutable: true,
        // deleteUnreachable stays off: a refresh while the API is away would forget everything in the cluster.
      },
      { parent: this, dependsOn: [...after] },
    );
  }

  /** The CNI, where it is ours to install. Returns what pods with addresses must wait for. */
  private podNetwork(): pulumi.CustomResource[] {
    const { config } = this;
    if (config.cni.kind !== "calico") return [];
    const protect = config.protect;
    const namespace = this.namespace("tigera-operator", { ...this.opts, protect });
    const definitions = this.release("calico-crds", {}, { ...this.opts, protect, dependsOn: [namespace] });
    return [this.release("calico", calicoValues(config), { ...this.opts, protect, dependsOn: [definitions] })];
  }

  /**
   * Cloud controller manager and Cinder CSI. The first runs in the host's network and removes the taint that new nodes
   * wait with; the second needs both.
   */
  private cloudProvider(network: readonly pulumi.Resource[]): pulumi.CustomResource[] {
    const { config } = this;
    const { cloudProvider, credentials } = config;
    if (cloudProvider === undefined || credentials?.openstack === undefined) return [];
    const credential = credentials.openstack;
    const entries = this.args.subnetId.apply((subnetId) =>
      renderCloudConfig({ cloudProvider, credential, nodeCidr: config.network.cidr, subnetId }),
    );
    const secret = this.secret(cloudConfigSecretName, "kube-system", entries);
    const digest = entries.apply(cloudConfigDigest);
    const controller = this.release(
      "openstack-cloud-controller-manager",
      cloudControllerManagerValues(config, digest),
      {
        ...this.opts,
        dependsOn: [secret],
      },
    );
    const volumes = this.release("openstack-cinder-csi", cinderCsiValues(config, digest), {
      ...this.opts,
      dependsOn: [secret, controller, ...network],
    });
    const nodePlugin = new kubernetes.apps.v1.DaemonSet(
      this.name(cinderNodePluginName),
      {
        // A machine that is down must not fail every `up`; the alert DaemonSetUnavailable tells.
        metadata: {
          name: cinderNodePluginName,
          namespace: "kube-system",
          annotations: { ...forced, "pulumi.com/skipAwait": "true" },
        },
        spec: cinderNodePlugin(config),
      },
      { ...this.opts, dependsOn: [volumes] },
    );
    return [controller, volumes, nodePlugin];
  }

  /** Last, so that nobody backs up a cluster that has only begun. */
  private backups(after: readonly pulumi.Resource[]): pulumi.CustomResource[] {
    const entries = renderEtcdBackup(this.config);
    return entries === undefined ? [] : [this.secret(backupSecretName, "kube-system", entries, after)];
  }

  /** Flux, and what it is handed: the cluster's facts, the key to the Secrets in Git, access to the repository. */
  private flux(flux: FluxConfig, after: readonly pulumi.Resource[]): pulumi.CustomResource {
    const { config } = this;
    const { apiServerHost } = this.args;
    const namespace = this.namespace(fluxNamespace, this.opts);
    const inNamespace = { ...this.opts, dependsOn: [namespace] };
    const operator = this.release("flux-operator", fluxOperatorValues, {
      ...inNamespace,
      dependsOn: [namespace, ...after],
    });
    const settings = new kubernetes.core.v1.ConfigMap(
      this.name(clusterSettingsName),
      {
        metadata: handedOver(clusterSettingsName, fluxNamespace),
        data: apiServerHost.apply((host) => renderClusterSettings(config, host)),
      },
      inNamespace,
    );
    const secrets = [
      { name: gitSecretName, entries: gitSecret(config) },
      { name: sopsSecretName, entries: sopsSecret(config) },
      { name: signersSecretName, entries: signersSecret(config) },
      { name: caSecretName, entries: caSecret(config) },
      {
        name: proxySecretName,
        entries: config.proxy && apiServerHost.apply((host) => proxySecret(config, host) ?? {}),
      },
    ].flatMap(({ name, entries }) =>
      entries === undefined ? [] : [this.secret(name, fluxNamespace, entries, [namespace])],
    );
    const minutes = config.platform.timeoutMinutes;
    return new kubernetes.apiextensions.CustomResource(
      this.name("flux"),
      {
        apiVersion: "fluxcd.controlplane.io/v1",
        kind: "FluxInstance",
        // The operator accepts this name only. `up` ends when Flux's controllers run, or says why they do not.
        metadata: {
          name: "flux",
          namespace: fluxNamespace,
          annotations: { ...forced, "pulumi.com/waitFor": "condition=Ready" },
        },
        spec: renderFluxInstance(config, flux),
      },
      {
        ...this.opts,
        dependsOn: [operator, settings, ...secrets],
        customTimeouts: { create: `${minutes}m`, update: `${minutes}m` },
      },
    );
  }

  private release(
    name: BootstrapRelease["name"],
    values: Record<string, unknown>,
    opts: pulumi.CustomResourceOptions,
  ): kubernetes.helm.v3.Release {
    return createRelease(this.config, name, values, { ...opts, hooks: { beforeCreate: [this.args.beforeRelease] } });
  }

  private namespace(name: string, opts: pulumi.CustomResourceOptions): kubernetes.core.v1.Namespace {
    return new kubernetes.core.v1.Namespace(this.name(name), { metadata: { name } }, opts);
  }

  private secret(
    name: string,
    namespace: string,
    entries: pulumi.Input<Record<string, string>>,
    dependsOn: readonly pulumi.Resource[] = [],
  ): kubernetes.core.v1.Secret {
    return new kubernetes.core.v1.Secret(
      this.name(name),
      { metadata: handedOver(name, namespace), data: pulumi.secret(pulumi.output(entries).apply(encoded)) },
      { ...this.opts, dependsOn: [...dependsOn] },
    );
  }
}

/** As a Secret's data has it. stringData would do, but server-side apply never takes away a key that was given so. */
function encoded(entries: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).map(([key, value]) => [key, Buffer.from(value, "utf8").toString("base64")]),
  );
}

/** `up` puts back what others edited, instead of stopping at a conflict of ownership. */
const forced = { "pulumi.com/patchForce": "true" };

/**
 * Metadata of an object that Flux reads: the label makes Flux reconcile at once when it changes (Flux 2.7 and newer).
 */
function handedOver(name: string, namespace: string) {
  return { name, namespace, labels: { "reconcile.fluxcd.io/watch": "Enabled" }, annotations: forced };
}

/**
 * The kubeconfig, once the API answers: the provider looks at the cluster when it starts, and what it finds holds for
 * the whole run. The promise drops the dependencies on machines, or replacing one of those would replace the provider
 * (docs/decisions/0003). A preview waits for nothing.
 */
function onceReady(kubeconfig: pulumi.Output<string>, ready: pulumi.Output<unknown>): pulumi.Output<string> {
  if (pulumi.runtime.isDryRun()) return kubeconfig;
  return pulumi.secret(settled(pulumi.all([kubeconfig, ready]).apply(([known]) => known)));
}
