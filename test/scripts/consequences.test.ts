/** `npm run consequences` as a child process: its report, its exit code. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

jest.setTimeout(60_000);

function consequences(input: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["-r", "./scripts/typescript.js", "scripts/consequences.ts", ...words],
    {
      input,
      encoding: "utf8",
    },
  );
  return { status, stdout, stderr };
}

const step = (op: string, name: string) => ({
  op,
  urn: `urn:pulumi:dev::openstack-kubernetes::openstack:networking/floatingIp:FloatingIp::${name}`,
  oldState: { inputs: {} },
});
const plan = (steps: object[], more: object = {}) => JSON.stringify({ steps, ...more });

describe("npm run consequences", () => {
  it("ends with 3 when something is destroyed that nobody allowed, and with 0 when its name is allowed", () => {
    expect(consequences(plan([step("delete", "dev-api")]), "-")).toEqual({
      status: 3,
      stdout: expect.stringContaining("openstack-kubernetes:allowDestruction: [dev-api]") as string,
      stderr: "",
    });
    const allowed = plan([step("delete", "dev-api")], {
      config: { "openstack-kubernetes:allowDestruction": '["dev-api"]' },
    });
    expect(consequences(allowed, "-")).toEqual({
      status: 0,
      stdout: expect.stringContaining("**Destructive, allowed by name**") as string,
      stderr: "",
    });
  });

  it("takes what is allowed from the stack file it is given, and nothing from the change itself", () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), "allowed-")), "Pulumi.dev.yaml");
    const allowing = (...names: string[]) =>
      writeFileSync(file, `config:\n  openstack-kubernetes:allowDestruction: [${names.join(", ")}]\n`);
    const own = plan([step("delete", "dev-api")], {
      config: { "openstack-kubernetes:allowDestruction": '["dev-api"]' },
    });
    allowing("another");
    expect(consequences(own, "-", "--allowed-in", file).status).toBe(3);
    allowing("another", "dev-api");
    expect(consequences(own, "-", "--allowed-in", file).status).toBe(0);
    rmSync(path.dirname(file), { recursive: true });
    expect(consequences(own, "-", "--allowed-in", file)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`${file} does not exist`) as string,
    });
  });

  it("ends with 0 when nothing changes", () => {
    expect(consequences(plan([step("same", "dev-api")], { changeSummary: { same: 1 } }), "-")).toEqual({
      status: 0,
      stdout:
        "## Stack dev: 0 to create, 0 to change in place, 0 to replace, 0 to delete, 1 unchanged\n\nNothing changes.\n",
      stderr: "",
    });
  });

  it("shows what the preview warned of, where nothing changes as well", () => {
    const diagnostics = [{ severity: "warning", message: "Workers are in zone az2, which has no volumes.\n" }];
    expect(consequences(plan([step("same", "dev-api")], { changeSummary: { same: 1 }, diagnostics }), "-")).toEqual({
      status: 0,
      stdout:
        "## Stack dev: 0 to create, 0 to change in place, 0 to replace, 0 to delete, 1 unchanged\n\n**Warnings of the preview**\n\n- Workers are in zone az2, which has no volumes.\n",
      stderr: "",
    });
  });

  it("ends with 1, and the reason, when the preview failed or is none", () => {
    const failed = plan([step("delete", "dev-api")], {
      diagnostics: [{ severity: "error", message: "no OpenStack cloud is configured\n" }],
    });
    expect(consequences(failed, "-")).toEqual({
      status: 1,
      stdout: "",
      stderr:
        "The preview failed, so nothing is known of what the change would do:\nno OpenStack cloud is configured\n",
    });
    expect(consequences("", "-")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("This is not JSON") as string,
    });
    expect(consequences("", "/nowhere/plan.json")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("/nowhere/plan.json") as string,
    });
  });

  it("ends with 2 when it is used wrongly", () => {
    expect(consequences("")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("missing required argument") as string,
    });
  });
});
