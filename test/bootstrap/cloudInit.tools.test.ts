/** What the real cloud-init says to the user data. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderBastionUserData } from "../../src/bootstrap/bastion";
import { renderControlPlaneUserData } from "../../src/bootstrap/controlPlane";
import { renderWorkerUserData } from "../../src/bootstrap/worker";
import { osReleases } from "../../src/config/operatingSystems";
import { caCertificate, poolTemplates, sampleConfig, sampleFacts, secrets, virtualIp, workerFacts } from "./samples";
import { describeWithTools } from "../findTool";

describeWithTools("cloud-init", ["cloud-init"], (tool) => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "cloud-init-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });
  const validate = (cloudConfig: string) => {
    const path = join(directory, "user-data");
    writeFileSync(path, cloudConfig);
    return execFileSync(tool("cloud-init"), ["schema", "--config-file", path], { encoding: "utf8", stdio: "pipe" });
  };

  it.each(osReleases)("accepts the user data of every role on $family $version", (os) => {
    const config = sampleConfig({
      os,
      ...virtualIp,
      proxy: { httpProxy: "http://proxy.example:3128" },
      ntpServers: ["10.0.0.1"],
      extraCas: [caCertificate],
      ssh: { authorizedKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4p1nVx2C8bY0n5oYpZ8mJrUe7u0uG3f4y5Vw6xZ7aB ops"] },
    });
    const roles = [
      renderControlPlaneUserData(config, sampleFacts(config), secrets),
      renderWorkerUserData(config, poolTemplates(config)[0]!, workerFacts),
      renderBastionUserData(config),
    ];
    const answers = roles.map(({ cloudConfig }) => validate(cloudConfig));
    expect(answers).toEqual(roles.map(() => expect.stringContaining("Valid cloud-config") as string));
  });

  it("refuses a module's wrong key, so that the test above means something", () => {
    expect(() => validate("#cloud-config\nwrite_files:\n  - pathh: /a\n")).toThrow();
  });
});
