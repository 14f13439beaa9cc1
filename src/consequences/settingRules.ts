/**
 * Settings of which the value decides what a change does to a cluster that exists. All others do what their key
 * declares in the schema.
 */
import { counted } from "../config/counted";
import type { ChangedKey } from "../config/changedKeys";
import type { Weight } from "../config/effects";
import { compareVersions, minorNumber } from "../config/kubernetesMinors";
import { valueAt } from "../config/shape";
import { batchSize } from "../machines/batchSize";
import type { NodeRole } from "../machines/roles";

/** Both configurations, as the state keeps them. */
export interface Configurations {
  readonly before: unknown;
  readonly after: unknown;
}

interface Judgement {
  readonly weight: Weight;
  readonly meaning: string;
}

type Rule = (change: ChangedKey, configurations: Configurations) => Judgement | undefined;

const destructive = (meaning: string): Judgement => ({ weight: "destructive", meaning });
const disruptive = (meaning: string): Judgement => ({ weight: "disruptive", meaning });
const harmless = (meaning: string): Judgement => ({ weight: "harmless", meaning });

const replicas: Rule = ({ before, after }) => {
  const [had, has] = [Number(before), Number(after)];
  if (has > had) return harmless(`Machines are created and join etcd one after the other: ${has - had}.`);
  const quorum = Math.floor(had / 2) + 1;
  const stillCounts = `etcd goes on counting ${counted(had, "member")}`;
  return has < quorum
    ? destructive(
        `${stillCounts} and needs ${quorum} of them: with ${has} it has no quorum, and the API stops for good.`,
      )
    : destructive(
        `${stillCounts}: with ${has} of them, none may fail before the others are removed from etcd by hand.`,
      );
};

const poolCount: Rule = ({ before, after }) =>
  Number(after) > Number(before)
    ? harmless(`Machines are created: ${Number(after) - Number(before)}. No other is touched.`)
    : disruptive(
        `The machines with the highest numbers are drained and deleted with their disks: ${Number(before) - Number(after)}.`,
      );

interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

const taints: Rule = ({ before, after }) => {
  const text = ({ key, value, effect }: Taint) => `${key}=${value ?? ""}:${effect}`;
  const had = new Set(((before ?? []) as readonly Taint[]).map(text));
  const added = ((after ?? []) as readonly Taint[]).filter((taint) => !had.has(text(taint)));
  const evicting = added.filter(({ effect }) => effect === "NoExecute").map(text);
  if (evicting.length > 0) {
    return disruptive(
      `Pods that do not tolerate ${evicting.join(", ")} are evicted from the nodes of the pool at once, PodDisruptionBudgets or not.`,
    );
  }
  return added.some(({ effect }) => effect === "NoSchedule")
    ? disruptive("Nodes that exist get them: pods that run stay, new ones that do not tolerate them go elsewhere.")
    : harmless("Nodes that exist get them; pods that run stay.");
};

const encryptionAtRest: Rule = ({ after }) =>
  after === "none"
    ? disruptive(
        "API servers that exist go on encrypting until `roll` replaces their machines. From then on Secrets are written to etcd in plain text; those that were encrypted stay readable.",
      )
    : undefined;

/** Seconds that a machine of the control plane, or a batch of workers, takes on lab machines (docs/lab-machines.md). */
const secondsInPlace = 10;
/** The same where an API server starts again, with the looks at the others before. */
const secondsOfApiServer = 60;
/** The same for another version of Kubernetes. */
const secondsOfUpgrade = 150;

/** Machines that run take it; `restarts` says what that does there. */
const inPlace =
  (roles: readonly NodeRole[], restarts: string, judge = harmless, seconds = secondsInPlace): Rule =>
  (_change, { after }) => {
    const replicas = Number(valueAt(["controlPlane", "replicas"], after));
    const pools = (valueAt(["nodePools"], after) ?? []) as readonly { readonly count: number }[];
    const workers = roles.includes("worker") ? pools.reduce((sum, { count }) => sum + count, 0) : 0;
    const size = batchSize(String(valueAt(["update", "maxUnavailable"], after)), workers);
    const parts = [
      ...(roles.includes("control-plane") ? [`${replicas} of the control plane one after the other`] : []),
      ...(workers > 0 ? [`${counted(workers, "worker")}, at most ${size} at a time`] : []),
    ];
    const batches = workers === 0 ? 0 : 1 + Math.ceil((workers - 1) / size);
    const turns = (roles.includes("control-plane") ? replicas : 0) + batches;
    const minutes = Math.max(1, Math.round((turns * seconds) / 60));
    return judge(
      `Machines that run take it in the next \`up\`: ${parts.join(", then ")}; about ${minutes} min. ${restarts}`,
    );
  };

const kubernetesVersion: Rule = (change, configurations) => {
  const [before, wanted] = [String(change.before), String(change.after)];
  const [older, newer] = [minorNumber(before), minorNumber(wanted)];
  const { after } = configurations;
  if (valueAt(["packageSource"], after) === "preinstalled")
    return destructive(
      "Packages come with the image, so machines that run keep their version, and new ones cannot join them. Choose packageSource upstream or mirror for an upgrade.",
    );
  if (compareVersions(wanted, before) < 0)
    return destructive("Kubernetes has no way back to an older version. Machines that are created could not join.");
  if (newer > older + 1)
    return destructive(`Kubernetes is upgraded one minor at a time. Upgrade to 1.${older + 1} first.`);
  const drain = valueAt(["update", "drain"], after);
  const drains = drain === "always" || (drain === "minor" && newer !== older);
  return inPlace(
    ["control-plane", "worker"],
    [
      "It is refused before anything is touched where the cluster is not fit for it.",
      "etcd is saved first; each API server and each etcd member restarts.",
      drains
        ? "Pods are evicted from each node before (update.drain), as PodDisruptionBudgets allow."
        : "Pods stay where they are (update.drain).",
      "There is no way back to the older version.",
    ].join(" "),
    disruptive,
    secondsOfUpgrade,
  )(change, configurations);
};

const maxPods: Rule = (change, configurations) =>
  (Number(change.after) < Number(change.before)
    ? inPlace(["control-plane", "worker"], "Kubelets restart; pods beyond it are ended and go elsewhere.", disruptive)
    : inPlace(["control-plane", "worker"], "Kubelets restart, and no container."))(change, configurations);
const oidc = inPlace(
  ["control-plane"],
  "Nothing restarts. Tokens that the new settings do not allow are refused from then on.",
  disruptive,
);
const apiServer = (more: string) =>
  inPlace(["control-plane"], `Each API server starts again.${more}`, harmless, secondsOfApiServer);
const audit = apiServer("");
const podSecurity = apiServer(" Pods that run are not judged again; new ones may be refused.");

const cniKind: Rule = ({ after }) =>
  after === "none"
    ? destructive("Calico is removed: pods lose their network.")
    : disruptive("Calico is installed, beside whatever CNI the cluster has.");

const section =
  (gone: Judgement, come: Judgement): Rule =>
  ({ before, after }) => {
    if (after === undefined) return gone;
    return before === undefined ? come : undefined;
  };

const flux = section(
  disruptive("Flux is removed; what it installed stays, and nobody enforces it any more."),
  harmless("Flux is installed and reconciles from there."),
);

const cloudProvider = section(
  destructive(
    "The cloud controller and Cinder CSI are removed: load balancers of Services and volumes are not served any more.",
  ),
  disruptive(
    "The cloud controller and Cinder CSI are installed. Nodes that exist register with the cloud only when their machines are replaced.",
  ),
);

const below = (section: string, keys: readonly string[], rule: Rule) =>
  Object.fromEntries(keys.map((key) => [`${section}.${key}`, rule]));

/** By the pattern of the key. */
export const settingRules: Readonly<Record<string, Rule>> = {
  "kubernetes.version": kubernetesVersion,
  "controlPlane.replicas": replicas,
  "nodePools[].count": poolCount,
  "nodePools[].taints": taints,
  "nodePools[]": section(
    destructive("Its machines are drained and deleted with their disks."),
    harmless("Its machines are created."),
  ),
  "kubernetes.encryptionAtRest": encryptionAtRest,
  registryMirrors: inPlace(
    ["control-plane", "worker"],
    "Nothing restarts: containerd asks the new mirrors at its next pull.",
  ),
  extraCas: inPlace(
    ["worker"],
    "containerd restarts there, and no container. Control-plane machines keep theirs until `roll` replaces them.",
  ),
  "kubernetes.maxPodsPerNode": maxPods,
  ...below("kubernetes.audit", ["enabled", "maxAgeDays", "maxBackups", "maxSizeMb"], audit),
  ...below("kubernetes.podSecurity", ["enforce", "warn", "exemptNamespaces"], podSecurity),
  oidc,
  ...below(
    "oidc",
    ["issuerUrl", "clientId", "usernameClaim", "usernamePrefix", "groupsClaim", "groupsPrefix", "ca"],
    oidc,
  ),
  "cni.kind": cniKind,
  flux,
  cloudProvider,
  "apiEndpoint.floatingIp": ({ after }) =>
    after === true
      ? undefined
      : destructive(
          "The floating IP is given back, which may go to somebody else; kubeconfigs that name it no longer work.",
        ),
  "os.version": (change, { after }) =>
    harmless(
      `Machines that exist keep their image; machines that are created boot from "${String(valueAt(["image"], after))}", which must be of that release.`,
    ),
};
