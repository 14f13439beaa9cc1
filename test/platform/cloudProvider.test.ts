import {
  cinderCsiValues,
  cloudConfigDigest,
  cloudControllerManagerValues,
  renderCloudConfig,
} from "../../src/platform/cloudProvider";
import { validConfig } from "../config/fixtures";
import { onControlPlane } from "../../src/platform/placement";
import { cloudProvider, configWith, openstackCredential } from "./config";

const rendered = (more: Record<string, unknown> = {}, credential = openstackCredential) =>
  renderCloudConfig({
    cloudProvider: configWith({ cloudProvider: { ...cloudProvider, ...more }, credentials: { openstack: credential } })
      .cloudProvider!,
    credential,
    nodeCidr: "10.20.0.0/22",
    subnetId: "subnet-1",
  });

describe("renderCloudConfig", () => {
  it("logs in by application credential and puts load balancers into the machines' subnet", () => {
    expect(rendered()).toEqual({
      "cloud.conf": `[Global]
auth-url = "https://keystone.example.org:5000/v3"
region = "RegionOne"
application-credential-id = "6f1c2d3e"
application-credential-secret = "application-secret"

[Networking]
address-sort-order = "10.20.0.0/22"

[LoadBalancer]
enabled = "true"
lb-provider = "amphora"
lb-method = "ROUND_ROBIN"
subnet-id = "subnet-1"
create-monitor = "true"
`,
    });
  });

  it("balances by flow with OVN and opens node ports to clients, which keep their addresses; it uses the external network and CA that are named", () => {
    const config = validConfig("platform");
    const entries = renderCloudConfig({
      cloudProvider: config.cloudProvider!,
      credential: config.credentials!.openstack!,
      nodeCidr: "10.10.0.0/22",
      subnetId: "s",
    });
    expect(entries["cloud.conf"]).toContain('ca-file = "/etc/config/ca.crt"');
    expect(entries["ca.crt"]).toMatch(/^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\n$/);
    expect(entries["cloud.conf"]!.split("[LoadBalancer]\n")[1]).toBe(`enabled = "true"
lb-provider = "ovn"
lb-method = "SOURCE_IP_PORT"
manage-security-groups = "true"
subnet-id = "s"
floating-network-id = "0f1c4f4e-6c4e-4d43-9b22-5a8f3e9d7c10"
internal-lb = "true"
create-monitor = "true"
`);
  });

  it("lets volumes follow no zone where Cinder's zones are not Nova's", () => {
    expect(rendered({ ignoreVolumeZones: true })["cloud.conf"]).toContain(
      '[BlockStorage]\nignore-volume-az = "true"\n',
    );
    expect(rendered()["cloud.conf"]).not.toContain("[BlockStorage]");
  });

  it("says only that there are none where Services get no load balancers", () => {
    expect(rendered({ loadBalancer: { enabled: false } })["cloud.conf"]!.split("[LoadBalancer]\n")[1]).toBe(
      'enabled = "false"\n',
    );
  });

  it("lets no secret end its own line", () => {
    expect(rendered({}, { id: "a", secret: 'qu"ote\\back' })["cloud.conf"]).toContain(
      'application-credential-secret = "qu\\"ote\\\\back"\n',
    );
  });
});

describe("cloudConfigDigest", () => {
  it("changes with the credential, and does not tell it", () => {
    const [before, after] = [
      cloudConfigDigest(rendered()),
      cloudConfigDigest(rendered({}, { id: "6f1c2d3e", secret: "another" })),
    ];
    expect(before).toMatch(/^[0-9a-f]{16}$/);
    expect(after).not.toBe(before);
  });
});

describe("values of the cloud controller manager", () => {
  it("read our Secret, run no route controller and mount nothing of the host", () => {
    expect(cloudControllerManagerValues(configWith(), "digest")).toEqual({
      cluster: { name: "dev" },
      secret: { enabled: true, create: false, name: "cloud-config" },
      enabledControllers: ["cloud-node", "cloud-node-lifecycle", "service"],
      podAnnotations: { "openstack-kubernetes/cloud-config": "digest" },
      extraVolumes: [],
      extraVolumeMounts: [],
      resources: { requests: { cpu: "50m", memory: "64Mi" } },
    });
  });
});

describe("values of Cinder CSI", () => {
  it("read our Secret, leave storage classes to Git, restart the controller with a new credential, and put nothing on nodes", () => {
    const podAnnotations = { "openstack-kubernetes/cloud-config": "digest" };
    expect(cinderCsiValues(configWith(), "digest")).toEqual({
      clusterID: "dev",
      secret: { enabled: true, create: false, hostMount: false, name: "cloud-config", filename: "cloud.conf" },
      storageClass: { enabled: false },
      csi: {
        plugin: {
          volumes: [],
          volumeMounts: [{ name: "cloud-config", mountPath: "/etc/config", readOnly: true }],
          nodePlugin: { nodeSelector: { "openstack-kubernetes/no-node": "true" } },
          controllerPlugin: { podAnnotations, ...onControlPlane },
        },
      },
    });
  });
});
