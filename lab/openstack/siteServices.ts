/**
 * What stands beside a lab's OpenStack where its machines are real: the load balancers' programs, and the site that the
 * platform comes from, a registry of images and charts and a Git server, both by HTTPS with a certificate of their own.
 */
import { join, resolve } from "node:path";
import { cacheFolder } from "../machines/site";
import { gitFolder } from "./gitRepository";
import type { Layout } from "./layout";
import { driverEnvironment, mirrorAddress } from "./machines";
import type { Lab, Unit } from "./units";

/** Of the mirror's address. The site's other registry, of Kubernetes' own images, has 5000. */
const ports = { registry: 5001, git: 3000 } as const;

/** Host and port of the registry: a name would have to be known on the host too, where Pulumi's Helm fetches charts. */
export const siteRegistry = `${mirrorAddress}:${ports.registry}`;

/** The Git repository that Flux follows. */
export const gitUrl = `https://mirror.site.lab:${ports.git}/platform.git`;

/** The certificate of registry and Git server; its own authority. */
export const siteCertificate = (lab: Layout) => join(lab.data, "site", "ca.pem");
const siteKey = (lab: Layout) => join(lab.data, "site", "ca.key");

/** What was pushed, for all labs of this host: filling it again takes minutes. */
export const registryFolder = join(cacheFolder, "platform-registry");

/** Units that only a lab with machines has. */
export function siteUnits(lab: Lab): Unit[] {
  const { machines } = lab;
  if (machines === undefined) return [];
  const [certificate, key] = [siteCertificate(lab), siteKey(lab)];
  const names = `subjectAltName=IP:${mirrorAddress},DNS:mirror.site.lab`;
  return [
    // Load balancers of an earlier run carry again what they carried.
    {
      kind: "step",
      name: "balancers",
      after: [],
      commands: [["/usr/bin/python3", "-m", "lab_amphora"]],
      environment: driverEnvironment(lab, machines),
      repeat: "always",
    },
    {
      kind: "step",
      name: "site-certificate",
      after: [],
      commands: [
        [
          ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
          ...["-keyout", key, "-out", certificate, "-days", "3650", "-subj", "/CN=site.lab", "-addext", names],
        ],
      ],
      repeat: "once",
    },
    {
      kind: "service",
      name: "site-registry",
      after: ["site-certificate"],
      command: [machines.registryProgram, "serve", resolve(__dirname, "..", "site", "images", "registry.yaml")],
      environment: {
        REGISTRY_HTTP_ADDR: `:${ports.registry}`,
        REGISTRY_HTTP_TLS_CERTIFICATE: certificate,
        REGISTRY_HTTP_TLS_KEY: key,
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: registryFolder,
        OTEL_TRACES_EXPORTER: "none",
      },
      ready: { kind: "tcp", port: ports.registry },
    },
    {
      kind: "service",
      name: "site-git",
      after: ["site-certificate"],
      command: [
        ...[process.execPath, "-r", resolve(__dirname, "..", "..", "scripts", "typescript.js")],
        ...[join(__dirname, "gitServer.ts"), String(ports.git), gitFolder(lab), certificate, key],
      ],
      ready: { kind: "tcp", port: ports.git },
    },
  ];
}
