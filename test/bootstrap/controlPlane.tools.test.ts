/**
 * What a control-plane machine sees to besides its membership: its kubelet's serving certificate, and its share in the
 * virtual IP.
 */
import { ControlPlaneMachine, did, environment, initCall, joinCalls } from "./controlPlaneMachine";

describe("a control-plane machine", () => {
  let machine: ControlPlaneMachine;
  beforeEach(() => {
    machine = new ControlPlaneMachine();
  });
  afterEach(() => machine.remove());

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
    const admin =
      "kubectl --kubeconfig /etc/kubernetes/admin.conf --server https://127.0.0.1:6443 --request-timeout 30s";
    const own =
      'jsonpath={range .items[?(@.spec.username=="system:node:test-control-plane-0")]}{.metadata.name}{"\\n"}{end}';
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
        "systemctl enable --now openstack-kubernetes-renew.timer openstack-kubernetes-snapshot.timer openstack-kubernetes-approve.timer openstack-kubernetes-backup.timer",
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
    const message =
      "The kubelet of this machine has no serving certificate after an hour; kubectl get csr shows its requests.";
    expect([status, output.trim().split("\n").at(-1)]).toEqual([1, message]);
  });

  describe("with a virtual IP", () => {
    const held = () => machine.read("/etc/keepalived/keepalived.conf");
    const enabled = "systemctl enable keepalived";
    beforeEach(() => {
      machine.file(
        "/etc/openstack-kubernetes/bootstrap.env",
        environment.replace("VIRTUAL_IP=''", "VIRTUAL_IP='10.10.0.5'"),
      );
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
      machine.endpointAnswers();
      machine.program("systemctl", '[[ "$*" != *is-active* ]]');
      const { calls } = machine.run("control-plane.sh");
      expect(did(calls, "keepalived").filter((call) => call.startsWith("system"))).toEqual([
        enabled,
        "systemctl is-active --quiet keepalived",
        "systemd-run --quiet --on-active=60 systemctl start keepalived",
      ]);
      expect(calls.indexOf(enabled)).toBeGreaterThan(calls.indexOf(joinCalls[1]));
    });
  });
});
