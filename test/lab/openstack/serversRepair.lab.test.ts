/**
 * `npm run repair` on machines that are broken: a worker that is off in Nova, one whose kubelet was stopped, one whose
 * disk is read-only, one that never joined. Real engine, the lab's OpenStack, whose servers are machines, real
 * kubelets. It waits for repair.afterMinutes, of which the least is five, twice. Needs 5 GiB of memory. Not proven: a
 * disk that is read-only (the test writes what node-problem-detector would say; the machine behind it is sound),
 * volumes (a machine in namespaces has none), a broken control-plane machine.
 */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../../lab/machines/cluster";
import { stackFileOnLab } from "../../../lab/openstack/stack";
import { describeOnServers, onHost, ServersLab } from "./serversFixture";

jest.setTimeout(45 * 60_000);

const print = (line: string) => process.stderr.write(`  ${line}\n`);
const afterMinutes = 5;

describeOnServers("machines of the lab's OpenStack that are broken", () => {
  let lab: ServersLab;
  const stopped = "dev-general-0";
  const silent = "dev-general-1";
  const readOnly = "dev-general-2";
  const stranger = "dev-general-3";
  const workers = [stopped, silent, readOnly, stranger];

  const settings = (count: number) => [
    "controlPlane.replicas=1",
    `nodePools.0.count=${count}`,
    `repair.afterMinutes=${afterMinutes}`,
    "readiness.clusterTimeoutMinutes=5",
  ];
  const ids = async () => {
    const rows = JSON.parse(await lab.openstack("server", "list", "-f", "json")) as { Name: string; ID: string }[];
    return Object.fromEntries(rows.map(({ Name, ID }) => [Name, ID]));
  };
  const readyNodes = async () =>
    Object.entries(await lab.nodes())
      .flatMap(([node, { ready }]) => (ready ? [node] : []))
      .sort();
  /** `npm run repair -- dev --yes`, with this share as repair.maxUnhealthy. */
  const repair = (maxUnhealthy: string) => {
    const file = join(lab.folder, "Pulumi.dev.yaml");
    copyFileSync(stackFileOnLab(lab.places, "dev"), file);
    const [key, pattern] = ["openstack-kubernetes:repair:\n", /^( +)(afterMinutes: .*)$/m];
    const text = readFileSync(file, "utf8");
    expect(text).toContain(key);
    writeFileSync(file, text.replace(pattern, `$1$2\n$1maxUnhealthy: ${maxUnhealthy}`));
    return lab.lab("run", "npm", "run", "--silent", "repair", "--", "dev", "--config", file, "--yes");
  };

  beforeAll(async () => {
    lab = new ServersLab();
    const { code, output } = await lab.up("dev", ...settings(3));
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    const up = lab.beginUp("dev", ...settings(4)).answer;
    await eventually("the server", 300, async () => stranger in (await ids()) || undefined);
    const host = await lab.machine(stranger);
    const script = "/opt/openstack-kubernetes/bin/bootstrap.sh";
    // Before it is through: it would take half a minute.
    await eventually("the bootstrap", 120, () => onHost(host, "ls", script) === script || undefined, 0.2);
    onHost(host, "sh", "-c", `echo 'exit 1' >${script}; systemctl restart openstack-kubernetes`);
    const failed = await up;
    expect(failed.code).not.toBe(0);
    expect(failed.output).toContain(stranger);
    await lab.openstack("server", "stop", stopped);
    onHost(await lab.machine(silent), "systemctl", "stop", "kubelet");
    const lastTransitionTime = new Date().toISOString();
    const condition = {
      type: "ReadonlyFilesystem",
      status: "True",
      reason: "FilesystemIsReadOnly",
      lastTransitionTime,
    };
    const patch = JSON.stringify({ status: { conditions: [condition] } });
    await lab.kubectl("patch", "node", readOnly, "--subresource", "status", "--patch", patch);
    await eventually("a worker that is not Ready", 120, async () => !(await lab.nodes())[silent]!.ready || undefined);
    await new Promise((fulfil) => setTimeout(fulfil, (afterMinutes * 60 + 10) * 1000));
  });
  afterAll(() => lab.remove());

  it("are left when they are most of a pool", async () => {
    const before = await ids();
    const { code, output } = await repair("50%");
    expect({ code, output }).toEqual({
      code: 3,
      output: expect.stringContaining("4 of 4 workers of pool general") as string,
    });
    expect(await ids()).toEqual(before);
    expect(await readyNodes()).toEqual(["dev-control-plane-0", readOnly]);
  });

  it("are whole again without a hand: two by a reboot, two as new machines", async () => {
    const before = await ids();
    const start = Date.now();
    const { code, output } = await repair("100%");
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    print(`repaired after ${Math.round((Date.now() - start) / 1000)} s`);
    expect(await readyNodes()).toEqual(["dev-control-plane-0", ...workers]);
    const now = await ids();
    expect(Object.keys(now).sort()).toEqual(Object.keys(before).sort());
    const kept = workers.filter((name) => now[name] === before[name]);
    expect(kept).toEqual([stopped, silent]);
    const left = await lab.kubectl(
      "get",
      "nodes",
      "-o",
      "jsonpath={.items[*].spec.unschedulable}{.items[*].spec.taints[*].key}",
    );
    expect(left).toBe("node-role.kubernetes.io/control-plane");
    const conditions = await lab.kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.conditions[*].type}");
    expect(conditions).not.toContain("ReadonlyFilesystem");
  });

  it("are none any more for a second repair", async () => {
    const before = await ids();
    const { code, output } = await repair("100%");
    expect({ code, output }).toEqual({ code: 0, output: expect.not.stringContaining("reboot") as string });
    expect(await ids()).toEqual(before);
  });
});
