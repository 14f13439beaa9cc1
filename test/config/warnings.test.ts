import { parseClusterConfig } from "../../src/config/parse";
import { defaultKubernetesVersion, kubernetesMinors, reviewedOn } from "../../src/config/kubernetesMinors";
import { configWarnings } from "../../src/config/warnings";
import { minimal } from "./fixtures";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJhc3Rpb24ga2V5IGZvciB0ZXN0cyBvbmx5LCAzMiBi ops";
const connected = { ...minimal, network: { externalNetwork: "public" } };
const today = new Date(reviewedOn);
const pool = { name: "general", count: 3, flavor: "m1.large" };

describe("warnings", () => {
  it("are none for a plain configuration", () => {
    expect(configWarnings(parseClusterConfig(connected, "dev"), today)).toEqual([]);
  });

  it.each([
    [
      { network: {} },
      "network has neither externalNetwork nor routerId nor networkId, so nothing outside the created network can be reached, package sources, registries and proxies included.",
    ],
    [
      { apiEndpoint: { kind: "virtualIp", floatingIp: true } },
      "apiEndpoint.floatingIp is true but apiEndpoint.allowedCidrs is empty, so nobody outside can reach the API through it; name the networks of your people.",
    ],
    [
      { apiEndpoint: { kind: "external", host: "api.example.org" } },
      'apiEndpoint.allowedCidrs is empty, so the external load balancer reaches the API only from within network.cidr "10.10.0.0/22"; name its networks.',
    ],
    [
      { ssh: { authorizedKeys: [key] } },
      "ssh.authorizedKeys is set but neither ssh.allowedCidrs nor ssh.bastion is, so no network may reach port 22 of the machines.",
    ],
    [
      { controlPlane: { flavor: "m1.large", serverGroupPolicy: "affinity" } },
      'controlPlane.serverGroupPolicy is "affinity", so one hypervisor holds the whole control plane and its failure stops the cluster.',
    ],
    [
      { controlPlane: { flavor: "m1.large", availabilityZones: ["az1", "az2"] } },
      "controlPlane.availabilityZones names 2 zones for 3 machines, so the loss of the one that holds more of them takes etcd's quorum; 3 zones survive the loss of any.",
    ],
    [
      { nodePools: [{ ...pool, serverGroupPolicy: "anti-affinity" }] },
      'nodePools[0].serverGroupPolicy is "anti-affinity", so pool general needs 3 hypervisors or Nova answers "no valid host"; soft-anti-affinity does without.',
    ],
    [
      { nodePools: [{ ...pool, taints: [{ key: "gpu", effect: "NoSchedule" }] }] },
      "nodePools are all tainted and the control plane is not schedulable, so pods without tolerations, those of the platform included, stay pending.",
    ],
    [
      { kubernetes: { encryptionAtRest: "none" } },
      'kubernetes.encryptionAtRest is "none", so Secrets lie in etcd and its snapshots in plain text.',
    ],
    [
      { oidc: { issuerUrl: "https://id.example.org", clientId: "k", groupsPrefix: "" } },
      "oidc.usernamePrefix or oidc.groupsPrefix is empty, so the issuer decides who is a Kubernetes user or group of the same name.",
    ],
    [
      { packageSource: "mirror", packageMirror: { kubernetesUrl: "https://packages.example.org" } },
      "packageMirror.signingKey is absent, so the machines trust unsigned packages from the mirror.",
    ],
    [
      { readiness: { machinesBoot: false } },
      "readiness.machinesBoot is false, so `up` ends without a working API; only a lab whose machines never boot wants that.",
    ],
    [
      { apiEndpoint: { kind: "loadBalancer", allowedCidrs: ["10.0.0.0/8", "198.51.100.7/32", "0.0.0.0/0"] } },
      'apiEndpoint.allowedCidrs[2] is "0.0.0.0/0", so the whole Internet may try to reach the Kubernetes API; name the networks of your people.',
    ],
    [
      { ssh: { authorizedKeys: [key], allowedCidrs: ["172.0.0.0/8"] } },
      'ssh.allowedCidrs[0] is "172.0.0.0/8", 16777216 public addresses that may try to reach port 22 of every machine; make sure that all of them are yours.',
    ],
    [
      { ssh: { authorizedKeys: [key], bastion: { flavor: "m1.small", allowedCidrs: ["203.0.113.0/24"] } } },
      'ssh.bastion.allowedCidrs[0] is "203.0.113.0/24", 256 public addresses that may try to reach port 22 of the bastion; make sure that all of them are yours.',
    ],
    [
      { oidc: { issuerUrl: "https://id.example.org", clientId: "k", usernameClaim: "email" } },
      'oidc.usernameClaim is "email", which people may change themselves or inherit, and with it whose rights they have; use sub, or make sure that your issuer forbids both.',
    ],
    [{ cni: { kind: "none" } }, 'cni.kind is "none", so nodes stay NotReady until you install a CNI.'],
  ])("%j", (change, warning) => {
    expect(configWarnings(parseClusterConfig({ ...connected, ...change }, "dev"), today)).toEqual([warning]);
  });
});

describe("warnings about the version of Kubernetes", () => {
  const flux = { url: "https://git.example.org/fleet", settings: { APPS_DOMAIN: "apps.example.org" } };
  const cloudProvider = { authUrl: "https://keystone.example.org/v3", region: "one" };
  const credentials = { openstack: { id: "an-id", secret: "a-secret" } };
  const warnings = (kubernetes: object, more: object = {}, day = reviewedOn) =>
    configWarnings(parseClusterConfig({ ...connected, ...more, kubernetes }, "dev"), new Date(day));
  const patch = (minor: keyof typeof kubernetesMinors) => kubernetesMinors[minor].newestPatch;

  it("name every component of this cluster that upstream does not list for the minor", () => {
    expect(warnings({ version: patch("1.37") }, { flux, cloudProvider, credentials })).toEqual([
      `kubernetes.version is "${patch("1.37")}" but upstream does not list 1.37 as supported by cloud-provider-openstack, Calico 3.32, Flux 2.9, cert-manager 1.21, Kyverno 1.19, Envoy Gateway 1.9; "${defaultKubernetesVersion}" is supported by all.`,
    ]);
  });

  it("leave out what the cluster does not have", () => {
    expect(warnings({ version: patch("1.37") }, { cni: { kind: "none" } })).toEqual([
      'cni.kind is "none", so nodes stay NotReady until you install a CNI.',
    ]);
    expect(warnings({ version: patch("1.37") })).toEqual([
      `kubernetes.version is "${patch("1.37")}" but upstream does not list 1.37 as supported by Calico 3.32; "${defaultKubernetesVersion}" is supported by all.`,
    ]);
  });

  it("count what a setting of flux chooses", () => {
    const behind = (settings: object) =>
      warnings({ version: patch("1.36") }, { flux: { ...flux, settings: { ...flux.settings, ...settings } } }).map(
        (warning) => /supported by (.*);/.exec(warning)?.[1],
      );
    expect(behind({})).toEqual(["Kyverno 1.19"]);
    expect(behind({ SECOND_INGRESS: "ingress-nginx" })).toEqual(["Kyverno 1.19, ingress-nginx 1.15"]);
  });

  it("name a patch that is newer than the newest known one, which may be a slip of the finger", () => {
    expect(warnings({ version: "1.35.99" })).toEqual([
      `kubernetes.version is "1.35.99" but the newest patch known here is ${patch("1.35")}; check that upstream has released it.`,
    ]);
    expect(warnings({ version: patch("1.35") })).toEqual([]);
  });

  it("name a minor from the day after its end, and never before", () => {
    const ended = ['kubernetes.version is "1.35.0" but upstream ended 1.35 on 2027-02-28; upgrade to a newer minor.'];
    expect(warnings({ version: "1.35.0" }, {}, "2027-02-28")).toEqual([]);
    expect(warnings({ version: "1.35.0" }, {}, "2027-03-01")).toEqual(ended);
  });

  it("name a minor that has ended although it is allowed, and an allowance that nothing needs", () => {
    expect(warnings({ version: "1.34.9", allowEndedMinor: "1.34" })).toEqual([
      'kubernetes.version is "1.34.9" but upstream ended 1.34 on 2026-10-27; upgrade to a newer minor.',
    ]);
    expect(warnings({ version: "1.35.0", allowEndedMinor: "1.34" })).toEqual([
      'kubernetes.allowEndedMinor is "1.34", which kubernetes.version "1.35.0" does not need; remove it.',
    ]);
  });
});

describe("a warning about the domain of applications", () => {
  const warned = (flux: object) =>
    configWarnings(
      parseClusterConfig({ ...connected, flux: { url: "https://git.example.org/fleet", ...flux } }, "dev"),
      new Date(reviewedOn),
    );

  it("is there where gitops/ of this repository would wait for one, and not for manifests of one's own", () => {
    expect(warned({})).toEqual([
      "flux.settings.APPS_DOMAIN is absent, so the part ingress of gitops/ never becomes Ready and `up` waits for it in vain; set it to the domain of your applications.",
    ]);
    expect(warned({ settings: { APPS_DOMAIN: "apps.example.org" } })).toEqual([]);
    expect(warned({ path: "clusters/own" })).toEqual([]);
  });
});
