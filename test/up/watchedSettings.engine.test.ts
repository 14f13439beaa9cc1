/**
 * What `pulumi up` does of changed settings that would end a cluster, and of names in `roll`, by the real engine on the
 * cluster's component and machines of no cloud. Not proven: what OpenStack would have done, as there is none.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engine } from "../../lab/openstack/engine";
import { describeUnless } from "../describeUnless";
import { engineObstacle } from "../realEngine/installedEngine";
import { minimal } from "../config/fixtures";

jest.setTimeout(300_000);

const stack = "organization/openstack-kubernetes/test";

describeUnless(engineObstacle([]), "pulumi up of changed settings", () => {
  const folder = mkdtempSync(join(tmpdir(), "settings-"));
  const run = (
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
    cwd = join(__dirname, "settingsProgram"),
  ) => {
    const { status, stdout, stderr } = spawnSync(engine, [...args, "--non-interactive"], {
      cwd,
      encoding: "utf8",
      env: {
        ...process.env,
        PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        ...environment,
      },
    });
    return { status, output: `${stdout}${stderr}` };
  };
  const config = ["--config-file", join(folder, "Pulumi.test.yaml"), "--stack", stack];
  const up = (changes: Record<string, unknown>, environment: NodeJS.ProcessEnv = {}) =>
    run(["up", "--yes", "--skip-preview", ...config], {
      TEST_SETTINGS: JSON.stringify({ ...minimal, ...changes }),
      ...environment,
    });
  /** The pods' network as the state has it of the cluster's component, and of what is below it. */
  const podCidrs = () => {
    const { deployment } = JSON.parse(run(["stack", "export", "--stack", stack]).output) as {
      deployment: { resources: { type: string; inputs?: Record<string, { kubernetes: { podCidr: string } }> }[] };
    };
    return deployment.resources.flatMap(({ inputs }) =>
      Object.values(inputs ?? {}).flatMap((of) => of.kubernetes?.podCidr ?? []),
    );
  };
  const moved = { kubernetes: { podCidr: "10.244.0.0/16" } };

  beforeAll(() => {
    mkdirSync(join(folder, "state"));
    // Its salt goes into the stack's file of the folder that it is called in.
    writeFileSync(join(folder, "Pulumi.yaml"), "name: openstack-kubernetes\nruntime: nodejs\n");
    expect(run(["stack", "init", stack, "--no-select"], {}, folder).status).toBe(0);
    expect(up({}).status).toBe(0);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is refused before anything below the cluster is touched, with the sentences of the preview", () => {
    const { status, output } = up(moved);
    expect(status).not.toBe(0);
    expect(output).toContain("Nothing was changed, as these settings would end or cut off the cluster:");
    expect(output).toContain(
      '- kubernetes.podCidr: "192.168.0.0/16" -> "10.244.0.0/16". The pods keep their addresses;',
    );
    expect(podCidrs()).toEqual(["192.168.0.0/16", "192.168.0.0/16"]);
  });

  it("is shown by a preview, which does not fail", () => {
    const settings = JSON.stringify({ ...minimal, ...moved });
    expect(run(["preview", ...config], { TEST_SETTINGS: settings }).status).toBe(0);
  });

  it("are followed by a warning of names in roll that replaced no machine, and by none of those that did", () => {
    const warning =
      "`roll` names `general`, of which nothing is replaced now. Remove it: a later change would replace these machines.";
    const roll = ["test-control-plane-0", "general"];
    const idle = up({ roll }).output;
    expect(idle).toContain("`roll` names `test-control-plane-0`, `general`, of which nothing is replaced now.");
    expect(up({ roll: ["general"] }).output).toContain(warning);
    expect(up({ roll: ["general"] }, { TEST_TEMPLATE: "second" }).output).not.toContain("of which nothing");
  });

  it("is carried out when allowDestruction names the key", () => {
    expect(up({ ...moved, allowDestruction: ["kubernetes.podCidr"] }).status).toBe(0);
    expect(podCidrs()).toEqual(["10.244.0.0/16", "10.244.0.0/16"]);
  });

  it("ends with what an apply threw, although others wait for the resource", () => {
    const { status, output } = up(moved, { TEST_FAULT: "network.mtu is too large" });
    expect(status).not.toBe(0);
    expect(output).toMatch(/error: (Error: )?error serializing property "seen": network\.mtu is too large\n/);
  });
});
