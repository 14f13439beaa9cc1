/** What a control-plane machine decides at boot: whether it starts a cluster or joins one, and what it clears away first. */
import { rmSync } from "node:fs";
import { parse } from "yaml";
import { ScriptMachine } from "./scriptMachine";

const peers = "test-control-plane-0 10.10.0.10\ntest-control-plane-1 10.10.0.11\ntest-control-plane-2 10.10.0.12\n";
const environment = `ROLE='control-plane'
ENDPOINT='10.10.0.5:6443'
API_PORT='6443'
VIRTUAL_IP=''
RESUME_IGNORES='Port-6443,DirAvailable--var-lib-etcd'
`;
const members = `1111, started, test-control-plane-0, https://10.10.0.10:2380, https://10.10.0.10:2379, false
2222, started, test-control-plane-1, https://10.10.0.11:2380, https://10.10.0.11:2379, false
3333, unstarted, , https://10.10.0.12:2380, , true
`;

describe("a control-plane machine at boot", () => {
  let machine: ScriptMachine;
  beforeEach(() => {
    machine = new ScriptMachine();
    machine.file("/etc/openstack-kubernetes/peers", peers);
    machine.file("/etc/openstack-kubernetes/bootstrap.env", environment);
    machine.file("/etc/openstack-kubernetes/pki/ca.crt", "CA");
    machine.file("/etc/openstack-kubernetes/init.yaml", "advertiseAddress: @NODE_IP@\n");
    machine.file("/etc/openstack-kubernetes/join.yaml", "advertiseAddress: @NODE_IP@\n    token: abcdef.0123456789abcdef\n");
    machine.program("systemctl", "true");
    machine.program("ip", 'echo "2: eth0    inet ${@: -1}/22 brd 10.10.3.255 scope global eth0"');
    machine.program("kubeadm", "true");
    machine.program("systemd-run", "true");
    caIsOld(minutes(5));
    nothingAnswers();
    cluster();
    is("test-control-plane-0");
  });
  afterEach(() => machine.remove());

  const minutes = (count: number) => count * 60_000;
  const caIsOld = (milliseconds: number) => machine.program("openssl", `echo "notBefore=${new Date(Date.now() - milliseconds).toUTCString()}"`);
  const is = (name: string) => machine.program("uname", `echo ${name}.novalocal`);
  /** The machine's own API server is up as soon as kubeadm has run; the endpoint and the peers as the tests say. */
  const own = '[[ "$*" == *127.0.0.1* ]] && exit 0\n';
  const nothingAnswers = () => {
    machine.program("curl", `${own}[[ "$1" == -fsS ]] && echo "curl: (7) refused" >&2; exit 7`);
    machine.program("timeout", '[[ "$*" == *kubectl* ]] && { shift; exec "$@"; }\nexit 1');
  };
  const endpointAnswers = () => machine.program("curl", "exit 0");
  const peerAnswersOn = (port: number) => machine.program("timeout", `[[ "$*" == *kubectl* ]] && { shift; exec "$@"; }\n[[ "$*" == *10.10.0.11/${port} ]]`);
  /** The API as the admin sees it. */
  const cluster = ({ lock = "", etcdPods = "etcd-test-control-plane-0 etcd-test-control-plane-1", list = members } = {}) => {
    machine.file("/members", list);
    machine.program(
      "kubectl",
      `case "$*" in
*"create configmap"*) ${lock === "" ? "true" : `[[ -e $machine/lock-gone ]]`} ;;
*"get configmap"*) ${lock === "" ? "exit 1" : `echo "${lock}"`} ;;
*"delete configmap"*) touch "$machine/lock-gone" ;;
*"get pods"*) echo "${etcdPods}" ;;
*"create -f -"*) cat >"$machine/secret" ;;
*"member list"*) cat "$machine/members" ;;
esac`,
    );
  };
  const did = (calls: readonly string[], what: string) => calls.filter((call) => call.includes(what));
  const kubeadmCalls = (calls: readonly string[]) => calls.filter((call) => call.startsWith("kubeadm "));
  const initCall = "kubeadm init --config /run/openstack-kubernetes/init.yaml --skip-token-print";
  const joinCalls = [
    "kubeadm init phase kubeconfig admin --config /run/openstack-kubernetes/init.yaml --kubeconfig-dir /run/openstack-kubernetes",
    "kubeadm join --config /run/openstack-kubernetes/join.yaml",
  ];

  it("starts a cluster when it is the first, nobody has answered twice and the CA has just been made", () => {
    const { status, output, calls } = machine.run("control-plane.sh");
    expect({ status, kubeadm: kubeadmCalls(calls) }).toEqual({ status: 0, kubeadm: [initCall] });
    expect(output.match(/neither the endpoint nor a peer answers/g)).toHaveLength(2);
    expect(did(calls, "/dev/tcp/")).toHaveLength(2 * 2 * 3);
    expect(machine.read("/run/openstack-kubernetes/init.yaml")).toBe("advertiseAddress: 10.10.0.10\n");
    expect(machine.read("/etc/kubernetes/pki/ca.crt")).toBe("CA");
    expect(calls.at(-1)).toBe("systemctl enable --now openstack-kubernetes-renew.timer openstack-kubernetes-snapshot.timer");
  });

  it("looks for its cluster much longer when the CA is older: its peers may all be rebooting", () => {
    caIsOld(minutes(61));
    machine.file("/looks", "");
    machine.program("timeout", '[[ "$*" == *kubectl* ]] && { shift; exec "$@"; }\necho >>"$machine/looks"; (($(wc -l <"$machine/looks") > 30 * 6))');
    const { output, calls } = machine.run("control-plane.sh", 5000);
    expect(kubeadmCalls(calls)).toEqual([]);
    expect(output.split("\n")[0]).toBe("the cluster's CA is older than an hour, so that a cluster may exist: looking for it for about ten minutes");
    expect(output.match(/look \d+ of 90: neither the endpoint nor a peer answers/g)).toHaveLength(30);
  });

  it("joins when it is the first but the endpoint answers: a recreated machine starts no second cluster", () => {
    endpointAnswers();
    const { status, calls } = machine.run("control-plane.sh");
    expect({ status, kubeadm: kubeadmCalls(calls) }).toEqual({ status: 0, kubeadm: joinCalls });
  });

  it.each([2379, 2380, 6443])("starts no cluster while a peer answers on port %i, but waits for the endpoint", (port) => {
    peerAnswersOn(port);
    const { status, output, calls } = machine.run("control-plane.sh", 5000);
    expect({ status, kubeadm: kubeadmCalls(calls) }).toEqual({ status: 1, kubeadm: [] });
    expect(output.trim().split("\n").at(-1)).toBe("The API endpoint https://10.10.0.5:6443 is not ready after 20 minutes: curl: (7) refused");
  });

  it("starts no cluster on data of an earlier one, and says what to do", () => {
    machine.file("/var/lib/etcd/member/snap/db", "data");
    const { status, output, calls } = machine.run("control-plane.sh", 5000);
    expect({ status, kubeadm: kubeadmCalls(calls) }).toEqual({ status: 1, kubeadm: [] });
    expect(output).toContain(
      "/var/lib/etcd holds data of an earlier cluster, but https://10.10.0.5:6443 does not answer (curl: (7) refused): restore a snapshot, or empty /var/lib/etcd to begin anew.",
    );
    expect(machine.has("/var/lib/etcd/member/snap/db")).toBe(true);
  });

  it("never starts a cluster when it is not the first", () => {
    is("test-control-plane-2");
    const { status, calls } = machine.run("control-plane.sh", 5000);
    expect({ status, kubeadm: kubeadmCalls(calls) }).toEqual({ status: 1, kubeadm: [] });
  });

  it("removes its own etcd member and Node of an earlier life, and no other's", () => {
    endpointAnswers();
    machine.file("/var/lib/etcd/member/snap/db", "stale");
    const { status, calls } = machine.run("control-plane.sh");
    expect(status).toBe(0);
    expect(did(calls, "member remove").map((call) => call.split(" ").slice(-3))).toEqual([["member", "remove", "1111"]]);
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
    is("test-control-plane-2");
    endpointAnswers();
    const { calls } = machine.run("control-plane.sh");
    expect(did(calls, "member remove").map((call) => call.split(" ").at(-1))).toEqual(["3333"]);
  });

  it("does not join while no etcd can be asked about its earlier life", () => {
    endpointAnswers();
    cluster({ etcdPods: "etcd-test-control-plane-0" });
    const { status, output, calls } = machine.run("control-plane.sh");
    expect({ status, join: did(calls, "kubeadm join") }).toEqual({ status: 1, join: [] });
    expect(output).toContain("No etcd pod of another control-plane machine answers, so a member left by an earlier test-control-plane-0 cannot be removed.");
    expect(did(calls, "delete configmap")).toHaveLength(1);
  });

  it("asks again while the etcd of a cluster that has just begun is not listed yet", () => {
    endpointAnswers();
    machine.file("/looks", "");
    cluster();
    const kubectl = machine.read("/stand-ins/kubectl").split("\n").slice(3).join("\n");
    machine.program("kubectl", `if [[ "$*" == *"get pods"* ]]; then echo >>"$machine/looks"; [[ $(wc -l <"$machine/looks") -gt 2 ]] || exit 0; fi\n${kubectl}`);
    const { status, output } = machine.run("control-plane.sh");
    expect({ status, looks: output.match(/look \d+: no etcd pod/g)?.length }).toEqual({ status: 0, looks: 2 });
  });

  it("has its token honoured before it joins, so that one recreated a year later joins too", () => {
    endpointAnswers();
    const { calls } = machine.run("control-plane.sh");
    const secret = parse(machine.read("/secret")) as { stringData: { expiration: string } };
    expect(secret).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      type: "bootstrap.kubernetes.io/token",
      metadata: { name: "bootstrap-token-abcdef", namespace: "kube-system" },
      stringData: {
        "token-id": "abcdef",
        "token-secret": "0123456789abcdef",
        expiration: expect.any(String) as string,
        "usage-bootstrap-authentication": "true",
        "usage-bootstrap-signing": "true",
        "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
      },
    });
    const hours = (Date.parse(secret.stringData.expiration) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(1.9);
    expect(hours).toBeLessThanOrEqual(2);
    expect(calls.findIndex((call) => call.includes("create -f -"))).toBeLessThan(calls.indexOf(joinCalls[1]!));
    // Neither a command line, which every process may read, nor the output shows it.
    expect(calls.join("\n")).not.toContain("0123456789abcdef");
  });

  it("gives the turn back whether or not it could join", () => {
    endpointAnswers();
    machine.program("kubeadm", '[[ "$1" != join ]]');
    const { status, calls } = machine.run("control-plane.sh");
    expect(status).toBe(1);
    expect(did(calls, "configmap control-plane-join").map((call) => (call.includes("create") ? "taken" : "given back"))).toEqual(["taken", "given back"]);
    expect(machine.has("/var/lib/openstack-kubernetes/member")).toBe(false);
  });

  it("gives the turn back when the API answers again, and counts as joined whatever comes of it", () => {
    endpointAnswers();
    const kubectl = machine.read("/stand-ins/kubectl").split("\n").slice(3).join("\n");
    const failing = (times: number) => {
      machine.file("/deletions", "");
      const refuse = `echo >>"$machine/deletions"; if (($(wc -l <"$machine/deletions") <= ${times})); then echo "Unable to connect" >&2; exit 1; fi`;
      machine.program("kubectl", `if [[ "$*" == *"delete configmap"* ]]; then ${refuse}; fi\n${kubectl}`);
      const { status, output, calls } = machine.run("control-plane.sh");
      return { status, told: output.includes("Unable to connect"), deletions: did(calls, "delete configmap").length };
    };
    expect(failing(2)).toEqual({ status: 0, told: false, deletions: 3 });
    rmSync(`${machine.root}/var/lib/openstack-kubernetes/member`);
    expect(failing(1000)).toEqual({ status: 0, told: false, deletions: 20 });
  });

  it("waits while another machine has its turn", () => {
    endpointAnswers();
    cluster({ lock: `test-control-plane-1 ${new Date().toISOString()}` });
    const { status, output, calls } = machine.run("control-plane.sh", 5000);
    expect({ status, join: did(calls, "kubeadm join"), deleted: did(calls, "delete configmap") }).toEqual({ status: 1, join: [], deleted: [] });
    expect(output).toContain("Another control-plane machine (test-control-plane-1) has been joining for too long.");
  });

  it("takes the turn of a machine that has held it for more than 15 minutes", () => {
    endpointAnswers();
    cluster({ lock: "test-control-plane-1 2020-01-01T00:00:00Z" });
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
    endpointAnswers();
    machine.file("/var/lib/openstack-kubernetes/join-started");
    expect(kubeadmCalls(machine.run("control-plane.sh").calls)).toEqual(["kubeadm reset --force", ...joinCalls]);
  });

  it("leaves kubeadm alone once it has finished", () => {
    machine.file("/var/lib/openstack-kubernetes/member");
    const { status, calls } = machine.run("control-plane.sh");
    expect({ status, kubeadm: kubeadmCalls(calls) }).toEqual({ status: 0, kubeadm: [] });
  });

  it("approves what its own kubelet asked for, until that has its serving certificate: others need exec into its etcd before an approver runs", () => {
    machine.file("/var/lib/kubelet/config.yaml", "rotateCertificates: true\nserverTLSBootstrap: true\n");
    machine.file("/looks", "");
    // The request comes a while after kubeadm, the certificate a while after the approval.
    machine.program(
      "kubectl",
      `case "$*" in
*"get csr"*) echo >>"$machine/looks"; [[ $(wc -l <"$machine/looks") == 1 ]] || echo csr-own ;;
*"certificate approve"*) [[ $(wc -l <"$machine/looks") -lt 4 ]] || { mkdir -p "$machine/var/lib/kubelet/pki"; touch "$machine/var/lib/kubelet/pki/kubelet-server-current.pem"; } ;;
esac`,
    );
    const { status, calls } = machine.run("control-plane.sh");
    const admin = "kubectl --kubeconfig /etc/kubernetes/admin.conf --server https://127.0.0.1:6443 --request-timeout 30s";
    const own = 'jsonpath={range .items[?(@.spec.username=="system:node:test-control-plane-0")]}{.metadata.name}{"\\n"}{end}';
    const look = `${admin} get csr --field-selector spec.signerName=kubernetes.io/kubelet-serving -o ${own}`;
    const approval = `${admin} certificate approve csr-own`;
    expect({ status, calls: calls.slice(calls.indexOf(look)) }).toEqual({
      status: 0,
      calls: [
        look,
        look,
        approval,
        look,
        approval,
        look,
        approval,
        "systemctl enable --now openstack-kubernetes-renew.timer openstack-kubernetes-snapshot.timer",
      ],
    });
  });

  it("approves nothing in a cluster whose kubelets sign for themselves, whatever the template of today says", () => {
    machine.file("/var/lib/kubelet/config.yaml", "rotateCertificates: true\n");
    const { status, calls } = machine.run("control-plane.sh");
    expect({ status, csr: did(calls, "csr") }).toEqual({ status: 0, csr: [] });
  });

  it("says what is missing when its kubelet gets no serving certificate", () => {
    machine.file("/var/lib/kubelet/config.yaml", "serverTLSBootstrap: true\n");
    const { status, output } = machine.run("control-plane.sh", 5000);
    const told = "The kubelet of this machine has no serving certificate after an hour; kubectl get csr shows its requests.";
    expect([status, output.trim().split("\n").at(-1)]).toEqual([1, told]);
  });

  it("refuses a name that is not among its peers", () => {
    is("somebody");
    const { status, output } = machine.run("control-plane.sh");
    expect({ status, output }).toEqual({
      status: 1,
      output:
        "This machine is called somebody, which is not among the control-plane machines: test-control-plane-0 test-control-plane-1 test-control-plane-2.\n",
    });
  });

  describe("with a virtual IP", () => {
    const held = () => machine.read("/etc/keepalived/keepalived.conf");
    const enabled = "systemctl enable keepalived";
    beforeEach(() => {
      machine.file("/etc/openstack-kubernetes/bootstrap.env", environment.replace("VIRTUAL_IP=''", "VIRTUAL_IP='10.10.0.5'"));
      machine.file("/etc/openstack-kubernetes/keepalived.conf", "interface @NODE_INTERFACE@\n");
      machine.program("/../opt/openstack-kubernetes/bin/refresh-peers.sh", "true");
    });

    it("holds it before it inits", () => {
      const { calls } = machine.run("control-plane.sh");
      expect(held()).toBe("interface eth0\n");
      expect(calls.indexOf("systemctl enable --now keepalived")).toBeLessThan(calls.indexOf(initCall));
      expect(calls).toContain("systemctl enable --now openstack-kubernetes-peers.timer");
    });

    it("shares it a minute after it has joined, when its peers know of it", () => {
      endpointAnswers();
      machine.program("systemctl", '[[ "$*" != *is-active* ]]');
      const { calls } = machine.run("control-plane.sh");
      expect(did(calls, "keepalived").filter((call) => call.startsWith("system"))).toEqual([
        enabled,
        "systemctl is-active --quiet keepalived",
        "systemd-run --quiet --on-active=60 systemctl start keepalived",
      ]);
      expect(calls.indexOf(enabled)).toBeGreaterThan(calls.indexOf(joinCalls[1]!));
    });
  });
});
