/**
 * The runbooks' calls of OpenStack's client, against the client itself: the command exists and has the options. Nothing
 * is asked of a cloud, so what a call does is not proven here.
 */
import { spawnSync } from "node:child_process";
import { describeWithTools } from "../findTool";
import { commandBlocks, runbooks } from "./runbooks";

interface Call {
  readonly place: string;
  /** For instance `server reboot`. */
  readonly command: string;
  readonly options: readonly string[];
}

const calls = runbooks()
  .flatMap(commandBlocks)
  .flatMap(({ place, commands }) =>
    commands.split("\n").flatMap((line): Call[] => {
      const [call = ""] = line.split(/ [|#>]/);
      const words = call.trim().split(/\s+/);
      if (words[0] !== "openstack") return [];
      // Names, addresses and options have other signs than the words of a command.
      const end = words.findIndex((word) => /[^a-z]/.test(word));
      const command = words.slice(1, end < 0 ? undefined : end).join(" ");
      return [{ place, command, options: words.filter((word) => word.startsWith("--")) }];
    }),
  );

describeWithTools("A call of OpenStack's client", ["openstack"], (path) => {
  const help = new Map<string, string>();
  const helpOf = (command: string) => {
    const known =
      help.get(command) ??
      spawnSync(path("openstack"), [...command.split(" "), "--help"], { encoding: "utf8", timeout: 120_000 }).stdout;
    help.set(command, known);
    return known;
  };

  it("is in the runbooks", () => {
    expect(calls.length).toBeGreaterThan(6);
  });

  it.each(calls)("$place: $command exists and has the options", ({ command, options }) => {
    expect(helpOf(command)).toMatch(new RegExp(`^usage: openstack ${command} `));
    expect(options.filter((option) => !helpOf(command).includes(option))).toEqual([]);
  });

  it("that does not exist would fail here", () => {
    expect(helpOf("server rebot")).not.toMatch(/^usage: openstack server rebot /);
  });
});
