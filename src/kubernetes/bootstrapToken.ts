/**
 * The bootstrap token as an object in the cluster: made or renewed by `up` right before a machine is created that needs
 * it (docs/decisions/0018).
 */
import { documentOf, reasonOf } from "./answers";
import type { KubernetesRequest } from "./client";

/**
 * How long a renewed token is honoured, in hours: two slow boots. `up` deletes it when all machines have joined; the
 * token controller does when an `up` was cut short. Then the value in old user data opens nothing.
 */
const tokenLifetimeHours = 2;

/** Group of whoever presents the token. Unlike kubeadm's, nobody approves its certificate requests by itself. */
const joinGroup = "system:bootstrappers:openstack-kubernetes";

/** The public half of a token `id.secret`. */
const tokenId = (token: string): string => token.split(".")[0] ?? "";

/** User that presents `token`. */
export function tokenUser(token: string): string {
  return `system:bootstrap:${tokenId(token)}`;
}

/**
 * What a machine needs to join: kubeadm's own rights but for the approval. A role binding never changes what it binds,
 * so one that exists is left alone.
 */
const rights = [
  { kind: "ClusterRoleBinding", name: "create-certificate-requests", role: "system:node-bootstrapper" },
  { kind: "ClusterRoleBinding", name: "get-nodes", role: "kubeadm:get-nodes" },
  { kind: "RoleBinding", name: "kubeadm-config", role: "kubeadm:nodes-kubeadm-config" },
  { kind: "RoleBinding", name: "kubelet-config", role: "kubeadm:kubelet-config" },
] as const;

async function grantRights(request: KubernetesRequest): Promise<void> {
  const group = "/apis/rbac.authorization.k8s.io/v1";
  for (const { kind, name, role } of rights) {
    const cluster = kind === "ClusterRoleBinding";
    const path = cluster ? `${group}/clusterrolebindings` : `${group}/namespaces/kube-system/rolebindings`;
    const answer = await request("POST", path, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind,
      metadata: { name: `openstack-kubernetes:join:${name}` },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: cluster ? "ClusterRole" : "Role", name: role },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: joinGroup }],
    });
    if (answer.status !== 409) documentOf("the rights of joining machines", answer);
  }
}

/** The Secret that makes kubeadm's join accept `token` (`id.secret`) until `expires`. */
function renderBootstrapTokenSecret(token: string, expires: Date) {
  const [id, secret] = token.split(".");
  if (id === undefined || secret === undefined || !/^[a-z0-9]{6}$/.test(id) || !/^[a-z0-9]{16}$/.test(secret)) {
    throw new Error("a bootstrap token has the form [a-z0-9]{6}.[a-z0-9]{16}");
  }
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "bootstrap.kubernetes.io/token",
    metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" },
    stringData: {
      description: "Join credentials of new machines, renewed by pulumi up.",
      "token-id": id,
      "token-secret": secret,
      expiration: expires.toISOString().replace(/\.\d{3}Z$/, "Z"),
      "usage-bootstrap-authentication": "true",
      "usage-bootstrap-signing": "true",
      "auth-extra-groups": joinGroup,
    },
  };
}

const path = "/api/v1/namespaces/kube-system/secrets";

/** Makes the token's Secret, or moves its expiry to `tokenLifetimeHours` from now. Throws when the API refuses. */
export async function renewBootstrapToken(request: KubernetesRequest, token: string, now: Date): Promise<void> {
  const secret = renderBootstrapTokenSecret(token, new Date(now.getTime() + tokenLifetimeHours * 3_600_000));
  await grantRights(request);
  let answer = await request("POST", path, secret);
  // 409: it exists. Another `up` or the token controller may delete it in between (404): then it is created again.
  if (answer.status === 409) answer = await request("PUT", `${path}/${secret.metadata.name}`, secret);
  if (answer.status === 404) answer = await request("POST", path, secret);
  // The answer itself may echo the token and is never shown.
  if (answer.status !== 200 && answer.status !== 201) {
    throw new Error(
      `The API refused to renew the bootstrap token ${secret.metadata.name} (${answer.status}): ${reasonOf(answer.body) ?? "no reason given"}`,
    );
  }
}

/** Deletes the token's Secret, if there is one. Throws when the API refuses. */
export async function deleteBootstrapToken(request: KubernetesRequest, token: string): Promise<void> {
  const answer = await request("DELETE", `${path}/bootstrap-token-${tokenId(token)}`);
  if (answer.status !== 404) documentOf("the deletion of the bootstrap token", answer);
}
