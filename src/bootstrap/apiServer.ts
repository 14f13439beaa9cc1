/** How an API server is started: its arguments, and the files that it reads. */
import { createHash } from "node:crypto";
import type { ClusterConfig } from "../config/clusterConfig";
import { renderAdmissionConfiguration } from "./admissionConfiguration";
import { renderAuditPolicy } from "./auditPolicy";
import { renderAuthenticationConfiguration } from "./authenticationConfiguration";
import type { MachineFile } from "./inputs";
import { kubeadmArguments } from "./kubeadmArguments";
import { apiServerDirectory, etcDirectory, inPlace, textFile, yamlFile } from "./machineFile";
import { tlsCipherSuites, tlsMinVersion } from "./tlsPolicy";

const auditLogDirectory = "/var/log/kubernetes/audit";
/** Where kubeadm has the cluster CA, on the machine and in the API server's pod. */
const clusterCaPath = "/etc/kubernetes/pki/ca.crt";

/** kubeadm's section `apiServer`, but for the names in its certificate. */
export function renderApiServer(config: ClusterConfig): object {
  const { args, envs, volumes: mounted } = changeableApiServer(config);
  const { kubeletServingCertificate } = config.kubernetes;
  return {
    extraArgs: kubeadmArguments({
      ...given(args),
      // Kubernetes' signer of serving certificates signs with the cluster CA.
      ...(kubeletServingCertificate === "clusterCa" ? { "kubelet-certificate-authority": clusterCaPath } : {}),
    }),
    extraEnvs: envs,
    extraVolumes: mounted,
  };
}

/** What of that section may change while the cluster is there; undefined are arguments that it must not have. */
export function changeableApiServer(config: ClusterConfig) {
  return {
    args: changeableArguments(config),
    envs: [startedWith(config)],
    volumes: volumes.map(({ name, path, readOnly, type }) => ({
      name,
      hostPath: path,
      mountPath: path,
      pathType: type,
      ...readOnly,
    })),
  };
}

/** The files of the API server that `up` takes to machines that run. They hold no secret. */
export function apiServerFiles(config: ClusterConfig): MachineFile[] {
  const settings = { env: [startedWith(config)], ...podSettings(config) };
  return [
    // Read again when it changes, but for the part about anonymous requests, which is the same in all clusters.
    inPlace(
      "authentication",
      yamlFile(`${apiServerDirectory}/authentication.yaml`, [renderAuthenticationConfiguration(config)]),
    ),
    ...readAtStart(config),
    inPlace("apiServer", textFile(apiServerSettingsPath, JSON.stringify(settings), "0600")),
  ];
}

/** What of the API server's static pod is ours; files/agent.py writes it there. */
export const apiServerSettingsPath = `${etcDirectory}/api-server.json`;

/** Laid whatever the settings: the cluster may have been created with others. */
function readAtStart(config: ClusterConfig): MachineFile[] {
  return [
    yamlFile(`${apiServerDirectory}/admission.yaml`, [renderAdmissionConfiguration(config)]),
    yamlFile(`${apiServerDirectory}/audit-policy.yaml`, [renderAuditPolicy()]),
  ].map((file) => inPlace("apiServer", file));
}

/**
 * A variable that no API server reads: its digest makes another pod of changed files, and shows what an API server was
 * started with.
 */
function startedWith(config: ClusterConfig): { readonly name: string; readonly value: string } {
  const files = readAtStart(config).map(({ content }) => content);
  const digest = createHash("sha256").update(JSON.stringify([podSettings(config), files]));
  return { name: "OPENSTACK_KUBERNETES_FILES", value: digest.digest("hex") };
}

function podSettings(config: ClusterConfig): object {
  const all = changeableArguments(config);
  return {
    command: kubeadmArguments(given(all)).map(({ name, value }) => `--${name}=${value}`),
    absent: Object.keys(all)
      .filter((name) => all[name] === undefined)
      .map((name) => `--${name}`),
    volumeMounts: volumes.map(({ name, path, readOnly }) => ({ mountPath: path, name, ...readOnly })),
    volumes: volumes.map(({ name, path, type }) => ({ hostPath: { path, type }, name })),
  };
}

/** In the order of their names, and without what is false: as kubeadm keeps them. */
const volumes = [
  { name: "audit-log", path: auditLogDirectory, readOnly: {}, type: "DirectoryOrCreate" },
  { name: "openstack-kubernetes", path: apiServerDirectory, readOnly: { readOnly: true }, type: "Directory" },
] as const;

type Arguments = Readonly<Record<string, string | number | boolean | undefined>>;

/** All arguments that may change on a machine that runs; undefined those that the configuration does without. */
function changeableArguments({ kubernetes: { audit } }: ClusterConfig): Arguments {
  const audited = <T>(value: T) => (audit.enabled ? value : undefined);
  return {
    "admission-control-config-file": `${apiServerDirectory}/admission.yaml`,
    "authentication-config": `${apiServerDirectory}/authentication.yaml`,
    // NodeRestriction is kubeadm's own default, which naming plugins replaces (CIS 1.2.3, 1.2.9, 1.2.14).
    "enable-admission-plugins": "DenyServiceExternalIPs,EventRateLimit,NodeRestriction",
    profiling: false,
    // Tokens of pods end after an hour, as they say, not after a year: clients read the renewed file (CIS 1.2.30).
    "service-account-extend-token-expiration": false,
    "tls-cipher-suites": tlsCipherSuites.join(","),
    "tls-min-version": tlsMinVersion,
    "encryption-provider-config": `${apiServerDirectory}/encryption.yaml`,
    "audit-log-maxage": audited(audit.maxAgeDays),
    "audit-log-maxbackup": audited(audit.maxBackups),
    "audit-log-maxsize": audited(audit.maxSizeMb),
    "audit-log-path": audited(`${auditLogDirectory}/audit.log`),
    "audit-policy-file": audited(`${apiServerDirectory}/audit-policy.yaml`),
  };
}

export function given(all: Arguments): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string | number | boolean] => entry[1] !== undefined),
  );
}
