/** What the agent does for another version of Kubernetes, on a pretended machine (agentMachine.ts). */
import { AgentMachine, etcdManifestPath, manifestPath } from "./agentMachine";

const environment = (version: string) => ({
  "/etc/kubernetes.env": {
    content: `KUBERNETES_VERSION='${version}'\nKUBERNETES_PACKAGES='kubeadm=${version}-* kubelet=${version}-*'\n`,
    change: "kubernetes",
  },
});
const [older, newer] = [environment("1.35.8"), environment("1.36.3")];
const manifest = (version: string) => `spec:\n  containers:\n  - image: registry.k8s.io/kube-apiserver:v${version}\n`;

/** Versions of what is installed stand in files, which the stand-ins of installation and kubeadm write. */
const install = `
[[ ! -e "$machine/no-packages" ]] || { echo "E: Version '1.36.3-*' for 'kubelet' was not found"; exit 100; }
[[ "$1" != --download-only ]] || exit 0
. "$machine/etc/kubernetes.env"
for package in "\$@"; do printf "$KUBERNETES_VERSION" >"$machine/installed-\${package%%=*}"; done`;
const kubeadm = `
[[ ! -e "$machine/kubeadm-fails" ]] || { sleep 3; echo "[upgrade] fine"; echo "error: timed out waiting for the condition"; exit 1; }
. "$machine/etc/kubernetes.env"
[[ ! -e "$machine${manifestPath}" ]] || sed -i "s/:v.*/:v$KUBERNETES_VERSION/" "$machine${manifestPath}"
[[ "$2" != apply ]] || printf "$KUBERNETES_VERSION" >"$machine/cluster"`;
const kubectl = `
case "$*" in
  *kubeadm-config*) printf 'clusterName: test\nkubernetesVersion: v%s\n' "$(<"$machine/cluster")" ;;
  *"--output yaml"*) cat ;;
  *) printf '{"spec":{"containers":[{"command":[],"volumeMounts":[],"env":[]}],"volumes":[]}}' ;;
esac`;

let machine: AgentMachine;

/** A machine of 1.35.8 whose agent runs. */
async function boot(role: "worker" | "control-plane", cluster = "1.35.8"): Promise<void> {
  await machine.start(older);
  machine.program("kubelet", 'echo "Kubernetes v$(<"$machine/installed-kubelet")"');
  machine.program("kubeadm", kubeadm);
  machine.program("kubectl", kubectl);
  machine.program("install-packages.sh", install, "bin");
  machine.lay("/installed-kubelet", "1.35.8");
  machine.lay("/cluster", cluster);
  if (role === "worker") return;
  machine.lay(manifestPath, manifest("1.35.8"));
  machine.lay("/etc/api-server.json", '{"command":[],"absent":[],"env":[],"volumeMounts":[],"volumes":[]}');
  // The API server that runs.
  machine.program(
    "crictl",
    `case "$*" in
  *Exited*) [[ ! -e "$machine/kubeadm.log" ]] || echo dead ;;
  *etcd*) [[ -e "$machine/etcd-is-away" ]] || echo etcd ;;
  "stop --timeout 0 "*) [[ -e "$machine/etcd-is-away" ]] || touch "$machine/too-early" ;;
  ps*) echo alive ;;
  logs*) echo "E1130 loud"; echo "Error: unknown flag: --no-such-flag" ;;
  inspect*) printf '{"info":{"runtimeSpec":{"process":{"env":["PATH=/"]}}},"status":{"state":"CONTAINER_RUNNING"}}' ;;
esac`,
  );
}

/** The calls that change something. */
const changing = () =>
  machine
    .calls()
    .filter((call) => /^(install-packages|kubeadm|systemctl (restart|stop|start|daemon))/.test(call))
    .map((call) => call.replace(/ --certificate-renewal=false --ignore-preflight-errors .*/, ""));

beforeEach(() => {
  machine = new AgentMachine();
});
afterEach(() => machine.remove());

const download = "install-packages.sh --download-only kubeadm=1.36.3-* kubelet=1.36.3-*";
const kubelet = [
  "install-packages.sh kubeadm=1.36.3-* kubelet=1.36.3-*",
  "systemctl daemon-reload",
  "systemctl restart kubelet",
];

describe("another version on a worker", () => {
  it("is downloaded, waits until the pods are gone, and is installed with kubeadm first", async () => {
    await boot("worker");
    const unit = "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf";
    machine.lay(unit, "open");
    const order = machine.order(newer);
    machine.powerOn();
    expect(await machine.answer("drain")).toMatchObject({
      order,
      message: "waiting until `up` has taken the pods off",
    });
    expect(changing()).toEqual([download]);
    machine.allow(order);
    await machine.answer("reached");
    expect(changing()).toEqual([download, "install-packages.sh kubeadm=1.36.3-*", "kubeadm upgrade node", ...kubelet]);
    expect([machine.read("/installed-kubelet"), machine.mode(unit)]).toEqual(["1.36.3", "0600"]);
  });

  it("that the machine has already asks for nothing", async () => {
    await boot("worker");
    machine.lay("/installed-kubelet", "1.36.3");
    machine.order(newer);
    machine.powerOn();
    await machine.answer("reached");
    expect(changing().filter((call) => !call.startsWith("systemctl"))).toEqual([]);
  });

  it("that the packages' source does not have is refused before the pods have to leave", async () => {
    await boot("worker");
    machine.lay("/no-packages", "");
    machine.order(newer);
    machine.powerOn();
    expect((await machine.answer("failed")).message).toMatch(
      /Version '1\.36\.3-\*' for 'kubelet' was not found; the machine is well again with its previous files$/,
    );
    expect(machine.read("/etc/kubernetes.env")).toContain("1.35.8");
    expect([machine.answers.some(({ state }) => state === "drain"), changing()]).toEqual([false, [download]]);
  });

  it("whose kubelet does not start gives way to the previous one", async () => {
    await boot("worker");
    machine.program(
      "systemctl",
      `[[ "$1" != show ]] || { [[ "$(<"$machine/installed-kubelet")" == 1.35.8 ]] && echo SubState=running || echo SubState=auto-restart; }`,
    );
    machine.program("journalctl", `echo 'E1130 "command failed" err="unknown flag: --gone"'`);
    machine.allow(machine.order(newer));
    machine.powerOn();
    expect((await machine.answer("failed")).message).toBe(
      "the kubelet did not start: unknown flag: --gone; the machine is well again with its previous files",
    );
    expect(machine.read("/installed-kubelet")).toBe("1.35.8");
  });

  it.each(["kubeadm upgrade node", "systemctl daemon-reload", "systemctl restart kubelet"])(
    "is there after a power cut in `%s`",
    async (call) => {
      await boot("worker");
      machine.program(
        call.split(" ")[0]!,
        `[[ "${call}" != "\${0##*/} $1"* || -e "$machine/cut" ]] || { touch "$machine/cut"; sleep 60; }`,
      );
      machine.allow(machine.order(newer));
      machine.powerOn();
      await machine.eventually(call, () => machine.read("/cut"));
      await machine.powerOff();
      machine.powerOn();
      await machine.answer("reached");
      expect(machine.read("/installed-kubelet")).toBe("1.36.3");
    },
  );

  it("gives up when `up` does not take the pods off, and says so", async () => {
    await boot("worker");
    machine.order(newer);
    machine.powerOn();
    expect((await machine.answer("failed")).message).toBe(
      "`up` has not taken the pods off within 4 s; the machine is well again with its previous files",
    );
  });
});

describe("another version on a control-plane machine", () => {
  it("that is the first is the cluster's: a snapshot, then kubeadm's apply", async () => {
    await boot("control-plane");
    machine.allow(machine.order(newer));
    machine.powerOn();
    await machine.answer("reached");
    expect(changing()).toEqual([
      download,
      "install-packages.sh kubeadm=1.36.3-*",
      "systemctl start openstack-kubernetes-snapshot.service",
      "kubeadm upgrade apply v1.36.3 --yes",
      ...kubelet,
    ]);
    expect([machine.read("/applying"), machine.read(manifestPath)]).toEqual([undefined, manifest("1.36.3")]);
  });

  it("that is another takes part, and hands the virtual IP over meanwhile", async () => {
    await boot("control-plane", "1.36.3");
    machine.lay("/etc/peers", "test-0 10.0.0.1\ntest-1 10.0.0.2\n");
    machine.lay("/etc/bootstrap.env", `${machine.read("/etc/bootstrap.env")!}VIRTUAL_IP='10.0.0.5'\n`);
    machine.allow(machine.order(newer));
    machine.powerOn();
    await machine.answer("reached");
    expect(changing().slice(2, 5)).toEqual([
      "systemctl stop keepalived",
      "kubeadm upgrade node",
      "systemctl start keepalived",
    ]);
  });

  it("ends the API server when etcd is away, so that no client waits for it, and when its own manifest is another", async () => {
    await boot("control-plane", "1.36.3");
    machine.lay(etcdManifestPath, "older");
    const slowly = `
printf newer >"$machine${etcdManifestPath}"; sleep 2.5
touch "$machine/etcd-is-away"; sleep 2.5
rm "$machine/etcd-is-away"; ${kubeadm}
sleep 2.5`;
    machine.program("kubeadm", slowly);
    machine.allow(machine.order(newer));
    machine.powerOn();
    await machine.answer("reached");
    const stopped = machine.calls().filter((call) => call.startsWith("crictl stop"));
    expect(stopped).toEqual(["crictl stop --timeout 0 alive", "crictl stop --timeout 5 alive"]);
    expect(machine.read("/too-early")).toBeUndefined();
  });

  it("goes on with apply after a power cut in it, although the cluster's version is the new one", async () => {
    await boot("control-plane", "1.36.3");
    machine.lay("/applying", "v1.36.3");
    machine.allow(machine.order(newer));
    machine.powerOn();
    await machine.answer("reached");
    expect(changing()).toContain("kubeadm upgrade apply v1.36.3 --yes");
  });

  it("that its API server does not start with is refused with kubeadm's reason and the API server's", async () => {
    await boot("control-plane");
    machine.lay("/kubeadm-fails", "");
    machine.allow(machine.order(newer));
    machine.powerOn();
    expect((await machine.answer("failed")).message).toBe(
      "kubeadm upgrade apply: error: timed out waiting for the condition; the API server said: Error: unknown flag: --no-such-flag; the machine is well again with its previous files",
    );
    expect(machine.read(manifestPath)).toBe(manifest("1.35.8"));
  });
});
