/** API versions of OpenShift 3.11 (Kubernetes 1.11) that Kubernetes no longer serves, in those of today. */
import { fieldsOf, groupOf, type Manifest, without } from "./manifest";

/** Kinds of OpenShift that stood in the core group, `v1`, before they had groups of their own (3.6). */
const openshiftGroups: Readonly<Record<string, readonly string[]>> = {
  "apps.openshift.io": ["DeploymentConfig"],
  "authorization.openshift.io": ["Policy", "PolicyBinding", "ClusterPolicy", "ClusterPolicyBinding"],
  "build.openshift.io": ["Build", "BuildConfig"],
  "image.openshift.io": ["Image", "ImageStream", "ImageStreamImage", "ImageStreamTag"],
  "network.openshift.io": ["ClusterNetwork", "EgressNetworkPolicy", "HostSubnet", "NetNamespace"],
  "oauth.openshift.io": ["OAuthAccessToken", "OAuthAuthorizeToken", "OAuthClient", "OAuthClientAuthorization"],
  "project.openshift.io": ["Project", "ProjectRequest"],
  "quota.openshift.io": ["AppliedClusterResourceQuota", "ClusterResourceQuota"],
  "route.openshift.io": ["Route"],
  "security.openshift.io": ["SecurityContextConstraints"],
  "template.openshift.io": ["Template", "TemplateInstance", "BrokerTemplateInstance"],
  "user.openshift.io": ["Group", "Identity", "User", "UserIdentityMapping"],
};
const rbacKinds = ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"];

/** Versions that still say the same, with another name. Kinds whose fields changed have a converter that knows it. */
const today: Readonly<Record<string, string>> = {
  "CronJob batch/v1beta1": "batch/v1",
  "CronJob batch/v2alpha1": "batch/v1",
  "DaemonSet apps/v1beta2": "apps/v1",
  "DaemonSet extensions/v1beta1": "apps/v1",
  "Deployment apps/v1beta1": "apps/v1",
  "Deployment apps/v1beta2": "apps/v1",
  "Deployment extensions/v1beta1": "apps/v1",
  "NetworkPolicy extensions/v1beta1": "networking.k8s.io/v1",
  "PodDisruptionBudget policy/v1beta1": "policy/v1",
  "ReplicaSet apps/v1beta2": "apps/v1",
  "ReplicaSet extensions/v1beta1": "apps/v1",
  "StatefulSet apps/v1beta1": "apps/v1",
  "StatefulSet apps/v1beta2": "apps/v1",
  "StorageClass storage.k8s.io/v1beta1": "storage.k8s.io/v1",
};

/** The object in the version that the converters know; of other kinds as it is. */
export function currentVersion(manifest: Manifest): Manifest {
  const { apiVersion, kind } = manifest;
  const group = Object.entries(openshiftGroups).find(([, kinds]) => kinds.includes(kind))?.[0];
  if (group !== undefined && apiVersion === "v1") return { ...manifest, apiVersion: `${group}/v1` };
  if (
    rbacKinds.includes(kind) &&
    ["", "authorization.openshift.io", "rbac.authorization.k8s.io"].includes(groupOf(manifest))
  )
    return inRbac(manifest);
  const version = today[`${kind} ${apiVersion}`];
  return version === undefined ? manifest : { ...manifest, apiVersion: version };
}

/** OpenShift's own bindings refer to a role by its name alone, and name users and groups apart from the subjects. */
function inRbac(manifest: Manifest): Manifest {
  const apiGroup = "rbac.authorization.k8s.io";
  const { name, namespace, kind } = fieldsOf(manifest.roleRef);
  const roleRef = { apiGroup, kind: kind ?? (namespace === undefined ? "ClusterRole" : "Role"), name };
  const { metadata } = manifest;
  return {
    ...without(manifest, "userNames", "groupNames"),
    apiVersion: `${apiGroup}/v1`,
    kind: manifest.kind,
    metadata,
    ...(manifest.roleRef === undefined ? {} : { roleRef }),
  };
}
