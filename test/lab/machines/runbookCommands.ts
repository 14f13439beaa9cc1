/**
 * The runbooks' commands for a machine and for what runs on it, letter for letter, each in the situation that its page
 * is about where a test can bring it about. `ssh NODE` enters the lab's machine, kubectl asks its API as the
 * administrator. Claims on the running cluster of a test, which is whole again afterwards.
 */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { eventually, type LabCluster } from "../../../lab/machines/cluster";
import { onMachine } from "../../../lab/machines/power";
import { enterNetwork, inNetwork, programOf } from "../../../lab/machines/site";
import { commandsRunBy } from "../../docs/runbooks";

interface RunbookArgs {
  readonly cluster: () => LabCluster;
  readonly controlPlane: () => string[];
  readonly workers: () => string[];
}

/** ssh and kubectl as an operator has them, here by way of the lab; a failure in a pipe counts. */
const prelude = `
set -o pipefail
ssh() { "$MACHINE" enter "$1" bash -o pipefail -c "$2"; }
kubectl() { $ENTER_NETWORK "$KUBECTL" --kubeconfig "$ADMIN" "$@"; }
`;

const sh = (name: string, script: string) => onMachine(name, ["bash", "-c", script], 120);

/** Reads a request up to its empty line, then answers; a connection closed with the request unread would be reset. */
const answerWithPort = `
while read -r line; do [ "\${#line}" -gt 1 ] || break; done
printf 'HTTP/1.0 200 OK\\r\\n\\r\\n%s' "$SOCAT_SOCKPORT"
`;

/** A pod that answers on both ports of the monitoring that runbooks forward to, and that has a df of its own. */
function standInMonitoring(node: string) {
  const service = (name: string, port: number) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "monitoring" },
    spec: { selector: { app: "sample" }, ports: [{ port }] },
  });
  const listen = (port: number) => `socat TCP-LISTEN:${port},fork,reuseaddr EXEC:"bash /tmp/answer"`;
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "sample", namespace: "monitoring", labels: { app: "sample" } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      volumes: [{ name: "df", hostPath: { path: "/usr/bin/df", type: "File" } }],
      containers: [
        {
          name: "main",
          image: "registry.lab/lab/tools:1",
          command: ["bash", "-c", `printf %s "$ANSWER" >/tmp/answer; ${listen(9090)} & exec ${listen(9115)}`],
          env: [{ name: "ANSWER", value: answerWithPort }],
          volumeMounts: [{ name: "df", mountPath: "/usr/bin/df", readOnly: true }],
        },
      ],
    },
  };
  // hostPath is what only a privileged namespace may have.
  const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "monitoring", labels } };
  const items = [namespace, pod, service("prometheus-operated", 9090), service("blackbox", 9115)];
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

/** How the claims read the pages and run what stands there. */
function runner({ cluster }: Pick<RunbookArgs, "cluster">) {
  /** The blocks of a page with the words in capitals filled in. */
  const blocks = (page: string, words: Readonly<Record<string, string>>) =>
    commandsRunBy(__filename, `docs/runbooks/${page}.md`).map((commands) =>
      commands.replace(/\b(?:NODE|NAMESPACE|POD)\b/g, (word) => words[word] ?? word),
    );
  const environment = () => ({
    ...process.env,
    MACHINE: join(__dirname, "../../../lab/machines/machine.sh"),
    ENTER_NETWORK: enterNetwork.join(" "),
    KUBECTL: programOf("kubernetes", "kubectl"),
    ADMIN: cluster().adminKubeconfig(),
  });
  const run = (commands: string) => {
    const { status, stdout, stderr } = spawnSync("bash", ["-c", `${prelude}${commands}`], {
      encoding: "utf8",
      env: environment(),
      timeout: 180_000,
    });
    return { status, output: `${stdout}${stderr}` };
  };
  /** What the commands print; a failure is shown with it. */
  const succeeds = (commands: string) => {
    const { status, output } = run(commands);
    expect(status === 0 ? "" : output).toBe("");
    return output;
  };
  return { blocks, environment, run, succeeds };
}

export function claimRunbooks({ cluster, controlPlane, workers }: RunbookArgs): void {
  const { blocks, environment, run, succeeds } = runner({ cluster });

  it("shows the logs of etcd and of the newest API server by the runtime when the API cannot", () => {
    const [node = ""] = controlPlane();
    const [etcd = ""] = blocks("alerts/EtcdNoLeader", { NODE: node });
    expect(succeeds(etcd)).toMatch(/^\{"level":"\w+","ts":/m);
    const [apiServer = ""] = blocks("alerts/ApiServerDown", { NODE: node });
    expect(succeeds(apiServer)).toMatch(/^[IWE]\d{4} [\d:.]+ /m);
  });

  it("shows when its certificates expire, and renews none that has time left", () => {
    const [node = ""] = controlPlane();
    const [look = "", remedy = ""] = blocks("alerts/ControlPlaneCertificateExpires", { NODE: node });
    const [status = "", expiry = ""] = look.trim().split("\n");
    // systemctl answers 3 of a unit that does not run at the moment, as this service between its weeks.
    expect(run(status)).toEqual({
      status: 3,
      output: expect.stringMatching(/renew\.timer - [\s\S]*Trigger: [\s\S]*renew\.service - [\s\S]*inactive/) as string,
    });
    expect(succeeds(expiry)).toMatch(/^apiserver +\w+ \d+, \d{4} [\d:]+ UTC +\d+d +ca +no/m);
    const serial = () => sh(node, "openssl x509 -in /etc/kubernetes/pki/apiserver.crt -noout -serial").stdout;
    const before = serial();
    expect(succeeds(remedy)).toMatch(/Finished openstack-kubernetes-renew\.service/);
    expect(serial()).toBe(before);
  });

  it("shows what a kubelet says of its certificates", () => {
    const [commands = ""] = blocks("alerts/KubeletCertificateNotRenewed", { NODE: workers()[0]! });
    expect(succeeds(commands)).toMatch(/certificate/i);
  });

  it("frees the space of every member of etcd, which then accepts writes again once its alarm is ended", () => {
    const [node = ""] = controlPlane();
    for (const name of controlPlane()) {
      const [defragment = ""] = blocks("alerts/EtcdDatabaseFull", { NODE: name });
      expect(succeeds(defragment)).toContain("Finished defragmenting etcd member[127.0.0.1:2379]");
    }
    const credentials = ["ca.crt", "server.crt", "server.key"].map((file) => `/etc/kubernetes/pki/etcd/${file}`);
    const [ca, certificate, key] = credentials as [string, string, string];
    // What etcd does by itself at its quota.
    const raised = sh(
      node,
      `curl -sf --cacert ${ca} --cert ${certificate} --key ${key} https://127.0.0.1:2379/v3/maintenance/alarm ` +
        `-d '{"action":"ACTIVATE","memberID":"0","alarm":"NOSPACE"}'`,
    );
    expect([raised.status, raised.stdout]).toEqual([0, expect.stringContaining("NOSPACE")]);
    const write = () => cluster().kubectl(["create", "namespace", "after-the-alarm"]);
    expect(write().stderr).toContain("database space exceeded");
    const [, disarm = ""] = blocks("alerts/EtcdDatabaseFull", { NODE: node });
    expect(succeeds(disarm)).toContain("alarm:NOSPACE");
    expect(write().stdout).toBe("namespace/after-the-alarm created\n");
  });

  it("removes images that nothing uses from a full disk, and no other", () => {
    const [node = ""] = workers();
    const images = () => sh(node, "crictl images -q").stdout.trim().split("\n").sort();
    const before = images();
    const etcd = /image: (\S+)/.exec(sh(controlPlane()[0]!, "cat /etc/kubernetes/manifests/etcd.yaml").stdout)?.[1];
    expect(sh(node, `crictl pull ${etcd}`).status).toBe(0);
    expect(images()).toHaveLength(before.length + 1);
    const [commands = ""] = blocks("alerts/NodeFilesystemFull", { NODE: node });
    expect(succeeds(commands)).toMatch(/^Deleted: [\s\S]*Vacuuming done, freed /m);
    expect(images()).toEqual(before);
  });

  it("shows what its clock follows, and starts the service of its clock again although somebody disabled it", () => {
    const [node = ""] = workers();
    // All machines have the host's clock, which chrony may not set (-x), and its unit wants no right to.
    const install = [
      "apt-get update -q && apt-get install -q -y chrony",
      `echo 'DAEMON_OPTS="-x"' >/etc/default/chrony`,
      "mkdir -p /etc/systemd/system/chrony.service.d",
      "printf '[Unit]\\nConditionCapability=\\n' >/etc/systemd/system/chrony.service.d/lab.conf",
      "systemctl daemon-reload",
    ].join(" && ");
    expect(sh(node, `${install} && systemctl disable --now chrony`).status).toBe(0);
    const [look = "", remedy = ""] = blocks("alerts/NodeClockWrong", { NODE: node });
    succeeds(remedy);
    expect(sh(node, "systemctl is-active chrony; systemctl is-enabled chrony").stdout).toBe("active\nenabled\n");
    expect(succeeds(look)).toMatch(/^Reference ID +:[\s\S]*^MS Name\/IP address/m);
    expect(sh(node, "apt-get purge -q -y chrony").status).toBe(0);
  });

  it("forwards monitoring's ports to the operator's computer, and shows how full a pod's volumes are", async () => {
    const [node = ""] = workers();
    const laid = cluster().kubectl(["apply", "--filename", "-"], { input: standInMonitoring(node) });
    expect(laid.status === 0 ? "" : laid.stderr).toBe("");
    cluster().ask("-n", "monitoring", "wait", "--for=condition=Ready", "--timeout=18s", "pod/sample");
    const [df = ""] = blocks("alerts/VolumeNearlyFull", { NAMESPACE: "monitoring", POD: "sample" });
    expect(succeeds(df)).toMatch(/^Filesystem +Size +Used +Avail +Use% +Mounted on$/m);
    const forwards = { TargetDown: "9090", RuleFails: "9090", ProbeFailed: "9115" };
    for (const [page, port] of Object.entries(forwards)) {
      const [commands = ""] = blocks(`alerts/${page}`, {});
      const forwarding = spawn("bash", ["-c", `${prelude}${commands}`], { env: environment(), detached: true });
      try {
        const answer = await eventually(`an answer by the port that ${page} forwards`, 30, () => {
          const { status, stdout } = inNetwork([
            "curl",
            "-s",
            "--noproxy",
            "*",
            "--max-time",
            "5",
            `http://localhost:${port}`,
          ]);
          return status === 0 ? stdout : undefined;
        });
        expect([page, answer]).toEqual([page, port]);
      } finally {
        process.kill(-forwarding.pid!, "SIGTERM");
      }
    }
    cluster().ask("delete", "namespace", "monitoring", "--wait=false");
  });

  it("brings back containerd and kubelet that somebody stopped and disabled", async () => {
    const [node = ""] = workers();
    expect(sh(node, "systemctl disable --now kubelet containerd").status).toBe(0);
    const [commands = ""] = blocks("alerts/NodeNotReady", { NODE: node });
    succeeds(commands);
    // The kubelet may start before containerd serves; it then ends, and systemd starts it again.
    const active = () => sh(node, "systemctl is-active containerd kubelet").stdout === "active\nactive\n";
    await eventually("both to run", 60, () => active() || undefined);
    expect(sh(node, "systemctl is-enabled containerd kubelet").stdout).toBe("enabled\nenabled\n");
    await cluster().waitUntilReady([node], 120, () => undefined);
  });
}

/**
 * To be claimed last: the Node that comes back has another network of pods, and the lab's pods keep theirs, whose
 * addresses the next Node is given. (Calico's do not come from the Node.)
 */
export function claimDeletedNode({ cluster, workers }: Pick<RunbookArgs, "cluster" | "workers">): void {
  const { blocks, succeeds } = runner({ cluster });

  it("brings back a Node that was deleted by hand, with the labels of its pool", async () => {
    const [node = ""] = workers();
    cluster().ask("delete", "node", node);
    expect(sh(node, "systemctl disable kubelet").status).toBe(0);
    const [commands = ""] = blocks("node-deleted", { NODE: node });
    succeeds(commands);
    expect(sh(node, "systemctl is-enabled kubelet").stdout).toBe("enabled\n");
    await cluster().waitUntilReady([node], 120, () => undefined);
    expect(cluster().ask("get", "nodes", "-l", "tier=lab", "-o", "name").split("\n")).toContain(`node/${node}`);
  });
}
