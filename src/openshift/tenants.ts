/** A project becomes a tenant: its file (docs/tenants.md), by quotas, limits, bindings and policies. */
import { type Conversion, remark, task } from "./conversion";
import { type Fields, fieldsOf, recordsOf, textOf, without } from "./manifest";
import { egressOf } from "./networkPolicies";
import { bytesOf, coresOf, gibi, mebi, quantityOf } from "./quantities";
import { groupOfProject } from "./access";
import { podSpecOf, workloadsOf, containersOf, type Migration, ofKind, projectAnnotations, tenantOf } from "./target";
import { planVolumes } from "./volumes";

export interface TenantPlan {
  readonly project: string;
  readonly name: string;
  readonly group: string;
  readonly cpu: string;
  readonly memory: string;
  readonly storage: string;
  readonly egress: readonly unknown[];
  /** Further keys of the file, such as PODS. */
  readonly settings: Readonly<Record<string, string>>;
  readonly notes: Conversion["notes"];
}

/** What hard limits of a quota become. Longest names first: Kubernetes has two for some. */
const counts: Readonly<Record<string, string>> = {
  pods: "PODS",
  persistentvolumeclaims: "VOLUMES",
  "services.loadbalancers": "LOAD_BALANCERS",
  "services.nodeports": "NODE_PORTS",
};
const cpuLimits = ["requests.cpu", "cpu"];
const memoryLimits = ["limits.memory", "requests.memory", "memory"];
const storageLimits = ["requests.storage"];
/** Kinds that the tenant's quota counts each by OBJECTS. */
const counted = /^(count\/.*|configmaps|secrets|services|replicationcontrollers|openshift\.io\/imagestreams)$/;

export function planTenant(migration: Migration, project: string): TenantPlan {
  const hard = hardLimits(migration, project);
  const used = usage(migration, project);
  const notes: Conversion["notes"][number][] = [];
  const first = (keys: readonly string[]) => keys.map((key) => textOf(hard[key])).find((value) => value !== "");
  const cpuQuota = coresOf(first(cpuLimits) ?? "");
  const memoryQuota = bytesOf(first(memoryLimits) ?? "");
  const storageQuota = bytesOf(first(storageLimits) ?? "");
  if (cpuQuota === undefined || memoryQuota === undefined || storageQuota === undefined)
    notes.push(
      task(
        "The project had no quota for CPU, memory or storage; the file has twice what its pods request and what its claims hold. Look at it.",
      ),
    );
  const group = groupOfProject(migration, project);
  if (group === undefined)
    notes.push(
      task(
        `No group administers the project; GROUP is ${project}-admins, which the directory must have. Give another by --group.`,
      ),
    );
  const settings: Record<string, string> = {};
  for (const [key, value] of Object.entries(hard)) {
    const setting = counts[key];
    if (setting !== undefined) settings[setting] = textOf(value);
    else if (![...cpuLimits, ...memoryLimits, ...storageLimits, "limits.cpu"].includes(key))
      notes.push(
        counted.test(key)
          ? remark(`The quota ${key} (${textOf(value)}) is OBJECTS of the tenant's file, 200 of each kind.`)
          : task(`The quota ${key} (${textOf(value)}) is not carried over; see whether it matters.`),
      );
  }
  const memories = memoryLimits.map((key) => textOf(hard[key])).filter((value) => value !== "");
  if (memories.length > 1)
    notes.push(
      remark(`The quotas of memory were ${memories.join(", ")}; MEMORY of the file counts requests and limits alike.`),
    );
  if (hard["limits.cpu"] !== undefined)
    notes.push(
      remark(`The quota limits.cpu (${textOf(hard["limits.cpu"])}) is none here: CPU is limited by requests.`),
    );
  const { rules, problems } = egressOf(migration, project);
  notes.push(...problems.map((sentence) => task(sentence)), ...projectNotes(migration, project));
  const defaults = containerDefaults(migration, project);
  return {
    project,
    name: tenantOf(migration, project),
    group: group ?? `${project}-admins`,
    cpu: String(Math.ceil((cpuQuota ?? Math.max(1, used.cores * 2)) * 10) / 10),
    memory: quantityOf(memoryQuota ?? Math.max(gibi, used.bytes * 2)),
    storage: quantityOf(storageQuota ?? Math.max(gibi, used.storage * 2)),
    egress: rules,
    settings: { ...settings, ...defaults.settings },
    notes: [...notes, ...defaults.notes],
  };
}

/** Of all quotas of a project, those of ClusterResourceQuotas that name it included; the first of several counts. */
function hardLimits(migration: Migration, project: string): Fields {
  const annotations = projectAnnotations(migration, project);
  const clusterwide = ofKind(migration, undefined, "ClusterResourceQuota").filter(({ spec }) => {
    const wanted = Object.entries(fieldsOf(fieldsOf(fieldsOf(spec).selector).annotations));
    return wanted.length > 0 && wanted.every(([key, value]) => annotations[key] === value);
  });
  const quotas = [
    ...ofKind(migration, project, "ResourceQuota").filter(({ spec }) => fieldsOf(spec).scopes === undefined),
    ...clusterwide.map(({ spec }) => ({ spec: fieldsOf(spec).quota })),
  ];
  return Object.assign({}, ...quotas.reverse().map(({ spec }) => fieldsOf(fieldsOf(spec).hard))) as Fields;
}

/** What the pods of a project request, and what its claims hold. */
function usage(migration: Migration, project: string) {
  let cores = 0;
  let bytes = 0;
  for (const workload of workloadsOf(migration, project)) {
    const replicas = Number(fieldsOf(workload.manifest.spec).replicas ?? 1);
    for (const { resources } of containersOf(podSpecOf(workload))) {
      const { requests, limits } = fieldsOf(resources);
      const asked = { ...fieldsOf(limits), ...fieldsOf(requests) };
      cores += replicas * (coresOf(textOf(asked.cpu)) ?? 0.1);
      bytes += replicas * (bytesOf(textOf(fieldsOf(limits).memory) || textOf(asked.memory)) ?? 256 * mebi);
    }
  }
  const storage = planVolumes(migration, project).reduce((sum, { size }) => sum + (bytesOf(size) ?? 0), 0);
  return { cores, bytes, storage };
}

function containerDefaults(migration: Migration, project: string): Pick<TenantPlan, "settings" | "notes"> {
  const limits = ofKind(migration, project, "LimitRange").flatMap(({ spec }) => recordsOf(fieldsOf(spec).limits));
  const settings: Record<string, string> = {};
  const notes = limits.flatMap((limit) => {
    const { type, default: byDefault, defaultRequest, ...bounds } = limit;
    const lost = type === "Container" ? bounds : without(limit, "type");
    if (type === "Container") {
      const cpu = coresOf(textOf(fieldsOf(defaultRequest).cpu));
      const memory = bytesOf(textOf(fieldsOf(byDefault).memory) || textOf(fieldsOf(defaultRequest).memory));
      if (cpu !== undefined) settings.DEFAULT_CPU = `${Math.ceil(cpu * 1000)}m`;
      if (memory !== undefined) settings.DEFAULT_MEMORY = quantityOf(memory);
    }
    return [
      ...(type === "Container"
        ? [
            remark(
              `Containers got ${JSON.stringify({ default: byDefault, defaultRequest })}; DEFAULT_CPU and DEFAULT_MEMORY stand for it, and CPU has no limit.`,
            ),
          ]
        : []),
      ...(Object.keys(lost).length === 0
        ? []
        : [
            task(
              `LimitRange: ${JSON.stringify(lost)} for ${textOf(type)} is not carried over; the quota limits the tenant.`,
            ),
          ]),
    ];
  });
  return { settings, notes };
}

function projectNotes(migration: Migration, project: string): Conversion["notes"] {
  const annotations = projectAnnotations(migration, project);
  const selector = textOf(annotations["openshift.io/node-selector"]);
  const { "openshift.io/display-name": title, "openshift.io/description": description } = annotations;
  const about = [title, description].map(textOf).filter((text) => text !== "");
  const isJoined = annotations["netnamespace.network.openshift.io/multitenant.change-network"] !== undefined;
  const requester = textOf(annotations["openshift.io/requester"]);
  return [
    ...(about.length === 0 ? [] : [remark(`It is called ${about.join(": ")}.`)]),
    ...(requester === "" ? [] : [remark(`${requester} asked for it.`)]),
    ...(selector === ""
      ? []
      : [task(`All pods ran on nodes ${selector}; write a nodeSelector into the workloads that need it.`)]),
    ...(isJoined
      ? [task("Its network was joined with another project's; write network policies in both tenants.")]
      : []),
  ];
}
