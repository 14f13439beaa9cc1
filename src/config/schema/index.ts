/** The whole stack configuration: one key of `Pulumi.<stack>.yaml` per property. */
import { z } from "zod";
import {
  extraCasSchema,
  kubernetesSchema,
  ntpServersSchema,
  oidcSchema,
  packageMirrorSchema,
  packageSourceSchema,
  proxySchema,
  registryMirrorsSchema,
} from "./kubernetes";
import { controlPlaneSchema, nodePoolSchema, osSchema, sshSchema } from "./machines";
import { apiEndpointSchema, cniSchema, networkSchema } from "./network";
import { label, text, url, whole } from "./primitives";

const fluxSchema = z
  .strictObject({
    url: url("https", "ssh", "http").describe("Git repository that Flux reconciles."),
    branch: text.default("main").describe("Branch."),
    path: text.optional().describe("Folder of this cluster. Absent: gitops/clusters/<stack>."),
  })
  .optional()
  .describe("Git source of the cluster. Absent: no Flux.");

const readinessSchema = z
  .strictObject({
    apiTimeoutMinutes: whole(1, 120).default(20).describe("How long `up` waits for the Kubernetes API after the machines exist, in minutes."),
    machinesBoot: z
      .boolean()
      .default(true)
      .describe("false only where machines become ACTIVE but never boot (Nova's fake driver in the lab): `up` then does not wait for the API, and says so."),
  })
  .prefault({})
  .describe("What `up` waits for.");

export const clusterSchema = z.strictObject({
  clusterName: label(32).optional().describe("Name of the cluster and prefix of everything it owns in OpenStack. Absent: the stack's name."),
  os: osSchema,
  image: text.describe("Image of all machines: id (recommended, a name can come to mean another image) or name."),
  network: networkSchema,
  apiEndpoint: apiEndpointSchema,
  controlPlane: controlPlaneSchema,
  nodePools: z.array(nodePoolSchema).default([]).describe("Pools of workers."),
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
  tags: z.record(label(60), text).default({}).describe("Metadata of the servers and tags (key=value) of network resources."),
  configDrive: z.boolean().default(true).describe("Hand user data to the machines on a config drive too, so that they need no metadata service to boot."),
  protect: z.boolean().default(true).describe("Refuse to delete control-plane machines, network and endpoint. The CAs are protected in any case."),
  roll: z
    .array(text)
    .default([])
    .describe(
      "Names of machines or pools that may be replaced, one after the other, so that they take on today's template, image and flavor. Others keep those they were born with.",
    ),
  flux: fluxSchema,
  readiness: readinessSchema,
});

/** What a user writes: defaults not yet filled in. */
export type ClusterInput = z.input<typeof clusterSchema>;
/** What the schema yields: defaults filled in, values derived from other fields still absent. */
export type ParsedCluster = z.output<typeof clusterSchema>;
