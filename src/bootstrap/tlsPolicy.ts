/**
 * TLS of the API server and the kubelet: 1.2 and up, and of 1.2 only suites with forward secrecy and authenticated
 * encryption (CIS Kubernetes Benchmark, "Ensure that the API Server only makes use of Strong Cryptographic Ciphers";
 * the suites of TLS 1.3 are fixed).
 */
export const tlsMinVersion = "VersionTLS12";

export const tlsCipherSuites: readonly string[] = [
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
];
