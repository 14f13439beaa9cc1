/**
 * The smallest cluster behind a proxy, which then grows: what the site's proxy is asked for, what a machine says that
 * waits in vain, and how two control-plane machines join one that was alone. Does not prove what machines.lab.test.ts
 * proves on a whole cluster.
 */
import { eventually, LabCluster, labConfig, takeDown, verdictsOf, type Size } from "../../../lab/machines/cluster";
import { renderConfigDrive } from "../../../lab/machines/configDrive";
import { placeMachines } from "../../../lab/machines/plan";
import { consoleOf, onMachine, startMachine, stopMachine, wipeMachine } from "../../../lab/machines/power";
import { siteAddress } from "../../../lab/machines/site";
import { waitForApi } from "../../../src/up/apiGate";
import {
  describeOnMachines,
  etcdMembers,
  holderOf,
  holdersOf,
  joiningTimes,
  longestGap,
  memberSteps,
  startHelper,
  startPolling,
  tracesOnHost,
  type Helper,
} from "./machinesFixture";
import { inPod, podsOnEveryNode, startPods } from "./pods";

/** Seconds that a step may take on two busy cores. */
const patience = 900;
jest.setTimeout(2 * patience * 1000);
const print = (line: string) => process.stderr.write(`  ${line}\n`);
const proxyPort = 3128;
const proxyUrl = `http://${siteAddress}:${proxyPort}`;

describeOnMachines("a small cluster behind a proxy", (site) => {
  let cluster: LabCluster;
  let proxy: Helper;
  let watching: NodeJS.Timeout | undefined;
  const config = (size: Size, changes: Record<string, unknown> = {}) =>
    labConfig(size, { proxy: { httpProxy: proxyUrl }, ...changes });
  const [first, worker] = ["lab-control-plane-0", "lab-workers-0"] as const;
  const sh = (name: string, script: string) => onMachine(name, ["bash", "-c", script], 120).stdout.trim();
  const since = (start: number) => Math.round((Date.now() - start) / 1000);

  /** Switches a machine of another configuration on: the same cluster, but told something else. */
  function startOther(changed: ReturnType<typeof labConfig>, name: string): void {
    const plan = placeMachines(changed, cluster.keys.secrets);
    const machine = plan.machines.find((planned) => planned.name === name)!;
    startMachine(machine, cluster.site.layers, renderConfigDrive(changed, plan, machine));
  }

  beforeAll(async () => {
    takeDown(() => undefined);
    cluster = await LabCluster.of(config({ controlPlane: 1, workers: 1 }), site());
    cluster.startSite();
    proxy = startHelper("proxy.ts", [siteAddress, String(proxyPort), siteAddress]);
  }, 120_000);

  afterAll(() => {
    clearInterval(watching);
    proxy.process.kill();
    takeDown(() => undefined);
    expect(tracesOnHost()).toEqual([]);
  }, 300_000);

  it("forms with packages and images that came through the proxy", async () => {
    const start = Date.now();
    cluster.start(first);
    // Spared the proxy for the mirror, so that the difference shows.
    startOther(
      config({ controlPlane: 1, workers: 1 }, { proxy: { httpProxy: proxyUrl, noProxy: ["mirror.site.lab"] } }),
      worker,
    );
    // Its endpoint is an address that nobody has; what it says is looked at below, when it has waited for a while.
    startOther(
      config({ controlPlane: 1, workers: 2 }, { apiEndpoint: { kind: "virtualIp", address: "10.10.0.9" } }),
      "lab-workers-1",
    );
    await cluster.waitUntilReady([first, worker], patience, () => undefined);
    print(`one control-plane machine and one worker Ready after ${since(start)} s`);
    const asked = proxy.lines().map((line) => line.split(" "));
    const of = (address: string, host: string, path: RegExp) =>
      asked.filter(
        ([client, method, wanted, at]) =>
          client === address && method === "GET" && wanted === host && path.test(at ?? ""),
      ).length > 0;
    const [machine, spared] = [first, worker].map((name) => cluster.machine(name).address) as [string, string];
    expect({
      packages: of(machine, "mirror.site.lab", /^\/kubernetes\/.*kubelet_.*\.deb$/),
      debian: of(machine, "mirror.site.lab", /^\/debian\/.*nftables_.*\.deb$/),
      images: of(machine, "mirror.site.lab:5000", /^\/v2\/kube-apiserver\/blobs\//),
    }).toEqual({ packages: true, debian: true, images: true });
    expect(asked.filter(([client]) => client === spared)).toEqual([]);
  });

  it("has the proxy where containerd, the kubelet, the control plane and apt look for it", () => {
    const environment = (program: string) =>
      sh(first, `tr '\\0' '\\n' </proc/$(pidof -s ${program})/environ | grep -i _proxy= | sort`).split("\n");
    const noProxy =
      "localhost,127.0.0.1,169.254.169.254,10.10.0.5,10.10.0.0/22,192.168.0.0/16,10.96.0.0/12,.svc,.cluster.local";
    const expected = [`HTTPS_PROXY=${proxyUrl}`, `HTTP_PROXY=${proxyUrl}`, `NO_PROXY=${noProxy}`];
    const lower = [`http_proxy=${proxyUrl}`, `https_proxy=${proxyUrl}`, `no_proxy=${noProxy}`];
    for (const program of ["containerd", "kubelet", "kube-apiserver"])
      expect([program, environment(program)]).toEqual([program, [...expected, ...lower].sort()]);
    expect(
      sh(first, "apt-config dump --format '%f %v%n' Acquire::http::Proxy Acquire::https::Proxy").split("\n"),
    ).toEqual([`Acquire::http::Proxy ${proxyUrl}`, `Acquire::https::Proxy ${proxyUrl}`]);
  });

  it("asks the proxy for nothing within the cluster", async () => {
    startPods(cluster);
    const [pod] = await eventually("a pod on the worker", patience, () => podsOnEveryNode(cluster, [worker]));
    // The API server reaches the kubelet, a pod the Service, and a person's shell on the machine the API, a Service and
    // a pod by address.
    const service = "http://echo.default.svc.cluster.local/";
    // A Service knows its pods a moment after they are ready.
    await eventually(
      "an answer by the Service",
      60,
      () => inPod(cluster, pod!.name, service) === pod!.name || undefined,
    );
    expect(sh(first, `bash -lc 'echo $https_proxy'`)).toBe(proxyUrl);
    for (const url of [
      "https://10.10.0.5:6443/readyz",
      "https://10.96.0.1/readyz",
      `https://${cluster.machine(first).address}:6443/readyz`,
    ]) {
      expect([url, sh(first, `bash -lc 'curl -sk --max-time 5 ${url}'`)]).toEqual([url, "ok"]);
    }
    expect(sh(first, `bash -lc 'curl -s --max-time 5 http://${pod!.address}:8080/'`)).toBe(pod!.name);
    expect([...new Set(proxy.lines().map((line) => line.split(" ")[2]))].sort()).toEqual([
      "mirror.site.lab",
      "mirror.site.lab:5000",
    ]);
  });

  it("tells on the console, and so in the gate's message, which endpoint a machine waits for in vain", async () => {
    const said = await eventually("a line about the endpoint", 300, () =>
      /still becoming a worker node, .*/.exec(consoleOf("lab-workers-1"))?.[0].trim(),
    );
    expect(said).toMatch(
      /^still becoming a worker node, \d+ s since the start: waiting for the API endpoint https:\/\/10\.10\.0\.9:6443: curl: \(\d+\) /,
    );
    expect(verdictsOf("lab-workers-1")).toEqual([]);
    const gate = waitForApi({
      url: "https://10.10.0.9:6443",
      request: () => Promise.reject(new Error("connect EHOSTUNREACH")),
      timeoutMinutes: 0,
      notRunning: () => Promise.resolve([]),
      consoles: () =>
        Promise.resolve(new Map([["lab-workers-1", consoleOf("lab-workers-1").split("\n").slice(-30).join("\n")]])),
      progress: () => undefined,
    });
    await expect(gate).rejects.toThrow("waiting for the API endpoint https://10.10.0.9:6443: curl:");
    stopMachine("lab-workers-1");
    wipeMachine("lab-workers-1");
  });

  it("names no peer to keepalived while the control plane is one machine, which keepalived takes without complaint", () => {
    expect(sh(first, "cat /etc/keepalived/peers.conf")).toBe("");
    expect(holdersOf(cluster)).toEqual([first]);
    const complaints = sh(first, "journalctl --unit keepalived --output cat").split("\n");
    expect(complaints.filter((line) => /unicast|deprecated|unknown|error|warn/i.test(line))).toEqual([]);
  });

  it("grows to three control-plane machines that join one after the other, while one machine at a time holds the virtual IP", async () => {
    cluster = await LabCluster.of(config({ controlPlane: 3, workers: 1 }), site());
    const added = ["lab-control-plane-1", "lab-control-plane-2"];
    const polling = startPolling(cluster);
    // Machines are asked one after the other, so that a move in between may show two holders once; two that stay are
    // two that do not hear each other.
    const looks: string[][] = [];
    watching = setInterval(() => looks.push(holdersOf(cluster)), 1000);
    const start = Date.now();
    for (const name of added) cluster.start(name);
    await cluster.waitUntilReady(added, patience, () => undefined);
    for (const name of added)
      await eventually(`${name}'s verdict`, patience, () =>
        verdictsOf(name).find((verdict) => verdict.startsWith("SUCCESS")),
      );
    print(`two more control-plane machines Ready after ${since(start)} s`);
    const turns = joiningTimes(added);
    expect(turns[0]!.until).toBeLessThanOrEqual(turns[1]!.since);
    expect(turns.every(({ since: begin, until }) => begin < until)).toBe(true);
    expect(memberSteps(cluster, first)).toEqual([
      "added member",
      "added member",
      "promote member",
      "added member",
      "promote member",
    ]);
    expect(etcdMembers(cluster, first)).toEqual([first, ...added]);
    // The newcomers share the address a minute after they joined; by then the first machine has learnt of them.
    await eventually(
      "keepalived on both newcomers",
      180,
      () => added.every((name) => sh(name, "systemctl is-active keepalived") === "active") || undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    clearInterval(watching);
    polling.process.kill();
    print(`longest time without an answer while it grew: ${longestGap(polling.answers())} s`);
    expect(looks.length).toBeGreaterThan(10);
    expect(looks.filter((holders, index) => holders.length > 1 && (looks[index + 1]?.length ?? 0) > 1)).toEqual([]);
    expect(sh(first, "cat /etc/keepalived/peers.conf").split("\n")).toEqual([
      "unicast_src_ip 10.10.0.10",
      "unicast_peer {",
      "  10.10.0.11",
      "  10.10.0.12",
      "}",
    ]);
  });

  it("moves the virtual IP to one of the others when its holder loses power", async () => {
    const holder = holderOf(cluster)!;
    stopMachine(holder);
    await eventually("the API", 120, () => cluster.kubectl(["get", "--raw", "/readyz"]).stdout === "ok" || undefined);
    expect(holdersOf(cluster)).toHaveLength(1);
    expect(holdersOf(cluster)).not.toContain(holder);
  });

  it("takes a worker that lost power in the middle of installing its packages", async () => {
    const added = "lab-workers-1";
    cluster = await LabCluster.of(config({ controlPlane: 3, workers: 2 }), site());
    cluster.start(added);
    // dpkg's journal, by which apt knows that an installation was cut short.
    await eventually(
      "dpkg at work",
      patience,
      () => /^\d{4}$/m.test(sh(added, "ls /var/lib/dpkg/updates")) || undefined,
    );
    stopMachine(added);
    cluster.start(added);
    await cluster.waitUntilReady([added], patience, () => undefined);
    await eventually("its verdict", patience, () => verdictsOf(added)[0]);
    expect(verdictsOf(added)).toEqual([`SUCCESS: ${added} is a worker node of lab`]);
    expect(sh(added, "grep -c '^--- bootstrap begins' /var/log/openstack-kubernetes.log")).toBe("2");
    expect(sh(added, "dpkg --audit")).toBe("");
  });
});
