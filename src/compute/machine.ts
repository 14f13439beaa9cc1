import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";
import { creationDigestKey, serverMetadata, templateDigestKey } from "../machines/metadataKeys";
import type { MachineSpec } from "../machines/planMachines";
import { ignoredChanges, plannedInputs, replaceOnChange, type ServerInput } from "../machines/server";
import { creationDigest, digest } from "../machines/templateDigest";

/** A machine as the outputs of the program tell of it. */
export interface MachineSummary {
  readonly name: string;
  readonly server: openstack.compute.Instance;
  readonly templateDigest: string;
}

/** User data for one or many machines. */
interface MachineUserData {
  /** Secret: as rendered by bootstrap, base64. */
  readonly encoded: pulumi.Output<string>;
  /** Digest of `encoded`, computed once for all machines that get it. */
  readonly digest: pulumi.Output<string>;
}

interface MachineArgs {
  readonly serverGroupId?: pulumi.Input<string>;
  readonly networks: pulumi.Input<openstack.types.input.compute.InstanceNetwork>[];
  /** Names of security groups, for networks without a port of their own. */
  readonly securityGroups?: pulumi.Input<string>[];
  readonly userData: MachineUserData;
  readonly templateDigest: string;
  /** Holds the user data, and so the machine, back until the machine may be replaced. Absent: nothing is waited for. */
  readonly hold?: (userData: pulumi.Output<string>, creationDigest: pulumi.Output<string>) => pulumi.Output<string>;
}

/** Options that a caller adds; what decides about update and replacement is decided here. */
type MachineOptions = Pick<pulumi.CustomResourceOptions, "parent" | "dependsOn" | "protect" | "hooks">;

export function machineUserData(encoded: pulumi.Input<string>): MachineUserData {
  const secret = pulumi.secret(encoded);
  return { encoded: secret, digest: secret.apply(digest) };
}

/** The OpenStack server of one machine. Its name is the node's name. */
export function createMachine(
  config: ClusterConfig,
  spec: MachineSpec,
  args: MachineArgs,
  opts: MachineOptions,
): MachineSummary {
  const { userData, templateDigest, hold } = args;
  const fixed = {
    ...plannedInputs(
      spec,
      (name) => openstack.images.getImageOutput({ name, mostRecent: false }, { parent: opts.parent }).id,
    ),
    schedulerHints: args.serverGroupId === undefined ? undefined : [{ group: args.serverGroupId }],
    networks: args.networks,
  };
  // Twelve digits tell nothing of the secrets in the user data.
  const created = pulumi.unsecret(
    pulumi.output({ ...fixed, userData: userData.digest }).apply((inputs) => creationDigest(spec.role, inputs)),
  );
  const inputs: Pick<openstack.compute.InstanceArgs, ServerInput> = {
    ...fixed,
    securityGroups: args.securityGroups,
    userData: hold === undefined ? userData.encoded : hold(userData.encoded, created),
    metadata: serverMetadata<pulumi.Input<string>>(config, spec, {
      [templateDigestKey]: templateDigest,
      [creationDigestKey]: created,
    }),
  };
  const server = new openstack.compute.Instance(spec.name, inputs, {
    ...opts,
    ignoreChanges: ignoredChanges(spec),
    replaceOnChanges: [...replaceOnChange],
    // A machine's name, address and node are one: the old one must be gone before the new one comes.
    deleteBeforeReplace: true,
    additionalSecretOutputs: ["userData"],
  });
  return { name: spec.name, server, templateDigest };
}

/** Names of the machines whose metadata holds the digest of another template than today's. */
export function staleMachines(machines: readonly MachineSummary[]): pulumi.Output<string[]> {
  return pulumi
    .all(machines.map(({ server }) => server.metadata))
    .apply((all) =>
      machines
        .filter(({ templateDigest }, index) => all[index]?.[templateDigestKey] !== templateDigest)
        .map(({ name }) => name),
    );
}
