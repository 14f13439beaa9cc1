/** The command as a user runs it: what it writes, what it refuses, and how it ends. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "openshift-"));
afterAll(() => rmSync(folder, { recursive: true }));

function openshift(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["-r", "./scripts/typescript.js", "scripts/openshift.ts", ...args],
    { cwd: root, encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

const shop = "test/fixtures/openshift/shop.yaml";
const target = ["--domain", "apps.example.org", "--registry", "registry.example.org/museum"];

describe("npm run openshift -- convert", () => {
  it("writes manifests, tenants' files that npm run tenant -- check accepts, plans and a report", () => {
    const out = join(folder, "shop");
    const { status, stdout, stderr } = openshift("convert", shop, "--out", out, ...target);
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: `Wrote 11 files to ${out}; begin with report.md.\n`,
      stderr: "",
    });
    expect(readFileSync(join(out, "report.md"), "utf8")).toMatch(
      /^# Out of OpenShift: what became of each object\n\n11 objects: 2 kept, 4 converted, 1 to be decided, 4 left out\. \d+ tasks for people/,
    );
    expect(statSync(join(out, "secrets/shop/secret-database.yaml")).mode & 0o777).toBe(0o600);
    const gitops = join(folder, "gitops");
    mkdirSync(join(gitops, "tenants/dev"), { recursive: true });
    writeFileSync(join(gitops, "tenants/dev/shop.yaml"), readFileSync(join(out, "tenants/shop.yaml")));
    const check = ["-r", "./scripts/typescript.js", "scripts/tenant.ts", "check", "--gitops", gitops];
    const { stdout: checked } = spawnSync(process.execPath, check, { cwd: root, encoding: "utf8" });
    expect(checked).toBe("1 tenant file checked, no error.\n");
  });

  it("reads every file below a folder, also what a shell of Windows writes, and names what it passes over", () => {
    const exports = join(folder, "exports");
    mkdirSync(join(exports, "shop"), { recursive: true });
    const text = readFileSync(join(root, shop), "utf8");
    writeFileSync(join(exports, "shop/shop.yaml"), Buffer.from(`\ufeff${text.replace(/\n/g, "\r\n")}`, "utf16le"));
    writeFileSync(join(exports, "shop.txt"), text);
    writeFileSync(join(exports, "latin.yaml"), Buffer.from("kind: Caf\xe9", "latin1"));
    writeFileSync(join(exports, ".hidden"), "");
    symlinkSync(join(folder, "absent"), join(exports, "gone.yaml"));
    symlinkSync(folder, join(exports, "folder.yaml"));
    const { status, stdout } = openshift("audit", exports);
    expect(stdout.split("\n").slice(0, 5)).toEqual([
      "1 project, 11 objects",
      `Not read: ${exports}/folder.yaml cannot be read: EISDIR: illegal operation on a directory. Export again.`,
      `Not read: ${exports}/gone.yaml cannot be read: ENOENT: no such file or directory. Export again.`,
      `Not read: ${exports}/latin.yaml cannot be read: it is no text in UTF-8. Export again.`,
      `Not read: ${exports}/shop.txt is passed over; if it is an export, let its name end with .yaml or .json.`,
    ]);
    expect(status).toBe(1);
    mkdirSync(join(folder, "nothing"));
    const nothing = openshift("audit", join(folder, "nothing"));
    expect(nothing.stdout).toContain("nothing has no file .yaml, .yml or .json.");
    expect(nothing.status).toBe(1);
  });

  it("overwrites nothing", () => {
    const out = join(folder, "full");
    mkdirSync(out);
    writeFileSync(join(out, "mine"), "");
    const { status, stderr } = openshift("convert", shop, "--out", out, ...target);
    expect(status).toBe(1);
    expect(stderr).toContain("is not empty");
    expect(existsSync(join(out, "report.md"))).toBe(false);
  });

  it("converts what can be read beside what cannot, names the rest, and fails", () => {
    const out = join(folder, "part");
    const broken = "test/fixtures/openshift/malformed/truncated.json";
    const { status, stderr } = openshift("convert", shop, broken, "--out", out, ...target);
    expect(status).toBe(1);
    expect(stderr).toContain("truncated.json is neither YAML nor JSON");
    expect(readFileSync(join(out, "report.md"), "utf8")).toContain(
      "## Not read\n\n- [ ] test/fixtures/openshift/malformed/truncated.json",
    );
    expect(existsSync(join(out, "manifests/shop/deployment-web.yaml"))).toBe(true);
  });

  it("names a file that does not exist, and an option that is absent", () => {
    expect(openshift("convert", "nothing.yaml", "--out", join(folder, "no"), ...target)).toMatchObject({
      status: 1,
      stderr: "There is no nothing.yaml; name files or folders of exports.\n",
    });
    expect(openshift("convert", shop, "--out", join(folder, "no"))).toMatchObject({ status: 2 });
  });
});

describe("npm run openshift -- audit", () => {
  it("says by project and owner what there is and what does not carry over", () => {
    const { status, stdout } = openshift("audit", "test/fixtures/openshift");
    expect(stdout).toContain(
      "Project shop, of maria, shop-developers\n  1 BuildConfig, 1 DeploymentConfig, 1 ImageStream",
    );
    expect(stdout).toContain("  DeploymentConfig web becomes Deployment\n");
    expect(stdout).toContain("  Route ldap does not carry over as it is:\n    Route ldap.example.org is passthrough");
    expect(stdout).toContain("Volume archive: 500Gi from nfs filer.example.org:/exports/archive, to nfs");
    expect(stdout).toMatch(/The whole cluster\n/);
    // A Template has a parameter without a value, and two files name no project.
    expect(status).toBe(1);
  });
});
