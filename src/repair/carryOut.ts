/** Reboots a machine, or removes it so that `up` creates it again. */
import { counted } from "../config/counted";
import { listAll } from "../kubernetes/answers";
import type { KubernetesRequest } from "../kubernetes/client";
import { changeNode, removeNode, type Node } from "../kubernetes/nodes";
import { type Clock, waitUntil } from "../engine/waiting";
import { type OpenstackApi, OpenstackError } from "../openstack/client";
import { waitForOthers } from "../up/rolledMachine";
import type { MachineState } from "./machineState";

export interface Hands {
  readonly api: OpenstackApi;
  readonly request: KubernetesRequest;
  /** Runs Pulumi's CLI on the stack. Rejects with a sentence when it fails. */
  readonly pulumi: (...args: readonly string[]) => Promise<void>;
  readonly tell: (message: string) => void;
  readonly clock: Clock;
  /** readiness.clusterTimeoutMinutes: how long the rest of the control plane may take to be whole. */
  readonly timeoutMinutes: number;
}

const pollEvery = 5_000;
/** Minutes in which a server is off, or gone; Nova ends one that does not stop after a minute. */
const serverMinutes = 5;
/** Minutes in which volumes are detached: Kubernetes forces it after six. */
const volumeMinutes = 8;

/**
 * A hard reboot, which Nova does of machines that are off or in error too. Whether Nova took it: it refuses what it
 * could never start.
 */
export async function reboot(machine: MachineState, hands: Hands, others: readonly string[]): Promise<boolean> {
  await assertSpare(machine, hands, others);
  return act(machine, { reboot: { type: "HARD" } }, hands);
}

/**
 * Deletes the server; Kubernetes learns that whatever ran there has ended, so that pods and volumes go elsewhere at
 * once; and `up` creates the machine again.
 */
export async function replace(machine: MachineState, hands: Hands, others: readonly string[]): Promise<void> {
  const { name, role, server, node } = machine;
  await assertSpare(machine, hands, others);
  if (server !== undefined) {
    // The taint is a promise that nothing runs there any more.
    if (!["SHUTOFF", "ERROR"].includes(server.status) && (await act(machine, { "os-stop": null }, hands)))
      await untilServer(machine, hands, "off", (status) => status !== "ACTIVE");
    if (role === "worker" && node !== undefined) await release(node, hands);
    await hands.api.delete("compute", `/servers/${server.id}`);
    await untilServer(machine, hands, "gone", (status) => status === undefined);
  } else if (role === "worker" && node !== undefined) await release(node, hands);
  // The new machine would take over cordon and taints with the name. One of the control plane removes its predecessor.
  if (role === "worker") await removeNode(name, hands.request);
  hands.tell(`${name}: its server is gone; \`pulumi up\` creates it again.`);
  await hands.pulumi("refresh", "--target", `**${name}`);
  await hands.pulumi("up");
}

/** The others of the control plane must be whole now, and stay so for a moment. */
async function assertSpare({ name, role }: MachineState, hands: Hands, others: readonly string[]): Promise<void> {
  if (role === "control-plane") await waitForOthers({ ...hands, machine: name, role, others, progress: hands.tell });
}

async function act({ name, server }: MachineState, action: object, { api, tell }: Hands): Promise<boolean> {
  try {
    await api.act(server?.id ?? "", action);
    return true;
  } catch (error) {
    if (!(error instanceof OpenstackError) || error.status !== 409) throw error;
    tell(`${name}: ${error.message}.`);
    return false;
  }
}

async function untilServer(
  { name, server }: MachineState,
  { api, tell, clock }: Hands,
  what: string,
  isSo: (status: string | undefined) => boolean,
): Promise<void> {
  await waitUntil({
    look: async () => {
      const status = await api
        .get<{ server: { status: string } }>("compute", `/servers/${server?.id}`)
        .then(({ server: shown }) => shown.status)
        .catch((error: unknown) => {
          if (error instanceof OpenstackError && error.status === 404) return undefined;
          throw error;
        });
      return isSo(status) ? undefined : (status ?? "deleted");
    },
    message: (status) => `until the server of ${name} is ${what}: Nova says ${status}`,
    failure: (status) =>
      new Error(`The server of ${name} is not ${what} after ${counted(serverMinutes, "minute")}: Nova says ${status}.`),
    timeoutMinutes: serverMinutes,
    pollEvery,
    progress: tell,
    clock,
  });
}

const outOfService = { key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: "NoExecute" };

interface VolumeAttachment {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName: string };
}

/** Pods of a node that is off are ended, and its volumes detached, without waiting for its kubelet. */
async function release(node: Node, { request, tell, clock }: Hands): Promise<void> {
  const { name } = node.metadata;
  const tainted = (current: Node): Node | undefined => {
    const taints = current.spec?.taints ?? [];
    if (taints.some(({ key }) => key === outOfService.key)) return undefined;
    return { ...current, spec: { ...current.spec, taints: [...taints, outOfService] } };
  };
  await changeNode("the release of the volumes", node, tainted, request);
  const path = "/apis/storage.k8s.io/v1/volumeattachments";
  await waitUntil({
    look: async () => {
      const all = await listAll<VolumeAttachment>("a listing of volumes", path, request);
      const count = all.filter(({ spec }) => spec.nodeName === name).length;
      return count === 0 ? undefined : count;
    },
    message: (count) => `until the volumes of ${name} are free: ${count} attached`,
    failure: (count) =>
      new Error(
        `${name} still holds ${counted(count, "volume")} after ${counted(volumeMinutes, "minute")} (docs/repair.md).`,
      ),
    timeoutMinutes: volumeMinutes,
    pollEvery,
    progress: tell,
    clock,
  });
}
