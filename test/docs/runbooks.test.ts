/**
 * An inventory of the commands in docs/runbooks: each is executed by a test, or says honestly that it was only seen, or
 * not even that.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commandBlocks, runbooks } from "./runbooks";
import { repositoryFolder } from "./textFiles";

const blocks = runbooks().flatMap(commandBlocks);
const runBy = (marker = "") => /^(?:run|options checked) by (\S+)$/.exec(marker)?.[1];

describe("A block of commands in a runbook", () => {
  it("says which test runs it or checks its options, when and where it was seen, or that nobody has executed it yet", () => {
    const known =
      /^(run by test\/\S+\.ts|options checked by test\/\S+\.ts|seen: \d{4}-\d{2}-\d{2}, \S.*|not yet executed)$/;
    expect(blocks.length).toBeGreaterThan(100);
    expect(blocks.filter(({ marker }) => marker === undefined || !known.test(marker))).toEqual([]);
  });

  it("was seen on a day that has been", () => {
    const days = blocks.flatMap(({ place, marker = "" }) => {
      const day = /^seen: (\S+),/.exec(marker)?.[1];
      return day === undefined ? [] : [{ place, day }];
    });
    expect(days.filter(({ day }) => !(Date.parse(day) <= Date.now()))).toEqual([]);
  });

  it("is read by the test that it names", () => {
    const named = [...new Set(blocks.flatMap(({ marker }) => runBy(marker) ?? []))];
    expect(named.filter((test) => !existsSync(join(repositoryFolder, test)))).toEqual([]);
    const blind = named.filter(
      (test) =>
        !/(?:commands|pulumiArguments)RunBy\(|commandBlocks/.test(readFileSync(join(repositoryFolder, test), "utf8")),
    );
    expect(blind).toEqual([]);
  });

  it("is shell that can be parsed", () => {
    const wrong = blocks.flatMap(({ place, commands }) => {
      const { status, stderr } = spawnSync("bash", ["-n"], { input: commands, encoding: "utf8" });
      return status === 0 ? [] : [{ place, stderr }];
    });
    expect(wrong).toEqual([]);
  });

  it("gives ssh one quoted command, so that nothing of it is expanded on the operator's computer", () => {
    const lines = blocks.flatMap(({ place, commands }) =>
      commands.split("\n").flatMap((line) => (line.startsWith("ssh ") ? [{ place, line }] : [])),
    );
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter(({ line }) => !/^ssh NODE '[^']+'( \|[^$`]*)?$/.test(line))).toEqual([]);
  });
});

describe("A runbook", () => {
  it("has its commands in blocks, where they are counted", () => {
    const program =
      /`(?:sudo |[A-Z_]+=\S+ )*(?:crictl|etcdctl|flux|kubeadm|kubectl|npm|openstack|ssh|systemctl) [^`]*`/g;
    const inline = runbooks().flatMap((page) =>
      [...readFileSync(join(repositoryFolder, page), "utf8").matchAll(program)].map(([command]) => ({ page, command })),
    );
    expect(inline).toEqual([]);
  });

  it("has no block of commands in another form, but what programs print, in text, and what they read, in YAML", () => {
    const others = runbooks().flatMap((page) => {
      const text = readFileSync(join(repositoryFolder, page), "utf8");
      const fences = text.match(/^ *```(?!(?:text|yaml)$)\S/gm)?.length ?? 0;
      return fences === commandBlocks(page).length && !/\n\n {4}\S/.test(text) ? [] : [page];
    });
    expect(others).toEqual([]);
  });
});
