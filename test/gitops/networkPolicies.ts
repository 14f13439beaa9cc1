/** Which packets NetworkPolicies let in, by Kubernetes' rules: for peers with labels, and for addresses of nodes. */
import { BlockList, isIPv6 } from "node:net";
import type { KubernetesObject } from "./live/kubectl";

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

interface Peer {
  readonly namespaceSelector?: LabelSelector;
  readonly podSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface Policy {
  readonly podSelector: LabelSelector;
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly {
    readonly from?: readonly Peer[];
    readonly ports?: readonly { readonly port?: number; readonly endPort?: number; readonly protocol?: string }[];
  }[];
  readonly egress?: readonly { readonly to?: readonly Peer[] }[];
}

type Labels = Readonly<Record<string, string>>;

export interface Pod {
  readonly namespace: string;
  /** Of the namespace, beside its name. @default none */
  readonly namespaceLabels?: Labels;
  readonly labels: Labels;
}

/** Asks from a node's address, as the API server and the kubelet do. */
export const node = "node";

const specOf = (policy: KubernetesObject) => policy.spec as unknown as Policy;
const inNamespace = (policies: readonly KubernetesObject[], namespace: string) =>
  policies.filter(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.namespace === namespace);

/** Whether nobody is let into any pod of the namespace but by a further policy. */
export const isClosed = (policies: readonly KubernetesObject[], namespace: string): boolean =>
  inNamespace(policies, namespace)
    .map(specOf)
    .some(
      ({ podSelector, policyTypes = ["Ingress"], ingress = [] }) =>
        selects(podSelector, {}) && policyTypes.includes("Ingress") && ingress.length === 0,
    );

/** Whether some pod of the namespace may ask the address, which is none of a pod. */
export function mayAsk(policies: readonly KubernetesObject[], namespace: string, address: string): boolean {
  const outgoing = inNamespace(policies, namespace)
    .map(specOf)
    .filter(({ policyTypes = [] }) => policyTypes.includes("Egress"));
  const holds = (cidr: string) => {
    const [network = "", bits] = cidr.split("/");
    if (isIPv6(network) !== isIPv6(address)) return false;
    const list = new BlockList();
    list.addSubnet(network, Number(bits), isIPv6(network) ? "ipv6" : "ipv4");
    return list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  };
  return (
    !outgoing.some(({ podSelector }) => selects(podSelector, {})) ||
    outgoing.some(({ egress = [] }) =>
      egress.some(
        ({ to }) =>
          to === undefined ||
          to.some(({ ipBlock }) => ipBlock && holds(ipBlock.cidr) && !(ipBlock.except ?? []).some(holds)),
      ),
    )
  );
}

/** Whether a packet from `from` reaches the port of `to`. */
export function isLetIn(
  policies: readonly KubernetesObject[],
  from: Pod | typeof node,
  to: Pod,
  port: number,
): boolean {
  const selecting = inNamespace(policies, to.namespace)
    .map(specOf)
    .filter(
      ({ podSelector, policyTypes = ["Ingress"] }) =>
        policyTypes.includes("Ingress") && selects(podSelector, to.labels),
    );
  return (
    selecting.length === 0 ||
    selecting.some(({ ingress = [] }) =>
      ingress.some(
        ({ from: peers, ports }) =>
          (ports === undefined ||
            ports.some(
              (each) => each.port === undefined || (each.port <= port && port <= (each.endPort ?? each.port)),
            )) &&
          (peers === undefined || (from !== node && peers.some((peer) => isPeer(peer, from, to.namespace)))),
      ),
    )
  );
}

function isPeer({ namespaceSelector, podSelector, ipBlock }: Peer, from: Pod, ownNamespace: string): boolean {
  if (ipBlock !== undefined) throw new Error("Addresses are not computed here.");
  const namespaceLabels = { "kubernetes.io/metadata.name": from.namespace, ...from.namespaceLabels };
  return (
    (namespaceSelector === undefined ? from.namespace === ownNamespace : selects(namespaceSelector, namespaceLabels)) &&
    (podSelector === undefined || selects(podSelector, from.labels))
  );
}

function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      if (operator !== "In") throw new Error(`The operator ${operator} is not computed here.`);
      return values.includes(labels[key] ?? "");
    })
  );
}
