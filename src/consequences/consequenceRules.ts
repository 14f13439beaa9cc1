/** What becomes of each type of resource that the program makes. */
import { type Consequence, destructive, disruptive, harmless, type Kind } from "./consequence";
import { machine } from "./machineRule";
import type { PlannedChange } from "./plannedChange";

/**
 * A type of which a new one, or a change in place, does no harm; `gone` is what its end means, `renewed` its end and
 * return, where that is less.
 */
function kind(
  gone: Consequence,
  renewed: Consequence = gone,
  inPlace: Consequence = harmless("is changed in place"),
): Kind {
  return ({ operation }) => {
    switch (operation) {
      case "create":
        return harmless("is created");
      case "update":
        return inPlace;
      case "replace":
        return { ...renewed, told: `is replaced: ${renewed.told}` };
      case "delete":
        return { ...gone, told: `is deleted: ${gone.told}` };
    }
  };
}

const network = kind(destructive("every machine in it loses its network, and the cluster with them"));
const cutOff = "machines reach nothing outside their subnet, and nothing outside reaches them";
const apiAway = "the Kubernetes API does not answer at its address";
const authority = kind(
  destructive(
    "every certificate and token that it vouches for is void: nodes, pods and people are locked out of the cluster",
  ),
);
const admin = kind(
  disruptive("the admin kubeconfig is another, and the program cannot reach the cluster without one"),
  harmless("the admin kubeconfig is another; copies of the old one work until their certificate ends"),
);

/** Keys and certificates are those of the CAs, but for the admin's. */
const certificate: Kind = (change, facts) =>
  (/-admin(-key|-request)?$/.test(change.name) ? admin : authority)(change, facts);

const secretValue: Kind = (change, facts) =>
  change.name.includes("encryption-key")
    ? kind(destructive("Secrets that etcd holds can never be read again"))(change, facts)
    : kind(harmless("machines that are made later join with another token"))(change, facts);

const rule: Kind = (change, facts) => {
  const { before } = change;
  const text = (key: string) =>
    typeof before[key] === "string" || typeof before[key] === "number" ? String(before[key]) : undefined;
  const ports = [...new Set([text("portRangeMin"), text("portRangeMax")].filter((port) => port !== undefined))].join(
    " to ",
  );
  const what = [text("protocol") ?? "all traffic", ...(ports === "" ? [] : [`port ${ports}`])].join(" ");
  const from = text("remoteIpPrefix") ?? "a security group";
  return kind(
    disruptive(`${what} from ${from} is shut out`),
    disruptive(`${what} from ${from} is shut out for a moment`),
  )(change, facts);
};

const release: Kind = (change, facts) =>
  kind(
    destructive(
      change.name.includes("calico") ? "pods lose their network" : "what it installed is removed from the cluster",
    ),
    destructive("what it installed is removed from the cluster and installed again"),
    disruptive("is upgraded in place: its pods restart"),
  )(change, facts);

const kinds: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    "openstack:compute/instance:Instance": machine,
    "openstack:compute/serverGroup:ServerGroup": kind(
      disruptive("new machines are no longer kept apart from those that exist"),
    ),
    "openstack:networking/network:Network": network,
    "openstack:networking/subnet:Subnet": network,
    "openstack:networking/router:Router": kind(destructive(cutOff)),
    "openstack:networking/routerInterface:RouterInterface": kind(
      destructive(cutOff),
      disruptive(`for a moment ${cutOff}`),
    ),
    "openstack:networking/port:Port": kind(
      destructive("its address is given back; a machine or endpoint that lived there is not found any more"),
    ),
    "openstack:networking/floatingIp:FloatingIp": kind(
      destructive("its address is given back to OpenStack, which may give it to somebody else"),
    ),
    "openstack:networking/secGroup:SecGroup": kind(
      destructive("its rules go along, and all that they let in is shut out"),
    ),
    "openstack:networking/secGroupRule:SecGroupRule": rule,
    "openstack:loadbalancer/loadBalancer:LoadBalancer": kind(
      destructive(`${apiAway}, and the address may be another afterwards`),
    ),
    "openstack:loadbalancer/listener:Listener": kind(
      destructive(apiAway),
      disruptive(`${apiAway} until it is there again`),
    ),
    "openstack:loadbalancer/pool:Pool": kind(destructive(apiAway), disruptive(`${apiAway} until it is there again`)),
    "openstack:loadbalancer/monitor:Monitor": kind(
      disruptive("a control-plane machine that is down keeps getting requests"),
      harmless("for a moment nobody watches the control plane"),
    ),
    "openstack:loadbalancer/member:Member": kind(
      disruptive("its control-plane machine gets no more requests, and connections through it break"),
    ),
    "tls:index/privateKey:PrivateKey": certificate,
    "tls:index/selfSignedCert:SelfSignedCert": certificate,
    "tls:index/certRequest:CertRequest": certificate,
    "tls:index/locallySignedCert:LocallySignedCert": certificate,
    "random:index/randomPassword:RandomPassword": secretValue,
    "pulumi:providers:kubernetes": kind(
      destructive("everything that was installed through it is deleted and installed again"),
    ),
    "kubernetes:helm.sh/v3:Release": release,
    "kubernetes:core/v1:Namespace": kind(destructive("everything in it is deleted")),
    "kubernetes:core/v1:Secret": kind(disruptive("what reads it finds nothing"), harmless("its content is another")),
    "kubernetes:core/v1:ConfigMap": kind(disruptive("what reads it finds nothing"), harmless("its content is another")),
    "kubernetes:fluxcd.controlplane.io/v1:FluxInstance": kind(
      disruptive("Flux goes; what it brought stays, and nobody enforces it"),
      disruptive("Flux is installed anew; nobody enforces anything meanwhile"),
    ),
  }),
);

/** Providers whose configuration says who we are; a new one changes nothing that exists. */
const isProvider = ({ type }: PlannedChange) => type.startsWith("pulumi:providers:");

const unknown = kind(destructive("this report does not know the type, so look at `pulumi preview --diff`"));

/** Whether there is a rule for a type. */
export const isKnown = (type: string): boolean => kinds.has(type);

/** What a change means. A type without a rule counts as destructive when it goes. */
export const consequenceOf: Kind = (change, facts) => {
  const known = kinds.get(change.type);
  if (known !== undefined) return known(change, facts);
  return isProvider(change) && change.operation !== "replace" ? harmless("is another") : unknown(change, facts);
};
