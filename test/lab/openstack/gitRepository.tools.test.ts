import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { gitFolder, publishGitops } from "../../../lab/openstack/gitRepository";
import { layout } from "../../../lab/openstack/layout";

const repository = join(__dirname, "..", "..", "..");

describe("the Git repository of the lab", () => {
  const folder = mkdtempSync(join(tmpdir(), "lab-git-"));
  const lab = layout(folder);
  const checkout = join(folder, "checkout");
  const told = join(folder, "told");
  const kubectl = join(folder, "kubectl");
  const publish = (...suspended: string[]) =>
    publishGitops(lab, { checkout, suspended, kubectl, kubeconfig: join(folder, "no'quotes") });
  const bare = join(gitFolder(lab), "platform.git");
  const git = (...args: string[]) => execFileSync("git", ["--git-dir", bare, ...args], { encoding: "utf8" });
  const suspension = (path: string) =>
    (parse(git("show", `main:gitops/${path}`)) as { spec: { suspend?: boolean } }).spec.suspend;

  beforeAll(() => {
    cpSync(join(repository, "gitops"), join(checkout, "gitops"), { recursive: true });
    writeFileSync(kubectl, `#!/bin/sh\nprintf '%s\\n' "$@" >>${told}\n`, { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("has the checkout's gitops/, with the parts suspended that cannot run, and tells Flux", () => {
    expect(publish("monitoring", "ui")).toBe(git("rev-parse", "main").trim());
    expect(suspension("clusters/base/monitoring.yaml")).toBe(true);
    expect(suspension("choices/ui.yaml")).toBe(true);
    expect(suspension("clusters/base/guards.yaml")).toBeUndefined();
    const words = readFileSync(told, "utf8").split("\n");
    expect(words.slice(0, 3)).toEqual(["--kubeconfig", join(folder, "no'quotes"), "--request-timeout=10s"]);
    expect(words).toContain("gitrepository/flux-system");
  });

  it("is left alone while the checkout is as it was, so that what people pushed stays", () => {
    const work = join(folder, "work");
    execFileSync("git", ["clone", "--quiet", bare, work]);
    writeFileSync(join(work, "gitops", "tried"), "");
    const as = ["-C", work, "-c", "user.name=p", "-c", "user.email=p@example.org"];
    execFileSync("git", [...as, "add", "--all"]);
    execFileSync("git", [...as, "commit", "--quiet", "-m", "A trial"]);
    execFileSync("git", [...as, "push", "--quiet"]);
    expect(publish("monitoring", "ui")).toBeUndefined();
    expect(git("show", "main:gitops/tried")).toBe("");
  });

  it("gets a commit on top when the checkout has changed", () => {
    const before = git("rev-parse", "main").trim();
    writeFileSync(join(checkout, "gitops", "new"), "");
    expect(publish()).toBe(git("rev-parse", "main").trim());
    expect(git("rev-parse", "main^").trim()).toBe(before);
    expect(suspension("choices/ui.yaml")).toBeUndefined();
  });

  it("refuses to suspend what no file has", () => {
    expect(() => publish("nothing")).toThrow("No file of gitops/ has the Flux Kustomization nothing.");
  });
});
