/**
 * Restores a backup of etcd into the control plane that answers, on all of its machines at the same moment: one that
 * was just created after all were lost, or one whose data is to go back in time (docs/decisions/0053).
 */
import { restoreProgram, restoreSecretName } from "../bootstrap/etcdBackup";
import { counted } from "../config/counted";
import { messageOf } from "../engine/messageOf";
import { type Clock, realClock, waitUntil } from "../engine/waiting";
import { documentOf } from "../kubernetes/answers";
import type { KubernetesRequest } from "../kubernetes/client";
import { publish } from "../kubernetes/filesInPlace";
import { filesNamespace } from "../kubernetes/filesGuard";
import { KubeletLeases } from "../kubernetes/leases";
import { listNodes, type Node } from "../kubernetes/nodes";
import {
  type Bucket,
  listBackups,
  openPassphrase,
  partLinks,
  readManifest,
  refusals,
  type BackupManifest,
} from "./backups";

interface RestoreInput {
  readonly clusterName: string;
  /** Certificate of the cluster's CA, PEM. */
  readonly ca: string;
  /** Names of all control-plane machines. */
  readonly controlPlane: readonly string[];
  /** Names of all other machines that become nodes. */
  readonly workers: readonly string[];
  readonly bucket: Bucket;
  /** Name of a backup. Absent: the newest. */
  readonly backup?: string;
  /** The recipient's private key, PEM. */
  readonly keyFile: string;
  readonly request: KubernetesRequest;
  /** Asks whoever restores, after the consequence was told. */
  readonly confirmed: () => Promise<boolean>;
  readonly tell: (message: string) => void;
  readonly clock?: Clock;
}

/** Annotation of a Node: what files/restore-etcd.py has to say. */
const answerAnnotation = "openstack-kubernetes/restore-answer";
const secretPath = `/api/v1/namespaces/${filesNamespace}/secrets`;
/** Seconds that all machines get to read when they begin; they look every second. */
const notice = 15;
/** Minutes that fetching may take: as long as a link to the bucket is good. */
const fetchMinutes = 60;
/** Minutes that machines may take to come back. */
const returnMinutes = 10;
const pollEvery = 1_000;

/** Returns false where it was not confirmed. Throws sentences when something forbids it, or a machine refuses. */
export async function restoreBackup(input: RestoreInput): Promise<boolean> {
  const { clusterName, bucket, request, tell, clock = realClock } = input;
  const { name, manifest, passphrase, members } = await assertRestorable(input);
  tell(
    [
      `Everything that Kubernetes of cluster ${clusterName} knows goes back to ${name}.`,
      "What was created since is lost, and pods that the backup does not contain are ended.",
      "The API is away for about a minute. Volumes and load balancers in OpenStack are not touched.",
    ].join(" "),
  );
  if (!(await input.confirmed())) return false;
  const start = clock.now();
  const seconds = () => `${Math.round((clock.now() - start) / 1000)} s`;
  const order = {
    id: `restore-${start}`,
    ...{ passphrase, members, size: manifest.size, sha256: manifest.sha256 },
    parts: partLinks(bucket, name, manifest),
  };
  try {
    await publishOrder(order, request);
    await untilAnswered(order.id, "ready", fetchMinutes, input);
    await publishOrder({ ...order, at: Math.round(clock.now() / 1000) + notice }, request);
  } catch (error) {
    // Machines that are ready go on as they were.
    await request("DELETE", `${secretPath}/${restoreSecretName}`).catch(() => undefined);
    throw error;
  }
  tell(`all machines have the backup (${seconds()}); etcd changes its data in ${notice} s`);
  await untilAnswered(order.id, "restored", returnMinutes, input);
  tell(`the API answers from the data of the backup on every control-plane machine (${seconds()})`);
  await untilAlive(input);
  tell(`restored (${seconds()})`);
  return true;
}

interface Restorable {
  readonly name: string;
  readonly manifest: BackupManifest;
  readonly passphrase: string;
  /** As etcd's `--initial-cluster`. */
  readonly members: string;
}

/** Throws all at once that forbids it; nothing has been touched then. */
async function assertRestorable(input: RestoreInput): Promise<Restorable> {
  const { clusterName, bucket, ca, keyFile, request, controlPlane } = input;
  const problems: string[] = [];
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      problems.push(messageOf(error));
      return undefined;
    }
  };
  const name = await attempt(() => input.backup ?? newest(bucket, clusterName));
  const manifest = name === undefined ? undefined : await attempt(() => readManifest(bucket, name, ca));
  const running = await attempt(() => runningVersion(request));
  const members =
    running === undefined ? undefined : await attempt(async () => etcdMembers(controlPlane, await listNodes(request)));
  if (name !== undefined && manifest !== undefined) {
    problems.push(...refusals(name, manifest, clusterName, running));
    const passphrase = await attempt(() => openPassphrase(name, manifest, keyFile));
    if (problems.length === 0) return { name, manifest, passphrase, members } as Restorable;
  }
  throw new Error([...problems, "Nothing was changed."].join("\n"));
}

/** With its "v". */
async function runningVersion(request: KubernetesRequest): Promise<string> {
  const answer = await request("GET", "/version").catch((error: unknown) => {
    throw new Error(
      `The Kubernetes API does not answer: ${messageOf(error)}. A backup is restored into a control plane that runs (docs/runbooks/control-plane-lost.md).`,
    );
  });
  return documentOf<{ gitVersion: string }>("to show its version", answer).gitVersion;
}

async function newest(bucket: Bucket, clusterName: string): Promise<string> {
  const [name] = await listBackups(bucket, clusterName);
  if (name === undefined)
    throw new Error(
      `Bucket ${bucket.access.bucket} has no whole backup of cluster ${clusterName} under "${bucket.prefix}".`,
    );
  return name;
}

/** Throws a sentence where a machine is no node: it would stay with other data. */
function etcdMembers(controlPlane: readonly string[], nodes: readonly Node[]): string {
  const addresses = new Map(
    nodes.map(({ metadata, status }) => {
      const known = (status?.addresses ?? []) as readonly { type: string; address: string }[];
      return [metadata.name, known.find(({ type }) => type === "InternalIP")?.address];
    }),
  );
  const missing = controlPlane.filter((name) => addresses.get(name) === undefined);
  if (controlPlane.length === 0 || missing.length > 0)
    throw new Error(
      `The control plane is not whole: ${missing.join(", ") || "the stack's outputs name no machine of it"}. Run \`pulumi up\` and try again once all of its machines are nodes.`,
    );
  return controlPlane.map((name) => `${name}=https://${addresses.get(name) as string}:2380`).join(",");
}

async function publishOrder(order: object, request: KubernetesRequest): Promise<void> {
  const encoded = (text: string) => Buffer.from(text, "utf8").toString("base64");
  const metadata = { name: restoreSecretName, namespace: filesNamespace };
  const data = { program: encoded(restoreProgram()), "settings.json": encoded(JSON.stringify(order)) };
  await publish({ path: secretPath, object: { apiVersion: "v1", kind: "Secret", metadata, data } }, request);
}

interface RestoreAnswer {
  readonly id: string;
  readonly state: "working" | "ready" | "restored" | "failed";
  readonly message: string;
}

function answerOf(node: Node | undefined, id: string): RestoreAnswer | undefined {
  try {
    const answer = JSON.parse(node?.metadata.annotations?.[answerAnnotation] ?? "") as RestoreAnswer;
    return answer.id === id ? answer : undefined;
  } catch {
    return undefined;
  }
}

/** Every control-plane machine has got so far. The API may be away meanwhile; only machines on its new data answer. */
async function untilAnswered(
  id: string,
  state: "ready" | "restored",
  timeoutMinutes: number,
  { controlPlane, request, tell, clock = realClock }: RestoreInput,
): Promise<void> {
  const told = new Map<string, string>();
  const nodesByName = async () => new Map((await listNodes(request)).map((node) => [node.metadata.name, node]));
  await waitUntil({
    timeoutMinutes,
    pollEvery,
    clock,
    progress: tell,
    look: async () => {
      const nodes = await nodesByName().catch(() => new Map<string, Node>());
      const waiting = controlPlane.filter((name) => {
        const answer = answerOf(nodes.get(name), id);
        const isNews = answer !== undefined && (answer.state !== "ready" || state === "ready");
        if (isNews && told.get(name) !== answer.message) tell(`${name}: ${answer.message}`);
        if (isNews) told.set(name, answer.message);
        if (answer?.state === "failed")
          throw new Error(`${name} cannot restore the backup: ${answer.message}. Nothing was changed on any machine.`);
        return answer?.state !== state;
      });
      return waiting.length === 0 ? undefined : waiting;
    },
    message: (waiting) => `restore: waiting for ${waiting.join(", ")}`,
    failure: (waiting) =>
      new Error(
        state === "ready"
          ? `${waiting.join(", ")} did not fetch the backup within ${counted(timeoutMinutes, "minute")}. Nothing was changed on any machine. See \`journalctl --unit openstack-kubernetes-backup\` there.`
          : `${waiting.join(", ")} did not come back with the backup within ${counted(timeoutMinutes, "minute")}. See \`journalctl --unit openstack-kubernetes-backup\` there; docs/runbooks/restore-etcd.md restores by hand.`,
      ),
  });
}

/** Every machine that the backup knows has a kubelet that reports. */
async function untilAlive({ controlPlane, workers, request, tell, clock = realClock }: RestoreInput): Promise<void> {
  const leases = new KubeletLeases(request);
  const machines = new Set([...controlPlane, ...workers]);
  await waitUntil({
    timeoutMinutes: returnMinutes,
    pollEvery,
    clock,
    progress: tell,
    look: async () => {
      try {
        const names = (await listNodes(request)).map(({ metadata }) => metadata.name);
        const silent = [...(await leases.silent(names.filter((name) => machines.has(name))))];
        return silent.length === 0 ? undefined : silent;
      } catch (error) {
        return [messageOf(error)];
      }
    },
    message: (silent) => `restore: waiting for ${silent.join(", ")}`,
    failure: (silent) =>
      new Error(
        `The data is restored, but these nodes do not report: ${silent.join(", ")}. Run \`pulumi up\`, which says what is wrong with them.`,
      ),
  });
}
