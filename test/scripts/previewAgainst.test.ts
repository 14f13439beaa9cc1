/**
 * What the offline preview is compared with: a baseline that looking does not move, a revision, a file, the merge base.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { mergeBaseInPipeline, runAtRevision } from "../../simulation/preview/revision";
import { preview, root, scratch, stackFile } from "./previewCommand";

const temporary = scratch();
afterAll(temporary.remove);
jest.setTimeout(240_000);

const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();

/** dev's stack file with so many workers. */
function devWith(workers: number): string {
  const content = stackFile("dev");
  (content.config["openstack-kubernetes:nodePools"] as { count: number }[])[0]!.count = workers;
  const file = temporary.in(`dev-${workers}.yaml`);
  writeFileSync(file, stringify(content));
  return file;
}

const sentence = (stdout: string) => /^ {2}(\d+ to create.*|First preview.*)$/m.exec(stdout)?.[1];

describe("the baseline", () => {
  const baseline = temporary.in("baseline.json");
  const look = (workers: number, ...more: string[]) =>
    preview("dev", "--config", devWith(workers), "--previous", baseline, ...more);

  it("is the first preview, and says so", async () => {
    const { stdout, stderr } = await look(3);
    expect(sentence(stdout)).toMatch(/^First preview of this stack here, so there is nothing to compare with: \d+ /);
    expect(stderr).toContain("This preview is the baseline now: later ones are compared with it");
  });

  it("stays where it is however often somebody looks", async () => {
    const before = readFileSync(baseline, "utf8");
    const message = [await look(1), await look(1)].map(({ stdout }) => stdout);
    expect(message[1]).toBe(message[0]);
    expect(sentence(message[0] ?? "")).toMatch(/^0 to create, .*, 2 to delete, .*\(compared with the baseline of /);
    expect(readFileSync(baseline, "utf8")).toBe(before);
  });

  it("is moved by --accept alone", async () => {
    expect(sentence((await look(1, "--accept")).stdout)).toContain("2 to delete");
    expect(sentence((await look(1)).stdout)).toMatch(/^0 to create, 0 to change in place, 0 to replace, 0 to delete, /);
  });
});

describe("--against", () => {
  it("a file compares with that stack file, and keeps nothing", async () => {
    const other = devWith(2);
    const { stdout, stderr } = await preview("dev", "--config", devWith(4), "--against", other);
    expect(sentence(stdout)).toMatch(new RegExp(`^2 to create, .*\\(compared with ${other}\\)\\.$`));
    expect(stderr).not.toContain("baseline");
  });

  it("a revision compares with the program and the stack file of that commit", async () => {
    const args = ["dev", "--config", devWith(4), "--against", "HEAD"];
    const message = [await preview(...args), await preview(...args)].map(({ stdout }) => stdout);
    expect(sentence(message[0] ?? "")).toMatch(
      new RegExp(`^1 to create, .*\\(compared with revision HEAD \\(${commit}\\)\\)\\.$`),
    );
    expect(sentence(message[1] ?? "")).toBe(sentence(message[0] ?? ""));
  });

  it("a revision without the stack says that all of it is new", () => {
    expect(runAtRevision(root, "HEAD", "nowhere", "/elsewhere/Pulumi.nowhere.yaml")).toEqual({ commit });
  });

  it.each([
    [
      "what is neither",
      ["--against", "no-such-thing"],
      1,
      "no-such-thing is neither a file nor a revision of this clone",
    ],
    ["together with --accept", ["--against", "HEAD", "--accept"], 2, "cannot be used with option '--accept'"],
  ])("refuses %s", async (_, args, expected, message) => {
    const { status, stdout, stderr } = await preview("dev", ...args);
    expect({ status, stdout }).toEqual({ status: expected, stdout: "" });
    expect(stderr).toContain(message);
  });
});

describe("a merge request's pipeline", () => {
  const head = execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" }).trim();

  it("compares with the merge base by default, and leaves the local baseline alone", async () => {
    const environment = { CI_MERGE_REQUEST_DIFF_BASE_SHA: head };
    const { stdout, stderr } = await preview.in(environment, "dev", "--config", devWith(4), "--no-color");
    expect(sentence(stdout)).toMatch(new RegExp(`^1 to create, .*\\(compared with revision ${commit}\\)\\.$`));
    expect(stderr).not.toContain("baseline");
  });

  it("of GitLab on the merged result begins at the target branch's commit", () => {
    const environment = { CI_MERGE_REQUEST_TARGET_BRANCH_SHA: "b", CI_MERGE_REQUEST_DIFF_BASE_SHA: "a" };
    expect(mergeBaseInPipeline(root, environment)).toBe("b");
    expect(mergeBaseInPipeline(root, { ...environment, CI_MERGE_REQUEST_TARGET_BRANCH_SHA: "" })).toBe("a");
  });

  it("of GitHub asks git, and says what to do where the clone is too shallow", () => {
    const clone = temporary.in("clone");
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.invalid", ...args], {
        cwd: temporary.folder,
        encoding: "utf8",
      }).trim();
    git("init", "--quiet", "--initial-branch=main", "origin");
    git("-C", "origin", "commit", "--quiet", "--allow-empty", "-m", "base");
    git("clone", "--quiet", "origin", "clone");
    const base = git("-C", "clone", "rev-parse", "HEAD");
    git("-C", "clone", "commit", "--quiet", "--allow-empty", "-m", "change");
    expect(mergeBaseInPipeline(clone, { GITHUB_BASE_REF: "main" })).toBe(base);
    expect(() => mergeBaseInPipeline(clone, { GITHUB_BASE_REF: "gone" })).toThrow(
      "This clone does not hold where the change left gone; fetch the whole history, or name a revision with --against.",
    );
    expect(mergeBaseInPipeline(clone, {})).toBeUndefined();
  });
});

describe("--report", () => {
  it("writes the difference and what it means, without the tree and the totals", async () => {
    const report = temporary.in("reports/dev.txt");
    const { stdout } = await preview("dev", "--config", devWith(2), "--against", devWith(3), "--report", report);
    const content = readFileSync(report, "utf8");
    expect(content).toMatch(/^Difference\n {2}0 to create, .*\n[^]*What that means\n {2}- machine `dev-general-2` is /);
    expect(content).not.toContain("Totals");
    expect(stdout).toContain(content);
  });

  it("says once what the reader should know of the configuration", async () => {
    const report = temporary.in("reports/notes.txt");
    const content = stackFile("dev");
    content.config["openstack-kubernetes:apiEndpoint"] = {
      ...(content.config["openstack-kubernetes:apiEndpoint"] as object),
      allowedCidrs: ["0.0.0.0/0"],
    };
    const open = temporary.in("dev-open.yaml");
    writeFileSync(open, stringify(content));
    await preview("dev", "--config", open, "--against", devWith(3), "--report", report);
    const lines = readFileSync(report, "utf8").split("\n");
    const warning =
      '  apiEndpoint.allowedCidrs[0] is "0.0.0.0/0", so the whole Internet may try to reach the Kubernetes API; name the networks of your people.';
    expect(lines.slice(lines.indexOf("Notes"))).toEqual(["Notes", warning, ""]);
  });
});
