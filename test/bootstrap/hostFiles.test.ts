import { bootstrapEnvironmentFile, shellQuoted } from "../../src/bootstrap/bootstrapEnvironment";
import { chronyFiles, clockService } from "../../src/bootstrap/chronyConfig";
import { metadataFilterFile } from "../../src/bootstrap/metadataFilter";
import { trustStoreFiles } from "../../src/bootstrap/trustStore";
import { fileSystemUuid, volumeFiles } from "../../src/bootstrap/volumes";
import { madeCertificates } from "../madeCertificates";
import { caCertificate, rhel9, sampleConfig, virtualIp } from "./samples";

const content = (files: readonly { path: string; content: string }[]) =>
  Object.fromEntries(files.map((file) => [file.path, file.content]));

describe("data volumes", () => {
  it("are told apart by size and rank, and services wait for those that are mounted", () => {
    const volumes = [
      { name: "scratch", sizeGb: 10 },
      { name: "data", sizeGb: 10, mountPath: "/data" },
      { name: "images", sizeGb: 50, mountPath: "/var/lib/containerd" },
    ];
    const dropIn = "[Unit]\nRequiresMountsFor=/data /var/lib/containerd\n";
    expect(content(volumeFiles(volumes))).toEqual({
      "/etc/openstack-kubernetes/volumes": `${fileSystemUuid("scratch")} 10737418240 0 -
${fileSystemUuid("data")} 10737418240 1 /data
${fileSystemUuid("images")} 53687091200 0 /var/lib/containerd
`,
      "/etc/systemd/system/containerd.service.d/10-volumes.conf": dropIn,
      "/etc/systemd/system/kubelet.service.d/10-volumes.conf": dropIn,
    });
  });

  it("have a UUID that is a UUID and differs from volume to volume", () => {
    expect(fileSystemUuid("etcd")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(fileSystemUuid("etcd")).not.toBe(fileSystemUuid("data"));
  });

  it("need nothing on the machine when all stay raw", () => {
    expect(volumeFiles([{ name: "osd", sizeGb: 100 }])).toEqual([]);
  });
});

describe("time servers", () => {
  it("are chrony's only sources when given", () => {
    expect(content(chronyFiles(sampleConfig({ ntpServers: ["10.0.0.1", "ntp.example"] })))).toEqual({
      "/etc/chrony/chrony.conf":
        "server 10.0.0.1 iburst\nserver ntp.example iburst\ndriftfile /var/lib/chrony/drift\nmakestep 1.0 3\nrtcsync\n",
    });
    expect(clockService(sampleConfig({ ...rhel9, ntpServers: ["10.0.0.1"] }))).toBe("chronyd");
  });

  it("are the image's own otherwise", () => {
    expect(chronyFiles(sampleConfig())).toEqual([]);
    expect(clockService(sampleConfig())).toBe("");
  });
});

describe("extra CAs", () => {
  it("go where the distribution looks for them, one file each", async () => {
    const extraCas = [caCertificate, (await madeCertificates()).ca];
    expect(Object.keys(content(trustStoreFiles(sampleConfig({ extraCas }), "worker")))).toEqual([
      "/usr/local/share/ca-certificates/openstack-kubernetes-0.crt",
      "/usr/local/share/ca-certificates/openstack-kubernetes-1.crt",
    ]);
    expect(content(trustStoreFiles(sampleConfig({ ...rhel9, extraCas: [caCertificate] }), "worker"))).toEqual({
      "/etc/pki/ca-trust/source/anchors/openstack-kubernetes-0.crt": caCertificate,
    });
  });
});

describe("bootstrap.env", () => {
  it("tells a worker what its scripts ask for", () => {
    expect(bootstrapEnvironmentFile(sampleConfig(), "worker", "10.10.0.5").content).toBe(`ROLE='worker'
CLUSTER_NAME='test'
ENDPOINT='10.10.0.5:6443'
CLOCK_SERVICE=''
PACKAGES='containerd.io=2.* ca-certificates curl nftables'
HELD_PACKAGES='kubeadm kubelet containerd.io'
NODE_CIDR='10.10.0.0/22'
`);
  });

  it("tells a control-plane machine of its virtual IP and of what a second init may find", () => {
    const config = sampleConfig({ ...virtualIp, packageSource: "preinstalled" });
    expect(bootstrapEnvironmentFile(config, "control-plane", "10.10.0.5").content).toBe(`ROLE='control-plane'
CLUSTER_NAME='test'
ENDPOINT='10.10.0.5:6443'
CLOCK_SERVICE=''
COMMANDS='containerd runc crictl curl kubeadm kubectl kubelet keepalived openssl'
API_PORT='6443'
VIRTUAL_IP='10.10.0.5'
RESUME_IGNORES='Port-6443,Port-10250,Port-10257,Port-10259,Port-2379,Port-2380,DirAvailable--var-lib-etcd,FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml,FileAvailable--etc-kubernetes-manifests-kube-controller-manager.yaml,FileAvailable--etc-kubernetes-manifests-kube-scheduler.yaml,FileAvailable--etc-kubernetes-manifests-etcd.yaml'
SNAPSHOTS_KEPT='28'
SNAPSHOTS_MAX_GB='10'
`);
  });

  it("quotes values so that a shell reads them as they are", () => {
    expect(shellQuoted("it's $(here)")).toBe(`'it'\\''s $(here)'`);
  });
});

describe("the filter of the metadata service", () => {
  const rules = (configDrive: boolean) =>
    [...metadataFilterFile({ configDrive }).content.matchAll(/hook (\w+)|(ip6? daddr .*)/g)].map(
      (found) => found[1] ?? found[2],
    );

  it("stops pods, and pods in the host's network where the machine itself needs no answer", () => {
    const pods = ["forward", "ip daddr 169.254.169.254 drop"];
    expect(rules(true)).toEqual([
      ...pods,
      "output",
      "ip daddr 169.254.169.254 reject",
      "ip6 daddr fe80::a9fe:a9fe reject",
    ]);
    expect(rules(false)).toEqual(pods);
  });
});
