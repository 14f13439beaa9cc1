/**
 * A cluster that stood still altogether: every machine rebooted at once, and the data of all control-plane machines
 * lost and restored by the commands of docs/runbooks/restore-etcd.md. Claims on the running cluster of a test, which is
 * whole again afterwards.
 */
import { eventually, type LabCluster, verdictsOf } from "../../../lab/machines/cluster";
import { onMachine, stopMachine, wipeMachine } from "../../../lab/machines/power";
import { JoiningMachines } from "../../../src/up/joiningMachines";
import { commandsRunBy } from "../../docs/runbooks";
import { apiByKubectl } from "./apiByKubectl";
import { etcdMembers } from "./machinesFixture";
import { inPod, podsOnEveryNode } from "./pods";

interface RecoveryArgs {
  readonly cluster: () => LabCluster;
  readonly names: () => string[];
  readonly controlPlane: () => string[];
  readonly workers: () => string[];
  /** Seconds that a step may take. */
  readonly patience: number;
  readonly allReady: (what: string) => Promise<void>;
}

const sh = (name: string, script: string) => onMachine(name, ["bash", "-c", script], 120);

export function claimRecovery({ cluster, names, controlPlane, workers, patience, allReady }: RecoveryArgs): void {
  it("comes back by itself after every machine was rebooted at once", async () => {
    const bootIds = () =>
      names().map((name) => onMachine(name, ["cat", "/proc/sys/kernel/random/boot_id"]).stdout.trim());
    const before = bootIds();
    for (const name of names()) onMachine(name, ["systemctl", "reboot", "--force"]);
    await eventually(
      "new boots",
      120,
      () => bootIds().every((id, index) => id !== "" && id !== before[index]) || undefined,
    );
    await eventually(
      "the API after the reboot",
      patience,
      () => Object.keys(cluster().nodes()).length === names().length || undefined,
    );
    const since = new Date().toISOString();
    await eventually(
      "heartbeats of all nodes since the reboot",
      patience,
      () => heartbeats().every((time) => time > since) || undefined,
    );
    await allReady("reboot of all");
    const pods = await eventually("The pods again", patience, () => podsOnEveryNode(cluster(), workers()));
    await eventually(
      "a pod that reaches another through the Service",
      120,
      () => inPod(cluster(), pods[0]!.name, "http://echo.default.svc.cluster.local/") || undefined,
    );

    function heartbeats(): string[] {
      const answer = cluster().kubectl([
        "get",
        "leases",
        "-n",
        "kube-node-lease",
        "-o",
        "jsonpath={.items[*].spec.renewTime}",
      ]);
      return answer.status === 0 ? answer.stdout.split(" ") : [""];
    }
  });

  it("gets its data back from an etcd snapshot, on a new control plane", async () => {
    const [first] = controlPlane() as [string];
    cluster().ask("create", "configmap", "kept", "--from-literal=word=from-the-snapshot");
    const [save, restore, look] = commandsRunBy(__filename, "docs/runbooks/restore-etcd.md");
    const saved = sh(first, save!);
    expect(saved.status).toBe(0);
    cluster().ask("delete", "configmap", "kept");
    const snapshot = sh(first, `base64 -w0 ${saved.stdout.trim().split("\n").at(-1)!}`).stdout;
    for (const name of names()) {
      stopMachine(name);
      wipeMachine(name);
    }

    cluster().start(first);
    await eventually(`${first} to have begun anew`, patience, () =>
      verdictsOf(first).find((verdict) => verdict.startsWith("SUCCESS")),
    );
    const laid = onMachine(first, ["bash", "-c", "base64 -d >/var/lib/etcd-snapshot.db"], 60, snapshot);
    expect(laid.status).toBe(0);
    const restored = sh(first, restore!);
    expect(restored.status === 0 ? "restored" : restored.stderr).toBe("restored");
    const seen = onMachine(first, ["bash", "-c", look!], patience).stdout;
    expect(seen.match(/^lab-\S+/gm)).toEqual(names());
    expect(seen.match(/, started, .*$/gm)).toEqual([
      `, started, ${first}, https://10.10.0.10:2380, https://10.10.0.10:2379, false`,
    ]);
    await eventually(
      "the API on the restored data",
      patience,
      () => Object.keys(cluster().nodes()).length === names().length || undefined,
    );
    expect(cluster().ask("get", "configmap", "kept", "-o", "jsonpath={.data.word}")).toBe("from-the-snapshot");

    const joining = new JoiningMachines({
      request: apiByKubectl(cluster()),
      token: cluster().keys.secrets.bootstrapToken,
      planned: names(),
      created: () => [],
      warn: (message) => process.stderr.write(`  ${message}\n`),
    });
    await joining.admit();
    for (const name of names().filter((other) => other !== first)) cluster().start(name);
    for (const name of names()) {
      await eventually(`${name} to be a node again`, patience, () =>
        verdictsOf(name).find((verdict) => verdict.startsWith("SUCCESS")),
      );
    }
    await allReady("restored cluster");
    await joining.end();
    expect(etcdMembers(cluster(), first)).toEqual(controlPlane());
  });
}
