import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layout } from "../../../lab/openstack/layout";
import { currentHolder, locked, stackLock } from "../../../lab/openstack/lock";
import { restorePolicy } from "../../../lab/openstack/packages";
import {
  isAlive,
  ownIdentity,
  processesOf,
  runningLeader,
  startProcess,
  stopEverything,
  stopUnits,
} from "../../../lab/openstack/processes";
import { processStat } from "../../../lab/procStat";

const folder = mkdtempSync(join(tmpdir(), "lab-"));
const lab = layout(folder);
const onLinux = process.platform === "linux" ? describe : describe.skip;
const environment = { PATH: "/usr/bin:/bin" };
const outsiders: ChildProcess[] = [];

afterAll(async () => {
  await stopEverything(lab);
  outsiders.forEach((child) => child.kill("SIGKILL"));
  rmSync(folder, { recursive: true, force: true });
});

onLinux("processes of the lab", () => {
  it("are started in a session of their own, with their output in a log", async () => {
    const { leader, ended } = startProcess(lab, "greeting", ["/bin/sh", "-c", "echo hello; exit 3"], environment);
    expect(await ended).toBe("status 3");
    expect(readFileSync(join(lab.log, "greeting.log"), "utf8")).toBe("hello\n");
    expect(isAlive(leader)).toBe(false);
  });

  it("are told apart from a later process with the same number", () => {
    const { leader } = startProcess(lab, "sleeper", ["/bin/sleep", "60"], environment);
    expect([
      isAlive(leader),
      isAlive({ ...leader, started: leader.started - 1 }),
      isAlive({ ...leader, boot: "another" }),
    ]).toEqual([true, false, false]);
    expect(runningLeader(lab, "sleeper")).toEqual(leader);
  });

  it("are stopped with their children, also those whose parent is gone", async () => {
    const { leader, ended } = startProcess(
      lab,
      "family",
      ["/bin/sh", "-c", "sleep 61 & sleep 62 & exit 0"],
      environment,
    );
    await ended;
    expect(isAlive(leader)).toBe(false);
    expect(processesOf(lab, "family")).toHaveLength(2);
    await stopUnits(lab, ["family"], 2);
    expect(processesOf(lab, "family")).toEqual([]);
  });

  it("are found by their mark when nobody wrote them down", async () => {
    const { leader } = startProcess(lab, "forgotten", ["/bin/sleep", "63"], environment);
    rmSync(join(lab.run, "forgotten.json"));
    expect(processesOf(lab).map(({ pid }) => pid)).toContain(leader.pid);
    await stopEverything(lab, 2);
    expect(isAlive(leader)).toBe(false);
  });

  it("are ended the hard way when they do not listen", async () => {
    const { leader } = startProcess(
      lab,
      "stubborn",
      ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"],
      environment,
    );
    await new Promise((fulfil) => setTimeout(fulfil, 200));
    await stopUnits(lab, ["stubborn"], 1);
    expect(isAlive(leader)).toBe(false);
  });

  it("leave processes of others alone, whatever their name", async () => {
    const outsider = spawn("/bin/sleep", ["64"], { stdio: "ignore" });
    outsiders.push(outsider);
    startProcess(lab, "twin", ["/bin/sleep", "64"], environment);
    await stopEverything(lab, 2);
    expect(processStat(outsider.pid ?? 0)?.pid).toBe(outsider.pid);
  });
});

onLinux("the lab's lock", () => {
  it("is held while a command works, and free afterwards", async () => {
    expect(await locked(lab, () => Promise.resolve(currentHolder(lab)?.pid))).toBe(process.pid);
    expect(existsSync(lab.lock)).toBe(false);
  });

  it("names who holds it", async () => {
    await locked(lab, () =>
      expect(locked(lab, () => Promise.resolve())).rejects.toThrow(
        `Another lab command is at work (process ${process.pid})`,
      ),
    );
  });

  it("of a stack is its own: another stack is free, the same one is not", async () => {
    const dev = stackLock(lab, "dev");
    await locked(dev, async () => {
      expect(await locked(stackLock(lab, "prod"), () => Promise.resolve("prod"))).toBe("prod");
      expect(await locked(lab, () => Promise.resolve("lab"))).toBe("lab");
      await expect(locked(dev, () => Promise.resolve())).rejects.toThrow("Another lab command is at work");
    });
  });

  it("is taken over from a command that was killed", async () => {
    writeFileSync(lab.lock, JSON.stringify({ ...ownIdentity(), started: 1 }));
    expect(await locked(lab, () => Promise.resolve("worked"))).toBe("worked");
  });
});

describe("the policy of the machine about starting services", () => {
  const file = join(folder, "policy-rc.d");
  const journal = join(lab.root, "policy-rc.d.before.json");

  it("is put back as it was after an interrupted installation", () => {
    writeFileSync(file, "the lab's");
    writeFileSync(journal, JSON.stringify({ mode: 0o755, content: Buffer.from("the machine's").toString("base64") }));
    restorePolicy(lab, file);
    expect([readFileSync(file, "utf8"), existsSync(journal)]).toEqual(["the machine's", false]);
  });

  it("is removed when there was none", () => {
    writeFileSync(file, "the lab's");
    writeFileSync(journal, "{}");
    restorePolicy(lab, file);
    expect([existsSync(file), existsSync(journal)]).toEqual([false, false]);
  });

  it("is left alone when no installation was interrupted", () => {
    writeFileSync(file, "the machine's");
    restorePolicy(lab, file);
    expect(readFileSync(file, "utf8")).toBe("the machine's");
  });
});
