import { labConfig } from "../../../lab/machines/cluster";
import { createLabKeys, type LabKeys } from "../../../lab/machines/keys";
import { placeMachines } from "../../../lab/machines/plan";
import { hostCgroup } from "../../../lab/machines/power";

describe("plan of the lab's machines", () => {
  let keys: LabKeys;
  beforeAll(async () => {
    keys = await createLabKeys("lab", new Date());
  });

  it("gives every machine of the stack file the name and role of the program and an address of its own", () => {
    const { machines, gateway, endpointHost } = placeMachines(labConfig(), keys.secrets);
    expect([gateway, endpointHost]).toEqual(["10.10.0.1", "10.10.0.5"]);
    expect(machines.map(({ name, role, address }) => [name, role, address])).toEqual([
      ["lab-control-plane-0", "control-plane", "10.10.0.10"],
      ["lab-control-plane-1", "control-plane", "10.10.0.11"],
      ["lab-control-plane-2", "control-plane", "10.10.0.12"],
      ["lab-workers-0", "worker", "10.10.0.100"],
      ["lab-workers-1", "worker", "10.10.0.101"],
    ]);
  });

  it("hands all machines of a role the same user data", () => {
    const { machines } = placeMachines(labConfig(), keys.secrets);
    const distinct = (role: string) =>
      new Set(machines.filter((machine) => machine.role === role).map(({ userData }) => userData.encoded)).size;
    expect([distinct("control-plane"), distinct("worker")]).toEqual([1, 1]);
  });

  it("changes nothing of the others when a worker is added", () => {
    const before = placeMachines(labConfig({ workers: 2 }), keys.secrets).machines;
    const after = placeMachines(labConfig({ workers: 3 }), keys.secrets).machines;
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.slice(before.length).map(({ name }) => name)).toEqual(["lab-workers-2"]);
  });

  it("refuses an endpoint that machines alone cannot hold", () => {
    const config = labConfig({}, { apiEndpoint: { kind: "external", host: "api.example.org" } });
    expect(() => placeMachines(config, keys.secrets)).toThrow("apiEndpoint must be of kind virtualIp with an address");
  });

  it("lets the only control-plane machine be the endpoint itself, and no one of several", () => {
    const itself = { apiEndpoint: { kind: "external", host: "10.10.0.10" } };
    const { machines, endpointHost } = placeMachines(labConfig({ controlPlane: 1, workers: 0 }, itself), keys.secrets);
    expect([endpointHost, machines.map(({ address }) => address)]).toEqual(["10.10.0.10", ["10.10.0.10"]]);
    expect(() => placeMachines(labConfig({}, itself), keys.secrets)).toThrow(
      "apiEndpoint must be of kind virtualIp with an address",
    );
  });

  it("reads the stack file as an air-gapped site whose packages and images come from mirrors", () => {
    const { packageSource, packageMirror, registryMirrors, os } = labConfig();
    expect([packageSource, packageMirror?.kubernetesUrl]).toEqual(["mirror", "http://mirror.site.lab/kubernetes"]);
    expect(registryMirrors.map(({ registry, endpoints }) => [registry, ...endpoints])).toEqual([
      ["registry.k8s.io", "http://mirror.site.lab:5000"],
      ["registry.lab", "http://mirror.site.lab:5000"],
    ]);
    expect(os.cgroup).toBe(hostCgroup());
  });

  it("keeps the version that the site is built with when a test changes another key of `kubernetes`", () => {
    const { version, kubeletServingCertificate } = labConfig(
      {},
      { kubernetes: { kubeletServingCertificate: "clusterCa" } },
    ).kubernetes;
    expect([version, kubeletServingCertificate]).toEqual([labConfig().kubernetes.version, "clusterCa"]);
  });
});
