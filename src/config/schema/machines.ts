/** Operating system, control plane, node pools and who may log in. */
import { z } from "zod";
import { takesEffect } from "../effects";
import { osFamilies, osReleases, releaseNames, releaseOf } from "../operatingSystems";
import { sshKeyLine } from "../sshPublicKey";
import {
  choice,
  cidr,
  distinctBy,
  flag,
  id,
  label,
  listOf,
  matching,
  publicKey,
  section,
  text,
  whole,
} from "./primitives";

const bootWithV1 = osReleases
  .filter((release) => releaseOf(release)?.cgroups[0] === "v1")
  .map(({ family, version }) => `${family} ${version}`);

export const osSchema = section({
  family: choice(...osFamilies).describe("Distribution of the image."),
  version: text.describe(
    `Release of the distribution: ${osFamilies.map((family) => `${family} ${releaseNames(family).join(", ")}`).join("; ")}.`,
  ),
  cgroup: choice("v1", "v2")
    .optional()
    .describe(
      `Control-group version the image boots with. Absent: v1 for ${bootWithV1.join(", ")}, else v2. With v1 the kubelet is told to accept it.`,
    )
    .meta(
      takesEffect(
        ["cluster", "machine"],
        "Kubelets read whether v1 is accepted from the cluster, which keeps the old value; a new machine with the other version may not become a node.",
        "disruptive",
      ),
    ),
})
  .describe("Operating system of all machines; SELinux stays enforcing on the RHEL family.")
  .meta(takesEffect("machine", "Machines that exist keep theirs until `roll` replaces them."));

const volumeType = text.optional().describe("Cinder volume type. Absent: the cloud's default.");
const sizeGb = whole(1, 16384).describe("Size in GiB.");
const bootVolume = section({ sizeGb: whole(10, 16384).describe("Size in GiB."), type: volumeType })
  .optional()
  .describe("Boot from a Cinder volume of this size. Absent: the flavor's local disk.")
  .meta(takesEffect("machine", "Machines that exist keep theirs until `roll` replaces them."));
const serverGroupPolicy = choice("anti-affinity", "soft-anti-affinity", "affinity", "soft-affinity", "none");

const labelValuePattern = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
/**
 * The cloud controller copies a machine's zone to the label topology.kubernetes.io/zone, so a zone must be able to be a
 * label value.
 */
const zone = matching(
  "text",
  'must be a zone whose name can be a node label: at most 63 letters, digits, "-", "_" or ".", alphanumeric at both ends',
  (value) => value !== "" && labelValuePattern.test(value),
);
const machine = {
  flavor: text
    .describe("Name of the Nova flavor.")
    .meta(takesEffect("machine", "Machines that exist keep theirs until `roll` replaces them.")),
  image: text
    .optional()
    .describe("Image of these machines: id (recommended) or name. Absent: the top-level `image`.")
    .meta(takesEffect("machine", "Machines that exist keep theirs until `roll` replaces them.")),
  availabilityZones: listOf(zone)
    .describe("Availability zones, taken in turn by machine index. Empty: Nova chooses.")
    .meta(takesEffect("machine", "Machines that exist keep theirs until `roll` replaces them.")),
  bootVolume,
};

export const controlPlaneSchema = section({
  replicas: z
    .literal([1, 3, 5], { error: "must be 1, 3 or 5 (etcd needs an odd number to keep a quorum)" })
    .default(3)
    .describe("Number of control-plane machines.")
    .meta(
      takesEffect("openstack", "Machines are created and join one after the other, or are deleted.", "destructive"),
    ),
  ...machine,
  flavor: machine.flavor.meta(
    takesEffect(
      "openstack",
      "Control-plane machines are resized in place, one after the other, with a reboot each.",
      "disruptive",
    ),
  ),
  etcdVolume: section({ sizeGb: whole(4, 1024).describe("Size in GiB."), type: volumeType })
    .optional()
    .describe(
      "A Cinder volume of its own for /var/lib/etcd; choose a type whose fdatasync stays under 10 ms (p99). Absent: the root disk.",
    )
    .meta(takesEffect("machine", "Machines that exist keep theirs until `roll` replaces them.")),
  serverGroupPolicy: serverGroupPolicy
    .default("soft-anti-affinity")
    .describe("Nova server group of the control plane.")
    .meta(
      takesEffect(
        ["machine", "openstack"],
        "The policy of a server group that exists cannot change; machines that exist stay where they are.",
      ),
    ),
  schedulable: flag
    .default(false)
    .describe("Let ordinary pods run on the control plane (a cluster without workers needs it).")
    .meta(takesEffect("machine", "Nodes that exist keep their taints until `roll` replaces their machines.")),
}).describe("The machines that serve the API and hold etcd.");

/** Kubernetes label or taint key: optional DNS prefix of at most 253 characters, then a name of at most 63. */
const qualifiedName =
  /^((?=[^/]{1,253}\/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelKey = matching("label key", "must be a Kubernetes key such as tier or example.org/tier", qualifiedName);
const labelValue = matching(
  "label value",
  'must be a Kubernetes label value: at most 63 letters, digits, "-", "_" or ".", alphanumeric at both ends',
  labelValuePattern,
);

const mountPath = matching(
  "path",
  'must be an absolute path of letters, digits, "-", "_" and ".", without "..", "//" or a "/" at its end, for instance /var/lib/data',
  (value) => /^(\/[A-Za-z0-9_.-]+)+$/.test(value) && !value.split("/").some((part) => part === "." || part === ".."),
);

export const nodePoolSchema = section({
  name: label(30)
    .describe("Name of the pool; its machines are `<clusterName>-<name>-<index>`.")
    .meta(
      takesEffect(
        "openstack",
        "Another name is another pool: the machines of the old one are drained and deleted.",
        "destructive",
      ),
    ),
  count: whole(0, 2000)
    .describe("Number of machines. Lowering it removes the highest indexes.")
    .meta(takesEffect("openstack", "Machines are created, or drained and deleted with their disks.")),
  ...machine,
  labels: z
    .record(labelKey, labelValue, { error: "must be a map of label keys to values" })
    .default({})
    .describe("Node labels.")
    .meta(takesEffect("kubernetes", "Nodes that exist get them; pods that run stay where they are.")),
  taints: listOf(
    section({
      key: labelKey.describe("Key."),
      value: labelValue.default("").describe("Value."),
      effect: choice("NoSchedule", "PreferNoSchedule", "NoExecute").describe(
        "What happens to pods that do not tolerate it.",
      ),
    }).meta(distinctBy("key", "effect")),
  )
    .describe("Node taints.")
    .meta(takesEffect("kubernetes", "Nodes that exist get them.")),
  volumes: listOf(
    section({
      name: label(20).describe("Name of the volume within the machine."),
      sizeGb,
      type: volumeType,
      mountPath: mountPath.optional().describe("Where to mount it, formatted ext4 when empty. Absent: left raw."),
    }).meta(distinctBy("name")),
  )
    .describe("Extra Cinder volumes of each machine.")
    .meta(takesEffect("machine", "Machines that exist keep theirs until `roll` replaces them.")),
  networks: listOf(id)
    .describe(
      "Ids of extra networks that each machine is attached to. A subnet of theirs with a gateway gives machines a second default route, of which pre-flight warns: host routes of the subnet lead further.",
    )
    .meta(takesEffect("machine", "Machines that exist keep theirs until `roll` replaces them.")),
  serverGroupPolicy: serverGroupPolicy
    .default("none")
    .describe("Nova server group of the pool. Hard anti-affinity limits the pool to the number of hypervisors.")
    .meta(
      takesEffect(
        ["machine", "openstack"],
        "The policy of a server group that exists cannot change; machines that exist stay where they are.",
      ),
    ),
})
  .describe("A pool of identical workers.")
  .meta(distinctBy("name"));

const sshKey = publicKey("OpenSSH public key", sshKeyLine);

export const sshSchema = section({
  authorizedKeys: listOf(sshKey)
    .describe("Public keys of the image's default user on every machine.")
    .meta(
      takesEffect(
        "machine",
        "Machines that exist keep the old keys until `roll` replaces them: a key that is taken out still opens them.",
      ),
    ),
  allowedCidrs: listOf(cidr)
    .describe("Networks that may reach port 22 of the machines. Empty: only the bastion, if there is one.")
    .meta(takesEffect("openstack", "Networks that are taken out are shut out; open sessions may end.", "disruptive")),
  bastion: section({
    flavor: text
      .describe("Name of the Nova flavor.")
      .meta(takesEffect("machine", "The bastion keeps its own until `roll` names `bastion`.")),
    image: text
      .optional()
      .describe("Image: id or name. Absent: the top-level `image`.")
      .meta(takesEffect("machine", "The bastion keeps its own until `roll` names `bastion`.")),
    allowedCidrs: z
      .array(cidr, { error: "must be a list" })
      .min(1, { error: "must name at least one network that may reach the bastion" })
      .describe("Networks that may reach port 22 of the bastion.")
      .meta(takesEffect("openstack", "Networks that are taken out are shut out; open sessions may end.", "disruptive")),
    floatingIp: flag
      .default(true)
      .describe("Give the bastion a floating IP of `network.externalNetwork`.")
      .meta(
        takesEffect(
          "openstack",
          "The bastion gets another address; a floating IP that is given back may go to somebody else.",
          "disruptive",
        ),
      ),
  })
    .optional()
    .describe("A machine to jump from. Absent: none.")
    .meta(takesEffect("openstack", "The bastion is created or deleted.", "disruptive")),
})
  .prefault({})
  .describe("Log-in to the machines.");
