/**
 * A control plane with what the platform lays into a tenant's namespace, and its guards, but no Flux: what Flux would
 * apply is applied by its name. Quicker than the whole platform, for what only the API server judges.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { renderAdmissionConfiguration } from "../../../src/bootstrap/admissionConfiguration";
import { renderClusterConfiguration } from "../../../src/bootstrap/clusterConfiguration";
import { parseClusterConfig } from "../../../src/config/parse";
import { readStackFile } from "../../../src/config/stackFile";
import { fluxNamespace } from "../../../src/platform/flux";
import { buildStack } from "../fluxBuild";
import { repositoryFolder, toolFolder } from "../toolbox";
import { startControlPlane } from "./controlPlane";
import type { Kubectl, KubernetesObject } from "./kubectl";
import { eventually, Processes } from "./processes";

/** Definitions that guards and tenants speak of. */
const definitions =
  /^(kustomize|source|helm)\.toolkit|^cert-manager\.io|^monitoring\.coreos\.com_(pod|service)monitors|^gatewayapi|^(policies\.)?kyverno\.io_|^snapshot\.storage/;

export const guardedClusterFolders = (["flux", "definitions", "kyverno", "snapshots"] as const).map((module) =>
  join(toolFolder(module), "crds"),
);

/** A policy of Kyverno in CEL as the API server itself takes it, with its binding. */
export function asAdmissionPolicy({ metadata: { name }, spec }: KubernetesObject): KubernetesObject[] {
  const { validationActions, ...rest } = spec as { validationActions: readonly string[] };
  const apiVersion = "admissionregistration.k8s.io/v1";
  return [
    { apiVersion, kind: "ValidatingAdmissionPolicy", metadata: { name }, spec: rest },
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name, validationActions },
    },
  ];
}

export interface GuardedCluster {
  /** The admin of the cluster, in kubeadm:cluster-admins' place. */
  readonly kubectl: Kubectl;
  /** The kustomize-controller, which applies what Git says. */
  readonly flux: Kubectl;
  /** A member of the tenant atlas. */
  readonly member: Kubectl;
  /** What Flux would apply for a part of the stack dev, or for the tenant: `tenant-atlas`. */
  readonly built: ReadonlyMap<string, readonly KubernetesObject[]>;
  readonly stop: () => Promise<void>;
}

export async function startGuardedCluster(): Promise<GuardedCluster> {
  const folder = mkdtempSync(join(tmpdir(), "guards-"));
  const processes = new Processes(folder);
  const stop = async () => {
    await processes.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const kubectl = await startControlPlane(join(folder, "control-plane"), processes, admissionFlags(folder));
    const files = guardedClusterFolders.flatMap((crds) =>
      readdirSync(crds).flatMap((file) => (definitions.test(file) ? ["-f", join(crds, file)] : [])),
    );
    kubectl.run(["apply", "--server-side", ...files]);
    await eventually(
      "Established definitions",
      180,
      () => kubectl.attempt(["wait", "--for=condition=Established", "crd", "--all", "--timeout=45s"]).ok || undefined,
    );
    const account = `system:serviceaccount:${fluxNamespace}:kustomize-controller`;
    kubectl.run(["create", "namespace", fluxNamespace]);
    kubectl.run(["create", "clusterrolebinding", "flux", "--clusterrole=cluster-admin", `--user=${account}`]);
    const flux = kubectl.as(account, ["system:serviceaccounts", `system:serviceaccounts:${fluxNamespace}`]);
    const built = buildStack("dev", {}, ["guards", "tenants", "canary", "storage"]);
    await applied(flux, built.get("storage")!);
    await applied(flux, built.get("guards")!);
    // Flux writes on each object what it comes from.
    const tenants = built.get("tenants")!.map((object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        labels: {
          "kustomize.toolkit.fluxcd.io/name": "tenants",
          "kustomize.toolkit.fluxcd.io/namespace": fluxNamespace,
        },
      },
    }));
    await applied(flux, tenants);
    await applied(flux, built.get("tenant-atlas")!);
    await eventually("Guards in force", 60, () =>
      refuses(flux, {
        kind: "NetworkPolicy",
        apiVersion: "networking.k8s.io/v1",
        spec: { podSelector: {}, egress: [{}] },
      }) && refuses(flux, { kind: "ResourceQuota", apiVersion: "v1", spec: { hard: { pods: "1" } } })
        ? true
        : undefined,
    );
    const member = kubectl.as("oidc:ada", ["oidc:atlas-developers"]);
    await eventually(
      "The rights of the role admin",
      60,
      () =>
        member.attempt(["auth", "can-i", "create", "helmreleases.helm.toolkit.fluxcd.io", "-n", "atlas"]).ok ||
        undefined,
    );
    return { kubectl, flux, member, built, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Admission as the program configures it on a machine. */
function admissionFlags(folder: string): string[] {
  const file = join(folder, "admission.yaml");
  const config = parseClusterConfig(readStackFile(join(repositoryFolder, "Pulumi.dev.yaml")).values, "dev");
  writeFileSync(file, stringify(renderAdmissionConfiguration(config)));
  const { apiServer } = renderClusterConfiguration(config, { endpointHost: "192.0.2.1", certSans: [] }) as {
    apiServer: { extraArgs: readonly { name: string; value: string }[] };
  };
  const plugins = apiServer.extraArgs.find(({ name }) => name === "enable-admission-plugins")!;
  return [`--enable-admission-plugins=${plugins.value}`, `--admission-control-config-file=${file}`];
}

/** Namespaces first, as Flux does; what a kind just defined refuses is tried again. */
async function applied(flux: Kubectl, objects: readonly KubernetesObject[]): Promise<void> {
  const namespaces = objects.filter(({ kind }) => kind === "Namespace");
  for (const part of [namespaces, objects.filter(({ kind }) => kind !== "Namespace")]) {
    if (part.length === 0) continue;
    let output = "";
    await eventually(
      "The platform's objects",
      120,
      () => {
        const attempt = flux.apply(...part);
        ({ output } = attempt);
        return attempt.ok || undefined;
      },
      () => output,
    );
  }
}

/** Whether a guard refuses a new object of the platform in the tenant's namespace. */
function refuses(flux: Kubectl, object: object): boolean {
  const metadata = { name: "refused", namespace: "atlas", labels: { "openstack-kubernetes/owner": "platform" } };
  return flux
    .attempt(["create", "--dry-run=server", "-f", "-"], JSON.stringify({ ...object, metadata }))
    .output.includes("ValidatingAdmissionPolicy");
}
