/** The whole stack configuration: one key of `Pulumi.<stack>.yaml` per property. */
import { z } from "zod";
import { takesEffect } from "../effects";
import {
  extraCasSchema,
  kubernetesSchema,
  versionText,
  ntpServersSchema,
  oidcSchema,
  proxySchema,
  registryMirrorsSchema,
} from "./kubernetes";
import { controlPlaneSchema, nodePoolSchema, osSchema, sshSchema } from "./machines";
import { apiEndpointSchema, cniSchema, networkSchema } from "./network";
import { packageMirrorSchema, packageSourceSchema } from "./packages";
import { allowPlainHttpSchema, cloudProviderSchema, credentialsSchema, fluxSchema, platformSchema } from "./platform";
import { choice, flag, label, listOf, matching, section, text, whole } from "./primitives";

const readinessSchema = section({
  apiTimeoutMinutes: whole(1, 120)
    .default(20)
    .describe("How long `up` waits for the Kubernetes API after the machines exist, in minutes."),
  clusterTimeoutMinutes: whole(1, 240)
    .default(30)
    .describe(
      "How long `up` then waits for every machine to be a Ready node and for Flux to have reconciled the platform, in minutes.",
    ),
  drainTimeoutMinutes: whole(0, 240)
    .default(15)
    .describe(
      "How long `up` waits until the pods of a node whose machine is to go are evicted, in minutes per node. PodDisruptionBudgets are respected. A node that is not empty by then ends the `up` before any machine is deleted. 0: pods go with the machine.",
    ),
  machinesBoot: flag
    .default(true)
    .describe(
      "false only where machines become ACTIVE but never boot (Nova's fake driver in the lab): `up` then does not wait for the API, and says so.",
    )
    .meta(takesEffect(["run", "kubernetes"], "Whether this and later runs wait for machines and releases.")),
})
  .prefault({})
  .describe("What `up` waits for.")
  .meta(takesEffect("run", "How long this and later runs wait."));

const share = matching(
  "number or percentage",
  "must be a number from 1 to 1000 or a percentage from 1% to 100%, for instance 2 or 10%",
  /^([1-9]\d{0,2}|1000|([1-9]\d?|100)%)$/,
);

const updateSchema = section({
  maxUnavailable: share
    .default("10%")
    .describe(
      "How many workers `up` changes at the same time, of all workers together; of a percentage at least one. The first is changed alone. Control-plane machines are changed one after the other.",
    ),
  nodeTimeoutMinutes: whole(1, 120)
    .default(10)
    .describe(
      "How long a machine may take for a changed setting, or for each part of an upgrade, before `up` stops, in minutes.",
    ),
  drain: choice("minor", "always", "never")
    .default("minor")
    .describe(
      "When `up` takes the pods off a node before its kubelet gets another version: for another minor only, always, or never. PodDisruptionBudgets are respected, for readiness.drainTimeoutMinutes.",
    ),
  allowUnlistedComponents: flag
    .default(false)
    .describe(
      "true: `up` upgrades Kubernetes although upstream does not list the new minor as supported by every component of the platform; a warning names them.",
    ),
})
  .prefault({})
  .describe("How `up` takes changed settings to machines that run.")
  .meta(takesEffect("run", "How this and later runs change machines."));

const repairSchema = section({
  afterMinutes: whole(5, 1440)
    .default(15)
    .describe(
      "How long a machine must be broken before it is touched, and may take to come back after a reboot, in minutes.",
    ),
  maxUnhealthy: share
    .default("40%")
    .describe(
      "How many workers of a pool, and of all pools together, may be broken for the others to be repaired; of a percentage at least one. Where more are, the cause is not in the machines.",
    ),
})
  .prefault({})
  .describe("What `npm run repair` does about broken machines (docs/repair.md).")
  .meta(takesEffect("run", "How this and later repairs decide."));

const promotionSchema = section({
  from: label(100).describe("The stack that goes first. Its file and its outputs are asked."),
  soakDays: whole(0, 365)
    .default(7)
    .describe("How long the other stack's file must have named the version on the main branch, in days."),
  allow: listOf(versionText).describe(
    "Versions that this stack may take without that, for instance for a fix that cannot wait.",
  ),
})
  .optional()
  .describe(
    "Another stack gets each version of Kubernetes first: `npm run promotion -- check` refuses what it has not tried. Absent: that command has nothing to go by.",
  )
  .meta(takesEffect("run", "What `npm run promotion` lets pass."));

const tagKey = label(60);
/** Nova keeps a metadata value of at most 255 characters; a comma would end a tag in Neutron's filters. */
const tagValue = matching(
  "text",
  "must be one line of at most 255 characters, not empty, without blanks at its ends and without a comma",
  (value) => text.safeParse(value).success && value.length <= 255 && !value.includes(","),
);

export const clusterSchema = section({
  clusterName: label(32)
    .optional()
    .describe("Name of the cluster and prefix of everything it owns in OpenStack. Absent: the stack's name.")
    .meta(
      takesEffect(
        ["openstack", "kubernetes"],
        "Every resource has another name then: the cluster is deleted and another one created.",
        "destructive",
      ),
    ),
  os: osSchema,
  image: text
    .describe("Image of all machines: id (recommended, a name can come to mean another image) or name.")
    .meta(takesEffect("machine", "Machines that exist keep theirs until `roll` replaces them.")),
  network: networkSchema,
  apiEndpoint: apiEndpointSchema,
  controlPlane: controlPlaneSchema,
  nodePools: listOf(nodePoolSchema)
    .describe("Pools of workers.")
    .meta(
      takesEffect(
        "openstack",
        "Machines of a new pool are created; those of a pool that is gone are drained and deleted with their disks.",
      ),
    ),
  ssh: sshSchema,
  kubernetes: kubernetesSchema,
  cni: cniSchema,
  oidc: oidcSchema,
  proxy: proxySchema,
  registryMirrors: registryMirrorsSchema,
  packageSource: packageSourceSchema,
  packageMirror: packageMirrorSchema,
  extraCas: extraCasSchema,
  ntpServers: ntpServersSchema,
  tags: z
    .record(tagKey, tagValue, { error: "must be a map of tags to values" })
    .default({})
    .describe("Metadata of the servers and tags (key=value) of network resources.")
    .meta(takesEffect("openstack", "Nobody on the cluster notices.")),
  configDrive: flag
    .default(true)
    .describe(
      "Hand user data to the machines on a config drive too, so that they need no metadata service to boot, and may close it to whatever runs on them.",
    )
    .meta(takesEffect("machine", "Machines that exist keep theirs until `roll` replaces them.")),
  protect: flag
    .default(true)
    .describe("Refuse to delete control-plane machines, network and endpoint. The CAs are protected in any case.")
    .meta(takesEffect("run", "What a later run may delete.")),
  roll: listOf(text)
    .describe(
      "Names of machines or pools, or `control-plane` or `bastion`, that may be replaced, drained and one after the other, so that they take on today's template, image and flavor. Others keep what they were created with. `protect` does not hold what is named here.",
    )
    .meta(
      takesEffect(
        "openstack",
        "Stale machines that it names are replaced, drained and one after the other. Take the names out again afterwards, or a later change replaces the machines once more.",
      ),
    ),
  allowDestruction: listOf(text)
    .describe(
      "Names of resources, machines or pools that a change may delete, or replace beyond `roll`, and keys of this configuration, such as `kubernetes.podCidr`, of which a change may be destructive. `npm run consequences` refuses whatever else is destructive, and `pulumi up` whatever would end the cluster as a whole.",
    )
    .meta(takesEffect("run", "What `npm run consequences` and `pulumi up` let pass.")),
  flux: fluxSchema,
  cloudProvider: cloudProviderSchema,
  allowPlainHttp: allowPlainHttpSchema,
  credentials: credentialsSchema,
  platform: platformSchema,
  readiness: readinessSchema,
  update: updateSchema,
  repair: repairSchema,
  promotion: promotionSchema,
});

/** What the schema yields: defaults filled in, values derived from other fields still absent. */
export type ParsedCluster = z.output<typeof clusterSchema>;
