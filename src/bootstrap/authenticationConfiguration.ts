/**
 * The API server's AuthenticationConfiguration (v1, stable since 1.34): people by OpenID Connect, and what may be asked
 * without a name.
 */
import type { ClusterConfig } from "../config/clusterConfig";

/**
 * Paths that need no credentials: the health checks of the kubelet and of load balancers, and the one ConfigMap by
 * which a joining machine finds the cluster (kubeadm reads it anonymously and checks its signature with the token).
 * Everything else anonymous is refused, whatever RBAC says.
 */
const anonymousPaths = ["/livez", "/readyz", "/healthz", "/api/v1/namespaces/kube-public/configmaps/cluster-info"];

export function renderAuthenticationConfiguration({ oidc }: ClusterConfig): object {
  return {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AuthenticationConfiguration",
    jwt:
      oidc === undefined
        ? []
        : [
            {
              issuer: {
                url: oidc.issuerUrl,
                audiences: [oidc.clientId],
                ...(oidc.ca === undefined ? {} : { certificateAuthority: `${oidc.ca.trim()}\n` }),
              },
              claimMappings: {
                username: { claim: oidc.usernameClaim, prefix: oidc.usernamePrefix },
                groups: { claim: oidc.groupsClaim, prefix: oidc.groupsPrefix },
              },
            },
          ],
    anonymous: { enabled: true, conditions: anonymousPaths.map((path) => ({ path })) },
  };
}
