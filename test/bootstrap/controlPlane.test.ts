import { renderControlPlaneUserData } from "../../src/bootstrap/controlPlane";
import {
  caCertificate,
  contentOf,
  fixtures,
  reviewable,
  sampleConfig,
  sampleFacts,
  secrets,
  virtualIp,
} from "./samples";

const render = (changes: Record<string, unknown> = {}) => {
  const config = sampleConfig(changes);
  return renderControlPlaneUserData(config, sampleFacts(config), secrets);
};
const paths = (changes: Record<string, unknown>) => render(changes).files.map(({ path }) => path);

describe("user data of the control plane", () => {
  it("reads as reviewed", () => {
    const { cloudConfig } = render({ ...virtualIp, controlPlane: { flavor: "medium", etcdVolume: { sizeGb: 20 } } });
    expect(reviewable(cloudConfig)).toMatchSnapshot();
  });

  it("lays the CAs where kubeadm finds them, keys for root only", () => {
    const pki = render().files.filter(({ path }) => path.startsWith("/etc/openstack-kubernetes/pki/"));
    expect(
      pki.map(({ path, permissions, content }) => [
        path.replace("/etc/openstack-kubernetes/pki/", ""),
        permissions,
        content.trim(),
      ]),
    ).toEqual([
      ["ca.crt", "0644", caCertificate.trim()],
      ["ca.key", "0600", "<cluster CA key>"],
      ["etcd/ca.crt", "0644", "<etcd CA>"],
      ["etcd/ca.key", "0600", "<etcd CA key>"],
      ["front-proxy-ca.crt", "0644", "<front-proxy CA>"],
      ["front-proxy-ca.key", "0600", "<front-proxy CA key>"],
      ["sa.pub", "0644", "<service-account public key>"],
      ["sa.key", "0600", "<service-account key>"],
    ]);
  });

  it("lets nobody but root read any secret", () => {
    const secret = /key>|abcdef\.0123456789abcdef/;
    const exposed = render().files.filter(({ content, permissions }) => secret.test(content) && permissions !== "0600");
    expect(exposed.map(({ path }) => path)).toEqual(["/etc/openstack-kubernetes/pki/sa.pub"]);
  });

  it("names every peer, so that each machine finds itself", () => {
    expect(contentOf(render().files, "/etc/openstack-kubernetes/peers")).toBe(
      "test-control-plane-0 10.10.0.10\ntest-control-plane-1 10.10.0.11\ntest-control-plane-2 10.10.0.12\n",
    );
  });

  it("has keepalived with a virtual IP only", () => {
    const keepalived = [
      "/etc/openstack-kubernetes/keepalived.conf",
      "/usr/libexec/keepalived/check-api.sh",
      "/opt/openstack-kubernetes/bin/refresh-peers.sh",
      "/etc/systemd/system/openstack-kubernetes-peers.service",
      "/etc/systemd/system/openstack-kubernetes-peers.timer",
    ];
    const ofKeepalived = (changes: Record<string, unknown>) =>
      paths(changes).filter((path) => /keepalived|peers\./.test(path) || path.includes("-peers"));
    expect(ofKeepalived(virtualIp)).toEqual(keepalived);
    expect(ofKeepalived({})).toEqual([]);
  });

  it("mounts the etcd volume where etcd writes", () => {
    expect(
      contentOf(
        render({ controlPlane: { flavor: "medium", etcdVolume: { sizeGb: 20 } } }).files,
        "/etc/openstack-kubernetes/volumes",
      ),
    ).toMatch(/^[-0-9a-f]{36} 21474836480 0 \/var\/lib\/etcd\n$/);
    expect(paths({})).not.toContain("/etc/openstack-kubernetes/volumes");
  });

  it("patches the static pods for SELinux on the RHEL family", () => {
    const patched = paths({ os: { family: "almalinux", version: "9" } }).filter((path) => path.includes("/patches/"));
    expect(patched.map((path) => path.split("/").at(-1))).toEqual([
      "etcd+strategic.yaml",
      "kube-apiserver+strategic.yaml",
      "kube-controller-manager+strategic.yaml",
      "kube-scheduler+strategic.yaml",
    ]);
  });

  it("lays every file that an API server's flags may name, whatever the settings, since the flags are the cluster's", () => {
    const chosen = render({ kubernetes: { encryptionAtRest: "secretbox", audit: { enabled: true } } });
    const without = render({ kubernetes: { encryptionAtRest: "none", audit: { enabled: false } } });
    const apiServerFiles = (files: typeof chosen.files) =>
      files.map(({ path }) => path).filter((path) => path.includes("/api-server/"));
    expect(apiServerFiles(without.files)).toEqual(apiServerFiles(chosen.files));
    expect(apiServerFiles(without.files)).toContain("/etc/openstack-kubernetes/api-server/encryption.yaml");
    expect(apiServerFiles(without.files)).toContain("/etc/openstack-kubernetes/api-server/audit-policy.yaml");
  });

  it("lays no path twice, in any valid configuration", () => {
    for (const [, config] of fixtures()) {
      const all = renderControlPlaneUserData(config, sampleFacts(config), secrets).files.map(({ path }) => path);
      expect(all).toEqual([...new Set(all)]);
    }
  });
});
