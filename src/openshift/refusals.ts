/**
 * What the new cluster would refuse of an object: Pod Security at the level `baseline`, the guards of tenants
 * (gitops/infrastructure/guards) and Kyverno's policies (gitops/infrastructure/policies). Tests compare these sentences
 * with the answers of a real API server. Each names the line and what to change.
 */
import { hasVersion } from "./images";
import { bytesOf } from "./quantities";
import { containersOf, workloadOf } from "./target";
import { type Fields, fieldsOf, isFields, itemsOf, type Manifest, recordsOf, textOf } from "./manifest";

/** Capabilities that the level `baseline` lets a container add. */
const baselineCapabilities = [
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP"],
  ...["SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
];
/** Kernel settings that `baseline` lets a pod change. */
const baselineSysctls = [
  ...["kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"],
  ...["net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"],
  ...["net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"],
  ...["net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"],
];
const baselineSelinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
/** Volume types that the guard tenant-pods lets a pod mount. */
const allowedVolumes = [
  ...["name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim"],
  ...["projected", "secret"],
];
const platformFinalizers = ["batch.kubernetes.io/job-tracking", "foregroundDeletion", "orphan"];
/** Seconds; a drain waits for it. */
const longestGracePeriod = 600;

/** What a tenant's file allows, as far as an object alone is judged by it. */
export interface TenantLimits {
  /** Bytes that a container gets as its limit that names none. */
  readonly defaultMemory: number;
  readonly loadBalancers: number;
  readonly nodePorts: number;
}

/** Sentences, empty where the object is accepted. */
export function refusalsOf(manifest: Manifest, limits: TenantLimits): string[] {
  const workload = workloadOf(manifest);
  if (workload !== undefined) {
    const podSpec = fieldsOf(workload.template.spec);
    return [
      ...podRefusals(podSpec, workload.path, workload.template),
      ...containerPaths(podSpec, workload.path).flatMap(([at, container]) =>
        memoryRefusals(container, at, limits.defaultMemory),
      ),
    ];
  }
  const spec = fieldsOf(manifest.spec);
  switch (manifest.kind) {
    case "Service":
      return serviceRefusals(spec, limits);
    case "PodDisruptionBudget":
      return /^0+%?$/.test(textOf(spec.maxUnavailable)) || /^0*100%$/.test(textOf(spec.minAvailable))
        ? ["spec allows no eviction, so no node could be drained; set maxUnavailable to 1 or more."]
        : [];
    case "PodMonitor":
    case "ServiceMonitor":
      return monitorRefusals(spec);
    default:
      return [];
  }
}

function monitorRefusals(spec: Fields): string[] {
  const endpoints = [...recordsOf(spec.endpoints), ...recordsOf(spec.podMetricsEndpoints)];
  return endpoints.every(({ followRedirects }) => followRedirects === false)
    ? []
    : ["spec.endpoints would let Prometheus follow redirects to any address; set followRedirects: false for each."];
}

function serviceRefusals(spec: Fields, { loadBalancers, nodePorts }: TenantLimits): string[] {
  const type = textOf(spec.type);
  return [
    ...(itemsOf(spec.externalIPs).length > 0
      ? ["spec.externalIPs takes over addresses of others, which a policy refuses; expose the Service by a route."]
      : []),
    ...(type === "LoadBalancer" && (loadBalancers === 0 || nodePorts === 0)
      ? [
          "spec.type is LoadBalancer, of which the quota has none; use a route, or ask for LOAD_BALANCERS and NODE_PORTS.",
        ]
      : []),
    ...(type === "NodePort" && nodePorts === 0
      ? ["spec.type is NodePort, of which the quota has none; use a route, or ask for NODE_PORTS."]
      : []),
  ];
}

function podRefusals(spec: Fields, path: string, template: Fields): string[] {
  const containers = containerPaths(spec, path);
  return [
    ...hostRefusals(spec, path),
    ...securityContextRefusals(fieldsOf(spec.securityContext), `${path}.securityContext`),
    ...containers.flatMap(([at, container]) => containerRefusals(container, at)),
    ...volumeRefusals(spec, path),
    ...schedulingRefusals(spec, path),
    ...itemsOf(fieldsOf(template.metadata).finalizers)
      .map(textOf)
      .filter((finalizer) => !platformFinalizers.includes(finalizer))
      .map((finalizer) => `${path}: the pods' finalizer ${finalizer} would hold a drain; take it out.`),
  ];
}

const containerPaths = (spec: Fields, path: string): (readonly [string, Fields])[] =>
  (["initContainers", "containers"] as const).flatMap((key) =>
    recordsOf(spec[key]).map((container, index) => [`${path}.${key}[${index}]`, container] as const),
  );

function hostRefusals(spec: Fields, path: string): string[] {
  return ["hostNetwork", "hostPID", "hostIPC"]
    .filter((key) => spec[key] === true)
    .map((key) => `${path}.${key} is refused at the level baseline; take it out, or ask for POD_SECURITY: privileged.`);
}

/** Of a pod or of a container. */
function securityContextRefusals(context: Fields, path: string): string[] {
  const selinux = fieldsOf(context.seLinuxOptions);
  return [
    ...(baselineSelinuxTypes.includes(textOf(selinux.type))
      ? []
      : [`${path}.seLinuxOptions.type is refused at the level baseline; take it out.`]),
    ...["user", "role"]
      .filter((key) => textOf(selinux[key]) !== "")
      .map((key) => `${path}.seLinuxOptions.${key} is refused at the level baseline; take it out.`),
    ...(fieldsOf(context.seccompProfile).type === "Unconfined"
      ? [`${path}.seccompProfile is Unconfined, which the level baseline refuses; take it out.`]
      : []),
    ...(fieldsOf(context.appArmorProfile).type === "Unconfined"
      ? [`${path}.appArmorProfile is Unconfined, which the level baseline refuses; take it out.`]
      : []),
    ...recordsOf(context.sysctls)
      .map(({ name }) => textOf(name))
      .filter((name) => !baselineSysctls.includes(name))
      .map((name) => `${path}.sysctls has ${name}, which the level baseline refuses; take it out.`),
  ];
}

function containerRefusals(container: Fields, path: string): string[] {
  const context = fieldsOf(container.securityContext);
  const added = itemsOf(fieldsOf(context.capabilities).add).map(textOf);
  return [
    ...(context.privileged === true
      ? [
          `${path}.securityContext.privileged is refused at the level baseline; take it out, or ask for POD_SECURITY: privileged.`,
        ]
      : []),
    ...added
      .filter((capability) => !baselineCapabilities.includes(capability))
      .map(
        (capability) =>
          `${path}.securityContext.capabilities adds ${capability}, which the level baseline refuses; take it out.`,
      ),
    ...(["", "Default"].includes(textOf(context.procMount))
      ? []
      : [`${path}.securityContext.procMount is refused at the level baseline; take it out.`]),
    ...securityContextRefusals(context, `${path}.securityContext`),
    ...probedHosts(container).map(
      (key) => `${path}.${key} names a host, which the level baseline refuses; take it out.`,
    ),
    ...recordsOf(container.ports)
      .filter(({ hostPort }) => hostPort !== undefined && hostPort !== 0)
      .map(
        ({ hostPort }) =>
          `${path}.ports has the host port ${textOf(hostPort)}, which the level baseline refuses; use a Service.`,
      ),
    ...(hasVersion(textOf(container.image))
      ? []
      : [
          `${path}.image is ${JSON.stringify(container.image ?? "")}, which names no version; write a tag other than latest, or a digest.`,
        ]),
  ];
}

/** Probes and hooks that ask another host than the pod itself. */
function probedHosts(container: Fields): string[] {
  const lifecycle = fieldsOf(container.lifecycle);
  const handlers = Object.entries({ ...lifecycle, ...container }).filter(([key]) =>
    /Probe$|^(postStart|preStop)$/.test(key),
  );
  return handlers.flatMap(([key, handler]) =>
    ["httpGet", "tcpSocket"]
      .filter((action) => textOf(fieldsOf(fieldsOf(handler)[action]).host) !== "")
      .map((action) => `${key in container ? "" : "lifecycle."}${key}.${action}.host`),
  );
}

function memoryRefusals({ resources }: Fields, path: string, defaultMemory: number): string[] {
  const { requests, limits } = fieldsOf(resources);
  const asked = textOf(fieldsOf(requests).memory);
  return fieldsOf(limits).memory === undefined && (bytesOf(asked) ?? 0) > defaultMemory
    ? [`${path}.resources requests ${asked} of memory, more than a container gets without a limit; set limits.memory.`]
    : [];
}

function volumeRefusals(spec: Fields, path: string): string[] {
  return recordsOf(spec.volumes).flatMap((volume, index) =>
    Object.keys(volume)
      .filter((key) => !allowedVolumes.includes(key))
      .map(
        (key) =>
          `${path}.volumes[${index}] is of the kind ${key}, which goes around storage classes; use a claim of a class.`,
      ),
  );
}

function schedulingRefusals(spec: Fields, path: string): string[] {
  const grace = Number(spec.terminationGracePeriodSeconds ?? 0);
  return [
    ...(textOf(spec.nodeName) === ""
      ? []
      : [`${path}.nodeName goes around the scheduler; use nodeSelector or affinity.`]),
    ...recordsOf(spec.tolerations)
      .map(({ key }) => textOf(key))
      .filter(
        (key) => key === "" || key.startsWith("node-role.kubernetes.io/") || key === "node.kubernetes.io/unschedulable",
      )
      .map(
        (key) =>
          `${path}.tolerations tolerates ${key === "" ? "every taint" : key}, which is refused; name the taint of a pool.`,
      ),
    ...(textOf(spec.priorityClassName).startsWith("system-")
      ? [`${path}.priorityClassName is one of the system's, which is refused; take it out.`]
      : []),
    ...(grace > longestGracePeriod
      ? [
          `${path}.terminationGracePeriodSeconds is ${grace}, longer than a drain waits; set at most ${longestGracePeriod}.`,
        ]
      : []),
  ];
}

/**
 * What Pod Security's level `restricted` would say, which tenants only get as a warning: what a pod of OpenShift's SCC
 * `restricted` lacks here.
 */
export function warningsOf(spec: Fields): string[] {
  const pod = fieldsOf(spec.securityContext);
  const everywhere = (test: (context: Fields) => boolean) =>
    containersOf(spec).every((container) => test(fieldsOf(container.securityContext)));
  return [
    ...(pod.runAsNonRoot === true || everywhere((context) => context.runAsNonRoot === true)
      ? []
      : ["runAsNonRoot: true"]),
    ...(everywhere((context) => context.allowPrivilegeEscalation === false) ? [] : ["allowPrivilegeEscalation: false"]),
    ...(everywhere((context) => itemsOf(fieldsOf(context.capabilities).drop).includes("ALL"))
      ? []
      : ["capabilities.drop: [ALL]"]),
    ...(isFields(pod.seccompProfile) || everywhere((context) => isFields(context.seccompProfile))
      ? []
      : ["seccompProfile.type: RuntimeDefault"]),
  ];
}
