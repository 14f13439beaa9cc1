/**
 * The rows of the CIS benchmark that flags and the kubelet's configuration answer, read out of what the real kubeadm
 * writes. Modes and owners of files: test/lab/machines/hardening.ts.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderEncryptionConfiguration } from "../../src/bootstrap/encryptionConfiguration";
import { renderKubeletConfiguration } from "../../src/bootstrap/kubeletConfiguration";
import { cisRows } from "../docs/cis";
import { describeWithTools } from "../findTool";
import { DryRunMachine } from "./dryRunMachine";
import { sampleConfig } from "./samples";

/** With Flux somebody approves certificates of kubelets, so that the API server verifies them. */
const withFlux = { flux: { url: "https://git.example.org/platform/cluster.git" } };
const forwardSecret =
  /^(TLS_ECDHE_(ECDSA|RSA)_WITH_(AES_128_GCM_SHA256|AES_256_GCM_SHA384|CHACHA20_POLY1305_SHA256),?)+$/;
const path = /^\/\S+$/;
const absent = undefined;

/** Row, static pod, flag, and what its value is. */
const flags: readonly (readonly [row: string, pod: string, flag: string, value: RegExp | undefined])[] = [
  ["1.2.2", "kube-apiserver", "token-auth-file", absent],
  ["1.2.3", "kube-apiserver", "enable-admission-plugins", /\bDenyServiceExternalIPs\b/],
  ["1.2.4", "kube-apiserver", "kubelet-client-certificate", path],
  ["1.2.4", "kube-apiserver", "kubelet-client-key", path],
  ["1.2.5", "kube-apiserver", "kubelet-certificate-authority", path],
  ["1.2.6", "kube-apiserver", "authorization-mode", /^(?!.*AlwaysAllow)/],
  ["1.2.7", "kube-apiserver", "authorization-mode", /\bNode\b/],
  ["1.2.8", "kube-apiserver", "authorization-mode", /\bRBAC\b/],
  ["1.2.9", "kube-apiserver", "enable-admission-plugins", /\bEventRateLimit\b/],
  ["1.2.10", "kube-apiserver", "enable-admission-plugins", /^(?!.*AlwaysAdmit)/],
  ["1.2.12", "kube-apiserver", "disable-admission-plugins", absent],
  ["1.2.13", "kube-apiserver", "disable-admission-plugins", absent],
  ["1.2.14", "kube-apiserver", "enable-admission-plugins", /\bNodeRestriction\b/],
  ["1.2.15", "kube-apiserver", "profiling", /^false$/],
  ["1.2.16", "kube-apiserver", "audit-log-path", path],
  ["1.2.17", "kube-apiserver", "audit-log-maxage", /^30$/],
  ["1.2.18", "kube-apiserver", "audit-log-maxbackup", /^10$/],
  ["1.2.19", "kube-apiserver", "audit-log-maxsize", /^100$/],
  ["1.2.21", "kube-apiserver", "service-account-lookup", absent],
  ["1.2.22", "kube-apiserver", "service-account-key-file", path],
  ["1.2.23", "kube-apiserver", "etcd-certfile", path],
  ["1.2.23", "kube-apiserver", "etcd-keyfile", path],
  ["1.2.24", "kube-apiserver", "tls-cert-file", path],
  ["1.2.24", "kube-apiserver", "tls-private-key-file", path],
  ["1.2.25", "kube-apiserver", "client-ca-file", path],
  ["1.2.26", "kube-apiserver", "etcd-cafile", path],
  ["1.2.27", "kube-apiserver", "encryption-provider-config", path],
  ["1.2.29", "kube-apiserver", "tls-cipher-suites", forwardSecret],
  ["1.2.30", "kube-apiserver", "service-account-extend-token-expiration", /^false$/],
  ["1.3.1", "kube-controller-manager", "terminated-pod-gc-threshold", /^[1-9]\d*$/],
  ["1.3.2", "kube-controller-manager", "profiling", /^false$/],
  ["1.3.3", "kube-controller-manager", "use-service-account-credentials", /^true$/],
  ["1.3.4", "kube-controller-manager", "service-account-private-key-file", path],
  ["1.3.5", "kube-controller-manager", "root-ca-file", path],
  ["1.3.6", "kube-controller-manager", "feature-gates", absent],
  ["1.4.1", "kube-scheduler", "profiling", /^false$/],
  ["2.1", "etcd", "cert-file", path],
  ["2.1", "etcd", "key-file", path],
  ["2.2", "etcd", "client-cert-auth", /^true$/],
  ["2.3", "etcd", "auto-tls", absent],
  ["2.4", "etcd", "peer-cert-file", path],
  ["2.4", "etcd", "peer-key-file", path],
  ["2.5", "etcd", "peer-client-cert-auth", /^true$/],
  ["2.6", "etcd", "peer-auto-tls", absent],
  ["2.7", "etcd", "trusted-ca-file", /\/etcd\/ca\.crt$/],
  ["3.2.1", "kube-apiserver", "audit-policy-file", path],
];

/** Row, and what the KubeletConfiguration says. A key that is absent has a default that the benchmark accepts. */
const kubelet: readonly (readonly [row: string, part: object])[] = [
  ["4.2.1", { authentication: { anonymous: { enabled: false } } }],
  ["4.2.2", { authorization: { mode: "Webhook" } }],
  ["4.2.4", { readOnlyPort: 0 }],
  ["4.2.10", { rotateCertificates: true }],
  ["4.2.13", { podPidsLimit: 4096 }],
  ["4.2.14", { seccompDefault: true }],
];
const kubeletDefaults = {
  "4.2.5": "streamingConnectionIdleTimeout",
  "4.2.6": "makeIPTablesUtilChains",
  "4.2.8": "eventRecordQPS",
  "4.2.11": "featureGates",
};

const passing = cisRows().flatMap(({ id, pass }) => (pass ? [id] : []));

describeWithTools("settings that the CIS benchmark asks for", ["kubeadm"], (tool) => {
  const directory = mkdtempSync(join(tmpdir(), "cis-"));
  const machine = new DryRunMachine(directory, tool("kubeadm"));
  beforeAll(() => {
    machine.writeStaticPods(machine.layControlPlane(withFlux));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it.each(flags)("row %s: %s has --%s as %s", (row, pod, flag, value) => {
    const found = machine
      .staticPod(pod)
      .spec.containers[0]!.command.filter((argument) => argument.startsWith(`--${flag}=`))
      .map((argument) => argument.slice(flag.length + 3));
    expect(found).toEqual(value === absent ? [] : [expect.stringMatching(value)]);
    expect(passing).toContain(row);
  });

  it.each(kubelet)("row %s: the kubelet's configuration has %j", (row, part) => {
    expect(renderKubeletConfiguration(sampleConfig(withFlux))).toMatchObject(part);
    expect(passing).toContain(row);
  });

  it.each(Object.entries(kubeletDefaults))("row %s: the kubelet keeps its default of %s", (row, key) => {
    expect(renderKubeletConfiguration(sampleConfig(withFlux))).not.toHaveProperty(key);
    expect(passing).toContain(row);
  });

  it("row 1.2.28: Secrets are written encrypted", () => {
    const { resources } = renderEncryptionConfiguration(sampleConfig().kubernetes.encryptionAtRest, "key") as {
      resources: { resources: string[]; providers: object[] }[];
    };
    expect(resources.map((entry) => [entry.resources, Object.keys(entry.providers[0]!)])).toEqual([
      [["secrets"], ["secretbox"]],
    ]);
    expect(passing).toContain("1.2.28");
  });
});
