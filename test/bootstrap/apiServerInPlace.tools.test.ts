/**
 * What the agent does with the API server's settings, with a stand-in of a kubelet that runs what the manifest says.
 * A real one, and a real API server that refuses: test/lab/machines/changedFiles.lab.test.ts.
 */
import { AgentMachine, manifestPath } from "./agentMachine";

const settingsPath = "/etc/api-server.json";
const authenticationPath = "/etc/api-server/authentication.yaml";

/** The API server's settings in place, as the Secret holds them. */
const settings = (value: string, command: string[] = ["--audit-log-maxage=30"], absent: string[] = []) => ({
  [settingsPath]: {
    change: "apiServer",
    content: JSON.stringify({
      command,
      absent,
      env: [{ name: "OPENSTACK_KUBERNETES_FILES", value }],
      volumeMounts: [{ mountPath: "/etc/ours", name: "ours", readOnly: true }],
      volumes: [{ hostPath: { path: "/etc/ours", type: "Directory" }, name: "ours" }],
    }),
  },
});
const authentication = (content: string) => ({ [authenticationPath]: { change: "authentication", content } });

/** A manifest of kubeadm's, which has more than what is ours. */
const manifest = (value: string, ...command: string[]) => ({
  metadata: { name: "kube-apiserver" },
  spec: {
    containers: [
      {
        command: ["kube-apiserver", "--secure-port=6443", ...command],
        env: [
          { name: "NO_PROXY", value: "x" },
          { name: "OPENSTACK_KUBERNETES_FILES", value },
        ],
        volumeMounts: [
          { mountPath: "/pki", name: "pki", readOnly: true },
          { mountPath: "/etc/ours", name: "ours", readOnly: true },
        ],
      },
    ],
    volumes: [
      { hostPath: { path: "/pki", type: "Directory" }, name: "pki" },
      { hostPath: { path: "/etc/ours", type: "Directory" }, name: "ours" },
    ],
  },
});

/** crictl, and the kubelet behind it: one API server runs, or a new one has ended at each look. */
const containers = `
value=$(grep -o 'OPENSTACK_KUBERNETES_FILES", *"value": *"[^"]*' "$machine${manifestPath}" | sed 's/.*"//')
state=CONTAINER_RUNNING
if grep -q nonsense "$machine${manifestPath}"; then state=CONTAINER_EXITED; echo x >>"$machine/crashes"; fi
case "$1" in
  ps) echo "$value-$(cat "$machine/crashes" 2>/dev/null | wc -l)" ;;
  inspect) echo '{"status":{"state":"'$state'"},"info":{"runtimeSpec":{"process":{"env":["PATH=/","OPENSTACK_KUBERNETES_FILES='$value'"]}}}}' ;;
  logs) cat "$machine/log" ;;
esac`;

/** kubectl: a manifest in JSON is what it is in YAML; the rest are the API server's metrics. */
const kubectl = 'if [[ "$2" == --local ]]; then cat "${4/#-//dev/stdin}"; else cat "$machine/metrics"; fi';

let machine: AgentMachine;
beforeEach(() => {
  machine = new AgentMachine();
});
afterEach(() => machine.remove());

/** A control-plane machine that was created with these files and runs this manifest. */
async function controlPlane(files: Parameters<AgentMachine["start"]>[0], runs: object): Promise<void> {
  await machine.start(files);
  machine.lay(manifestPath, JSON.stringify(runs), "0600");
  machine.program("crictl", containers);
  machine.program("kubectl", kubectl);
  machine.lay("/log", "usage\nError: unknown flag: --nonsense\nlast\n");
}

const laidManifest = () => JSON.parse(machine.read(manifestPath)!) as ReturnType<typeof manifest>;
const reload = "apiserver_authentication_config_controller_automatic_reload_last_timestamp_seconds";
const metrics = (success: number, failure: number, start: number) =>
  machine.lay(
    "/metrics",
    `${reload}{apiserver_id_hash="x",status="success"} ${success}\n${reload}{apiserver_id_hash="x",status="failure"} ${failure}\nprocess_start_time_seconds ${start}\n`,
  );

describe("changed settings of the API server", () => {
  it("that its manifest has already restart nothing", async () => {
    await controlPlane(settings("a"), manifest("a", "--audit-log-maxage=30"));
    const before = machine.read(manifestPath);
    machine.order(settings("a"));
    machine.powerOn();
    expect((await machine.answer("reached")).message).toBe("nothing had to be changed");
    expect(machine.read(manifestPath)).toBe(before);
  });

  it("replace what is ours in its manifest, and nothing else", async () => {
    await controlPlane(settings("a"), manifest("a", "--audit-log-maxage=30", "--audit-log-path=/a"));
    machine.order(settings("b", ["--audit-log-maxage=7"], ["--audit-log-path"]));
    machine.powerOn();
    expect((await machine.answer("reached")).message).toContain("; starting the API server");
    expect(machine.calls()).toContain("crictl stop --timeout 5 a-0");
    const { containers: pod, volumes } = laidManifest().spec;
    expect(pod[0]).toEqual({
      command: ["kube-apiserver", "--secure-port=6443", "--audit-log-maxage=7"],
      env: [
        { name: "NO_PROXY", value: "x" },
        { name: "OPENSTACK_KUBERNETES_FILES", value: "b" },
      ],
      volumeMounts: manifest("b").spec.containers[0]!.volumeMounts,
    });
    expect(volumes).toEqual(manifest("b").spec.volumes);
    expect(machine.mode(manifestPath)).toBe("0600");
  });

  it("reach a machine that has the files, and joined with the manifest of an older cluster", async () => {
    const old = manifest("");
    old.spec.volumes.pop();
    old.spec.containers[0]!.volumeMounts.pop();
    old.spec.containers[0]!.env.pop();
    await controlPlane(settings("a"), old);
    machine.order(settings("a"));
    machine.powerOn();
    expect((await machine.answer("reached")).message).toMatch(/^changed \S+kube-apiserver\.yaml; starting/);
    expect(laidManifest()).toEqual(manifest("a", "--audit-log-maxage=30"));
  });

  it("under which it ends twice are put back, with the flag that it does not know", async () => {
    const before = manifest("a", "--audit-log-maxage=30");
    await controlPlane({ ...settings("a"), "/etc/api-server/policy": { content: "a", change: "apiServer" } }, before);
    machine.order({
      ...settings("b", ["--nonsense=1"]),
      "/etc/api-server/policy": { content: "b", change: "apiServer" },
    });
    machine.powerOn();
    expect((await machine.answer("failed")).message).toBe(
      "the API server did not start: Error: unknown flag: --nonsense; the machine is well again with its previous files",
    );
    expect(laidManifest()).toEqual(before);
    expect(machine.read("/etc/api-server/policy")).toBe("a");
    expect(machine.read("/journal")).toBeUndefined();
  });

  it("under which it is not ready are put back, which does not help it here", async () => {
    await controlPlane(settings("a"), manifest("a", "--audit-log-maxage=30"));
    machine.apiServerIsReady = false;
    machine.order(settings("b"));
    machine.powerOn();
    expect((await machine.answer("failed")).message).toMatch(
      /^the API server is not well after 3 s: .*500; the previous files did not help either: the API server is not well/,
    );
    expect(laidManifest()).toEqual(manifest("a", "--audit-log-maxage=30"));
  });
});

describe("another authentication", () => {
  it("is waited for until the API server has read it", async () => {
    await controlPlane({ ...settings("a"), ...authentication("a") }, manifest("a", "--audit-log-maxage=30"));
    metrics(1, 1, 1);
    machine.order({ ...settings("a"), ...authentication("b") });
    machine.powerOn();
    await machine.eventually("look", () => machine.calls().find((call) => call.includes("/metrics")));
    expect(machine.answers.map(({ state }) => state)).toEqual(["working", "working"]);
    metrics(Date.now() / 1000, 1, 1);
    expect((await machine.answer("reached")).message).toContain("waiting for the API server to read");
  });

  it("that was there when the API server started is not waited for", async () => {
    await controlPlane({ ...settings("a"), ...authentication("a") }, manifest("a", "--audit-log-maxage=30"));
    metrics(1, 1, Date.now() / 1000 + 100);
    machine.order({ ...settings("a"), ...authentication("b") });
    machine.powerOn();
    await machine.answer("reached");
    expect(machine.read(authenticationPath)).toBe("b");
  });

  it("that the API server refuses is put back before any restart, with its reason", async () => {
    const before = manifest("a", "--audit-log-maxage=30");
    await controlPlane({ ...settings("a"), ...authentication("a") }, before);
    metrics(1, Date.now() / 1000 + 100, 1);
    machine.lay("/log", 'E1 "failed to update authentication config" err="oidc: no such host"\nI1 "other" err="x"\n');
    machine.order({ ...settings("b"), ...authentication("b") });
    machine.powerOn();
    expect((await machine.answer("failed")).message).toMatch(
      /^the API server refuses \S+authentication\.yaml: oidc: no such host; the machine is well again/,
    );
    expect(machine.read(authenticationPath)).toBe("a");
    expect(laidManifest()).toEqual(before);
    expect(machine.answers.filter(({ message }) => message === "starting the API server")).toEqual([]);
  });
});
