import type { ClusterMachine } from "../../src/openstack/machines";
import { assertNoSecondCluster, type FirstMachineInput } from "../../src/up/secondCluster";
import { messageOf } from "../../src/engine/messageOf";
import { caCertificate } from "../bootstrap/samples";
import { standingClock } from "../engine/standingClock";

/** The CA of these tests is valid from 22 November 2026, 18:42:58 UTC. */
const minutesAfterCa = (minutes: number) => Date.UTC(2026, 10, 22, 18, 42, 58) + minutes * 60_000;
const peers: readonly ClusterMachine[] = [
  { name: "dev-control-plane-1", status: "SHUTOFF" },
  { name: "dev-control-plane-2", status: "ACTIVE" },
];

/**
 * The first machine's creation, so long after the CA was made, with these peers; the API answers from the given
 * question on, or never.
 */
async function create({ minutes = 61, others = peers, answersAt = Infinity, allowed = false }) {
  const asked: string[] = [];
  const warned: string[] = [];
  const clock = standingClock(minutesAfterCa(minutes));
  const input: FirstMachineInput = {
    machine: "dev-control-plane-0",
    url: "https://10.10.0.5:6443",
    clusterCaCertificatePem: caCertificate,
    request: (_, path) => {
      asked.push(path);
      return asked.length > answersAt
        ? Promise.resolve({ status: 200, body: "ok" })
        : Promise.reject(new Error("connect EHOSTUNREACH"));
    },
    peers: () => Promise.resolve(others),
    timeoutMinutes: 10,
    allowed,
    progress: () => undefined,
    warn: (message) => warned.push(message),
    clock,
  };
  const refusal = await assertNoSecondCluster(input).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  return { refusal, asked: asked.length, warned, waitedSeconds: clock.slept.reduce((sum, one) => sum + one, 0) / 1000 };
}

describe("the first control-plane machine", () => {
  it("is created at once in the hour in which the CA was made: there is no cluster yet", async () => {
    expect(await create({ minutes: 59 })).toEqual({ refusal: undefined, asked: 0, warned: [], waitedSeconds: 0 });
  });

  it("is created anew as soon as its cluster answers: it will join", async () => {
    expect(await create({ answersAt: 0 })).toEqual({ refusal: undefined, asked: 1, warned: [], waitedSeconds: 0 });
    expect(await create({ answersAt: 12 })).toEqual({ refusal: undefined, asked: 13, warned: [], waitedSeconds: 60 });
  });

  it("is not created beside others that are silent: it would begin a second cluster", async () => {
    const { refusal, waitedSeconds } = await create({});
    expect(waitedSeconds).toBe(600);
    expect(refusal).toBe(
      "dev-control-plane-0 is not created: the cluster, whose CA is of 2026-11-22, does not answer at https://10.10.0.5:6443 after 10 minutes, though its other control-plane machines exist: dev-control-plane-1 (SHUTOFF), dev-control-plane-2 (ACTIVE). The new machine would find nobody and begin a second cluster. " +
        "Start the others, or see to them (docs/runbooks/quorum-lost.md), and run `pulumi up` again. If a new cluster is meant, or there never was one: OPENSTACK_KUBERNETES_NEW_CLUSTER=allow pulumi up.",
    );
  });

  it("is created at once beside machines that are off when the operator says that a new cluster is meant", async () => {
    expect(await create({ allowed: true, others: peers.slice(0, 1) })).toEqual({
      refusal: undefined,
      asked: 0,
      warned: [
        "OPENSTACK_KUBERNETES_NEW_CLUSTER is set: unless https://10.10.0.5:6443 answers, dev-control-plane-0 begins a new cluster, although there are dev-control-plane-1 (SHUTOFF).",
      ],
      waitedSeconds: 0,
    });
  });

  it("is created beside one that runs after that had ten minutes to answer, when a new cluster is meant", async () => {
    expect(await create({ allowed: true })).toEqual({
      refusal: undefined,
      asked: 121,
      warned: [
        "OPENSTACK_KUBERNETES_NEW_CLUSTER is set: unless https://10.10.0.5:6443 answers, dev-control-plane-0 begins a new cluster, although there are dev-control-plane-1 (SHUTOFF), dev-control-plane-2 (ACTIVE).",
      ],
      waitedSeconds: 600,
    });
    expect(await create({ allowed: true, answersAt: 12 })).toMatchObject({ warned: [], waitedSeconds: 60 });
  });

  it("is created where no other machine is left, with a word on the data of the old", async () => {
    expect(await create({ others: [] })).toEqual({
      refusal: undefined,
      asked: 0,
      warned: [
        "dev-control-plane-0 is created, and OpenStack has no other control-plane machine of the cluster: unless https://10.10.0.5:6443 answers, it begins a new, empty cluster after about ten minutes, or at once with OPENSTACK_KUBERNETES_NEW_CLUSTER=allow. For the data of an earlier one, see docs/runbooks/control-plane-lost.md.",
      ],
      waitedSeconds: 0,
    });
  });
});
