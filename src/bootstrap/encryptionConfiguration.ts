/** The API server's EncryptionConfiguration: Secrets are encrypted in etcd. */
import type { ClusterConfig } from "../config/clusterConfig";

const encrypting = ["secretbox", "aescbc"] as const;

/**
 * The chosen provider writes; all others stay in the list, so that whatever was written under an earlier choice can be
 * read whenever the choice changes. Both take the same key of 32 bytes.
 * @param key 32 bytes, base64.
 */
export function renderEncryptionConfiguration(
  choice: ClusterConfig["kubernetes"]["encryptionAtRest"],
  key: string,
): object {
  const identity = { identity: {} };
  const provider = (name: string) => ({ [name]: { keys: [{ name: "key-1", secret: key }] } });
  const others = encrypting.filter((name) => name !== choice).map(provider);
  return {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [
      {
        resources: ["secrets"],
        providers: choice === "none" ? [identity, ...others] : [provider(choice), ...others, identity],
      },
    ],
  };
}
