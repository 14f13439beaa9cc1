/**
 * Commands of the runbooks for a machine that need nothing but a Linux, run here letter for letter: `ssh NODE` and
 * `sudo` only pass them on. Not proven: that a machine of a cluster has something to show, and that a remedy helps.
 */
import { spawnSync } from "node:child_process";
import { renderControlPlaneUserData } from "../../src/bootstrap/controlPlane";
import { requiredCommands } from "../../src/bootstrap/packages";
import { operatingSystems } from "../../src/config/operatingSystems";
import { rhel9, sampleConfig, sampleFacts, secrets, virtualIp } from "../bootstrap/samples";
import { describeWithTools } from "../findTool";
import { commandBlocks, runbooks } from "./runbooks";

const blocks = runbooks().flatMap(commandBlocks);
const ours = blocks.filter(({ marker }) => marker === "run by test/docs/machineCommands.tools.test.ts");

/**
 * Functions reach the shells that these start. A failure in a pipe counts. No unit of this computer is touched: of
 * systemctl only the command is looked for.
 */
const prelude = `
set -o pipefail
ssh() { shift && bash -o pipefail -c "$*"; }
sudo() { "$@"; }
systemctl() { command systemctl --help | grep -E "^  $1 .*" >/dev/null && echo "systemctl $*"; }
export -f sudo systemctl
`;

describeWithTools("A command for a machine", ["bash", "df", "du", "ip", "journalctl", "systemctl", "vmstat"], () => {
  it.each(ours)("$place does what it says on this computer", ({ commands }) => {
    // There are no pods here, and there was no bootstrap.
    const here = commands
      .replaceAll("/var/log/pods/*", "/var/log/*")
      .replaceAll("/var/log/openstack-kubernetes.log", "/etc/os-release");
    for (const line of here.trim().split("\n")) {
      const { stdout, stderr, status } = spawnSync("bash", ["-c", `${prelude}${line}`], {
        encoding: "utf8",
        timeout: 120_000,
      });
      // What another user, or a process that ends meanwhile, keeps from us is no fault of the command.
      const complaints = stderr.split("\n").filter((text) => !/Permission denied|No such file|^$/.test(text));
      const isExpected = status === 0 || (status === 1 && /Permission denied|No such file/.test(stderr));
      expect([line, isExpected]).toEqual([line, true]);
      expect(complaints.filter((text) => /invalid|unrecognized|not found|usage/i.test(text))).toEqual([]);
      expect(`${stdout}${stderr}`.trim()).not.toBe("");
    }
  });
});

describe("A unit of systemd that a runbook names", () => {
  it("is on the machines: written by the bootstrap, or of what it installs", () => {
    const config = sampleConfig({ ...rhel9, ...virtualIp });
    const { files } = renderControlPlaneUserData(config, sampleFacts(config), secrets);
    const written = files.flatMap(({ path }) => /\/([^/]+)\.(?:service|timer)$/.exec(path)?.[1] ?? []);
    const installed = ["containerd", "kubelet", ...Object.values(operatingSystems).map(({ chrony }) => chrony.unit)];
    const known = new Set([...written, ...installed, ...requiredCommands(config, "control-plane")]);
    const named = blocks.flatMap(({ place, commands }) =>
      [...commands.matchAll(/(?:systemctl \w+|journalctl -u) ([^'|;&\n]+?)(?= -|'|\||\n|$)/g)].flatMap(
        ([, units = ""]) =>
          units
            .trim()
            .split(/\s+/)
            .map((unit) => ({ place, unit: unit.replace(/\.(service|timer)$/, "") })),
      ),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ unit }) => !known.has(unit))).toEqual([]);
  });
});
