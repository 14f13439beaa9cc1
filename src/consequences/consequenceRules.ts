/** What becomes of each type of resource that the program makes. */
import { type Consequence, destructive, disruptive, harmless, type ConsequenceRule } from "./consequence";
import { createdTypes, type CreatedTypeName } from "../openstack/resourceTypes";
import { certificateAuthorities, pkiNames, type CaName } from "../pki/catalogue";
import { releaseResourceName } from "../platform/bootstrapReleases";
import { machine } from "./machineRule";
import type { PlannedChange } from "./plannedChange";

/**
 * A type of which a new one, or a change in place, does no harm; `gone` is what its end means, `renewed` its end and
 * return, where that is less.
 */
function ruleOf(
  gone: Consequence,
  renewed: Consequence = gone,
  inPlace: Consequence = harmless("is changed in place"),
): ConsequenceRule {
  return ({ operation }) => {
    switch (operation) {
      case "create":
        return harmless("is created");
      case "update":
        return inPlace;
      case "replace":
        return { ...renewed, message: `is replaced: ${renewed.message}` };
      case "delete":
        return { ...gone, message: `is deleted: ${gone.message}` };
    }
  };
}

const network = ruleOf(destructive("every machine in it loses its network, and the cluster with them"));
const cutOff = "machines reach nothing outside their subnet, and nothing outside reaches them";
const apiAway = "the Kubernetes API does not answer at its address";
const authority = ruleOf(
  destructive(
    "every certificate and token that it signed is no longer trusted: nodes, pods and people are locked out of the cluster",
  ),
);
const admin = ruleOf(
  disruptive("the admin kubeconfig changes, and the program cannot reach the cluster without one"),
  harmless("the admin kubeconfig changes; copies of the old one work until their certificate ends"),
);

const encryption = ruleOf(destructive("Secrets that etcd holds can never be read again"));
const token = ruleOf(harmless("machines that are made later join with another token"));
const unknown = ruleOf(destructive("this report does not know what it is for, so look at `pulumi preview --diff`"));

/** What becomes of each key and certificate, by its name in this cluster. */
function keyRules(clusterName: string): ReadonlyMap<string, ConsequenceRule> {
  const names = pkiNames(clusterName);
  const authorities = Object.keys(certificateAuthorities) as CaName[];
  return new Map([
    ...authorities.flatMap((name) => [names.authority(name), names.authorityKey(name)].map(of(authority))),
    ...[names.serviceAccountKey].map(of(authority)),
    ...[names.admin, names.adminKey, names.adminRequest].map(of(admin)),
    ...[names.encryptionKey].map(of(encryption)),
    ...[names.bootstrapToken("id"), names.bootstrapToken("secret")].map(of(token)),
  ]);
}

const of = (found: ConsequenceRule) => (name: string) => [name, found] as const;

const key: ConsequenceRule = (change, settings) =>
  (keyRules(settings.clusterName).get(change.name) ?? unknown)(change, settings);

const rule: ConsequenceRule = (change, settings) => {
  const { before } = change;
  const text = (key: string) =>
    typeof before[key] === "string" || typeof before[key] === "number" ? String(before[key]) : undefined;
  const ports = [...new Set([text("portRangeMin"), text("portRangeMax")].filter((port) => port !== undefined))].join(
    " to ",
  );
  const what = [text("protocol") ?? "all traffic", ...(ports === "" ? [] : [`port ${ports}`])].join(" ");
  const peer = text("remoteIpPrefix") ?? (text("remoteGroupId") === undefined ? "any address" : "a security group");
  const traffic = `${what} ${text("direction") === "egress" ? "to" : "from"} ${peer}`;
  return ruleOf(disruptive(`${traffic} is blocked`), disruptive(`${traffic} is blocked for a moment`))(
    change,
    settings,
  );
};

const release: ConsequenceRule = (change, settings) => {
  const { clusterName } = settings;
  const podNetwork = (["calico", "calico-crds"] as const).map((name) => releaseResourceName(clusterName, name));
  return ruleOf(
    destructive(
      podNetwork.includes(change.name) ? "pods lose their network" : "what it installed is removed from the cluster",
    ),
    destructive("what it installed is removed from the cluster and installed again"),
    disruptive("is upgraded in place: its pods restart"),
  )(change, settings);
};

const openstackRules: Readonly<Record<CreatedTypeName, ConsequenceRule>> = {
  server: machine,
  serverGroup: ruleOf(disruptive("new machines are no longer kept apart from those that exist")),
  network,
  subnet: network,
  router: ruleOf(destructive(cutOff)),
  routerInterface: ruleOf(destructive(cutOff), disruptive(`for a moment ${cutOff}`)),
  port: ruleOf(destructive("its address is given back; a machine or endpoint that lived there is not found any more")),
  floatingIp: ruleOf(destructive("its address is given back to OpenStack, which may give it to somebody else")),
  securityGroup: ruleOf(destructive("its rules go along, and all that they let in is shut out")),
  securityGroupRule: rule,
  loadBalancer: ruleOf(destructive(`${apiAway}, and the address may be another afterwards`)),
  listener: ruleOf(destructive(apiAway), disruptive(`${apiAway} until it is there again`)),
  pool: ruleOf(destructive(apiAway), disruptive(`${apiAway} until it is there again`)),
  healthMonitor: ruleOf(
    disruptive("a control-plane machine that is down keeps getting requests"),
    harmless("for a moment no health check watches the control plane"),
  ),
  member: ruleOf(disruptive("its control-plane machine gets no more requests, and connections through it break")),
};

const rules: ReadonlyMap<string, ConsequenceRule> = new Map([
  ...Object.entries(openstackRules).map(
    ([name, found]) => [createdTypes[name as CreatedTypeName].token, found] as const,
  ),
  ...Object.entries({
    "tls:index/privateKey:PrivateKey": key,
    "tls:index/selfSignedCert:SelfSignedCert": key,
    "tls:index/certRequest:CertRequest": key,
    "tls:index/locallySignedCert:LocallySignedCert": key,
    "random:index/randomPassword:RandomPassword": key,
    "pulumi:providers:kubernetes": ruleOf(
      destructive("everything that was installed through it is deleted and installed again"),
    ),
    "kubernetes:helm.sh/v3:Release": release,
    "kubernetes:core/v1:Namespace": ruleOf(destructive("everything in it is deleted")),
    "kubernetes:core/v1:Secret": ruleOf(disruptive("what reads it finds nothing"), harmless("its content changes")),
    "kubernetes:core/v1:ConfigMap": ruleOf(disruptive("what reads it finds nothing"), harmless("its content changes")),
    "kubernetes:apps/v1:DaemonSet": ruleOf(
      disruptive("no node mounts volumes any more"),
      harmless("its pods restart node by node"),
    ),
    "kubernetes:fluxcd.controlplane.io/v1:FluxInstance": ruleOf(
      disruptive("Flux stops; what it installed stays, and nobody enforces it"),
      disruptive("Flux is installed again; nobody enforces anything meanwhile"),
    ),
  }),
]);

/** Providers whose configuration says who we are; a new one changes nothing that exists. */
const isProvider = ({ type }: PlannedChange) => type.startsWith("pulumi:providers:");

/** Type tokens that have a rule. */
export const ruledTypes: readonly string[] = [...rules.keys()];

/** What a change means. A type without a rule counts as destructive when it goes. */
export const consequenceOf: ConsequenceRule = (change, settings) => {
  const known = rules.get(change.type);
  if (known !== undefined) return known(change, settings);
  return isProvider(change) && change.operation !== "replace" ? harmless("is another") : unknown(change, settings);
};
