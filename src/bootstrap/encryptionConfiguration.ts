/** The API server's EncryptionConfiguration: Secrets are encrypted in etcd. */

/** @param key 32 bytes, base64. The last provider reads what was written before encryption was turned on. */
export function renderEncryptionConfiguration(provider: "secretbox" | "aescbc", key: string): object {
  return {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [
      {
        resources: ["secrets"],
        providers: [{ [provider]: { keys: [{ name: "key-1", secret: key }] } }, { identity: {} }],
      },
    ],
  };
}
