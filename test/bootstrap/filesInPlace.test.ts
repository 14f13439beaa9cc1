import { createHash } from "node:crypto";
import { filesInPlace, renderPoolFiles, restartsNothing } from "../../src/bootstrap/filesInPlace";
import { nodeFiles } from "../../src/bootstrap/nodeFiles";
import { controlPlaneGroup, poolGroups } from "../../src/machines/planMachines";
import { minimalStack } from "../fixtures/minimalStack";
import { runProgram } from "../runProgram";
import { caCertificate, fixtures, rhel9, sampleConfig } from "./samples";

const mirrors = { registryMirrors: [{ registry: "quay.io", endpoints: ["https://mirror.example.org"] }] };
const files = (changes: Record<string, unknown>, role: "control-plane" | "worker" = "worker") =>
  Object.fromEntries(filesInPlace(sampleConfig(changes), role).map(({ path, change }) => [path, change]));
const kubelet = "/etc/openstack-kubernetes/kubelet/settings.conf";
const record = "/etc/openstack-kubernetes/files-in-place";
/** What another version of Kubernetes needs. */
const upgrade = {
  "/opt/openstack-kubernetes/bin/install-packages.sh": "nothing",
  "/etc/apt/sources.list.d/openstack-kubernetes-kubernetes.sources": "nothing",
  "/etc/openstack-kubernetes/repository-keys": "nothing",
  "/etc/openstack-kubernetes/kubernetes.env": "kubernetes",
};

describe("files that reach machines that run", () => {
  it("are containerd's, and a worker's extra CAs, each with what a change of it asks for", () => {
    expect(files({ ...mirrors, extraCas: [caCertificate] })).toEqual({
      "/etc/containerd/config.toml": "containerd",
      "/etc/containerd/certs.d/quay.io/hosts.toml": "nothing",
      "/usr/local/share/ca-certificates/openstack-kubernetes-0.crt": "trust",
      [kubelet]: "kubelet",
      ...upgrade,
      [record]: "nothing",
    });
  });

  it("are those of containerd, API server and approval on the control plane, without CAs and what holds a key", () => {
    expect(files({ ...mirrors, extraCas: [caCertificate] }, "control-plane")).toEqual({
      "/etc/containerd/config.toml": "containerd",
      "/etc/containerd/certs.d/quay.io/hosts.toml": "nothing",
      [kubelet]: "kubelet",
      ...upgrade,
      "/etc/openstack-kubernetes/api-server/authentication.yaml": "authentication",
      "/etc/openstack-kubernetes/api-server/admission.yaml": "apiServer",
      "/etc/openstack-kubernetes/api-server/audit-policy.yaml": "apiServer",
      "/etc/openstack-kubernetes/api-server.json": "apiServer",
      "/opt/openstack-kubernetes/bin/approve-kubelets.py": "nothing",
      "/etc/systemd/system/openstack-kubernetes-approve.service": "timer",
      "/etc/systemd/system/openstack-kubernetes-approve.timer": "timer",
      "/opt/openstack-kubernetes/bin/start-backup.sh": "nothing",
      "/etc/systemd/system/openstack-kubernetes-backup.service": "timer",
      "/etc/systemd/system/openstack-kubernetes-backup.timer": "timer",
      [record]: "nothing",
    });
  });

  it("are none of Kubernetes where packages come with the image", () => {
    expect(Object.keys(files({ packageSource: "preinstalled" }))).toEqual([
      "/etc/containerd/config.toml",
      kubelet,
      record,
    ]);
  });

  it("lie where the operating system wants them", () => {
    expect(files({ ...rhel9, extraCas: [caCertificate] })).toHaveProperty([
      "/etc/pki/ca-trust/source/anchors/openstack-kubernetes-0.crt",
    ]);
  });

  it("are recorded last, so that a machine knows what a later configuration has no more", () => {
    const last = filesInPlace(sampleConfig({ ...mirrors, packageSource: "preinstalled" }), "worker").at(-1);
    expect(last).toEqual({
      path: record,
      permissions: "0644",
      change: "nothing",
      content:
        "containerd /etc/containerd/config.toml\nnothing /etc/containerd/certs.d/quay.io/hosts.toml\nkubelet /etc/openstack-kubernetes/kubelet/settings.conf\n",
    });
  });

  it("are laid when a machine is created as well, the same ones, in any valid configuration", () => {
    for (const [, config] of fixtures()) {
      for (const { template } of [controlPlaneGroup(config), ...poolGroups(config)]) {
        const role = template.role === "worker" ? "worker" : "control-plane";
        const laid = nodeFiles(config, role, "10.10.0.5", template).filter(({ change }) => change !== undefined);
        expect(laid).toEqual(filesInPlace(config, role));
      }
    }
  });
});

describe("a change of these files", () => {
  const held = (changes: Record<string, unknown>) => {
    const config = sampleConfig(changes);
    return renderPoolFiles(config, poolGroups(config)[0]!.template).files;
  };

  it("of the control plane restarts nothing where people log in otherwise, and something where the audit log changes", () => {
    const config = (changes: Record<string, unknown>) => {
      const changed = sampleConfig(changes);
      return renderPoolFiles(changed, controlPlaneGroup(changed).template).files;
    };
    const oidc = { oidc: { issuerUrl: "https://issuer.example.org", clientId: "kubernetes" } };
    expect(restartsNothing(config({}), config(oidc))).toBe(true);
    expect(restartsNothing(config({}), config({ kubernetes: { audit: { maxAgeDays: 7 } } }))).toBe(false);
    expect(restartsNothing(config({}), config({ kubernetes: { podSecurity: { enforce: "restricted" } } }))).toBe(false);
    // What a cluster keeps from its creation.
    const fixed = { serviceCidr: "10.200.0.0/16", kubeletServingCertificate: "clusterCa" };
    expect(config({ kubernetes: fixed })).toBe(config({}));
  });

  it.each([
    ["a mirror that comes, goes or has another address restarts nothing", {}, mirrors, true],
    ["none restarts nothing", mirrors, mirrors, true],
    ["another CA restarts something", mirrors, { ...mirrors, extraCas: [caCertificate] }, false],
    ["another pause image restarts something", {}, { kubernetes: { version: "1.35.10" } }, false],
  ])("%s", (_what, before, after, quiet) => {
    expect([restartsNothing(held(before), held(after)), restartsNothing(held(after), held(before))]).toEqual([
      quiet,
      quiet,
    ]);
  });
});

describe("what the Secret of a pool holds", () => {
  const config = sampleConfig(mirrors);
  const { template } = poolGroups(config)[0]!;

  it("is an agent of plain ASCII and the files, with the digest of both", () => {
    const { agent, files: content, digest, secretName } = renderPoolFiles(config, template);
    expect(secretName).toBe("openstack-kubernetes-files-default");
    expect(agent).toMatch(/^#!\/usr\/bin\/env python3\n[\x20-\x7e\n]*$/);
    expect(digest).toBe(createHash("sha256").update(`${agent}\0${content}`).digest("hex"));
    expect(renderPoolFiles(sampleConfig(), template).digest).not.toBe(digest);
    // What needs a roll is no part of it.
    expect(renderPoolFiles(sampleConfig({ ...mirrors, image: "debian-13" }), template).digest).toBe(digest);
    expect(JSON.parse(content)).toEqual(
      filesInPlace(config, "worker").map(({ path, permissions, content: text, change }) => ({
        path,
        mode: permissions,
        content: text,
        change,
      })),
    );
  });
});

describe("a setting that reaches machines that run", () => {
  it("touches no resource and makes no machine stale; its password is in no output", async () => {
    const before = await runProgram(minimalStack);
    const registryMirrors = [{ registry: "quay.io", endpoints: ["https://robot:hunter2@mirror.example.org"] }];
    const after = await runProgram({ ...minimalStack, registryMirrors }, { previous: before.toPrevious() });
    const changed = after.resources.filter(({ custom, change }) => custom && change?.operation !== "same");
    expect(changed.map(({ name }) => name)).toEqual([]);
    expect(after.outputs.staleMachines).toEqual([]);
    const digests = (run: typeof before) => run.outputs.fileDigests as Record<string, string>;
    expect(Object.keys(digests(after))).toEqual(["control-plane", "default"]);
    expect(Object.entries(digests(after)).filter(([pool, digest]) => digests(before)[pool] === digest)).toEqual([]);
    expect(JSON.stringify(after.outputs)).not.toContain("hunter2");
  });
});
