/** What kubeadm keeps of the cluster's configuration, for machines that join the control plane. */
import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";
import { changeableApiServer, given } from "../bootstrap/apiServer";
import { kubeadmArguments } from "../bootstrap/kubeadmArguments";
import type { ClusterConfig } from "../config/clusterConfig";
import { documentOf } from "./answers";
import type { KubernetesRequest } from "./client";

const path = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config";

interface Named {
  readonly name: string;
}

interface ClusterConfiguration {
  /** With its v. */
  readonly kubernetesVersion?: string;
  readonly apiServer?: {
    readonly extraArgs?: readonly Named[];
    readonly extraEnvs?: readonly Named[];
    readonly extraVolumes?: readonly Named[];
  };
}

interface ConfigMap {
  readonly data?: { readonly ClusterConfiguration?: string };
}

/**
 * Brings the API server's settings there up to date; the rest stays as the cluster was created. A cluster without it
 * is not touched: kubeadm joins nothing to it. Throws a sentence when the API refuses.
 */
export async function updateKubeadmConfig(config: ClusterConfig, request: KubernetesRequest): Promise<void> {
  const found = await kubeadmConfig(request);
  if (found === undefined) return;
  const { present, before } = found;
  const { args, envs, volumes } = changeableApiServer(config);
  const { extraArgs, extraEnvs, extraVolumes } = before.apiServer ?? {};
  const after = {
    ...before,
    apiServer: {
      ...before.apiServer,
      extraArgs: withItems(extraArgs, kubeadmArguments(given(args)), Object.keys(args)),
      extraEnvs: withItems(extraEnvs, envs),
      extraVolumes: withItems(extraVolumes, volumes),
    },
  };
  if (isDeepStrictEqual(after, before)) return;
  const data = { ...present.data, ClusterConfiguration: stringify(after) };
  documentOf("to update kubeadm-config", await request("PUT", path, { ...present, data }));
}

/**
 * Version of the control plane as kubeadm keeps it, for instance "1.36.3": that of the first machine that was upgraded.
 * Undefined where kubeadm has not created the cluster.
 */
export async function clusterVersion(request: KubernetesRequest): Promise<string | undefined> {
  return (await kubeadmConfig(request))?.before.kubernetesVersion?.replace(/^v/, "");
}

async function kubeadmConfig(
  request: KubernetesRequest,
): Promise<{ present: ConfigMap; before: ClusterConfiguration } | undefined> {
  const found = await request("GET", path);
  if (found.status === 404) return undefined;
  const present = documentOf<ConfigMap>("to show kubeadm-config", found);
  const { ClusterConfiguration: text } = present.data ?? {};
  return text === undefined ? undefined : { present, before: parse(text) as ClusterConfiguration };
}

/** The items in the order of their names, without those in `replaced`, and with the wanted ones. */
function withItems<T extends Named>(
  present: readonly Named[] = [],
  wanted: readonly T[],
  replaced: readonly string[] = wanted.map(({ name }) => name),
): Named[] {
  return [...present.filter(({ name }) => !replaced.includes(name)), ...wanted].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
}
