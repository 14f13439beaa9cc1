/** Kubernetes itself: versions, CIDRs, hardening, users. */
import { z } from "zod";
import { takesEffect } from "../effects";
import { defaultKubernetesVersion, minorNames } from "../kubernetesMinors";
import { backupSchema } from "./backup";
import { mirrorUrl } from "./packages";
import {
  certificate,
  certificateItem,
  certificateName,
  choice,
  cidr,
  distinctBy,
  flag,
  host,
  label,
  listOf,
  matching,
  section,
  text,
  url,
  whole,
} from "./primitives";

export const versionText = matching(
  "version",
  `must be a full version such as ${defaultKubernetesVersion}, without a leading "v"`,
  /^1\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/,
);
/** Kubernetes wants the cluster domain in lower case (RFC 1123 subdomain). */
const dnsDomain = matching(
  "DNS domain",
  "must be a DNS domain in lower case, for instance cluster.local",
  /^(?=.{1,253}$)[a-z]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/,
);
/**
 * An empty prefix is allowed (the warnings mention it); one that begins with "system:" would let a token pose as part
 * of Kubernetes.
 */
const prefix = matching(
  "text",
  'must be text without blanks that does not begin with "system:"',
  /^(?!system:)[^\s]*$/,
);
/** The forms that Go's and curl's proxy handling both understand. */
const noProxyEntry = matching(
  "host, domain or CIDR",
  "must be one host, domain (.example.org), address or CIDR, without scheme, wildcard or comma",
  /^\.?[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:\d{1,5}|\/\d{1,2})?$/,
);
/** Namespaces whose pods the cluster cannot do without, and which meet no Pod Security level but privileged. */
export const clusterNamespaces = ["kube-system", "tigera-operator", "calico-system", "calico-apiserver"] as const;
const level = choice("privileged", "baseline", "restricted");

export const kubernetesSchema = section({
  version: versionText
    .default(defaultKubernetesVersion)
    .describe(`Kubernetes version, of minor ${minorNames.join(", ")}; docs/supported-versions.md tells them apart.`)
    .meta(
      takesEffect(
        ["running", "kubernetes"],
        "The next `up` upgrades machines that run, one minor at a time: the control plane one after the other, then workers in batches (docs/how-to/upgrade.md). With packageSource preinstalled it is refused.",
      ),
    ),
  allowEndedMinor: matching("minor", 'must be a minor in quotes, for instance "1.34"', /^1\.[1-9]\d$/)
    .optional()
    .describe(
      "A minor that upstream has ended and that this cluster may keep until it is upgraded, as in `version`. Absent: such a minor is refused.",
    )
    .meta(takesEffect("run", "It allows `version` to stay and changes nothing itself.")),
  podCidr: cidr
    .default("192.168.0.0/16")
    .describe("Pod CIDR.")
    .meta(
      takesEffect(
        ["cluster", "kubernetes", "machine"],
        "The pods keep their addresses; machines and Calico would be told another network.",
        "destructive",
      ),
    ),
  serviceCidr: cidr
    .default("10.96.0.0/12")
    .describe("Service CIDR.")
    .meta(
      takesEffect(
        ["cluster", "kubernetes", "machine"],
        "The Services keep their addresses; new machines would be told another network.",
        "destructive",
      ),
    ),
  dnsDomain: dnsDomain
    .default("cluster.local")
    .describe("DNS domain of Services and pods.")
    .meta(
      takesEffect(
        ["cluster", "kubernetes", "machine"],
        "DNS in the cluster keeps the old domain; what is told the new one finds no Service.",
        "destructive",
      ),
    ),
  maxPodsPerNode: whole(10, 500)
    .default(110)
    .describe("kubelet's maxPods; 110 is upstream's tested value.")
    .meta(
      takesEffect(
        "running",
        "Kubelets restart with it in the next `up`, and no container. Where it becomes less, pods beyond it are ended and go elsewhere. With `cni.kind: none` the nodes' shares of the pod CIDR stay as they are.",
        "disruptive",
      ),
    ),
  certSans: listOf(certificateName)
    .describe("Extra names and addresses in the API server's certificate.")
    .meta(takesEffect("cluster", "The API servers' certificates keep the old names.")),
  kubeletServingCertificate: choice("clusterCa", "selfSigned")
    .optional()
    .describe(
      "Certificate that kubelets show to `kubectl logs` and `exec` and to metrics-server. `clusterCa`: issued by the cluster once a control-plane machine approved the kubelet's request, and verified by those who ask. `selfSigned`: verified by nobody. Fixed when the cluster is made; changing it later: docs/how-to/kubelet-certificates.md. Absent: `clusterCa` with `flux`, else `selfSigned`.",
    )
    .meta(
      takesEffect(
        ["cluster", "kubernetes"],
        "Kubelets keep their kind of certificate; metrics-server would trust another one and get no metrics. docs/how-to/kubelet-certificates.md says how to change both.",
        "disruptive",
      ),
    ),
  encryptionAtRest: choice("secretbox", "aescbc", "none")
    .default("secretbox")
    .describe("How Secrets are encrypted in etcd.")
    .meta(
      takesEffect(
        "machine",
        "API servers that exist go on as they are until `roll` replaces their machines; Secrets stay readable, and each keeps its old form until it is written again.",
      ),
    ),
  podSecurity: section({
    enforce: level.default("baseline").describe("Level that pods must meet."),
    warn: level.default("restricted").describe("Level below which users are warned and the audit log notes it."),
    exemptNamespaces: listOf(label(63)).describe(
      `Namespaces that are exempt, besides those that the cluster needs (${clusterNamespaces.join(", ")}).`,
    ),
  })
    .prefault({})
    .describe("Cluster-wide Pod Security defaults.")
    .meta(
      takesEffect(
        "running",
        "Each API server starts again with the new levels in the next `up`, one after the other. Pods that run are not judged again; new ones may be refused.",
      ),
    ),
  audit: section({
    enabled: flag.default(true).describe("Write an audit log."),
    maxAgeDays: whole(1, 3650).default(30).describe("Days that a log file is kept."),
    maxBackups: whole(1, 1000).default(10).describe("Number of rotated files kept."),
    maxSizeMb: whole(1, 10000).default(100).describe("Size in MiB at which a file is rotated."),
  })
    .prefault({})
    .describe("API audit log on the control plane.")
    .meta(takesEffect("running", "Each API server starts again with them in the next `up`, one after the other.")),
  etcd: section({
    heartbeatIntervalMs: whole(50, 5000)
      .default(200)
      .describe("etcd heartbeat, in milliseconds; above etcd's 100 because cloud disks and networks are slower."),
    electionTimeoutMs: whole(500, 50000)
      .default(2000)
      .describe(
        "etcd election timeout, in milliseconds: ten times the heartbeat, as etcd asks. A lost leader stops the API for one to two of it; raise both (500 and 5000) where disks are slow.",
      ),
    quotaGb: whole(2, 8)
      .default(2)
      .describe(
        "Size in GiB at which etcd's database takes no more writes: etcd's own default, up to what it suggests as the most. `EtcdDatabaseFull` fires at four fifths. The disk needs twice as much, for a defragmentation.",
      )
      .meta(
        takesEffect("cluster", "etcd keeps its quota; docs/runbooks/alerts/EtcdDatabaseFull.md says how to raise it."),
      ),
    snapshotIntervalHours: whole(1, 168)
      .default(6)
      .describe("Hours between etcd snapshots on each control-plane machine.")
      .meta(
        takesEffect("machine", "Control-plane machines that exist keep the old interval until `roll` replaces them."),
      ),
    snapshotsKept: whole(1, 1000)
      .default(28)
      .describe("Number of snapshots kept on the machine.")
      .meta(
        takesEffect("machine", "Control-plane machines that exist keep the old number until `roll` replaces them."),
      ),
    snapshotsMaxGb: whole(1, 1024)
      .default(10)
      .describe(
        "Space that the snapshots on the machine may take, in GiB; the oldest make room. They also make room where less than 15 % of the file system is free.",
      )
      .meta(takesEffect("machine", "Control-plane machines that exist keep the old limit until `roll` replaces them.")),
    backup: backupSchema,
  })
    .prefault({})
    .describe("etcd timings and snapshots.")
    .meta(takesEffect("cluster", "etcd keeps its timings.")),
})
  .prefault({})
  .describe("Kubernetes.");

const oidcMeaning =
  "API servers read them in the next `up`, one after the other, and nothing restarts. Tokens that the new settings do not allow are refused from then on.";

export const oidcSchema = section({
  issuerUrl: url(["https"]).describe("Issuer of the ID tokens, exactly as in their `iss` claim."),
  clientId: text.describe("Audience (client id) that a token must be for."),
  usernameClaim: text
    .default("sub")
    .describe("Claim that holds the user name.")
    .meta(takesEffect("running", oidcMeaning, "disruptive")),
  usernamePrefix: prefix
    .default("oidc:")
    .describe("Put before every user name, so that no token can pose as a system user.")
    .meta(takesEffect("running", oidcMeaning, "disruptive")),
  groupsClaim: text
    .default("groups")
    .describe("Claim that holds the (LDAP) groups.")
    .meta(takesEffect("running", oidcMeaning, "disruptive")),
  groupsPrefix: prefix.default("oidc:").describe("Put before every group."),
  ca: certificate
    .optional()
    .describe("CA of the issuer. Absent: the machine's trust store.")
    .meta(takesEffect("running", oidcMeaning, "disruptive")),
})
  .optional()
  .describe("Log-in of people by OpenID Connect. Absent: certificates and service accounts only.")
  .meta(takesEffect(["running", "kubernetes"], oidcMeaning, "disruptive"));

const proxyUrl = url(["http", "https"], { credentials: true });

export const proxySchema = section({
  httpProxy: proxyUrl.describe("Proxy for http requests; may carry a user name and password."),
  httpsProxy: proxyUrl.optional().describe("Proxy for https requests. Absent: `httpProxy`."),
  noProxy: listOf(noProxyEntry).describe(
    "Hosts, domains and CIDRs reached directly, besides the computed ones (node, pod and service CIDR, API endpoint, metadata address, cluster domain).",
  ),
})
  .optional()
  .describe("HTTP proxy of the site. Absent: machines reach everything directly.")
  .meta(
    takesEffect(
      ["machine", "kubernetes"],
      "Machines that exist keep the old proxy until `roll` replaces them; Flux and the platform use the new one at once.",
    ),
  );

/** A mirror may want a log-in. */
export const registryMirrorsSchema = listOf(
  section({
    registry: matching(
      "registry host",
      "must be a registry host such as registry.k8s.io, without scheme or path",
      /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:\d{1,5})?$/,
    ).describe("Registry that is mirrored."),
    endpoints: z
      .array(mirrorUrl, { error: "must be a list" })
      .min(1, { error: "must name at least one mirror" })
      .describe("Mirrors, tried in order before the registry itself; each may carry a user name and password."),
    overridePath: flag
      .default(false)
      .describe("The endpoint's path is the whole API root (a proxy cache below a project path)."),
  }).meta(distinctBy("registry")),
)
  .describe("Mirrors of container registries.")
  .meta(takesEffect("running", "Machines that run take them in the next `up`; nothing restarts."));

export const ntpServersSchema = listOf(host)
  .describe("NTP servers (chrony). Empty: the image's own.")
  .meta(takesEffect("machine", "Machines that exist keep theirs until `roll` replaces them."));
export const extraCasSchema = listOf(certificateItem)
  .describe("Extra CA certificates that every machine trusts, one PEM block each.")
  .meta(
    takesEffect(
      ["running", "machine", "kubernetes"],
      "Workers that run take them in the next `up`, which restarts containerd and no container. Control-plane machines keep theirs until `roll` replaces them.",
    ),
  );
