/**
 * The bootstrap token as an object in the cluster: made or renewed by `up` right before a machine is created that needs
 * it (docs/decisions/0018).
 */
import { reasonOf } from "./answers";
import type { KubernetesRequest } from "./client";

/**
 * How long a renewed token is honoured, in hours: two slow boots. The token controller then deletes it, and the value
 * in old user data opens nothing.
 */
const tokenLifetimeHours = 2;

/** The Secret that makes kubeadm's join accept `token` (`id.secret`) until `expires`. */
export function renderBootstrapTokenSecret(token: string, expires: Date) {
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
      "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
    },
  };
}

/** Makes the token's Secret, or moves its expiry to `tokenLifetimeHours` from now. Throws when the API refuses. */
export async function renewBootstrapToken(request: KubernetesRequest, token: string, now: Date): Promise<void> {
  const secret = renderBootstrapTokenSecret(token, new Date(now.getTime() + tokenLifetimeHours * 3_600_000));
  const path = "/api/v1/namespaces/kube-system/secrets";
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
