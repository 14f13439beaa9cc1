import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { renderBastionUserData } from "../../src/bootstrap/bastion";
import { caCertificate, rhel9, sampleConfig } from "./samples";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4p1nVx2C8bY0n5oYpZ8mJrUe7u0uG3f4y5Vw6xZ7aB ops";

describe("user data of the bastion", () => {
  it("lets in who has a key, and installs nothing", () => {
    expect(parse(renderBastionUserData(sampleConfig({ ssh: { authorizedKeys: [key] } })).cloudConfig)).toEqual({
      prefer_fqdn_over_hostname: false,
      ssh_pwauth: false,
      ssh_authorized_keys: [key],
      write_files: [
        {
          path: "/etc/ssh/sshd_config.d/10-openstack-kubernetes.conf",
          permissions: "0600",
          content: "AllowAgentForwarding no\nPermitRootLogin no\nX11Forwarding no\n",
        },
      ],
      runcmd: [["systemctl", "reload", "ssh"]],
    });
  });

  it("is as strict where sshd reads no drop-ins (RHEL 8)", () => {
    const { runcmd } = parse(
      renderBastionUserData(sampleConfig({ os: { family: "rocky", version: "8" } })).cloudConfig,
    ) as { runcmd: string[][] };
    const directory = mkdtempSync(join(tmpdir(), "sshd-"));
    const file = join(directory, "sshd_config");
    writeFileSync(file, "X11Forwarding yes\n");
    writeFileSync(join(directory, "drop-in"), "AllowAgentForwarding no\nX11Forwarding no\n");
    const words = runcmd[0]!.map((word) =>
      word.replace("/etc/ssh/sshd_config.d/10-openstack-kubernetes.conf", join(directory, "drop-in")),
    );
    execFileSync(words[0]!, [...words.slice(1, -1), file]);
    expect(words.at(-1)).toBe("/etc/ssh/sshd_config");
    expect(readFileSync(file, "utf8")).toBe("AllowAgentForwarding no\nX11Forwarding no\nX11Forwarding yes\n");
    rmSync(directory, { recursive: true });
  });

  it("trusts the extra CAs, in the manner of its distribution", () => {
    const { runcmd, write_files } = parse(
      renderBastionUserData(sampleConfig({ ...rhel9, extraCas: [caCertificate] })).cloudConfig,
    ) as {
      runcmd: string[][];
      write_files: { path: string }[];
    };
    expect(runcmd).toEqual([
      ["update-ca-trust", "extract"],
      ["systemctl", "reload", "sshd"],
    ]);
    expect(write_files.map(({ path }) => path)).toContain(
      "/etc/pki/ca-trust/source/anchors/openstack-kubernetes-0.crt",
    );
  });
});
