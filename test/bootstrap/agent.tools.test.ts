/** The agent that takes changed files to a machine that runs (agentMachine.ts says on what). */
import { execFileSync } from "node:child_process";
import { scriptFile } from "../../src/bootstrap/machineFile";
import { AgentMachine } from "./agentMachine";
import { ScriptMachine } from "./scriptMachine";

const mirror = (content: string) => ({ "/certs.d/quay.io/hosts.toml": { content } });
const containerd = (content: string) => ({ "/config.toml": { content, change: "containerd" } });
const ca = (content: string) => ({ "/ca/0.crt": { content, change: "trust" } });
const restart = ["systemctl restart containerd", "crictl --timeout 10s version"];

let machine: AgentMachine;
beforeEach(() => {
  machine = new AgentMachine();
});
afterEach(() => machine.remove());

describe("an agent without an order", () => {
  it("says that it is there, and touches nothing", async () => {
    await machine.start(containerd("a"));
    machine.powerOn();
    expect(await machine.answer("waiting")).toMatchObject({ order: "", message: "no order yet" });
    expect(machine.calls()).toEqual([]);
  });
});

describe("an ordered file", () => {
  it("that is there already is answered with that, and restarts nothing", async () => {
    await machine.start(containerd("a"));
    const order = machine.order(containerd("a"));
    machine.powerOn();
    expect(await machine.answer("reached")).toMatchObject({ order, message: "nothing had to be changed" });
    expect(machine.calls()).toEqual([]);
  });

  it("is laid while the agent watches, with its mode, and restarts nothing where nothing is asked for", async () => {
    await machine.start(mirror("a"));
    machine.powerOn();
    await machine.answer("waiting");
    const order = machine.order({ "/certs.d/quay.io/hosts.toml": { content: "b", mode: "0600" } });
    expect(await machine.answer("reached")).toMatchObject({ order });
    expect(machine.read("/certs.d/quay.io/hosts.toml")).toBe("b");
    expect(machine.mode("/certs.d/quay.io/hosts.toml")).toBe("0600");
    expect(machine.calls()).toEqual([]);
    expect(machine.read("/console")).toContain("openstack-kubernetes: files: reached: changed ");
  });

  it("of containerd restarts it once, and waits until it and the kubelet are well", async () => {
    await machine.start({ ...containerd("a"), ...ca("a") });
    machine.program("update-ca-certificates", 'cat "$machine/ca/0.crt" >"$machine/trusted"');
    machine.order({ ...containerd("b"), ...ca("b") });
    machine.powerOn();
    await machine.answer("reached");
    expect(machine.read("/trusted")).toBe("b");
    expect(machine.calls()).toEqual(["update-ca-certificates --fresh", ...restart]);
  });

  it("that the configuration has no more is taken away, with what that asks for", async () => {
    await machine.start({ ...mirror("a"), ...ca("a") });
    machine.order({});
    machine.powerOn();
    await machine.answer("reached");
    expect(machine.read("/certs.d/quay.io/hosts.toml")).toBeUndefined();
    expect(machine.read("/ca/0.crt")).toBeUndefined();
    expect(machine.calls()[0]).toBe("update-ca-certificates --fresh");
  });

  it("that somebody else laid is left alone", async () => {
    await machine.start(mirror("a"));
    machine.lay("/certs.d/ghcr.io/hosts.toml", "somebody's");
    machine.order({});
    machine.powerOn();
    await machine.answer("reached");
    expect(machine.read("/certs.d/ghcr.io/hosts.toml")).toBe("somebody's");
  });

  it("that is not what the Secret holds is refused", async () => {
    await machine.start(containerd("a"));
    machine.order(containerd("b"));
    machine.annotate("0".repeat(64));
    machine.powerOn();
    expect((await machine.answer("failed")).message).toBe("the Secret does not hold what was ordered");
    expect(machine.read("/config.toml")).toBe("a");
  });

  it("is answered although somebody spoiled the last answer", async () => {
    await machine.start(mirror("a"));
    machine.order(mirror("b"));
    machine.powerOn();
    await machine.answer("reached");
    machine.spoilAnswer();
    expect(await machine.answer("reached", machine.answers.length)).toMatchObject({
      message: "nothing had to be changed",
    });
  });
});

describe("a machine that is not well with the new files", () => {
  const refuses =
    'if grep -q bad "$machine/config.toml" && [[ "$1" == restart ]]; then echo "invalid: bad"; exit 1; fi';

  it("gets its previous files again, and says why", async () => {
    await machine.start({ ...containerd("a"), ...mirror("a") });
    machine.program("systemctl", refuses);
    machine.program("journalctl", 'echo "invalid: bad"');
    const order = machine.order({ ...containerd("bad"), "/new/file": { content: "new" } });
    machine.powerOn();
    expect(await machine.answer("failed")).toMatchObject({
      order,
      message: "containerd did not start: invalid: bad; the machine is well again with its previous files",
    });
    expect(machine.read("/config.toml")).toBe("a");
    expect(machine.read("/certs.d/quay.io/hosts.toml")).toBe("a");
    expect(machine.read("/new/file")).toBeUndefined();
    expect(machine.read("/journal")).toBeUndefined();
  });

  it("does not try again by itself, and tries again when it is ordered again", async () => {
    await machine.start(containerd("a"));
    machine.program("systemctl", refuses);
    machine.order(containerd("bad"));
    machine.powerOn();
    await machine.answer("failed");
    const answered = machine.answers.length;
    await machine.powerOff();
    machine.powerOn();
    machine.program("systemctl", "true");
    machine.forgetAnswer();
    await machine.answer("reached", answered);
    expect(machine.answers.slice(answered).filter(({ state }) => state === "failed")).toEqual([]);
    expect(machine.read("/config.toml")).toBe("bad");
  });

  it("because its kubelet is not, gets them as well", async () => {
    await machine.start(containerd("a"));
    machine.kubeletIsWell = false;
    machine.order(containerd("b"));
    machine.powerOn();
    expect((await machine.answer("failed")).message).toMatch(
      /^the kubelet is not well after 1 s: .*500.*; the previous files did not help either: the kubelet is not well/,
    );
    expect(machine.read("/config.toml")).toBe("a");
  });

  it("takes the next order from where it stands", async () => {
    await machine.start(containerd("a"));
    machine.kubeletIsWell = false;
    machine.order(containerd("b"));
    machine.powerOn();
    await machine.answer("failed");
    machine.kubeletIsWell = true;
    const calls = machine.calls().length;
    machine.order(containerd("a"));
    await machine.answer("reached");
    // The files are there already; whether containerd runs with them is not known.
    expect(machine.calls().slice(calls)).toEqual(restart);
    expect(machine.read("/journal")).toBeUndefined();
  });
});

describe("changed settings of the kubelet", () => {
  const kubelet = (content: string) => ({ "/etc/kubelet/settings.conf": { content, change: "kubelet" } });
  const flags = 'KUBELET_KUBEADM_ARGS="--node-ip=10.0.0.5"\n';

  it("restart it, and nothing else", async () => {
    await machine.start(kubelet("a"));
    machine.order(kubelet("b"));
    machine.powerOn();
    expect((await machine.answer("reached")).message).toMatch(/^changed \S+settings\.conf; restarting the kubelet$/);
    expect(machine.calls()[0]).toBe("systemctl restart kubelet");
    expect(machine.read("/etc/kubelet/settings.conf")).toBe("b");
  });

  it("are read by a kubelet of an older program, which gets the argument for them once", async () => {
    await machine.start({});
    machine.lay("/kubeadm-flags.env", flags);
    machine.order(kubelet("a"));
    machine.powerOn();
    await machine.answer("reached");
    const after = machine.read("/kubeadm-flags.env")!;
    expect(after).toMatch(/^KUBELET_KUBEADM_ARGS="--node-ip=10\.0\.0\.5 --config-dir=\S+\/etc\/kubelet"\n$/);
    machine.order({ ...kubelet("a"), ...mirror("a") });
    await machine.answer("reached", machine.answers.length);
    expect(machine.read("/kubeadm-flags.env")).toBe(after);
    expect(machine.calls().filter((call) => call === "systemctl restart kubelet")).toHaveLength(1);
  });

  it("under which it ends are put back, with its last error", async () => {
    await machine.start(kubelet("a"));
    machine.lay("/kubeadm-flags.env", flags);
    machine.program(
      "systemctl",
      'if [[ "$1" == show ]] && grep -q bad "$machine/etc/kubelet/settings.conf"; then echo SubState=auto-restart; fi',
    );
    machine.program("journalctl", `echo 'E1 "command failed" err="unknown field: bad"'; echo later`);
    machine.order(kubelet("bad"));
    machine.powerOn();
    expect((await machine.answer("failed")).message).toBe(
      "the kubelet did not start: unknown field: bad; the machine is well again with its previous files",
    );
    expect(machine.read("/etc/kubelet/settings.conf")).toBe("a");
    expect(machine.read("/kubeadm-flags.env")).toBe(flags);
  });
});

describe("a timer", () => {
  const timer = { "/systemd/approve.timer": { content: "a", change: "timer" } };
  const start = ["daemon-reload", "enable", "restart"].map((verb) =>
    ["systemctl", verb, ...(verb === "daemon-reload" ? [] : ["approve.timer"])].join(" "),
  );

  it("that an older program did not have is laid, enabled and started", async () => {
    await machine.start({});
    machine.order(timer);
    machine.powerOn();
    expect((await machine.answer("reached")).message).toMatch(/; starting timers$/);
    expect(machine.read("/systemd/approve.timer")).toBe("a");
    expect(machine.calls()).toEqual(start);
  });

  it("that does not start is taken away, and systemd reads its units again", async () => {
    await machine.start({});
    machine.program("systemctl", 'if [[ "$1" == restart ]]; then echo "bad schedule"; exit 1; fi');
    machine.order(timer);
    machine.powerOn();
    expect((await machine.answer("failed")).message).toBe(
      "systemctl restart approve.timer: bad schedule; the machine is well again with its previous files",
    );
    expect(machine.read("/systemd/approve.timer")).toBeUndefined();
    expect(machine.calls()).toEqual([...start, "systemctl daemon-reload"]);
  });
});

describe("an agent that is killed", () => {
  it("in the middle of a step does that step again", async () => {
    await machine.start(containerd("a"));
    machine.program("systemctl", 'if [[ ! -e "$machine/once" ]]; then touch "$machine/once"; sleep 60; fi');
    machine.order(containerd("b"));
    machine.powerOn();
    await machine.eventually("restart", () => machine.calls().find((call) => call === restart[0]));
    await machine.powerOff();
    machine.powerOn();
    await machine.answer("reached");
    expect(machine.calls().filter((call) => call === restart[0])).toHaveLength(2);
    expect(machine.read("/journal")).toBeUndefined();
  });

  it("in the middle of a step that then fails puts back what was there before the first attempt", async () => {
    await machine.start(containerd("a"));
    machine.program(
      "systemctl",
      'if [[ ! -e "$machine/once" ]]; then touch "$machine/once"; sleep 60; fi; ! grep -q b "$machine/config.toml"',
    );
    machine.order(containerd("b"));
    machine.powerOn();
    await machine.eventually("restart", () => machine.calls().find((call) => call === restart[0]));
    await machine.powerOff();
    machine.powerOn();
    expect((await machine.answer("failed")).message).toContain("well again with its previous files");
    expect(machine.read("/config.toml")).toBe("a");
  });

  it("before it could answer finds the work done, and answers", async () => {
    await machine.start(containerd("a"));
    machine.takesAnswers = false;
    machine.order(containerd("b"));
    machine.powerOn();
    expect(await machine.end()).toContain("the API answers 503");
    machine.takesAnswers = true;
    machine.powerOn();
    expect((await machine.answer("reached")).message).toBe("nothing had to be changed");
    expect(machine.calls()).toEqual(restart);
  });
});

describe("another agent in the Secret", () => {
  it("carries out the order that comes with it", async () => {
    await machine.start(containerd("a"));
    machine.powerOn();
    await machine.answer("waiting");
    const order = machine.order(containerd("b"), `${machine.agentProgram()}# newer\n`);
    expect(await machine.end()).toBe("there is another agent");
    expect(machine.read("/config.toml")).toBe("a");
    machine.powerOn();
    expect(await machine.answer("reached")).toMatchObject({ order });
    expect(machine.read("/config.toml")).toBe("b");
  });
});

describe("the agent's program", () => {
  it("is understood by Python 3.6, which RHEL 8 has", () => {
    const parse = "import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 6))";
    execFileSync("python3", ["-c", parse], { input: scriptFile("agent.py").content });
  });

  /** What start-agent.sh does with what curl answers. */
  const start = (curl: string) => {
    const script = new ScriptMachine();
    script.file("/etc/openstack-kubernetes/bootstrap.env", "ENDPOINT='10.10.0.5:6443'\nset -- files-default python3\n");
    script.program("curl", curl);
    const result = script.run("start-agent.sh");
    script.remove();
    return result;
  };

  it("is fetched from the Secret of the machine's pool with the kubelet's certificate, and run", () => {
    const agent = Buffer.from('import sys; print("the agent runs for", sys.argv[1])').toString("base64");
    const { status, output, calls } = start(`printf '{\n  "data": {\n    "agent": "${agent}",\n    "f": "x"\n  }\n}'`);
    expect({ status, output }).toEqual({ status: 0, output: "the agent runs for files-default\n" });
    expect(calls).toEqual([
      "curl -fsS --noproxy * --max-time 5 --cacert /etc/kubernetes/pki/ca.crt https://10.10.0.5:6443/api/v1/namespaces/kube-system/secrets/files-default -E /var/lib/kubelet/pki/kubelet-client-current.pem",
    ]);
  });

  it("is not run while the cluster does not have it", () => {
    expect(start("exit 22").status).not.toBe(0);
  });
});
