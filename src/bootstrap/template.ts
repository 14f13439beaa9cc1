/** What machines are created from, without what only OpenStack or the keys decide. */
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineTemplate } from "../machines/planMachines";
import { templateDigest } from "../machines/templateDigest";
import { bastionContent } from "./bastion";
import { controlPlaneContent, initConfigurationPath } from "./controlPlane";
import type { MachineFile } from "./inputs";
import { cloudConfigDocument, type Content } from "./userData";
import { workerContent } from "./worker";

/** Stand in for facts and secrets: a renewed token or another number of peers is no other template. */
const bootstrapToken = "BOOTSTRAP_TOKEN";
const caCertHash = "CA_CERT_HASH";
const authority = { certificatePem: "CERTIFICATE", privateKeyPem: "PRIVATE_KEY" };
const peers = [{ name: "PEER", address: "PEER_ADDRESS" }];

/** Digest of the template that machines are created from today. */
export function templateDigestOf(config: ClusterConfig, template: MachineTemplate): string {
  return templateDigest(template, cloudConfigDocument(config, templateContent(config, template)));
}

function templateContent(config: ClusterConfig, template: MachineTemplate): Content {
  const endpointHost = configuredHost(config) ?? "ENDPOINT_HOST";
  switch (template.role) {
    case "control-plane": {
      const facts = { endpointHost, certSans: [], peers };
      const serviceAccount = { publicKeyPem: "PUBLIC_KEY", privateKeyPem: "PRIVATE_KEY" };
      const cas = { clusterCa: authority, etcdCa: authority, frontProxyCa: authority };
      const secrets = { ...cas, serviceAccount, encryptionKey: "ENCRYPTION_KEY", bootstrapToken };
      const content = controlPlaneContent(config, facts, secrets, caCertHash);
      // A cluster that exists keeps what it was created with: a machine that is rolled joins it, and would gain
      // nothing.
      return { ...content, files: fixedAtCreation(content.files).filter(({ path }) => path !== initConfigurationPath) };
    }
    case "worker": {
      // Labels and taints are exceptions of the digest: without them the node's registration does not vary either.
      const credentials = { endpointHost, bootstrapToken, caCertHash };
      const plain = { ...template, labels: {}, taints: [] };
      const content = workerContent(config, plain, credentials);
      return { ...content, files: fixedAtCreation(content.files) };
    }
    case "bastion":
      return bastionContent(config);
  }
}

/** Without the files that `up` takes to machines that run: a machine that has others is not stale. */
function fixedAtCreation(files: readonly MachineFile[]): MachineFile[] {
  return files.filter(({ change }) => change === undefined);
}

/** The endpoint's host where the configuration says it. */
function configuredHost({ apiEndpoint }: ClusterConfig): string | undefined {
  switch (apiEndpoint.kind) {
    case "external":
      return apiEndpoint.host;
    case "virtualIp":
      return apiEndpoint.address;
    case "loadBalancer":
      return undefined;
  }
}
