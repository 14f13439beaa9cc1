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
