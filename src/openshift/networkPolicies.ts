/** Network policies, reviewed: a tenant's namespace is closed in both directions, and addresses are in its file. */
import { contains, parseCidr } from "../config/cidr";
import { cleanedMetadata } from "./cleaned";
import { type Conversion, leftOut, remark, task } from "./conversion";
import { defined, type Fields, fieldsOf, itemsOf, type Manifest, recordsOf, textOf, without } from "./manifest";
import { type Migration, ofKind, tenantOf } from "./target";

/** Labels by which policies of OpenShift know the namespaces of its router. */
const isRouter = (selector: Fields) => {
  const labels = fieldsOf(selector.matchLabels);
  return (
    labels["network.openshift.io/policy-group"] === "ingress" ||
    labels["kubernetes.io/metadata.name"] === "openshift-ingress" ||
    labels.name === "default"
  );
};
const isMonitoring = (selector: Fields) => {
  const labels = fieldsOf(selector.matchLabels);
  return labels["network.openshift.io/policy-group"] === "monitoring" || labels.name === "openshift-monitoring";
};

interface Reviewed {
  /** Absent: it must not stand in a policy of a tenant. */
  readonly peer?: Fields;
  readonly notes: Conversion["notes"];
  /** A destination for EGRESS of the tenant's file. */
  readonly cidr?: Fields;
}

export function convertNetworkPolicy(migration: Migration, project: string, manifest: Manifest): Conversion {
  const spec = fieldsOf(manifest.spec);
  const types = policyTypes(spec);
  const rules = recordsOf(spec.ingress).map((rule) => reviewRule(migration, rule, "from"));
  const egress = recordsOf(spec.egress).map((rule) => reviewRule(migration, rule, "to"));
  const isDenial =
    Object.keys(fieldsOf(spec.podSelector)).length === 0 &&
    itemsOf(spec.ingress).length === 0 &&
    itemsOf(spec.egress).length === 0;
  if (isDenial) return leftOut("A tenant's namespace is closed already, in both directions.");
  const notes = [...rules, ...egress].flatMap((rule) => rule.notes);
  const kept = { ingress: rules.flatMap(({ rule }) => rule ?? []), egress: egress.flatMap(({ rule }) => rule ?? []) };
  const name = manifest.metadata.name === "default-deny" ? "default-deny-of-openshift" : manifest.metadata.name;
  // With no rule left a policy would close what another one opens only in appearance: it would do nothing.
  if (kept.ingress.length + kept.egress.length === 0) return { outcome: "left out", notes, objects: [] };
  return {
    outcome: "kept",
    notes,
    objects: [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { ...cleanedMetadata(manifest, tenantOf(migration, project)), name },
        spec: defined({
          podSelector: fieldsOf(spec.podSelector),
          policyTypes: types.filter((type) => (type === "Ingress" ? kept.ingress : kept.egress).length > 0),
          ingress: kept.ingress.length > 0 ? kept.ingress : undefined,
          egress: kept.egress.length > 0 ? kept.egress : undefined,
        }),
      },
    ],
  };
}

const policyTypes = (spec: Fields): string[] =>
  spec.policyTypes === undefined
    ? ["Ingress", ...(spec.egress === undefined ? [] : ["Egress"])]
    : itemsOf(spec.policyTypes).map(textOf);

function reviewRule(migration: Migration, rule: Fields, key: "from" | "to") {
  const peers = recordsOf(rule[key]);
  if (peers.length === 0)
    return key === "from"
      ? { rule, notes: [task("A rule lets everybody in, from every namespace; see whether that must be.")] }
      : {
          notes: [
            task(
              "A rule lets pods out to everything, which is refused; name destinations in EGRESS of the tenant's file.",
            ),
          ],
        };
  const reviewed = peers.map((peer) => reviewPeer(migration, peer, key));
  const kept = reviewed.flatMap(({ peer }) => peer ?? []);
  return {
    ...(kept.length > 0 ? { rule: { ...without(rule, key), [key]: kept } } : {}),
    notes: reviewed.flatMap(({ notes }) => notes),
  };
}

function reviewPeer(migration: Migration, peer: Fields, key: "from" | "to"): Reviewed {
  if (peer.ipBlock !== undefined && key === "to")
    return { notes: [remark(`${textOf(fieldsOf(peer.ipBlock).cidr)} belongs into EGRESS of the tenant's file.`)] };
  const selector = fieldsOf(peer.namespaceSelector);
  if (peer.namespaceSelector === undefined) return { peer, notes: [] };
  if (key === "from" && isRouter(selector)) return inPlaceOf(peer, "the router", "envoy-gateway-system");
  if (key === "from" && isMonitoring(selector)) return inPlaceOf(peer, "Prometheus", "monitoring");
  const name = namedProject(selector);
  if (name === undefined)
    return key === "from"
      ? {
          peer,
          notes: [
            task(
              `The namespaces ${JSON.stringify(selector)} are chosen by labels that tenants' namespaces do not have.`,
            ),
          ],
        }
      : {
          notes: [
            task(
              `Egress to the namespaces ${JSON.stringify(selector)} is refused; name a tenant by openstack-kubernetes/tenant.`,
            ),
          ],
        };
  const tenant = tenantOf(migration, name);
  const matchLabels = { [key === "from" ? "kubernetes.io/metadata.name" : "openstack-kubernetes/tenant"]: tenant };
  return {
    peer: { ...peer, namespaceSelector: { matchLabels } },
    notes: [remark(`Project ${name} is known by the label of the tenant ${tenant}.`)],
  };
}

const inPlaceOf = (peer: Fields, who: string, namespace: string): Reviewed => ({
  peer: {
    ...without(peer, "podSelector"),
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
  },
  notes: [remark(`In the place of ${who} stands the namespace ${namespace}.`)],
});

/** The project that a selector names by one of the labels people give for it. */
function namedProject(selector: Fields): string | undefined {
  const labels = Object.entries(fieldsOf(selector.matchLabels));
  const [[key, value] = ["", ""]] = labels;
  return labels.length === 1 && ["name", "project", "kubernetes.io/metadata.name"].includes(key)
    ? textOf(value)
    : undefined;
}

interface Egress {
  readonly to: readonly { readonly ipBlock: Fields }[];
  readonly ports: readonly Fields[];
}

/** Addresses out of the cluster that a project's policies named with their ports: EGRESS of the tenant's file. */
export function egressOf(
  migration: Migration,
  project: string,
): { readonly rules: readonly Egress[]; readonly problems: readonly string[] } {
  const rules: Egress[] = [];
  const problems: string[] = [];
  for (const { metadata, spec } of ofKind(migration, project, "NetworkPolicy")) {
    for (const rule of recordsOf(fieldsOf(spec).egress)) {
      const blocks = recordsOf(rule.to).flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [fieldsOf(ipBlock)]));
      if (blocks.length === 0) continue;
      const ports = recordsOf(rule.ports).map(({ protocol, port, endPort }) =>
        defined({ protocol: protocol ?? "TCP", port, endPort }),
      );
      if (ports.length > 0 && ports.every(({ port }) => typeof port === "number"))
        rules.push({ to: blocks.map((ipBlock) => ({ ipBlock: withoutMetadata(ipBlock) })), ports });
      else
        problems.push(
          `NetworkPolicy ${metadata.name} let pods out to ${blocks.map(({ cidr }) => textOf(cidr)).join(", ")} without numbers of ports; add them to EGRESS with ports.`,
        );
    }
  }
  for (const { spec, metadata } of ofKind(migration, project, "EgressNetworkPolicy")) {
    for (const { type, to } of recordsOf(fieldsOf(spec).egress)) {
      // What is not allowed is denied.
      if (type !== "Allow") continue;
      const { cidrSelector, dnsName } = fieldsOf(to);
      problems.push(
        `EgressNetworkPolicy ${metadata.name} let pods out to ${textOf(cidrSelector) || textOf(dnsName)} on every port; add it to EGRESS by its network and ports.`,
      );
    }
  }
  return { rules, problems };
}

/** The address at which OpenStack tells a machine its user data is never a tenant's to reach. */
function withoutMetadata(ipBlock: Fields): Fields {
  const { cidr, except } = ipBlock;
  return parseCidr(textOf(cidr)).ok && contains(textOf(cidr), "169.254.169.254")
    ? { cidr, except: [...itemsOf(except), "169.254.0.0/16"] }
    : ipBlock;
}

/** A project of OpenShift is open within itself where no policy closes it; a tenant's namespace is closed. */
export function openWithin(migration: Migration, project: string): Manifest {
  const closing = ofKind(migration, project, "NetworkPolicy").flatMap(({ spec }) => policyTypes(fieldsOf(spec)));
  const open = ["Ingress", "Egress"].filter((type) => !closing.includes(type));
  const everyPod = { podSelector: {} };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "open-within", namespace: tenantOf(migration, project) },
    spec: defined({
      podSelector: {},
      policyTypes: open,
      ingress: open.includes("Ingress") ? [{ from: [everyPod] }] : undefined,
      egress: open.includes("Egress") ? [{ to: [everyPod] }] : undefined,
    }),
  };
}
