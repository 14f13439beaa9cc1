/** What belongs to the whole cluster: the platform's owners decide about it, so nothing of it is written. */
import { type Conversion, leftOut, remark, task, toDecide } from "./conversion";
import { fieldsOf, groupOf, itemsOf, type Manifest, recordsOf, textOf } from "./manifest";
import { sourceOf } from "./volumes";

/** Kinds without a namespace. */
const clusterKinds = [
  ...["APIService", "CSIDriver", "CertificateSigningRequest", "ClusterPolicy", "ClusterPolicyBinding", "ClusterRole"],
  ...[
    "ClusterRoleBinding",
    "ClusterNetwork",
    "ClusterResourceQuota",
    "CustomResourceDefinition",
    "Group",
    "HostSubnet",
  ],
  ...["Identity", "Image", "MutatingWebhookConfiguration", "Namespace", "NetNamespace", "Node", "OAuth", "OAuthClient"],
  ...["OAuthAccessToken", "OAuthAuthorizeToken", "OAuthClientAuthorization", "PersistentVolume", "PodSecurityPolicy"],
  ...["PriorityClass", "Project", "SecurityContextConstraints", "StorageClass", "User", "UserIdentityMapping"],
  ...["ValidatingWebhookConfiguration", "VolumeAttachment"],
];

export const isOfCluster = ({ kind }: Manifest): boolean => clusterKinds.includes(kind);

/** SCCs that OpenShift brings. */
const ownSccs =
  /^(anyuid|hostaccess|hostmount-anyuid|hostnetwork(-v2)?|kube-aggregator|node-exporter|nonroot(-v2)?|privileged|restricted(-v2)?)$/;

export function convertClusterObject(manifest: Manifest): Conversion {
  const { kind, metadata } = manifest;
  switch (kind) {
    case "SecurityContextConstraints":
      return convertScc(manifest);
    case "PersistentVolume":
      return {
        outcome: "left out",
        notes: [remark(`${sourceOf(manifest)}: volumes.md says how the data moves.`)],
        objects: [],
      };
    case "StorageClass":
      return toDecide(
        `Claims of ${metadata.name} (${textOf(manifest.provisioner)}) get another class; choose it by --storage-class ${metadata.name}=NAME.`,
      );
    case "OAuth":
      return convertOauth(manifest);
    case "Group":
      return toDecide(
        `${itemsOf(manifest.users).map(textOf).join(", ") || "Nobody"} must be in the group ${metadata.name} of the directory (OIDC, LDAP).`,
      );
    case "User":
    case "Identity":
    case "UserIdentityMapping":
      return leftOut("People are known by the directory (OIDC, LDAP); the cluster keeps no list of them.");
    case "OAuthAccessToken":
    case "OAuthAuthorizeToken":
    case "OAuthClientAuthorization":
      return leftOut("A log-in of the old cluster.");
    case "OAuthClient":
      return toDecide(`${metadata.name} logged people in by OpenShift; register it with the identity provider.`);
    case "ClusterRole":
    case "ClusterRoleBinding":
      return convertClusterRights(manifest);
    case "ClusterResourceQuota":
      return {
        outcome: "left out",
        notes: [remark("Each project that it names has it in its tenant's file; a quota over several is not there.")],
        objects: [],
      };
    case "ClusterNetwork":
    case "HostSubnet":
      return leftOut("The network of the old cluster.");
    case "NetNamespace":
      return itemsOf(manifest.egressIPs).length > 0
        ? toDecide(
            `Pods left with the addresses ${itemsOf(manifest.egressIPs).map(textOf).join(", ")}; fixed addresses are not there, so change who knows them.`,
          )
        : leftOut("The network of the old cluster.");
    case "Image":
    case "Node":
    case "VolumeAttachment":
    case "CertificateSigningRequest":
      return leftOut("The old cluster's own.");
    case "CustomResourceDefinition":
      return toDecide(
        `Its operator must be in the new cluster before objects of ${metadata.name}; ask the platform's owners.`,
      );
    case "PodSecurityPolicy":
      return leftOut("Kubernetes has Pod Security instead; what it refuses stands with each workload.");
    default:
      return toDecide("It belongs to the whole cluster; ask the platform's owners whether it is needed.");
  }
}

function convertScc(manifest: Manifest): Conversion {
  const { name } = manifest.metadata;
  const accounts = itemsOf(manifest.users)
    .map(textOf)
    .filter(
      (user) =>
        user.startsWith("system:serviceaccount:") &&
        !/^system:serviceaccount:(openshift|kube|default:router|management-infra)/.test(user),
    );
  const allowed = Object.entries(manifest)
    .filter(([key, value]) => key.startsWith("allow") && (value === true || itemsOf(value).length > 0))
    .map(([key]) => key);
  const groups = itemsOf(manifest.groups)
    .map(textOf)
    .filter((group) => group !== "" && !group.startsWith("system:"));
  return {
    outcome: accounts.length + groups.length === 0 && ownSccs.test(name) ? "left out" : "decide",
    notes: [
      remark("There are no SCCs: Pod Security judges by namespace, and what it refuses stands with each workload."),
      ...(ownSccs.test(name)
        ? []
        : [task(`It is of your own and allowed ${allowed.join(", ") || "nothing special"}.`)]),
      ...[...accounts, ...groups].map((who) => task(`${who} could use it; see that account's workloads.`)),
    ],
    objects: [],
  };
}

function convertOauth(manifest: Manifest): Conversion {
  const providers = recordsOf(
    fieldsOf(manifest.spec).identityProviders ?? fieldsOf(manifest.oauthConfig).identityProviders,
  );
  return {
    outcome: "decide",
    notes: providers.map(({ name, type, provider }) => {
      const kind = textOf(type) || textOf(fieldsOf(provider).kind) || "unknown";
      return task(
        `People logged in by ${textOf(name)} (${kind}); the cluster takes one OIDC issuer, such as a Keycloak before it.`,
      );
    }),
    objects: [],
  };
}

function convertClusterRights(manifest: Manifest): Conversion {
  const { kind, metadata } = manifest;
  const isOwn =
    /^(system:|openshift|cluster-(admin|reader|status|debugger)|self-provisioner|basic-user|registry-|admin$|edit$|view$|sudoer$|storage-admin$)/;
  if (kind === "ClusterRole")
    return isOwn.test(metadata.name)
      ? leftOut("OpenShift's own.")
      : toDecide("A role of your own for the whole cluster; ask the platform's owners, or write a Role in the tenant.");
  const role = textOf(fieldsOf(manifest.roleRef).name);
  const subjects = recordsOf(manifest.subjects)
    .map(
      ({ kind: who, name, namespace }) =>
        `${textOf(who)} ${namespace === undefined ? "" : `${textOf(namespace)}:`}${textOf(name)}`,
    )
    .filter((who) => !/(system:|openshift|kube-)/.test(who));
  return subjects.length === 0
    ? leftOut("OpenShift's own.")
    : toDecide(`${subjects.join(", ")} had ${role} in the whole cluster; a tenant has rights in its namespace only.`);
}

/** Kinds of a namespace that a program writes while it runs. */
const runtimeKinds = [
  ...["AppliedClusterResourceQuota", "Build", "ControllerRevision", "EndpointSlice", "Event", "ImageStreamImage"],
  ...["ImageStreamTag", "Lease", "PodMetrics", "ReplicaSetList"],
];

/** A kind without a converter: OpenShift's has no use here, another one needs its operator. */
export function convertUnknown(manifest: Manifest): Conversion | undefined {
  if (runtimeKinds.includes(manifest.kind)) return leftOut("The cluster writes it while it runs.");
  if (groupOf(manifest).endsWith("openshift.io"))
    return toDecide(`${manifest.kind} is a kind of OpenShift without a counterpart; see what used it.`);
  return undefined;
}

/** Groups whose definitions the platform installs. */
const platformGroups =
  /^(gateway\.networking\.k8s\.io|cert-manager\.io|monitoring\.coreos\.com|snapshot\.storage\.k8s\.io|([a-z]+\.)*toolkit\.fluxcd\.io|[a-z.]+\.k8s\.io)$/;

/** A task where a kind needs something that the platform does not install. */
export const operatorTasks = (manifest: Manifest): Conversion["notes"] =>
  groupOf(manifest).includes(".") && !platformGroups.test(groupOf(manifest))
    ? [
        task(
          `${manifest.kind} (${manifest.apiVersion}) is served only where its definition is installed; ask the platform's owners.`,
        ),
      ]
    : [];
