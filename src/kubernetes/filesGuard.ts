/**
 * Who may read and write what reaches machines that run. Whoever writes a pool's Secret and the order on a Node is root
 * on the machine, so the API server takes both from the program alone, administrators included; and only nodes are
 * allowed to read what every node has anyway.
 */
import { filesSecretPrefix } from "../bootstrap/filesInPlace";
import { pkiNames } from "../pki/catalogue";

/** Annotation of a Node: the digest of what its machine is to have, or has. */
export const orderAnnotation = "openstack-kubernetes/files-order";

/** Annotation of a Node: what its agent has to say. files/agent.py writes it. */
export const answerAnnotation = "openstack-kubernetes/files-answer";

/** Annotation of a Node: the order for which it needs no draining, or is drained. */
export const drainedAnnotation = "openstack-kubernetes/files-drained";

/** Namespace of the Secrets. */
export const filesNamespace = "kube-system";

const name = "openstack-kubernetes-files";

/** An object of the API, and the path of its kind. */
export interface FilesObject {
  readonly path: string;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string };
    readonly [other: string]: unknown;
  };
}

/** The guard first: it holds before there is anything to guard. */
export function filesGuard(clusterName: string, secretNames: readonly string[]): FilesObject[] {
  const admission = "/apis/admissionregistration.k8s.io/v1";
  const rights = `/apis/rbac.authorization.k8s.io/v1/namespaces/${filesNamespace}`;
  const namespaced = { name, namespace: filesNamespace };
  return [
    {
      path: `${admission}/validatingadmissionpolicies`,
      object: {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicy",
        metadata: { name },
        spec: policy(pkiNames(clusterName).admin),
      },
    },
    {
      path: `${admission}/validatingadmissionpolicybindings`,
      object: {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name },
        spec: {
          policyName: name,
          validationActions: ["Deny"],
          matchResources: {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": filesNamespace } },
          },
        },
      },
    },
    {
      path: `${rights}/roles`,
      object: {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "Role",
        metadata: namespaced,
        rules: [{ apiGroups: [""], resources: ["secrets"], resourceNames: [...secretNames], verbs: ["get"] }],
      },
    },
    {
      path: `${rights}/rolebindings`,
      object: {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: namespaced,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:nodes" }],
      },
    },
  ];
}

/** @param user Who is let through: the name in the program's own certificate. */
function policy(user: string): object {
  const order = (object: string) =>
    `${object} == null || !has(${object}.metadata.annotations) || !('${orderAnnotation}' in ${object}.metadata.annotations) ? '' : ${object}.metadata.annotations['${orderAnnotation}']`;
  return {
    failurePolicy: "Fail",
    matchConstraints: {
      resourceRules: [
        // The status of a Node is written with its metadata.
        { ...core, operations: ["CREATE", "UPDATE"], resources: ["nodes", "nodes/status"] },
        { ...core, operations: ["CREATE", "UPDATE", "DELETE"], resources: ["secrets"] },
      ],
    },
    matchConditions: [{ name: "not-the-program", expression: `request.userInfo.username != '${user}'` }],
    variables: [
      { name: "before", expression: order("oldObject") },
      { name: "after", expression: order("object") },
      { name: "name", expression: "object == null ? oldObject.metadata.name : object.metadata.name" },
    ],
    validations: [
      {
        expression: "request.resource.resource != 'nodes' || variables.before == variables.after",
        message: `Only pulumi up may write the annotation ${orderAnnotation}: it decides which files the machine lays.`,
      },
      {
        expression: `request.resource.resource != 'secrets' || !variables.name.startsWith('${filesSecretPrefix}')`,
        message: `Only pulumi up may write Secrets that begin with ${filesSecretPrefix}: machines lay what they hold.`,
      },
    ],
  };
}

const core = { apiGroups: [""], apiVersions: ["v1"] };
