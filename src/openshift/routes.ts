/** A Route becomes an HTTPRoute of the public gateway, or an Ingress where the target names a class. */
import { cleanedMetadata } from "./cleaned";
import { backendOf, podPorts } from "./backends";
import { type Conversion, remark, notCarried, task, toDecide } from "./conversion";
import { newHostnames } from "./hostnames";
import { annotationsOf, defined, type Fields, fieldsOf, type Manifest, recordsOf, textOf, without } from "./manifest";
import { convertRouterAnnotations } from "./routerAnnotations";
import { type Migration, ofKind, tenantOf } from "./target";

type Notes = Conversion["notes"];

/** A backend with its share of the requests. */
interface Weighted {
  readonly name: string;
  readonly port: number;
  readonly weight: number;
}

export function convertRoute(migration: Migration, project: string, manifest: Manifest): Conversion {
  const { host, path, to, alternateBackends, port, tls, wildcardPolicy, ...others } = fieldsOf(manifest.spec);
  const tlsFields = fieldsOf(tls);
  if (textOf(tlsFields.termination).toLowerCase() === "passthrough")
    return toDecide(
      `Route ${textOf(host)} is passthrough: its pods have the certificate, but the gateway ends TLS. Let the pods speak HTTP behind the gateway, or ask for a load balancer of their own (LOAD_BALANCERS).`,
    );
  const routePort = fieldsOf(port).targetPort;
  const named = [fieldsOf(to), ...recordsOf(alternateBackends)];
  const backends = named.map(({ name, weight }) => ({
    ...backendOf(migration, project, textOf(name), routePort),
    name: textOf(name),
    // What OpenShift takes where a route names no weight.
    weight: typeof weight === "number" ? weight : 100,
  }));
  const weighted = backends.flatMap(({ name, port: number, weight }) =>
    number === undefined ? [] : [{ name, port: number, weight }],
  );
  const problems = backends.flatMap((backend) => backend.problems).map((sentence) => task(sentence));
  if (weighted.length === 0)
    return {
      outcome: "decide",
      notes: [...problems, task("Without a port there is no route; name one.")],
      objects: [],
    };
  const before = textOf(host) || manifest.metadata.name;
  const hostname = newHostnames(migration, project).get(before) ?? "";
  const annotations = convertRouterAnnotations(annotationsOf(manifest));
  const route = { manifest, hostname, path: textOf(path) || "/", weighted, tls: tlsFields };
  const { ingressClass } = migration.target;
  const made =
    ingressClass === undefined
      ? httpRoute(migration, project, route, annotations)
      : ingress(migration, project, route, ingressClass, annotations.notes);
  return {
    outcome: "converted",
    notes: [
      remark(`Route ${before} becomes ${made.object.kind} ${hostname}.`),
      ...hostNotes(manifest, before, hostname),
      ...tlsNotes(tlsFields, ingressClass !== undefined),
      ...(wildcardPolicy === "Subdomain"
        ? [
            task(
              `It answered to every name below ${before.replace(/^[^.]+\./, "")}; a tenant has no wildcard, so list the names.`,
            ),
          ]
        : []),
      ...problems,
      ...made.notes,
      ...notCarried("spec", without(others, "subdomain")),
    ],
    objects: [made.object, ...gatewayPolicies(migration, project, weighted, ingressClass !== undefined)],
  };
}

function hostNotes(manifest: Manifest, before: string, hostname: string): Notes {
  return annotationsOf(manifest)["openshift.io/host.generated"] === "true"
    ? []
    : [
        task(
          `${before} was chosen by people: who still uses it needs ${hostname}, or the platform's owners add the name.`,
        ),
      ];
}

function tlsNotes(tls: Fields, isIngress: boolean): Notes {
  const {
    termination,
    insecureEdgeTerminationPolicy,
    certificate,
    key,
    caCertificate,
    destinationCACertificate,
    ...rest
  } = tls;
  const kind = textOf(termination).toLowerCase();
  const insecure = textOf(insecureEdgeTerminationPolicy);
  return [
    ...(kind === ""
      ? [task("It spoke plain HTTP; the gateway redirects to HTTPS. Clients that follow no redirect must be changed.")]
      : [remark(`TLS (${kind}) ends at the gateway, with its certificate.`)]),
    ...(kind !== "" && insecure === "Redirect" ? [remark("Plain HTTP is redirected, as before.")] : []),
    ...(kind !== "" && insecure === "Allow"
      ? [task("Plain HTTP was allowed beside HTTPS; now it is redirected.")]
      : []),
    ...(kind !== "" && ["", "None"].includes(insecure)
      ? [remark("Plain HTTP was not answered; now it is redirected.")]
      : []),
    ...([certificate, key, caCertificate].some((value) => value !== undefined)
      ? [task("Its own certificate stays behind: it is for the old name. The key is in no file of this conversion.")]
      : []),
    ...(kind === "reencrypt" && !isIngress
      ? [
          task(
            "The router spoke TLS to the pods (reencrypt); the gateway speaks HTTP. Ask the platform's owners for a BackendTLSPolicy, or let the pods speak HTTP.",
          ),
        ]
      : []),
    ...(destinationCACertificate === undefined
      ? []
      : [
          task(
            "The CA of the pods' certificate (destinationCACertificate) stays in the export; a BackendTLSPolicy needs it.",
          ),
        ]),
    ...notCarried("spec.tls", rest),
  ];
}

interface ConvertedRoute {
  readonly manifest: Manifest;
  readonly hostname: string;
  readonly path: string;
  readonly weighted: readonly Weighted[];
  readonly tls: Fields;
}

function httpRoute(
  migration: Migration,
  project: string,
  { manifest, hostname, path, weighted }: ConvertedRoute,
  { filters, timeouts, notes }: ReturnType<typeof convertRouterAnnotations>,
): { readonly object: Manifest; readonly notes: Notes } {
  return {
    object: {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: cleanedMetadata(manifest, tenantOf(migration, project)),
      spec: {
        parentRefs: [{ name: "public", namespace: "ingress", sectionName: "https" }],
        hostnames: [hostname],
        rules: [
          defined({
            matches: [{ path: { type: "PathPrefix", value: path } }],
            filters: filters.length > 0 ? filters : undefined,
            backendRefs: weighted.map(({ name, port, weight }) =>
              weighted.length > 1 ? { name, port, weight } : { name, port },
            ),
            timeouts,
          }),
        ],
      },
    },
    notes,
  };
}

function ingress(
  migration: Migration,
  project: string,
  { manifest, hostname, path, weighted, tls }: ConvertedRoute,
  ingressClass: string,
  annotationNotes: Notes,
): { readonly object: Manifest; readonly notes: Notes } {
  const [first] = [...weighted].sort((a, b) => b.weight - a.weight);
  const metadata = cleanedMetadata(manifest, tenantOf(migration, project));
  const isReencrypt = textOf(tls.termination).toLowerCase() === "reencrypt";
  return {
    object: {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: isReencrypt
        ? {
            ...metadata,
            annotations: { ...fieldsOf(metadata.annotations), "nginx.ingress.kubernetes.io/backend-protocol": "HTTPS" },
          }
        : metadata,
      spec: {
        ingressClassName: ingressClass,
        tls: [{ hosts: [hostname] }],
        rules: [
          {
            host: hostname,
            http: {
              paths: [
                {
                  path,
                  pathType: "Prefix",
                  backend: { service: { name: first?.name, port: { number: first?.port } } },
                },
              ],
            },
          },
        ],
      },
    },
    notes: [
      ...annotationNotes.map(({ sentence }) => task(`${sentence} An Ingress has no field for it.`)),
      ...(weighted.length > 1
        ? [task(`An Ingress has one backend: ${first?.name ?? ""}. Shares of requests need an HTTPRoute.`)]
        : []),
    ],
  };
}

/** Lets the proxies reach the pods, whose namespace is closed. */
function gatewayPolicies(
  migration: Migration,
  project: string,
  weighted: readonly Weighted[],
  isIngress: boolean,
): Manifest[] {
  const from = isIngress ? "ingress-nginx" : "envoy-gateway-system";
  return weighted.flatMap(({ name }) => {
    const service = ofKind(migration, project, "Service").find(({ metadata }) => metadata.name === name);
    const selector = fieldsOf(fieldsOf(service?.spec).selector);
    if (service === undefined || Object.keys(selector).length === 0) return [];
    return [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name: `gateway-to-${name}`, namespace: tenantOf(migration, project) },
        spec: {
          podSelector: { matchLabels: selector },
          policyTypes: ["Ingress"],
          ingress: [
            {
              from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": from } } }],
              ports: podPorts(migration, project, service),
            },
          ],
        },
      },
    ];
  });
}
