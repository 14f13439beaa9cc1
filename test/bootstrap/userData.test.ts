import { createPrivateKey, generateKeyPairSync, randomBytes } from "node:crypto";
import fc from "fast-check";
import { renderBastionUserData } from "../../src/bootstrap/bastion";
import { renderControlPlaneUserData } from "../../src/bootstrap/controlPlane";
import type { ControlPlaneSecrets } from "../../src/pki/secrets";
import { packUserData, userDataLimit } from "../../src/bootstrap/userData";
import { renderWorkerUserData } from "../../src/bootstrap/worker";
import { osReleases } from "../../src/config/operatingSystems";
import { madeCertificates } from "../madeCertificates";
import { caCertificate, fixtures, poolTemplates, sampleConfig, sampleFacts, secrets, workerFacts } from "./samples";

/**
 * Keys do not compress, so sizes are measured with real ones: EC for the CAs as the PKI makes them, RSA where the
 * catalogue may choose it.
 */
function realSecrets(): ControlPlaneSecrets {
  const authority = () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return {
      // A certificate of the same size whose bytes are not those of the others.
      certificatePem: caCertificate.replace(
        /\n[A-Za-z0-9+/=\n]+\n/,
        `\n${randomBytes(390)
          .toString("base64")
          .replaceAll(/(.{64})/g, "$1\n")}\n`,
      ),
      privateKeyPem: createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" }))
        .export({ type: "sec1", format: "pem" })
        .toString(),
    };
  };
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    clusterCa: { certificatePem: caCertificate, privateKeyPem: authority().privateKeyPem },
    etcdCa: authority(),
    frontProxyCa: authority(),
    serviceAccount: {
      publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
      privateKeyPem: privateKey.export({ type: "pkcs1", format: "pem" }).toString(),
    },
    encryptionKey: randomBytes(32).toString("base64"),
    bootstrapToken: secrets.bootstrapToken,
  };
}

describe("the size of user data", () => {
  const real = realSecrets();
  const withoutExtraCas = fixtures().map(([name, config]) => [name, { ...config, extraCas: [] }] as const);

  it.each(withoutExtraCas)("of a worker is at most 8 KiB as sent: %s", (_name, config) => {
    const sizes = poolTemplates(config).map((pool) => renderWorkerUserData(config, pool, workerFacts).encoded.length);
    expect(sizes.filter((size) => size > 8192)).toEqual([]);
  });

  it.each(withoutExtraCas)("of a control-plane machine is at most 24 KiB as sent: %s", (_name, config) => {
    expect(renderControlPlaneUserData(config, sampleFacts(config), real).encoded.length).toBeLessThanOrEqual(24576);
  });

  it("over Nova's limit is an error that names the machines and the three largest parts", () => {
    const file = (path: string, bytes: number) => ({
      path,
      permissions: "0644",
      content: randomBytes(bytes).toString("base64url"),
    });
    const files = [file("/small", 300), file("/large", 30_000), file("/larger", 40_000), file("/middle", 3_000)];
    expect(() => packUserData(sampleConfig(), "node pool default", { files, commands: [] })).toThrow(
      /^User data of node pool default has \d+ bytes but Nova takes at most 65535; the largest parts are \/larger \(53334 bytes\), \/large \(40000 bytes\), \/middle \(4000 bytes\)\. Shorten what they come from, extraCas for instance\.$/,
    );
  });

  it("stays under Nova's limit for any configuration of ordinary size", async () => {
    const authorities = await Promise.all(Array.from({ length: 5 }, async () => (await madeCertificates()).ca));
    const endpoint = fc.constantFrom(
      { kind: "loadBalancer" },
      { kind: "virtualIp" },
      { kind: "external", host: "api.example.org" },
    );
    const configuration = fc.record(
      {
        os: fc.constantFrom(...osReleases),
        apiEndpoint: endpoint,
        proxy: fc.constant({ httpProxy: "http://proxy.example.org:3128" }),
        // Addresses outside of every network of the cluster, which the configuration would refuse.
        ntpServers: fc.uniqueArray(
          fc.integer({ min: 1, max: 254 }).map((last) => `203.0.113.${last}`),
          { maxLength: 8 },
        ),
        extraCas: fc.subarray(authorities),
        registryMirrors: fc
          .uniqueArray(fc.constantFrom("docker.io", "quay.io", "ghcr.io", "registry.k8s.io"))
          .map((registries) =>
            registries.map((registry) => ({
              registry,
              endpoints: [`https://mirror.example.org/${registry}`],
              overridePath: true,
            })),
          ),
        packageSource: fc.constantFrom("upstream", "preinstalled"),
        cni: fc.constantFrom({ kind: "calico" }, { kind: "none" }),
        kubernetes: fc.record({
          encryptionAtRest: fc.constantFrom("secretbox", "aescbc", "none"),
          maxPodsPerNode: fc.integer({ min: 10, max: 250 }),
        }),
      },
      { requiredKeys: ["os", "apiEndpoint"] },
    );
    fc.assert(
      fc.property(configuration, (changes) => {
        const config = sampleConfig(changes);
        const sizes = [
          renderControlPlaneUserData(config, sampleFacts(config), real),
          renderWorkerUserData(config, poolTemplates(config)[0]!, workerFacts),
          renderBastionUserData(config),
        ].map(({ encoded }) => encoded.length);
        return sizes.every((size) => size > 0 && size <= userDataLimit);
      }),
      { numRuns: 60 },
    );
  });
});
