/**
 * Proofs on running machines: three control-plane machines and two workers that start from nothing but the user data
 * that the program renders become a highly available cluster. One cluster for all claims, in the order of this file; a
 * claim that destroys something leaves the cluster whole again. Does not prove what OpenStack itself does: addresses
 * are handed out by the lab, and no security group filters.
 */
import type { ChildProcess } from "node:child_process";
import { eventually, LabCluster, labConfig, takeDown, verdictsOf, type Size } from "../../../lab/machines/cluster";
import { renderConfigDrive } from "../../../lab/machines/configDrive";
import { placeMachines } from "../../../lab/machines/plan";
import {
  consoleOf,
  machinesWithPower,
  memoryMib,
  onMachine,
  startMachine,
  stopMachine,
  wipeMachine,
} from "../../../lab/machines/power";
import { waitForApi } from "../../../src/up/apiGate";
import { JoiningMachines } from "../../../src/up/joiningMachines";
import { apiByKubectl } from "./apiByKubectl";
import { claimHardening } from "./hardening";
import {
  describeOnMachines,
  etcdLeader,
  etcdMembers,
  healthyEtcd,
  holderOf,
  hostSettings,
  joiningTimes,
  longestGap,
  memberSteps,
  startPolling,
  tracesOnHost,
} from "./machinesFixture";
import { LabIssuer } from "./oidc";
import { inPod, podsOnEveryNode, startPods } from "./pods";
import { claimRecovery } from "./recovery";
import { claimDeletedNode, claimRunbooks } from "./runbookCommands";
import { claimServingCertificates } from "./servingCertificates";

/** Seconds that a step may take on two busy cores; the numbers that were measured are printed. */
const patience = 900;
jest.setTimeout(2 * patience * 1000);
const print = (line: string) => process.stderr.write(`  ${line}\n`);

describeOnMachines("a cluster of real machines", (site) => {
  let cluster: LabCluster;
  let issuer: LabIssuer;
  let issuerProcess: ChildProcess;
  let hostBefore: Record<string, string>;
  const issuedToKubelets = { kubernetes: { kubeletServingCertificate: "clusterCa" } };
  const config = (size: Size = {}, changes: Record<string, unknown> = {}) =>
    labConfig(size, { oidc: issuer.configuration(), ...issuedToKubelets, ...changes });
  const names = () => cluster.plan.machines.map(({ name }) => name);
  const controlPlane = () =>
    cluster.plan.machines.filter(({ role }) => role === "control-plane").map(({ name }) => name);
  const workers = () => cluster.plan.machines.filter(({ role }) => role === "worker").map(({ name }) => name);
  const sh = (name: string, script: string) => onMachine(name, ["bash", "-c", script], 120);

  /** Waits until all are Ready, and prints how long that took and which bootstraps failed meanwhile. */
  async function allReady(what: string, list = names()): Promise<void> {
    const start = Date.now();
    await cluster.waitUntilReady(list, patience, (line) => {
      if (line.includes("FAILED")) print(line);
    });
    print(`${what}: ${list.length} nodes Ready after ${Math.round((Date.now() - start) / 1000)} s`);
  }

  beforeAll(async () => {
    takeDown(() => undefined);
    hostBefore = hostSettings();
    issuer = new LabIssuer();
    cluster = await LabCluster.of(config(), site());
    cluster.startSite();
    issuerProcess = issuer.start();
  }, 120_000);

  afterAll(() => {
    issuerProcess.kill();
    takeDown(() => undefined);
    expect(tracesOnHost()).toEqual([]);
    expect(hostSettings()).toEqual(hostBefore);
  }, 300_000);

  it("forms from user data alone: three control-plane nodes and two workers, all Ready", async () => {
    for (const name of names()) cluster.start(name);
    await allReady("power-on");
    for (const name of names()) {
      print(`${name}: ${memoryMib(name) ?? "?"} MiB`);
      // A node may be Ready a little before its bootstrap is.
      const verdict = await eventually(`the verdict of ${name}`, patience, () => verdictsOf(name).at(-1));
      expect(verdict).toMatch(new RegExp(`^SUCCESS: ${name} is a (control-plane|worker) node of lab`));
    }
    expect(
      cluster.ask("get", "nodes", "-l", "node-role.kubernetes.io/control-plane", "-o", "name").split("\n").sort(),
    ).toEqual(controlPlane().map((name) => `node/${name}`));
    expect(cluster.ask("get", "nodes", "-l", "tier=lab", "-o", "name").split("\n").sort()).toEqual(
      workers().map((name) => `node/${name}`),
    );
  });

  it("is started by the first machine alone; the others joined it", () => {
    const logs = controlPlane().map((name) => sh(name, "cat /var/log/openstack-kubernetes.log").stdout);
    expect(logs.map((log) => log.includes("[init] Using Kubernetes version"))).toEqual([true, false, false]);
    expect(
      logs.map((log) => log.includes("This node has joined the cluster and a new control plane instance was created")),
    ).toEqual([false, true, true]);
    expect(etcdMembers(cluster, controlPlane()[0]!)).toEqual(controlPlane());
  });

  it("let them join strictly one after the other: etcd takes one learner at a time", () => {
    const [first, ...others] = controlPlane();
    const turns = joiningTimes(others);
    expect(turns.every(({ since, until }) => since < until)).toBe(true);
    expect(turns[0]!.until).toBeLessThanOrEqual(turns[1]!.since);
    expect(memberSteps(cluster, first!)).toEqual([
      "added member",
      "added member",
      "promote member",
      "added member",
      "promote member",
    ]);
  });

  it("accepts the admin kubeconfig that the program computes", () => {
    const who = JSON.parse(cluster.ask("auth", "whoami", "-o", "json")) as {
      status: { userInfo: { username: string; groups: string[] } };
    };
    expect(who.status.userInfo).toMatchObject({
      username: "lab-admin",
      groups: expect.arrayContaining(["kubeadm:cluster-admins"]) as string[],
    });
    expect(cluster.ask("auth", "can-i", "*", "*")).toBe("yes");
  });

  it("issued every leaf certificate from the generated CAs, on each machine", () => {
    const { clusterCa, etcdCa, frontProxyCa } = cluster.keys.secrets;
    const pki = "/etc/kubernetes/pki";
    const leaves = {
      [`${pki}/ca.crt`]: ["apiserver", "apiserver-kubelet-client"],
      [`${pki}/etcd/ca.crt`]: ["etcd/server", "etcd/peer", "etcd/healthcheck-client", "apiserver-etcd-client"],
      [`${pki}/front-proxy-ca.crt`]: ["front-proxy-client"],
    };
    for (const name of controlPlane()) {
      const cas = Object.keys(leaves).map((file) => sh(name, `cat ${file}`).stdout.trim());
      expect(cas).toEqual([clusterCa, etcdCa, frontProxyCa].map(({ certificatePem }) => certificatePem.trim()));
      for (const [ca, files] of Object.entries(leaves)) {
        const paths = files.map((leaf) => `${pki}/${leaf}.crt`);
        expect(
          sh(name, `openssl verify -CAfile ${ca} ${paths.join(" ")}`)
            .stdout.trim()
            .split("\n"),
        ).toEqual(paths.map((path) => `${path}: OK`));
      }
    }
  });

  claimServingCertificates(() => cluster);

  claimHardening(() => cluster);

  it("has three healthy etcd members", () => {
    expect(healthyEtcd(cluster, controlPlane()[0]!)).toEqual([
      "https://10.10.0.10:2379",
      "https://10.10.0.11:2379",
      "https://10.10.0.12:2379",
    ]);
  });

  it("lets pods talk across nodes by address and through a Service by its name", async () => {
    startPods(cluster);
    const pods = await eventually("A pod on each worker", patience, () => podsOnEveryNode(cluster, workers()));
    for (const from of pods) {
      for (const to of pods) expect(inPod(cluster, from.name, `http://${to.address}:8080/`)).toBe(to.name);
      await eventually(
        `the Service as seen by ${from.name}`,
        120,
        () => inPod(cluster, from.name, "http://echo.default.svc.cluster.local/") || undefined,
      );
      const answers = new Set(
        Array.from({ length: 20 }, () => inPod(cluster, from.name, "http://echo.default.svc.cluster.local/")),
      );
      expect([...answers].sort()).toEqual(pods.map(({ name }) => name).sort());
    }
  });

  it("accepts a person's token from the OIDC issuer, and its groups where a RoleBinding names them", async () => {
    const token = issuer.token("alice", ["team-a"]);
    cluster.ask("create", "namespace", "team-a");
    cluster.ask("-n", "team-a", "create", "rolebinding", "team-a", "--clusterrole=admin", "--group=oidc:team-a");
    // Without the administrator's certificate, which would count before the token.
    const asBearer = (bearer: string, ...words: string[]) => cluster.kubectl(words, { token: bearer });
    const asAlice = (...words: string[]) => asBearer(token, ...words);
    await eventually(
      "the API server to know the issuer",
      120,
      () => asAlice("auth", "whoami").status === 0 || undefined,
    );
    const who = JSON.parse(asAlice("auth", "whoami", "-o", "json").stdout) as {
      status: { userInfo: { username: string; groups: string[] } };
    };
    expect(who.status.userInfo).toMatchObject({
      username: "oidc:alice",
      groups: ["oidc:team-a", "system:authenticated"],
    });
    expect(
      ["team-a", "default"].map((namespace) =>
        asAlice("-n", namespace, "auth", "can-i", "create", "deployments").stdout.trim(),
      ),
    ).toEqual(["yes", "no"]);
    const forged = [...issuer.token("mallory", ["team-a"]).split(".").slice(0, 2), token.split(".")[2]!].join(".");
    expect(asBearer(forged, "auth", "whoami").stderr).toContain("Unauthorized");
  });

  it("closes the metadata service to pods, and to machines for the pods in their network", () => {
    const [url, ask] = ["http://169.254.169.254/", "curl -s --max-time 5 http://169.254.169.254/"] as const;
    for (const name of names()) {
      expect(sh(name, ask).stdout).toBe("");
      // It is there for who takes the filter away; a restart of the service puts it back.
      expect(sh(name, `nft delete table inet openstack_kubernetes; ${ask}`).stdout.trim()).toBe(
        "the metadata service of the lab",
      );
      expect(sh(name, `systemctl restart openstack-kubernetes-metadata; ${ask}`).stdout).toBe("");
    }
    for (const pod of podsOnEveryNode(cluster, workers())!) {
      expect(inPod(cluster, pod.name, url)).toBe("");
      // The way out as such is open: the packet filter, not a missing route, is what stops the request.
      expect(inPod(cluster, pod.name, "http://10.20.0.10/kubernetes/Release")).toContain("SHA256");
    }
  });

  claimRunbooks({ cluster: () => cluster, controlPlane, workers });

  it("moves the virtual IP within five seconds when its holder loses power", async () => {
    const holder = holderOf(cluster)!;
    const leader = etcdLeader(cluster, holder);
    const polling = startPolling(cluster);
    await eventually("the first answers", 60, () => polling.answers().length > 20 || undefined);
    stopMachine(holder);
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    polling.process.kill();
    const gap = longestGap(polling.answers());
    print(`virtual IP left ${holder} (etcd's leader: ${leader}): longest time without an answer ${gap} s`);
    expect(gap).toBeLessThanOrEqual(5);
    expect(holderOf(cluster)).not.toBe(holder);
    cluster.start(holder);
    await allReady("the machine with power again");
    await eventually(
      "three started members",
      120,
      () =>
        etcdMembers(
          cluster,
          controlPlane().find((name) => name !== holder)!,
        ).length === 3 || undefined,
    );
  });

  it("takes a recreated first control-plane machine as a member, and starts no second cluster", async () => {
    const [first, second] = controlPlane() as [string, string];
    const identity = () => cluster.ask("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}");
    const before = identity();
    cluster.recreate(first);
    await eventually(`${first} to have joined`, patience, () =>
      verdictsOf(first).find((verdict) => verdict.startsWith("SUCCESS")),
    );
    await allReady(`recreated ${first}`);
    const log = sh(first, "cat /var/log/openstack-kubernetes.log").stdout;
    expect([log.includes("[init] Using Kubernetes version"), log.includes("removing etcd member")]).toEqual([
      false,
      true,
    ]);
    expect(identity()).toBe(before);
    expect(etcdMembers(cluster, second)).toEqual(controlPlane());
  });

  it("takes a worker that is added after the first token expired, by the name that up expects, and leaves no token", async () => {
    const token = cluster.keys.secrets.bootstrapToken;
    const secret = `bootstrap-token-${token.split(".")[0]!}`;
    // The token controller deletes it at its end; this is what is left then.
    cluster.ask("-n", "kube-system", "delete", "secret", secret);
    cluster = await LabCluster.of(config({ workers: 3 }), site());
    const warnings: string[] = [];
    const joining = new JoiningMachines({
      request: apiByKubectl(cluster),
      token,
      planned: names(),
      created: () => ["lab-workers-2"],
      warn: (message) => void warnings.push(message),
    });
    await joining.admit();
    cluster.start("lab-workers-2");
    await allReady("an added worker", ["lab-workers-2"]);
    await joining.end();
    expect(warnings).toEqual([]);
    expect(cluster.ask("-n", "kube-system", "get", "secret", secret, "--ignore-not-found")).toBe("");
  });

  it("tells on the console, and so in the gate's message, why a machine does not become a node", async () => {
    const changed = config({ workers: 4 }, { packageMirror: { kubernetesUrl: "http://mirror.site.lab/absent" } });
    const plan = placeMachines(changed, cluster.keys.secrets);
    const machine = plan.machines.at(-1)!;
    startMachine(machine, cluster.site.layers, renderConfigDrive(changed, plan, machine));
    const verdict = await eventually("a verdict", patience, () => verdictsOf(machine.name)[0]);
    expect(verdict).toMatch(
      /^FAILED: E: Failed to fetch http:\/\/mirror\.site\.lab\/absent\/\S+ +404 .*\(step: installing packages;/,
    );
    const gate = waitForApi({
      url: "https://10.10.0.9:6443",
      request: () => Promise.reject(new Error("connect EHOSTUNREACH")),
      timeoutMinutes: 0,
      notRunning: () => Promise.resolve([]),
      consoles: () =>
        Promise.resolve(new Map([[machine.name, consoleOf(machine.name).split("\n").slice(-30).join("\n")]])),
      progress: () => undefined,
    });
    await expect(gate).rejects.toThrow(verdict);
    stopMachine(machine.name);
    wipeMachine(machine.name);
    expect(machinesWithPower()).not.toContain(machine.name);
  });

  claimRecovery({ cluster: () => cluster, names, controlPlane, workers, patience, allReady });
  claimDeletedNode({ cluster: () => cluster, workers });
});
