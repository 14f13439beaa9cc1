/**
 * The component on the simulation: what it makes in which order, with which options. That a cluster takes it is shown
 * by test/platform/platform.engine.test.ts.
 */
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { simulate, type Simulated } from "../../simulation";
import { Platform } from "../../src/platform/platform";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { validConfig } from "../config/fixtures";
import { ageKey, cloudProvider, configWith, flux, openstackCredential } from "./config";

const ca = validConfig("air-gapped").extraCas[0]!;
const everything = {
  cloudProvider,
  flux,
  credentials: {
    openstack: openstackCredential,
    git: { username: "flux", password: "a-deploy-token" },
    sopsAgeKey: ageKey,
  },
  proxy: { httpProxy: "http://user:hunter2@proxy.example.org:3128" },
};

function run(config: ClusterConfig, preview = false): Promise<Simulated> {
  return simulate(
    () => {
      const cluster = new pulumi.ComponentResource("test:index:Cluster", "cluster");
      const machine = new random.RandomPassword("machine", { length: 8, special: false });
      new Platform(config, {
        adminKubeconfig: pulumi.secret(pulumi.interpolate`kubeconfig ${machine.id}`),
        clusterCaCertificatePem: pulumi.output(ca),
        apiServerHost: pulumi.output("10.20.0.5"),
        subnetId: pulumi.output("subnet-1"),
        ready: machine.result,
        beforeRelease: new pulumi.ResourceHook("before-release", () => undefined),
        after: [machine],
        cluster,
      });
    },
    { preview },
  );
}

const inCluster = (result: Simulated) => result.resources.filter(({ type }) => type.startsWith("kubernetes:"));
const names = (result: Simulated) => inCluster(result).map(({ name }) => name);

describe("the platform", () => {
  it("is all of Calico, cloud controller, Cinder CSI, Flux and its hand-off, where all are configured", async () => {
    expect(names(await run(configWith(everything))).sort()).toEqual([
      "dev-calico",
      "dev-calico-crds",
      "dev-cinder-csi-node",
      "dev-cloud-config",
      "dev-cluster-settings",
      "dev-flux",
      "dev-flux-git",
      "dev-flux-operator",
      "dev-flux-proxy",
      "dev-flux-system",
      "dev-openstack-cinder-csi",
      "dev-openstack-cloud-controller-manager",
      "dev-sops-age",
      "dev-tigera-operator",
    ]);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ["only Calico where nothing else is configured", {}, ["dev-calico", "dev-calico-crds", "dev-tigera-operator"]],
    ["nothing where the CNI is somebody else's", { cni: { kind: "none" } }, []],
    ["nothing where no machine boots", { ...everything, readiness: { machinesBoot: false } }, []],
  ])("is %s", async (_, values, expected) => {
    expect(names(await run(configWith(values))).sort()).toEqual(expected);
  });

  it("is shown whole by a first preview, where nothing is known", async () => {
    expect(names(await run(configWith(everything), true))).toEqual(names(await run(configWith(everything))));
  });

  it("is made in an order that works", async () => {
    const result = await run(configWith(everything));
    const before = (type: string, name: string) =>
      result
        .dependenciesOf(result.resource(type, name))
        .map((resource) => resource.name)
        .filter((resource) => resource.startsWith("dev-"))
        .sort();
    const released = (name: string) => before("Release", name);
    expect({
      crds: released("dev-calico-crds"),
      calico: released("dev-calico"),
      controller: released("dev-openstack-cloud-controller-manager"),
      volumes: released("dev-openstack-cinder-csi"),
      operator: released("dev-flux-operator"),
      flux: before("FluxInstance", "dev-flux"),
    }).toEqual({
      crds: ["dev-tigera-operator"],
      calico: ["dev-calico-crds"],
      controller: ["dev-cloud-config"],
      volumes: ["dev-calico", "dev-cloud-config", "dev-openstack-cloud-controller-manager"],
      operator: [
        "dev-calico",
        "dev-cinder-csi-node",
        "dev-flux-system",
        "dev-openstack-cinder-csi",
        "dev-openstack-cloud-controller-manager",
      ],
      flux: ["dev-cluster-settings", "dev-flux-git", "dev-flux-operator", "dev-flux-proxy", "dev-sops-age"],
    });
  });

  it("goes through one provider, known by the CA, that no machine's replacement reaches", async () => {
    const result = await run(configWith(everything));
    const [provider, ...others] = result.resources.filter(({ type }) => type === "pulumi:providers:kubernetes");
    expect(others).toEqual([]);
    expect(provider!.inputs).toMatchObject({
      enableServerSideApply: "true",
      enableConfigMapMutable: "true",
      enableSecretMutable: "true",
    });
    expect(provider!.inputs.clusterIdentifier).toMatch(/^[0-9a-f]{64}$/);
    expect(provider!.inputs.deleteUnreachable).toBeUndefined();
    expect(Object.values(provider!.propertyDependencies).flat()).toEqual([]);
    expect(result.dependenciesOf(provider!).map(({ name }) => name)).toEqual(["machine"]);
    expect(
      new Set(inCluster(result).map((resource) => resource.provider?.split("::").slice(0, -1).join("::"))),
    ).toEqual(new Set([provider!.urn]));
  });

  it("hides every credential, and the kubeconfig", async () => {
    const result = await run(configWith(everything));
    const hidden = ["kubeconfig ", ageKey, "a-deploy-token", openstackCredential.secret, "hunter2"];
    const base64 = (text: string) => Buffer.from(text).toString("base64").slice(4, -4);
    const open = result.resources.flatMap(({ name, inputs, secretInputs }) =>
      Object.entries(inputs).flatMap(([input, value]) => {
        const text = JSON.stringify(value);
        return !secretInputs.includes(input) &&
          hidden.some((secret) => text.includes(secret) || text.includes(base64(secret)))
          ? [`${name}.${input}`]
          : [];
      }),
    );
    expect(open).toEqual([]);
    expect(
      inCluster(result)
        .flatMap(({ name, secretInputs }) => (secretInputs.includes("data") ? [name] : []))
        .sort(),
    ).toEqual(["dev-cloud-config", "dev-flux-git", "dev-flux-proxy", "dev-sops-age"]);
  });

  it("installs every release atomically, within the time that is configured", async () => {
    const result = await run(configWith({ ...everything, platform: { timeoutMinutes: 30 } }));
    for (const { inputs, customTimeouts } of result.ofType("Release"))
      expect({ inputs, customTimeouts }).toMatchObject({
        inputs: { atomic: true, cleanupOnFail: true, timeout: 1800 },
        customTimeouts: { create: "60m", update: "60m", delete: "30m" },
      });
  });

  it("goes with its cluster; the pod network is protected like the machines", async () => {
    const result = await run(configWith(everything));
    const cluster = result.resource("Cluster", "cluster").urn;
    expect(inCluster(result).filter(({ deletedWith }) => deletedWith !== cluster)).toEqual([]);
    const kept = inCluster(result).filter(({ protect }) => protect);
    expect(kept.map(({ name }) => name)).toEqual(["dev-tigera-operator", "dev-calico-crds", "dev-calico"]);
    expect(inCluster(await run(configWith({ protect: false }))).filter(({ protect }) => protect)).toEqual([]);
  });
});
