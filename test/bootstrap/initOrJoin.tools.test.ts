/**
 * What a control-plane machine decides at boot: whether it starts a cluster or joins one, and what it clears away
 * first.
 */
import { rmSync } from "node:fs";
import { parse } from "yaml";
import { ControlPlaneMachine, did, initCall, joinCalls, kubeadmCalls, minutes } from "./controlPlaneMachine";

describe("a control-plane machine at boot", () => {
  let machine: ControlPlaneMachine;
  beforeEach(() => {
    machine = new ControlPlaneMachine();
  });
  afterEach(() => machine.remove());

  it("starts a cluster when it is the first, nobody has answered twice and the CA has just been made", () => {
    const { status, output, calls } = machine.run("control-plane.sh");
    expect({ status, kubeadm: kubeadmCalls(calls) }).toEqual({ status: 0, kubeadm: [initCall] });
    expect(output.match(/neither the endpoint nor a peer answers/g)).toHaveLength(2);
    expect(did(calls, "/dev/tcp/")).toHaveLength(2 * 2 * 3);
    expect(machine.read("/run/openstack-kubernetes/init.yaml")).toBe("advertiseAddress: 10.10.0.10\n");
    expect(machine.read("/etc/kubernetes/pki/ca.crt")).toBe("CA");
    expect(calls.at(-1)).toBe(
      "systemctl enable --now openstack-kubernetes-renew.timer openstack-kubernetes-snapshot.timer openstack-kubernetes-approve.timer openstack-kubernetes-backup.timer",
    );
  });

  it("looks for its cluster much longer when the CA is older: its peers may all be rebooting", () => {
    machine.caIsOld(minutes(61));
    machine.file("/looks", "");
    machine.program(
      "timeout",
      '[[ "$*" == *kubectl* ]] && { shift; exec "$@"; }\necho >>"$machine/looks"; (($(wc -l <"$machine/looks") > 30 * 6))',
    );
    const { output, calls } = machine.run("control-plane.sh", 5000);
    expect(kubeadmCalls(calls)).toEqual([]);
    expect(output.split("\n")[0]).toBe(
      "the cluster's CA is older than an hour, so that a cluster may exist: looking for it for about ten minutes",
    );
    expect(output.match(/look \d+ of 90: neither the endpoint nor a peer answers/g)).toHaveLength(30);
  });

  it("starts a cluster as soon with an older CA for an hour after the operator said so", () => {
    machine.caIsOld(minutes(61));
    const now = Math.round(Date.now() / 1000);
    machine.file("/etc/openstack-kubernetes/new-cluster-until", `${now - 60}\n`);
    machine.endpointAnswers();
    expect(machine.run("control-plane.sh").output).toContain("so that a cluster may exist");
    machine.delete("/var/lib/openstack-kubernetes/member");
    machine.delete("/var/lib/openstack-kubernetes/join-started");
    machine.nothingAnswers();
    machine.file("/etc/openstack-kubernetes/new-cluster-until", `${now + 60}\n`);
    const { output, calls } = machine.run("control-plane.sh");
    expect(kubeadmCalls(calls)).toEqual([initCall]);
    expect(output.match(/look \d of 2: neither the endpoint nor a peer answers/g)).toHaveLength(2);
  });

  it("joins when it is the first but the endpoint answers: a recreated machine starts no second cluster", () => {
    machine.endpointAnswers();
    const { status, calls } = machine.run("control-plane.sh");
    expect({ status, kubeadm: kubeadmCalls(calls) }).toEqual({ status: 0, kubeadm: joinCalls });
  });

  it.each([2379, 2380, 6443])(
    "starts no cluster while a peer answers on port %i, but waits for the endpoint",
    (port) => {
      machine.peerAnswersOn(port);
      const { status, output, calls } = machine.run("control-plane.sh", 5000);
      expect({ status, kubeadm: kubeadmCalls(calls) }).toEqual({ status: 1, kubeadm: [] });
      expect(output.trim().split("\n").at(-1)).toBe(
        "The API endpoint https://10.10.0.5:6443 is not ready after 20 minutes: curl: (7) refused",
      );
    },
  );

  it("starts no cluster on data of an earlier one, and says what to do", () => {
    machine.file("/var/lib/etcd/member/snap/db", "data");
    const { status, output, calls } = machine.run("control-plane.sh", 5000);
    expect({ status, kubeadm: kubeadmCalls(calls) }).toEqual({ status: 1, kubeadm: [] });
    expect(output).toContain(
      "/var/lib/etcd holds data of an earlier cluster, but https://10.10.0.5:6443 does not answer (curl: (7) refused): restore a snapshot, or empty /var/lib/etcd to start a new cluster.",
    );
    expect(machine.has("/var/lib/etcd/member/snap/db")).toBe(true);
  });

  it("never starts a cluster when it is not the first", () => {
    machine.is("test-control-plane-2");
    const { status, calls } = machine.run("control-plane.sh", 5000);
    expect({ status, kubeadm: kubeadmCalls(calls) }).toEqual({ status: 1, kubeadm: [] });
  });

  it("removes its own etcd member and Node of an earlier life, and no other's", () => {
    machine.endpointAnswers();
    machine.file("/var/lib/etcd/member/snap/db", "stale");
    const { status, calls } = machine.run("control-plane.sh");
    expect(status).toBe(0);
    expect(did(calls, "member remove").map((call) => call.split(" ").slice(-3))).toEqual([
      ["member", "remove", "1111"],
    ]);
    // Asked of a peer's etcd, never of the pod that bears its own name.
    expect(
      did(calls, "member list")
        .filter((call) => call.startsWith("kubectl"))
        .map((call) => /exec (\S+)/.exec(call)?.[1]),
    ).toEqual(["etcd-test-control-plane-1"]);
    expect(did(calls, "delete node")[0]).toContain("delete node test-control-plane-0 --ignore-not-found");
    expect(machine.has("/var/lib/etcd/member")).toBe(false);
  });

  it("knows a member that never started by its address", () => {
    machine.is("test-control-plane-2");
    machine.endpointAnswers();
    const { calls } = machine.run("control-plane.sh");
    expect(did(calls, "member remove").map((call) => call.split(" ").at(-1))).toEqual(["3333"]);
  });

  it("does not join while no etcd can be asked about its earlier life", () => {
    machine.endpointAnswers();
    machine.cluster({ etcdPods: "etcd-test-control-plane-0" });
    const { status, output, calls } = machine.run("control-plane.sh");
    expect({ status, join: did(calls, "kubeadm join") }).toEqual({ status: 1, join: [] });
    expect(output).toContain(
      "No etcd pod of another control-plane machine answers, so a member left by an earlier test-control-plane-0 cannot be removed.",
    );
    expect(did(calls, "delete configmap")).toHaveLength(1);
  });

  it("asks again while the etcd of a cluster that has just begun is not listed yet", () => {
    machine.endpointAnswers();
    machine.file("/looks", "");
    machine.cluster();
    const kubectl = machine.read("/stand-ins/kubectl").split("\n").slice(3).join("\n");
    machine.program(
      "kubectl",
      `if [[ "$*" == *"get pods"* ]]; then echo >>"$machine/looks"; [[ $(wc -l <"$machine/looks") -gt 2 ]] || exit 0; fi\n${kubectl}`,
    );
    const { status, output } = machine.run("control-plane.sh");
    expect({ status, looks: output.match(/look \d+: no etcd pod/g)?.length }).toEqual({ status: 0, looks: 2 });
  });

  it("joins with a token of its own, so that one recreated a year later joins too, and takes it back afterwards", () => {
    machine.endpointAnswers();
    const { calls } = machine.run("control-plane.sh");
    const secret = parse(machine.read("/secret")) as { stringData: Record<string, string> };
    const { "token-id": id, "token-secret": value, expiration, ...rest } = secret.stringData;
    expect({ ...secret, stringData: rest }).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      type: "bootstrap.kubernetes.io/token",
      metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" },
      stringData: {
        "usage-bootstrap-authentication": "true",
        "usage-bootstrap-signing": "true",
        "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
      },
    });
    expect(`${id}.${value}`).toMatch(/^[a-f0-9]{6}\.[a-f0-9]{16}$/);
    const hours = (Date.parse(expiration!) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(0.9);
    expect(hours).toBeLessThanOrEqual(1);
    expect(machine.read("/run/openstack-kubernetes/join.yaml")).toContain(`token: ${id}.${value}\n`);
    expect(machine.mode("/run/openstack-kubernetes/join.yaml")).toBe("600");
    const order = ["create -f -", joinCalls[1], `delete secret bootstrap-token-${id}`].map((what) =>
      calls.findIndex((call) => call.includes(what)),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
    // Neither a command line, which every process may read, nor the output shows it.
    expect(calls.join("\n")).not.toContain(value);
  });

  it("leaves etcd's directory to root alone", () => {
    machine.run("control-plane.sh");
    expect(machine.mode("/var/lib/etcd")).toBe("700");
  });

  it("gives the turn back whether or not it could join", () => {
    machine.endpointAnswers();
    machine.program("kubeadm", '[[ "$1" != join ]]');
    const { status, calls } = machine.run("control-plane.sh");
    expect(status).toBe(1);
    expect(
      did(calls, "configmap control-plane-join").map((call) => (call.includes("create") ? "taken" : "given back")),
    ).toEqual(["taken", "given back"]);
    expect(machine.has("/var/lib/openstack-kubernetes/member")).toBe(false);
  });

  it("gives the turn back when the API answers again, and counts as joined whatever comes of it", () => {
    machine.endpointAnswers();
    const kubectl = machine.read("/stand-ins/kubectl").split("\n").slice(3).join("\n");
    const failing = (times: number) => {
      machine.file("/deletions", "");
      const refuse = `echo >>"$machine/deletions"; if (($(wc -l <"$machine/deletions") <= ${times})); then echo "Unable to connect" >&2; exit 1; fi`;
      machine.program("kubectl", `if [[ "$*" == *"delete configmap"* ]]; then ${refuse}; fi\n${kubectl}`);
      const { status, output, calls } = machine.run("control-plane.sh");
      return {
        status,
        message: output.includes("Unable to connect"),
        deletions: did(calls, "delete configmap").length,
      };
    };
    expect(failing(2)).toEqual({ status: 0, message: false, deletions: 3 });
    rmSync(`${machine.root}/var/lib/openstack-kubernetes/member`);
    expect(failing(1000)).toEqual({ status: 0, message: false, deletions: 20 });
  });

  it("waits while another machine has its turn", () => {
    machine.endpointAnswers();
    machine.cluster({ lock: `test-control-plane-1 ${new Date().toISOString()}` });
    const { status, output, calls } = machine.run("control-plane.sh", 5000);
    expect({ status, join: did(calls, "kubeadm join"), deleted: did(calls, "delete configmap") }).toEqual({
      status: 1,
      join: [],
      deleted: [],
    });
    expect(output).toContain("Another control-plane machine (test-control-plane-1) has been joining for too long.");
  });

  it("takes the turn of a machine that has held it for more than 15 minutes", () => {
    machine.endpointAnswers();
    machine.cluster({ lock: "test-control-plane-1 2020-01-01T00:00:00Z" });
    const { status, calls } = machine.run("control-plane.sh");
    expect({ status, join: did(calls, "kubeadm join") }).toEqual({ status: 0, join: [joinCalls[1]] });
  });

  it("goes on with an init that was cut short, wiping nothing", () => {
    machine.file("/var/lib/openstack-kubernetes/init-started");
    machine.file("/var/lib/etcd/member/snap/db", "data");
    const { status, calls } = machine.run("control-plane.sh");
    expect({ status, kubeadm: kubeadmCalls(calls) }).toEqual({
      status: 0,
      kubeadm: [`${initCall} --ignore-preflight-errors Port-6443,DirAvailable--var-lib-etcd`],
    });
    expect(machine.read("/var/lib/etcd/member/snap/db")).toBe("data");
  });

  it("begins a join that was cut short anew", () => {
    machine.endpointAnswers();
    machine.file("/var/lib/openstack-kubernetes/join-started");
    expect(kubeadmCalls(machine.run("control-plane.sh").calls)).toEqual(["kubeadm reset --force", ...joinCalls]);
  });

  it("leaves kubeadm alone once it has finished", () => {
    machine.file("/var/lib/openstack-kubernetes/member");
    const { status, calls } = machine.run("control-plane.sh");
    expect({ status, kubeadm: kubeadmCalls(calls) }).toEqual({ status: 0, kubeadm: [] });
  });

  it("refuses a name that is not among its peers", () => {
    machine.is("somebody");
    const { status, output } = machine.run("control-plane.sh");
    expect({ status, output }).toEqual({
      status: 1,
      output:
        "This machine is called somebody, which is not among the control-plane machines: test-control-plane-0 test-control-plane-1 test-control-plane-2.\n",
    });
  });
});
