/**
 * Configurations, facts and secrets for the tests of the renderers. Secrets are labels, so that a test can look for
 * them.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { scriptFile } from "../../src/bootstrap/machineFile";
import type { ControlPlaneFacts, MachineFile, WorkerFacts } from "../../src/bootstrap/inputs";
import type { ControlPlaneSecrets } from "../../src/pki/secrets";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { parseClusterConfig } from "../../src/config/parse";
import { readStackFile } from "../../src/config/stackFile";
import { poolGroups, type MachineTemplate } from "../../src/machines/planMachines";

/** A version that says nothing of today's default, so that a new patch changes no expectation. */
const sampleVersion = "1.36.3";

/** A configuration that says no more than it must, with `changes` to its top-level keys. */
export function sampleConfig(changes: Record<string, unknown> = {}): ClusterConfig {
  const least = {
    os: { family: "debian", version: "12" },
    image: "debian-12",
    apiEndpoint: { kind: "loadBalancer" },
    controlPlane: { flavor: "medium" },
    nodePools: [{ name: "default", count: 2, flavor: "large" }],
  };
  const kubernetes = { version: sampleVersion, ...(changes.kubernetes as object | undefined) };
  return parseClusterConfig({ ...least, ...changes, kubernetes }, "test");
}

export const rhel9 = { os: { family: "rhel", version: "9" } };
export const virtualIp = { apiEndpoint: { kind: "virtualIp", virtualRouterId: 7 } };

const fixtureDirectory = join(__dirname, "../fixtures/config/valid");

/** Every valid fixture of the configuration, by name. They belong to a stack called dev. */
export function fixtures(): (readonly [string, ClusterConfig])[] {
  const files = readdirSync(fixtureDirectory).filter((file) => file.endsWith(".yaml"));
  return files.map((file) => [
    basename(file, ".yaml"),
    parseClusterConfig(readStackFile(join(fixtureDirectory, file)).values, "dev"),
  ]);
}

/** A CA certificate made for these tests; its public key's SHA-256 was computed with openssl. */
export const caCertificate = `-----BEGIN CERTIFICATE-----
MIIBgTCCASegAwIBAgIUcbwbV2465LZZlbP9keuXl6kVYEswCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKa3ViZXJuZXRlczAgFw0yNjExMjIxODQyNThaGA8yMTI2MTAy
OTE4NDI1OFowFTETMBEGA1UEAwwKa3ViZXJuZXRlczBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABK8KdKHZyUh3SLZdY7yu2qEV7nZsnsdE3dn6cGLOOZA1bs9Va2fp
lfIkIpu1aqOmaqeXFruoGIqCH13wnA5NDBujUzBRMB0GA1UdDgQWBBTFrpy8jm/5
QYbk2raIDCuSmt1bJjAfBgNVHSMEGDAWgBTFrpy8jm/5QYbk2raIDCuSmt1bJjAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIApDXzSsDBc+2ArNEyTJ
ZP87yF4Pdsb78fn3xSsCo2wKAiEAuadAKdh/EqhNRPqRVh8ijw/aveV6/rNJiyeP
Wg60jNk=
-----END CERTIFICATE-----
`;
export const caCertificateSha256 = "sha256:5ef3a3561a74816388166030f6b2e23a3597a31259dca4cd55865a687e77f805";

export const bootstrapToken = "abcdef.0123456789abcdef";

export const secrets: ControlPlaneSecrets = {
  clusterCa: { certificatePem: caCertificate, privateKeyPem: "<cluster CA key>" },
  etcdCa: { certificatePem: "<etcd CA>", privateKeyPem: "<etcd CA key>" },
  frontProxyCa: { certificatePem: "<front-proxy CA>", privateKeyPem: "<front-proxy CA key>" },
  serviceAccount: { publicKeyPem: "<service-account public key>", privateKeyPem: "<service-account key>" },
  encryptionKey: "<encryption key>",
  bootstrapToken,
};

/** Facts of a cluster of that many control-plane machines. */
export function sampleFacts(config: ClusterConfig): ControlPlaneFacts {
  const peers = Array.from({ length: config.controlPlane.replicas }, (_, index) => ({
    name: `test-control-plane-${index}`,
    address: `10.10.0.${10 + index}`,
  }));
  return {
    endpointHost: config.apiEndpoint.kind === "external" ? config.apiEndpoint.host : "10.10.0.5",
    certSans: [],
    peers,
  };
}

export const workerFacts: WorkerFacts = {
  endpointHost: "10.10.0.5",
  clusterCaCertificatePem: caCertificate,
  bootstrapToken,
};

/** What each pool is to its machines. */
export function poolTemplates(config: ClusterConfig): MachineTemplate[] {
  return poolGroups(config).map(({ template }) => template);
}

/** Content of the file with this path. */
export function contentOf(files: readonly MachineFile[], path: string): string {
  const found = files.find((file) => file.path === path);
  if (found === undefined) throw new Error(`There is no ${path} among ${files.map((file) => file.path).join(", ")}.`);
  return found.content;
}

/**
 * A cloud-config without what is not the configuration's: each script is named instead of told, since it has tests of
 * its own, and so are the CA and the token.
 */
export function reviewable(cloudConfig: string): string {
  const indented = (text: string) => text.trimEnd().replace(/^(?=.)/gm, "      ");
  return readdirSync(join(__dirname, "../../src/bootstrap/files"))
    .reduce(
      (text, name) => text.replaceAll(indented(scriptFile(name).content), `      <src/bootstrap/files/${name}>`),
      cloudConfig,
    )
    .replaceAll(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----/g, "<cluster CA>")
    .replaceAll(bootstrapToken, "<bootstrap token>");
}
