import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { parse } from "yaml";
import { parseClusterConfig } from "../../../src/config/parse";
import { parseStackFile } from "../../../src/config/stackFile";
import { newAgeKeys } from "../../../lab/ageKeys";
import { changesWithMachines, shownChange } from "../../../lab/openstack/overlay";
import { stackOnLab } from "../../../lab/openstack/stack";

const checkout = join(__dirname, "..", "..", "..");
const read = (stack: string) => readFileSync(join(checkout, `Pulumi.${stack}.yaml`), "utf8");
const valuesOf = (content: string) => parseStackFile(content, "the stack file").values;
const platform = {
  without: {},
  suspended: {},
  registries: ["quay.io", "registry.k8s.io"],
  ca: rootCertificates[0] as string,
  credential: { id: "id", secret: "SECRET" },
  sopsAgeKey: newAgeKeys().secret,
};
const onMachines = (content: string) =>
  stackOnLab(content, undefined, [], changesWithMachines(valuesOf(content), "v2"));

describe("a stack's configuration on the lab's machines", () => {
  it("asks for the version of Kubernetes that the site is built from", () => {
    const modules = readFileSync(join(checkout, "lab/site/modules/kubernetes/go.mod"), "utf8");
    const config = parseClusterConfig(valuesOf(onMachines(read("dev"))), "dev");
    expect(config.kubernetes.version).toBe(/^\s*k8s\.io\/kubernetes v(\S+)/m.exec(modules)?.[1]);
  });

  it.each(["dev", "prod"])("is valid for stack %s, waits for the machines, and keeps the stack's shape", (stack) => {
    const own = parseClusterConfig(valuesOf(read(stack)), stack);
    const config = parseClusterConfig(valuesOf(onMachines(read(stack))), stack);
    expect(config.readiness.machinesBoot).toBe(true);
    expect(config.os).toMatchObject({ family: "debian", version: "12", cgroup: "v2" });
    expect(config.apiEndpoint).toEqual(own.apiEndpoint);
    expect(config.network).toEqual({ ...own.network, dnsServers: ["198.51.100.10"] });
    expect({ ...config.controlPlane, etcdVolume: own.controlPlane.etcdVolume, image: undefined }).toEqual({
      ...own.controlPlane,
      image: undefined,
    });
    expect(config.nodePools.map(({ name, count }) => ({ name, count }))).toEqual(
      own.nodePools.map(({ name, count }) => ({ name, count })),
    );
  });

  it("has neither what needs a disk nor what needs the Internet", () => {
    const content = [
      "config:",
      "  openstack-kubernetes:controlPlane: { replicas: 1, flavor: f, etcdVolume: { sizeGb: 20 } }",
      "  openstack-kubernetes:nodePools: [{ name: a, volumes: [{ name: v, sizeGb: 1 }] }, { name: b, count: 2 }]",
      "  openstack-kubernetes:flux: { url: https://git.example.org/fleet }",
    ].join("\n");
    const { config } = parse(onMachines(content)) as { config: Record<string, unknown> };
    expect(config).toMatchObject({
      "openstack-kubernetes:controlPlane": { replicas: 1, flavor: "f" },
      "openstack-kubernetes:nodePools": [{ name: "a" }, { name: "b", count: 2 }],
      "openstack-kubernetes:protect": false,
    });
    expect(config["openstack-kubernetes:controlPlane"]).not.toHaveProperty("etcdVolume");
    expect((config["openstack-kubernetes:nodePools"] as object[])[0]).not.toHaveProperty("volumes");
    expect(config).not.toHaveProperty("openstack-kubernetes:flux");
  });

  it("has the platform with the lab's own cloud, Git server, charts and secrets where its images are at hand", () => {
    const changes = changesWithMachines(valuesOf(read("dev")), "v2", platform);
    const content = stackOnLab(read("dev"), undefined, [], changes);
    expect(content).not.toMatch(/SECRET/);
    const written = changes.map((change) => ({ ...change, isSecret: undefined }));
    const config = parseClusterConfig(valuesOf(stackOnLab(read("dev"), undefined, [], written)), "dev");
    expect(config.cni.kind).toBe("calico");
    expect(config.flux?.url).toBe("https://mirror.site.lab:3000/platform.git");
    expect(config.flux?.settings).toEqual({
      ...parseClusterConfig(valuesOf(read("dev")), "dev").flux?.settings,
      SNAPSHOTS: "none",
    });
    expect(config.cloudProvider).toMatchObject({
      authUrl: "http://198.51.100.11:5000/v3",
      region: "RegionOne",
      loadBalancer: { enabled: true, internal: true },
    });
    expect(config.credentials).toMatchObject({ openstack: { id: "id", secret: "SECRET" } });
    expect(config.platform.chartRegistry).toBe("oci://198.51.100.10:5001/charts");
    expect(config.registryMirrors).toEqual([
      {
        registry: "registry.k8s.io",
        endpoints: ["https://198.51.100.10:5001", "http://mirror.site.lab:5000"],
        overridePath: false,
      },
      { registry: "registry.lab", endpoints: ["http://mirror.site.lab:5000"], overridePath: false },
      { registry: "quay.io", endpoints: ["https://198.51.100.10:5001"], overridePath: false },
    ]);
  });

  it("is without each part whose images are missing, and says which", () => {
    const partly = { ...platform, without: { cloudProvider: "missing ccm", flux: "missing flux-operator" } };
    const changes = changesWithMachines(valuesOf(read("dev")), "v2", partly);
    expect(changes.map(shownChange)).toContain("  flux: none   missing flux-operator");
    const config = parseClusterConfig(valuesOf(stackOnLab(read("dev"), undefined, [], changes)), "dev");
    expect([config.cni.kind, config.flux, config.cloudProvider, config.credentials]).toEqual([
      "calico",
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("is told change by change, with the reason", () => {
    const changes = changesWithMachines({ controlPlane: { etcdVolume: { sizeGb: 20 } } }, "v1").map(shownChange);
    expect(changes).toContain("  controlPlane.etcdVolume: none   a machine in namespaces has no disk besides its own");
    expect(changes).toContain(
      '  network.dnsServers: ["198.51.100.10"]   the site\'s resolver, which knows its mirrors',
    );
  });
});
