/**
 * Changed settings on running machines: a cluster whose machines run takes other mirrors, another CA and other settings
 * of kubelets and API servers as `up` takes them there, and stands settings that break them, and power cuts. Does not
 * prove what the engine does around it (test/up/changedFiles.test.ts has the order of machines), nor another family of
 * operating systems than Debian's.
 */
import type { ChildProcess } from "node:child_process";
import { eventually, LabCluster, labConfig, takeDown } from "../../../lab/machines/cluster";
import { consoleOf, onMachine, stopMachine } from "../../../lab/machines/power";
import { apiServerSettingsPath } from "../../../src/bootstrap/apiServer";
import { filesInPlace } from "../../../src/bootstrap/filesInPlace";
import { kubeletDirectory } from "../../../src/bootstrap/kubeletConfiguration";
import { apiServerDirectory, etcDirectory } from "../../../src/bootstrap/machineFile";
import type { ClusterConfig } from "../../../src/config/clusterConfig";
import type { KubernetesRequest } from "../../../src/kubernetes/client";
import { orderAnnotation } from "../../../src/kubernetes/filesGuard";
import { answerOf, publishFiles, withOrder } from "../../../src/kubernetes/filesInPlace";
import { updateKubeadmConfig } from "../../../src/kubernetes/kubeadmConfig";
import { changeNode, listNodes } from "../../../src/kubernetes/nodes";
import { filesMachines, type FilesMachine } from "../../../src/up/filesMachines";
import { apiByKubectl } from "./apiByKubectl";
import { createCa, takeSettings, withFile } from "./changedSettings";
import { describeOnMachines, longestGap, startPolling } from "./machinesFixture";
import { LabIssuer } from "./oidc";

/** Seconds that a step may take on two busy cores. */
const patience = 1800;
jest.setTimeout(2 * patience * 1000);
const print = (line: string) => process.stderr.write(`  ${line}\n`);

const size = { controlPlane: 3, workers: 2 };
const mirrors = (...more: readonly string[]) => ({
  registryMirrors: ["registry.k8s.io", "registry.lab", ...more].map((registry) => ({
    registry,
    endpoints: ["http://mirror.site.lab:5000"],
  })),
});
const [first, second] = ["lab-workers-0", "lab-workers-1"] as const;

describeOnMachines("changed settings on real machines", (site) => {
  let cluster: LabCluster;
  let ca: string;
  let issuer: LabIssuer;
  let issuerProcess: ChildProcess;
  const created = labConfig(size, mirrors());
  const names = () => cluster.plan.machines.map(({ name }) => name);
  const sh = (name: string, script: string) => {
    const { status, stdout, stderr } = onMachine(name, ["bash", "-c", script], 120);
    return { ok: status === 0, output: `${stdout}${stderr}`.trim() };
  };

  const request: KubernetesRequest = (...call) => apiByKubectl(cluster)(...call);

  const take = (config: ClusterConfig, machines = filesMachines(config), isNew = false) =>
    takeSettings({ config, machines, created: isNew ? names() : [], request, print });

  /** Which containers run on a machine, and since when containerd does. */
  const runs = (name: string) => ({
    containers: sh(name, "crictl ps --quiet | sort").output,
    containerd: sh(name, "systemctl show --property MainPID containerd").output,
  });
  const pulls = (name: string, image: string) => sh(name, `crictl pull ${image}`);

  beforeAll(async () => {
    takeDown(() => undefined);
    issuer = new LabIssuer();
    cluster = await LabCluster.of(created, site());
    cluster.startSite();
    issuerProcess = issuer.start();
    ca = createCa();
  }, 120_000);

  afterAll(() => {
    issuerProcess.kill();
    takeDown(() => undefined);
  }, 300_000);

  it("are ordered of new machines at once, which have them: nothing restarts", async () => {
    for (const name of names()) cluster.start(name);
    await cluster.waitUntilReady(names(), patience, print);
    const before = runs(first);
    const { error, lines } = await take(created, filesMachines(created), true);
    expect({ error, lines }).toEqual({ error: undefined, lines: [] });
    for (const node of await listNodes(request)) expect(answerOf(node)?.message).toBe("nothing had to be changed");
    expect(runs(first)).toEqual(before);
  });

  it("are ordered by nobody but the program: not by kubeadm's own administrator, not by a kubelet of its own Node", () => {
    const [controlPlane] = names();
    const patch = `'{"metadata":{"annotations":{"${orderAnnotation}":"0"}}}'`;
    const administrator = sh(
      controlPlane!,
      `kubectl --kubeconfig /etc/kubernetes/admin.conf patch node ${first} --type merge --patch ${patch}`,
    );
    expect(administrator).toMatchObject({
      ok: false,
      output: expect.stringContaining("Only pulumi up may write") as string,
    });
    const curl = (path: string, more = "") =>
      sh(
        first,
        `. /etc/openstack-kubernetes/bootstrap.env; curl -sS --cacert /etc/kubernetes/pki/ca.crt --cert /var/lib/kubelet/pki/kubelet-client-current.pem ${more} https://$ENDPOINT${path}`,
      ).output;
    const own = curl(
      `/api/v1/nodes/${first}`,
      `--request PATCH --header 'Content-Type: application/merge-patch+json' --data ${patch}`,
    );
    expect(own).toContain("Only pulumi up may write");
    const secrets = "/api/v1/namespaces/kube-system/secrets";
    expect(curl(`${secrets}/openstack-kubernetes-files-workers`)).toContain('"files.json"');
    expect(curl(secrets)).toContain("forbidden");
  });

  it("of mirrors reach running machines, and nothing restarts", async () => {
    const image = "registry.other/pause:3.10.2";
    expect(pulls(first, image).ok).toBe(false);
    // A busy host may restart what runs on the control plane, but not its containerd.
    const standing = () => names().map((name) => (name.includes("workers") ? runs(name) : runs(name).containerd));
    const before = standing();
    const { error, seconds } = await take(labConfig(size, mirrors("registry.other")));
    expect(error).toBeUndefined();
    expect(seconds).toBeLessThan(120);
    for (const name of names()) expect(pulls(name, image)).toMatchObject({ ok: true });
    expect(standing()).toEqual(before);
  });

  it("that are there already are ordered of nobody", async () => {
    expect(await take(labConfig(size, mirrors("registry.other")))).toMatchObject({ lines: [], error: undefined });
  });

  it("of CAs reach workers, where containerd restarts and no container, and leave the control plane alone", async () => {
    const [controlPlane] = names();
    const config = labConfig(size, { ...mirrors("registry.other"), extraCas: [ca] });
    const trusted = (name: string) =>
      sh(name, `grep -cF '${ca.split("\n")[2]}' /etc/ssl/certs/ca-certificates.crt`).output;
    const before = { worker: runs(first), controlPlane: runs(controlPlane!) };
    expect((await take(config)).error).toBeUndefined();
    expect([trusted(first), trusted(second), trusted(controlPlane!)]).toEqual(["1", "1", "0"]);
    const after = { worker: runs(first), controlPlane: runs(controlPlane!) };
    expect(after.controlPlane.containerd).toBe(before.controlPlane.containerd);
    expect(after.worker.containers).toBe(before.worker.containers);
    expect(after.worker.containerd).not.toBe(before.worker.containerd);
    expect((await take(labConfig(size, mirrors("registry.other")))).error).toBeUndefined();
    expect([trusted(first), trusted(second)]).toEqual(["0", "0"]);
  });

  it("that containerd refuses are put back on the first worker; no other is touched, and `up` says what was wrong", async () => {
    const config = labConfig(size, mirrors("registry.other"));
    const broken = filesMachines(config).map((machine) =>
      machine.role === "worker"
        ? { ...machine, files: withFile(machine.files, "/etc/containerd/config.toml", () => "nonsense\n") }
        : machine,
    );
    const before = runs(second);
    const { error } = await take(config, broken);
    expect(error).toMatch(
      /^Changed settings were refused by a machine: lab-workers-0: containerd did not start: containerd: failed to unmarshal TOML at row 1 .*; the machine is well again with its previous files\. No further machine is touched\./,
    );
    expect(consoleOf(first)).toContain("openstack-kubernetes: files: failed: containerd did not start");
    expect(sh(first, "cat /etc/containerd/config.toml").output).toContain("version = 3");
    expect(runs(second)).toEqual(before);
    expect((await take(config)).error).toBeUndefined();
    expect(cluster.nodes()[first]).toBe(true);
  });

  it("of the kubelet reach workers, where no container restarts; those that it refuses are put back", async () => {
    const base = filesMachines(labConfig(size, mirrors("registry.other")));
    const sixty = labConfig(size, { ...mirrors("registry.other"), kubernetes: { maxPodsPerNode: 60 } });
    const workers = (text: (content: string) => string) =>
      [...base.slice(0, size.controlPlane), ...filesMachines(sixty).slice(size.controlPlane)].map((machine, index) =>
        index < size.controlPlane ? machine : { ...machine, files: withFile(machine.files, path, text) },
      );
    const path = `${kubeletDirectory}/settings.conf`;
    const capacity = () => cluster.ask("get", "nodes", "-o", "jsonpath={.items[*].status.capacity.pods}");
    const before = [runs(first).containers, runs(second).containers];
    expect(capacity()).toBe("110 110 110 110 110");
    expect(
      (
        await take(
          sixty,
          workers((content) => content),
        )
      ).error,
    ).toBeUndefined();
    await eventually("60 pods on workers", 60, () => capacity() === "110 110 110 60 60" || undefined);
    const { error } = await take(
      sixty,
      workers((content) => content.replace("podPidsLimit: 4096", "podPidsLimit: many")),
    );
    expect(error).toMatch(/lab-workers-0: the kubelet did not start: .*podPidsLimit.*; .* with its previous files\./);
    expect((await take(labConfig(size, mirrors("registry.other")))).error).toBeUndefined();
    expect([runs(first).containers, runs(second).containers]).toEqual(before);
  });

  it.each(["laying", "reading the trusted CAs", "restarting containerd"])(
    "are taken by a machine that lost power while it was %s",
    async (step) => {
      const config = labConfig(size, { ...mirrors("registry.other"), extraCas: [ca] });
      const machine = filesMachines(config).find(({ name }) => name === second)!;
      await publishFiles(config.clusterName, [...new Set(filesMachines(config).map(({ files }) => files))], request);
      const [node] = (await listNodes(request)).filter(({ metadata }) => metadata.name === second);
      const seen = consoleOf(second).length;
      await changeNode("the order", node!, (current) => withOrder(current, machine.files, true), request);
      await eventually(
        `"${step}" on the console`,
        300,
        () => consoleOf(second).slice(seen).includes(`files: working: ${step}`) || undefined,
        0.02,
      );
      stopMachine(second);
      cluster.start(second);
      expect((await take(config)).error).toBeUndefined();
      await eventually("a Ready node", patience, () => cluster.nodes()[second] || undefined);
      expect(sh(second, "ls /var/lib/openstack-kubernetes").output).not.toContain("previous-files");
      expect((await take(labConfig(size, mirrors("registry.other")))).error).toBeUndefined();
    },
  );

  const controlPlane = () => names().filter((name) => !name.includes("workers"));
  const apiServer = (name: string) => ({
    id: sh(name, "crictl ps --quiet --name '^kube-apiserver$'").output,
    command: sh(name, "ps -C kube-apiserver -o args=").output,
  });
  /** People log in, and the audit log is kept a week: the settings of the tests that follow. */
  const week = () =>
    labConfig(size, {
      ...mirrors("registry.other"),
      oidc: issuer.configuration(),
      kubernetes: { audit: { maxAgeDays: 7 } },
    });
  /** The control plane's with another text of one file, and with another digest where the API server starts again. */
  const altered = (all: readonly FilesMachine[], path: string, text: (content: string) => string, digest?: string) =>
    all.map((machine) => {
      if (machine.role !== "control-plane") return machine;
      const files = withFile(machine.files, path, text);
      const other = (content: string) => content.replace(/"value": "[^"]*"/, `"value": "${digest ?? ""}"`);
      return { ...machine, files: digest === undefined ? files : withFile(files, apiServerSettingsPath, other) };
    });
  const rules = "rules:\n  - level: RequestResponse\n    resources: [{ group: '', resources: [namespaces] }]\n";
  const policy = (content: string) => content.replace("rules:\n", rules);
  const audited = () =>
    altered(filesMachines(week()), `${apiServerDirectory}/audit-policy.yaml`, policy, "another policy");

  it("of the OIDC issuer and of the audit reach the control plane in less than 4 minutes; no pod is evicted", async () => {
    const alice = { token: issuer.token("alice", []) };
    const whoami = () => cluster.kubectl(["auth", "whoami"], alice);
    expect(whoami().status).not.toBe(0);
    const workers = [runs(first), runs(second)];
    const uids = async () => (await listNodes(request)).map(({ metadata }) => metadata.uid);
    const nodes = await uids();
    const polling = startPolling(cluster);
    const { error, seconds } = await take(week(), audited());
    polling.process.kill();
    print(`the API did not answer for ${longestGap(polling.answers())} s at most`);
    expect(error).toBeUndefined();
    expect(seconds).toBeLessThan(240);
    for (const name of controlPlane()) expect(apiServer(name).command).toContain(" --audit-log-maxage=7 ");
    expect(whoami().status).toBe(0);
    cluster.ask("get", "namespace", "default");
    const logged = controlPlane().map(
      (name) => sh(name, "grep --count RequestResponse /var/log/kubernetes/audit/audit.log").output,
    );
    expect(logged.some((count) => Number(count) > 0)).toBe(true);
    expect([runs(first), runs(second)]).toEqual(workers);
    expect(await uids()).toEqual(nodes);
    expect(Object.values(cluster.nodes())).toEqual([true, true, true, true, true]);
  });

  it("of the API server are known to kubeadm, for machines that join, and told it once", async () => {
    const kept = () => cluster.ask("-n", "kube-system", "get", "configmap", "kubeadm-config", "-o", "yaml");
    expect(kept()).not.toMatch(/name: audit-log-maxage\n\s+value: "7"/);
    await updateKubeadmConfig(week(), request);
    expect(kept()).toMatch(/name: audit-log-maxage\n\s+value: "7"/);
    const before = kept();
    await updateKubeadmConfig(week(), request);
    expect(kept()).toBe(before);
  });

  it("that the API server does not know are put back on the first machine, with the flag; the others go on", async () => {
    const [broken, ...others] = controlPlane();
    const standing = () => others.map(apiServer);
    const before = [standing(), apiServer(broken!).command];
    const flag = (content: string) => content.replace('"command": [', '"command": ["--nonsense=1",');
    const nonsense = altered(audited(), apiServerSettingsPath, flag, "nonsense");
    const { error } = await take(week(), nonsense);
    expect(error).toBe(
      `Changed settings were refused by a machine: ${broken}: the API server did not start: Error: unknown flag: --nonsense; the machine is well again with its previous files. No further machine is touched.\nCorrect the setting, or what it names, and run \`pulumi up\` again.`,
    );
    expect([standing(), apiServer(broken!).command]).toEqual(before);
  });

  it("of authentication that the API server refuses are put back, and it goes on with the previous ones", async () => {
    const before = controlPlane().map(apiServer);
    const path = `${apiServerDirectory}/authentication.yaml`;
    const refused = altered(audited(), path, (content) => content.replace("path: /livez", "path: /other"));
    const { error } = await take(week(), refused);
    expect(error).toMatch(/lab-control-plane-0: the API server refuses .*anonymous: Forbidden: .* previous files\./);
    expect((await take(week(), audited())).error).toBeUndefined();
    expect(controlPlane().map(apiServer)).toEqual(before);
    expect(await take(week(), audited())).toMatchObject({ lines: [], error: undefined });
  });

  it("of the timer that answers kubelets reach a control plane that an older program created", async () => {
    const timer = "openstack-kubernetes-approve.timer";
    const files = filesInPlace(created, "control-plane").filter(({ path }) => path.includes("approve"));
    const paths = files.map(({ path }) => path);
    const without = `systemctl disable --now ${timer}; rm ${paths.join(" ")}; systemctl daemon-reload; sed -i /approve/d ${etcDirectory}/files-in-place`;
    for (const name of controlPlane()) expect(sh(name, without)).toMatchObject({ ok: true });
    const before = controlPlane().map(apiServer);
    const newer = altered(audited(), paths[0]!, (content) => `${content}\n`);
    expect((await take(week(), newer)).error).toBeUndefined();
    const states = controlPlane().map((name) =>
      sh(name, `systemctl is-active ${timer}; systemctl is-enabled ${timer}`),
    );
    expect(states.map(({ output }) => output)).toEqual(controlPlane().map(() => "active\nenabled"));
    expect(controlPlane().map(apiServer)).toEqual(before);
  });

  it("cost an idle machine next to nothing", async () => {
    // The kernel counts in hundredths of a second (USER_HZ).
    const ticks =
      "awk '{ print $14 + $15 }' /proc/$(systemctl show --property MainPID --value openstack-kubernetes-agent)/stat";
    const used = () => Number(sh(first, ticks).output) / 100;
    const before = used();
    const seconds = 30;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const share = (used() - before) / seconds;
    print(`the agent of an idle machine used ${(share * 100).toFixed(3)} % of a core`);
    expect(share).toBeLessThan(0.005);
  });
});
