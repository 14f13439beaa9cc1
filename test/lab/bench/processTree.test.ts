import { descendants, measure, UsageMeter, type Process } from "../../../lab/bench/processTree";

const process_ = (pid: number, parent: number, name = "node", ticks = 0, pages = 0): Process => ({
  pid,
  parent,
  name,
  ticks,
  pages,
});

describe("Descendants", () => {
  it("are a process, its children and theirs, whatever their order, and nobody else", () => {
    const all = [process_(30, 20), process_(1, 0), process_(20, 10), process_(10, 1), process_(11, 1)];
    expect(descendants(all, 10).map(({ pid }) => pid)).toEqual([10, 20, 30]);
  });

  it("of a process that has ended are none", () => {
    expect(descendants([process_(20, 10)], 10)).toEqual([]);
  });
});

describe("UsageMeter", () => {
  it("adds up each process's last processor time and finds the moment of most memory", () => {
    const meter = new UsageMeter();
    meter.sample([process_(1, 0, "pulumi", 50, 256), process_(2, 1, "node", 100, 512)]);
    meter.sample([process_(1, 0, "pulumi", 150, 1024), process_(3, 1, "node", 25, 256)]);
    expect(meter.usage(2.5)).toEqual({
      seconds: 2.5,
      cpuSeconds: 2.75,
      peakMib: 5,
      peakByProgram: { pulumi: 4, node: 2 },
    });
  });
});

describe("Measuring a command", () => {
  it("gives its output, exit status and time, and sees what it starts", async () => {
    // The shell waits for a child of its own; exec would leave it nothing to wait for.
    const outcome = await measure("sh", ["-c", "sleep 1; echo out; echo err >&2; exit 3"], {
      cwd: "/",
      env: { PATH: process.env.PATH },
    });
    expect({ code: outcome.code, output: outcome.output.split("\n").sort() }).toEqual({
      code: 3,
      output: ["", "err", "out"],
    });
    expect(outcome.seconds).toBeGreaterThan(0.9);
    expect(Object.keys(outcome.peakByProgram)).toContain("sleep");
  });

  it("fails for a command that is not there", async () => {
    await expect(measure("/nonexistent/command", [], { cwd: "/", env: {} })).rejects.toThrow("ENOENT");
  });
});
