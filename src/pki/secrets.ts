/** What the PKI hands to the renderers, as plain values. */

export interface CertificateAuthority {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Everything that only control-plane machines may hold. */
export interface ControlPlaneSecrets {
  readonly clusterCa: CertificateAuthority;
  readonly etcdCa: CertificateAuthority;
  readonly frontProxyCa: CertificateAuthority;
  readonly serviceAccount: { readonly publicKeyPem: string; readonly privateKeyPem: string };
  /** 32 random bytes, base64: the key of the encryption at rest. */
  readonly encryptionKey: string;
  /** Bootstrap token `[a-z0-9]{6}.[a-z0-9]{16}`. */
  readonly bootstrapToken: string;
}
