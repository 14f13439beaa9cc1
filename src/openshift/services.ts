/** Services, Ingresses, autoscalers and budgets: kinds of Kubernetes itself, in the versions of today. */
import { cleaned, cleanedMetadata } from "./cleaned";
import { type Conversion, leftOut, remark, task } from "./conversion";
import { newHostnames } from "./hostnames";
import { annotationsOf, defined, type Fields, fieldsOf, type Manifest, recordsOf, textOf, without } from "./manifest";
import { type Migration, ofKind, tenantOf } from "./target";

export function convertService(migration: Migration, project: string, manifest: Manifest): Conversion {
  const spec = fieldsOf(manifest.spec);
  const type = textOf(spec.type) || "ClusterIP";
  const annotations = Object.keys(annotationsOf(manifest));
  const kept = without(spec, "healthCheckNodePort", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "loadBalancerIP");
  const service = {
    ...cleaned(manifest, tenantOf(migration, project)),
    spec: defined({
      ...kept,
      clusterIP: spec.clusterIP === "None" ? "None" : undefined,
      ports: recordsOf(spec.ports).map((port) => without(port, "nodePort")),
    }),
  };
  return {
    outcome: "kept",
    notes: [
      ...(annotations.some((key) => /serving-cert-secret-name$/.test(key))
        ? [
            task(
              "OpenShift made a certificate for it (serving-cert-secret-name); nothing does that here. Use cert-manager with an Issuer of your own.",
            ),
          ]
        : []),
      ...(type === "ExternalName"
        ? [remark(`It stands for ${textOf(spec.externalName)}; what leads out of the cluster needs EGRESS.`)]
        : []),
      ...(spec.loadBalancerIP === undefined
        ? []
        : [task(`The address ${textOf(spec.loadBalancerIP)} is not carried over.`)]),
    ],
    objects: [service],
  };
}

/** Endpoints that people wrote, for a Service without a selector. */
export function convertEndpoints(migration: Migration, project: string, manifest: Manifest): Conversion {
  const service = ofKind(migration, project, "Service").find(
    ({ metadata }) => metadata.name === manifest.metadata.name,
  );
  const hasSelector = Object.keys(fieldsOf(fieldsOf(service?.spec).selector)).length > 0;
  if (service === undefined || hasSelector) return leftOut("The cluster writes it for its Service.");
  const subsets = recordsOf(manifest.subsets).map(({ addresses, ports }) => ({
    addresses: recordsOf(addresses).map(({ ip }) => ({ ip })),
    ports,
  }));
  const addresses = subsets.flatMap((subset) => subset.addresses.map(({ ip }) => textOf(ip)));
  return {
    outcome: "kept",
    notes: [task(`Pods reach ${addresses.join(", ")} only when EGRESS of the tenant's file names it.`)],
    objects: [{ ...cleaned(manifest, tenantOf(migration, project)), subsets }],
  };
}

export function convertIngress(migration: Migration, project: string, manifest: Manifest): Conversion {
  const names = newHostnames(migration, project);
  const spec = fieldsOf(manifest.spec);
  const hostOf = (host: unknown) => names.get(textOf(host)) ?? textOf(host);
  const fallback = backend(spec.backend ?? spec.defaultBackend);
  const rules = recordsOf(spec.rules).map(({ host, http }) => ({
    host: hostOf(host),
    http: {
      paths: recordsOf(fieldsOf(http).paths).map(({ path, pathType, backend: behind }) => ({
        path: textOf(path) || "/",
        pathType: textOf(pathType) || "Prefix",
        backend: backend(behind),
      })),
    },
  }));
  const hosts = rules.map(({ host }) => host);
  const annotations = annotationsOf(manifest);
  const { ingressClass } = migration.target;
  return {
    outcome: "converted",
    notes: [
      ...recordsOf(spec.rules).map(({ host }) => remark(`${textOf(host)} becomes ${hostOf(host)}.`)),
      task(
        ingressClass === undefined
          ? "Ingress objects are served only where the choice SECOND_INGRESS is on; better write an HTTPRoute."
          : `It is served by the class ${ingressClass}.`,
      ),
      ...(fallback === undefined
        ? []
        : [
            task(
              `The default backend ${JSON.stringify(spec.backend ?? spec.defaultBackend)} answers to every name, which is refused; it is taken out.`,
            ),
          ]),
      ...Object.keys(annotations)
        .filter((key) => key.includes("ingress.kubernetes.io/"))
        .map((key) => task(`The annotation ${key} was for another controller; see whether the new one knows it.`)),
    ],
    objects: [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: cleanedMetadata(manifest, tenantOf(migration, project)),
        spec: {
          ingressClassName: ingressClass ?? (textOf(spec.ingressClassName) || "nginx"),
          tls: [{ hosts }],
          rules,
        },
      },
    ],
  };
}

/** Before networking.k8s.io/v1 a backend was two fields. */
function backend(value: unknown): Fields | undefined {
  const { serviceName, servicePort, service, resource } = fieldsOf(value);
  if (service !== undefined) return { service };
  if (resource !== undefined) return { resource };
  if (serviceName === undefined) return undefined;
  return {
    service: {
      name: serviceName,
      port: typeof servicePort === "number" ? { number: servicePort } : { name: servicePort },
    },
  };
}

export function convertAutoscaler(migration: Migration, project: string, manifest: Manifest): Conversion {
  const { scaleTargetRef, minReplicas, maxReplicas, targetCPUUtilizationPercentage, metrics } = fieldsOf(manifest.spec);
  const { kind, name } = fieldsOf(scaleTargetRef);
  const newKind = kind === "DeploymentConfig" ? "Deployment" : textOf(kind);
  const target = newKind === "ReplicationController" ? { apiVersion: "v1" } : { apiVersion: "apps/v1" };
  const cpu =
    targetCPUUtilizationPercentage === undefined
      ? []
      : [resourceMetric({ name: "cpu", targetAverageUtilization: targetCPUUtilizationPercentage })];
  const converted = recordsOf(metrics).flatMap((metric) =>
    metric.type === "Resource" ? [resourceMetric(fieldsOf(metric.resource))] : [],
  );
  const others = recordsOf(metrics).filter(({ type }) => type !== "Resource");
  return {
    outcome: "converted",
    notes: [
      remark(`It scales ${newKind} ${textOf(name)}, before ${textOf(kind)}, in autoscaling/v2.`),
      ...(others.length > 0
        ? [task(`The metrics ${JSON.stringify(others)} need an adapter, which is not there; they are taken out.`)]
        : []),
    ],
    objects: [
      {
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
        metadata: cleanedMetadata(manifest, tenantOf(migration, project)),
        spec: defined({
          scaleTargetRef: { ...target, kind: newKind, name },
          minReplicas,
          maxReplicas,
          metrics: [...cpu, ...converted].length > 0 ? [...cpu, ...converted] : undefined,
        }),
      },
    ],
  };
}

/** From v2beta1, where the target stood in fields of its own; v2 stays as it is. */
function resourceMetric({ name, targetAverageUtilization, targetAverageValue, target }: Fields): Fields {
  const averages = { averageUtilization: targetAverageUtilization, averageValue: targetAverageValue };
  const type = targetAverageUtilization === undefined ? "AverageValue" : "Utilization";
  return { type: "Resource", resource: { name, target: target ?? defined({ type, ...averages }) } };
}
