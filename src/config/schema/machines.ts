/** Operating system, control plane, node pools and who may log in. */
import { z } from "zod";
import { choice, cidr, id, label, text, whole } from "./primitives";

/** Families that share package manager and paths; the versions are those the bootstrap was written for. */
export const osVersions = {
  rhel: ["8", "9"],
  rocky: ["8", "9"],
  almalinux: ["8", "9"],
  ubuntu: ["22.04", "24.04"],
  debian: ["12", "13"],
} as const;

export const osSchema = z
  .strictObject({
    family: choice("rhel", "rocky", "almalinux", "ubuntu", "debian").describe("Distribution of the image."),
    version: text.describe(
      `Release of the distribution: ${Object.entries(osVersions)
        .map(([family, versions]) => `${family} ${versions.join(", ")}`)
        .join("; ")}.`,
    ),
    cgroup: choice("v1", "v2")
      .optional()
      .describe("Control-group version the image boots with. Absent: v1 for release 8 of the RHEL family, else v2. With v1 the kubelet is told to accept it."),
  })
  .describe("Operating system of all machines; SELinux stays enforcing on the RHEL family.");

const volumeType = text.optional().describe("Cinder volume type. Absent: the cloud's default.");
const sizeGb = whole(1, 16384).describe("Size in GiB.");
const bootVolume = z
  .strictObject({ sizeGb: whole(10, 16384).describe("Size in GiB."), type: volumeType })
  .optional()
  .describe("Boot from a Cinder volume of this size. Absent: the flavor's local disk.");
const serverGroupPolicy = choice("anti-affinity", "soft-anti-affinity", "affinity", "soft-affinity", "none");
const availabilityZones = z.array(text).default([]).describe("Availability zones, taken in turn by machine index. Empty: Nova chooses.");
const machine = {
  flavor: text.describe("Name of the Nova flavor."),
  image: text.optional().describe("Image of these machines: id (recommended) or name. Absent: the top-level `image`."),
  availabilityZones,
  bootVolume,
};

export const controlPlaneSchema = z
  .strictObject({
    replicas: z
      .union([z.literal(1), z.literal(3), z.literal(5)], { error: "must be 1, 3 or 5 (etcd needs an odd number to keep a quorum)" })
      .default(3)
      .describe("Number of control-plane machines."),
    ...machine,
    etcdVolume: z
      .strictObject({ sizeGb: whole(4, 1024).describe("Size in GiB."), type: volumeType })
      .optional()
      .describe("A Cinder volume of its own for /var/lib/etcd; choose a type whose fdatasync stays under 10 ms (p99). Absent: the root disk."),
    serverGroupPolicy: serverGroupPolicy.default("soft-anti-affinity").describe("Nova server group of the control plane."),
    schedulable: z.boolean().default(false).describe("Let ordinary pods run on the control plane (a cluster without workers needs it)."),
  })
  .describe("The machines that serve the API and hold etcd.");

/** Kubernetes label key or taint key: optional DNS prefix, then a name of at most 63 characters. */
const qualifiedName = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelKey = z.string().regex(qualifiedName, { error: "must be a Kubernetes key such as tier or example.org/tier" });
const labelValue = z
  .string()
  .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, {
    error: "must be a Kubernetes label value: at most 63 letters, digits, - _ or ., alphanumeric at both ends",
  });

export const nodePoolSchema = z
  .strictObject({
    name: label(30).describe("Name of the pool; its machines are <clusterName>-<name>-<index>."),
    count: whole(0, 2000).describe("Number of machines. Lowering it removes the highest indexes."),
    ...machine,
    labels: z.record(labelKey, labelValue).default({}).describe("Node labels."),
    taints: z
      .array(z.strictObject({ key: labelKey, value: labelValue.default(""), effect: choice("NoSchedule", "PreferNoSchedule", "NoExecute") }))
      .default([])
      .describe("Node taints: key, value, effect."),
    volumes: z
      .array(
        z.strictObject({
          name: label(20).describe("Name of the volume within the machine."),
          sizeGb,
          type: volumeType,
          mountPath: z
            .string()
            .regex(/^\/[A-Za-z0-9/_.-]+$/, { error: "must be an absolute path" })
            .optional()
            .describe("Where to mount it, formatted ext4 when empty. Absent: left raw."),
        }),
      )
      .default([])
      .describe("Extra Cinder volumes of each machine."),
    networks: z.array(id).default([]).describe("Ids of extra networks that each machine is attached to."),
    serverGroupPolicy: serverGroupPolicy
      .default("none")
      .describe("Nova server group of the pool. Hard anti-affinity limits the pool to the number of hypervisors."),
  })
  .describe("A pool of identical workers.");

const sshKey = z
  .string()
  .regex(/^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-[a-z0-9@.-]+) [A-Za-z0-9+/=]+( .*)?$/, {
    error: "must be one line of an OpenSSH public key, for instance ssh-ed25519 AAAA... name",
  });

export const sshSchema = z
  .strictObject({
    authorizedKeys: z.array(sshKey).default([]).describe("Public keys of the image's default user on every machine."),
    allowedCidrs: z.array(cidr).default([]).describe("Networks that may reach port 22 of the machines. Empty: only the bastion, if there is one."),
    bastion: z
      .strictObject({
        flavor: text.describe("Name of the Nova flavor."),
        image: text.optional().describe("Image: id or name. Absent: the top-level `image`."),
        allowedCidrs: z
          .array(cidr)
          .min(1, { error: "must name at least one network that may reach the bastion" })
          .describe("Networks that may reach port 22 of the bastion."),
        floatingIp: z.boolean().default(true).describe("Give the bastion a floating IP of `network.externalNetwork`."),
      })
      .optional()
      .describe("A machine to jump from. Absent: none."),
  })
  .prefault({})
  .describe("Log-in to the machines.");
