/**
 * A pretended control-plane machine, the first of three, for control-plane.sh: who answers it, and what the API says as
 * the administrator sees it.
 */
import { ScriptMachine } from "./scriptMachine";

const peers = "test-control-plane-0 10.10.0.10\ntest-control-plane-1 10.10.0.11\ntest-control-plane-2 10.10.0.12\n";
export const environment = `ROLE='control-plane'
ENDPOINT='10.10.0.5:6443'
API_PORT='6443'
VIRTUAL_IP=''
RESUME_IGNORES='Port-6443,DirAvailable--var-lib-etcd'
`;
const members = `1111, started, test-control-plane-0, https://10.10.0.10:2380, https://10.10.0.10:2379, false
2222, started, test-control-plane-1, https://10.10.0.11:2380, https://10.10.0.11:2379, false
3333, unstarted, , https://10.10.0.12:2380, , true
`;

export const minutes = (count: number) => count * 60_000;
export const initCall = "kubeadm init --config /run/openstack-kubernetes/init.yaml --skip-token-print";
export const joinCalls = [
  "kubeadm init phase kubeconfig admin --config /run/openstack-kubernetes/init.yaml --kubeconfig-dir /run/openstack-kubernetes",
  "kubeadm join --config /run/openstack-kubernetes/join.yaml",
] as const;
export const did = (calls: readonly string[], what: string) => calls.filter((call) => call.includes(what));
export const kubeadmCalls = (calls: readonly string[]) => calls.filter((call) => call.startsWith("kubeadm "));

/** The machine's own API server is up as soon as kubeadm has run; the endpoint and the peers as the tests say. */
const own = '[[ "$*" == *127.0.0.1* ]] && exit 0\n';
const kubectlOnly = '[[ "$*" == *kubectl* ]] && { shift; exec "$@"; }\n';

/** At its first boot: nothing answers, and the CA is five minutes old. */
export class ControlPlaneMachine extends ScriptMachine {
  constructor() {
    super();
    this.file("/etc/openstack-kubernetes/peers", peers);
    this.file("/etc/openstack-kubernetes/bootstrap.env", environment);
    this.file("/etc/openstack-kubernetes/pki/ca.crt", "CA");
    this.file("/etc/openstack-kubernetes/init.yaml", "advertiseAddress: @NODE_IP@\n");
    this.file(
      "/etc/openstack-kubernetes/join.yaml",
      "advertiseAddress: @NODE_IP@\n    token: abcdef.0123456789abcdef\n",
    );
    this.program("systemctl", "true");
    this.program("ip", 'echo "2: eth0    inet ${@: -1}/22 brd 10.10.3.255 scope global eth0"');
    this.program("kubeadm", "true");
    this.program("systemd-run", "true");
    this.caIsOld(minutes(5));
    this.nothingAnswers();
    this.cluster();
    this.is("test-control-plane-0");
  }

  /** @param milliseconds Age of the cluster's CA. */
  caIsOld(milliseconds: number): void {
    this.program("openssl", `echo "notBefore=${new Date(Date.now() - milliseconds).toUTCString()}"`);
  }

  is(name: string): void {
    this.program("uname", `echo ${name}.novalocal`);
  }

  nothingAnswers(): void {
    this.program("curl", `${own}[[ "$1" == -fsS ]] && echo "curl: (7) refused" >&2; exit 7`);
    this.program("timeout", `${kubectlOnly}exit 1`);
  }

  endpointAnswers(): void {
    this.program("curl", "exit 0");
  }

  peerAnswersOn(port: number): void {
    this.program("timeout", `${kubectlOnly}[[ "$*" == *10.10.0.11/${port} ]]`);
  }

  /** The API as the administrator sees it. */
  cluster({ lock = "", etcdPods = "etcd-test-control-plane-0 etcd-test-control-plane-1", list = members } = {}): void {
    this.file("/members", list);
    this.program(
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
  }
}
