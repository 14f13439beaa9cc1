/** A new tenant's file, as `npm run tenant -- new` writes it. */
import { stringify } from "yaml";
import type { TenantPlan } from "../../src/openshift/tenants";
import { type EgressRule, egressRules } from "./egress";
import { credentialsComponent, gitComponent, registryComponent, sopsComponent, type TenantFile } from "./tenantFile";

interface NewTenant {
  readonly name: string;
  readonly group: string;
  /** Cores, as Kubernetes writes them. */
  readonly cpu: string;
  readonly memory: string;
  readonly storage: string;
  readonly egress: readonly EgressRule[];
  /** Further keys of the file. @default {} */
  readonly settings?: Partial<TenantFile["spec"]["postBuild"]["substitute"]>;
  /** Whether its pods get the platform's credentials of registries. @default false */
  readonly registry?: boolean;
  /** Absent: the tenant deploys by hand. */
  readonly git?: {
    readonly url: string;
    readonly branch?: string;
    readonly path?: string;
    readonly credentials: boolean;
    readonly sops: boolean;
  };
}

export function renderTenantFile({
  name,
  group,
  cpu,
  memory,
  storage,
  egress,
  settings = {},
  registry = false,
  git,
}: NewTenant): string {
  const components: NonNullable<TenantFile["spec"]["components"]> = [
    ...(registry ? ([registryComponent] as const) : []),
    ...(git ? ([gitComponent] as const) : []),
    ...(git?.credentials ? ([credentialsComponent] as const) : []),
    ...(git?.sops ? ([sopsComponent] as const) : []),
  ];
  const file: TenantFile = {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { name: `tenant-${name}` },
    spec: {
      ...(components.length > 0 ? { components } : {}),
      postBuild: {
        substitute: {
          TENANT: name,
          GROUP: group,
          CPU: cpu,
          MEMORY: memory,
          STORAGE: storage,
          ...settings,
          ...(egress.length > 0 ? { EGRESS: JSON.stringify(egress) } : {}),
          ...(git
            ? {
                GIT_URL: git.url,
                ...(git.branch ? { GIT_BRANCH: git.branch } : {}),
                ...(git.path ? { GIT_PATH: git.path } : {}),
              }
            : {}),
        },
      },
    },
  };
  return stringify(file, { lineWidth: 0, compat: "yaml-1.1" });
}

/** The file of a project that leaves OpenShift. Destinations that a tenant cannot have are left out. */
export function renderTenant({ name, group, cpu, memory, storage, egress, settings }: TenantPlan): string {
  const rules = egressRules.safeParse(egress);
  return renderTenantFile({ name, group, cpu, memory, storage, egress: rules.success ? rules.data : [], settings });
}
