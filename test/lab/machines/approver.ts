/** Who approves kubelets' requests for serving certificates in the lab, where Flux does not run. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { LabCluster } from "../../../lab/machines/cluster";
import { networkNamespace, programOf, runFolder } from "../../../lab/machines/site";
import { renderClusterSettings } from "../../../src/platform/clusterSettings";

/**
 * Path of the program kubelet-csr-approver, of the version in gitops/, or undefined. No script of ours builds it: its
 * Go module cannot be had from the module proxy. Its container image has it.
 */
export const approverProgram = process.env.KUBELET_CSR_APPROVER;

/** How the chart hands its values to the program; a value in gitops/ that is not here fails the test. */
const variables: Readonly<Record<string, string>> = {
  providerRegex: "PROVIDER_REGEX",
  providerIpPrefixes: "PROVIDER_IP_PREFIXES",
  bypassDnsResolution: "BYPASS_DNS_RESOLUTION",
  maxExpirationSeconds: "MAX_EXPIRATION_SEC",
};

/** Values that say where the program's pod runs; here it is none. */
const ofThePod: readonly string[] = ["nodeSelector", "tolerations"];

/** The program's environment as gitops/ has it for this cluster. */
function approverEnvironment(cluster: Pick<LabCluster, "config" | "plan">): Record<string, string> {
  const settings = renderClusterSettings(cluster.config, cluster.plan.endpointHost);
  const text = readFileSync(
    join(__dirname, "../../../gitops/infrastructure/controllers/kubelet-csr-approver/release.yaml"),
    "utf8",
  );
  const documents = parseAllDocuments(text.replace(/\$\{([A-Z_]+)\}/g, (_, name: string) => settings[name]!)).map(
    (document) => document.toJS() as { kind: string; spec: { values?: Record<string, unknown> } },
  );
  const { values = {} } = documents.find(({ kind }) => kind === "HelmRelease")!.spec;
  return Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => !ofThePod.includes(key))
      .map(([key, value]) => {
        const variable = variables[key];
        if (variable === undefined)
          throw new Error(
            `gitops/ sets ${key} of kubelet-csr-approver's chart: say here which variable of the program that is.`,
          );
        return [variable, String(value)];
      }),
  );
}

/** Approves whatever is asked for, without a look: only to have certificates where the program is not there. */
const standIn = `
while sleep 1; do
  for request in $("$@" get csr -o go-template='{{range .items}}{{if not .status.conditions}}{{.metadata.name}} {{end}}{{end}}'); do
    "$@" certificate approve "$request"
  done
done`;

/**
 * Starts kubelet-csr-approver, or its stand-in, in the machines' network; the test kills it. Its leader election, for
 * which one needs a pod, stays off.
 */
export function startApprover(cluster: LabCluster): ChildProcess {
  const kubeconfig = cluster.adminKubeconfig();
  const inNetwork = ["nsenter", `--net=/run/netns/${networkNamespace}`];
  const command =
    approverProgram === undefined
      ? ["bash", "-c", standIn, "approver", programOf("kubernetes", "kubectl"), "--kubeconfig", kubeconfig]
      : [approverProgram, "-metrics-bind-address", "127.0.0.1:18080", "-health-probe-bind-address", "127.0.0.1:18081"];
  if (approverProgram !== undefined && !existsSync(approverProgram))
    throw new Error(`KUBELET_CSR_APPROVER names ${approverProgram}, which does not exist.`);
  const [program = "", ...words] = [...inNetwork, ...command];
  // kubectl keeps a cache in its user's home; without one it would do so in the checkout.
  const environment = {
    PATH: process.env.PATH,
    HOME: runFolder,
    KUBECONFIG: kubeconfig,
    ...approverEnvironment(cluster),
  };
  return spawn(program, words, { stdio: "ignore", env: environment });
}
