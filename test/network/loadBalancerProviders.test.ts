/**
 * What the program asks of each Octavia provider, against what ovn-octavia-provider and amphora take. Not shown: the
 * providers themselves (amphora: test/cluster/endpoints.engine.test.ts).
 */
import { parseClusterConfig } from "../../src/config/parse";
import { loadBalancerProvider } from "../../src/network/loadBalancerProviders";
import { securityGroupRules } from "../../src/network/securityGroupRules";
import { renderCloudConfig } from "../../src/platform/cloudProvider";
import { minimalStack } from "../fixtures/minimalStack";
import { cloudProvider, openstackCredential } from "../platform/config";
import { cloudConfig, runProgram, servers } from "../runProgram";

const people = "203.0.113.0/24";
const machines = "10.10.0.0/22";

/** Inputs that say which one it is. */
const identity = ["name", "tags", "loadbalancerId", "listenerId", "poolId"];

/** The other inputs of the parts of the API's load balancer. */
async function apiLoadBalancer(provider: string) {
  const apiEndpoint = { kind: "loadBalancer", provider, allowedCidrs: [people] };
  const run = await runProgram({ ...minimalStack, apiEndpoint });
  return ["Listener", "Pool", "Monitor"].map((type) =>
    Object.fromEntries(Object.entries(run.ofType(type)[0]!.inputs).filter(([key]) => !identity.includes(key))),
  );
}

describe("the API's load balancer", () => {
  it("has the address that the configuration names, and machines use it; else Neutron chooses", async () => {
    const network = { cidr: "10.10.0.0/22" };
    for (const [address, named] of [
      ["10.10.0.99", { address: "10.10.0.99" }],
      [undefined, {}],
    ] as const) {
      const run = await runProgram({ ...minimalStack, network, apiEndpoint: { kind: "loadBalancer", ...named } });
      expect(run.ofType("LoadBalancer")[0]!.inputs.vipAddress).toBe(address);
      const [worker] = servers(run, "worker");
      const joins = cloudConfig(worker!).includes("10.10.0.99:6443");
      expect(joins).toBe(address !== undefined);
    }
  });
});

describe("a load balancer's provider", () => {
  it("that proxies limits clients itself, has time limits, and asks API servers whether they are ready", async () => {
    const proxying = [
      {
        protocol: "TCP",
        protocolPort: 6443,
        allowedCidrs: [machines, people],
        timeoutClientData: 3_600_000,
        timeoutMemberData: 3_600_000,
      },
      { protocol: "TCP", lbMethod: "ROUND_ROBIN" },
      {
        delay: 5,
        timeout: 3,
        maxRetries: 3,
        type: "HTTPS",
        urlPath: "/readyz",
        httpMethod: "GET",
        expectedCodes: "200",
      },
    ];
    for (const provider of ["amphora", "octavia", "of-a-vendor"])
      expect(await apiLoadBalancer(provider)).toEqual(proxying);
  });

  it("OVN gets nothing that it refuses: no limit of clients, no time limits, no algorithm but its own, no request", async () => {
    expect(await apiLoadBalancer("ovn")).toEqual([
      { protocol: "TCP", protocolPort: 6443 },
      { protocol: "TCP", lbMethod: "SOURCE_IP_PORT" },
      { delay: 5, timeout: 3, maxRetries: 3, type: "TCP" },
    ]);
  });

  it.each(["amphora", "ovn", "constructor"])(
    "%s lets clients of the API through to API servers, and nobody else",
    (provider) => {
      const config = parseClusterConfig(
        { ...minimalStack, apiEndpoint: { kind: "loadBalancer", provider, allowedCidrs: [people] } },
        "test",
      );
      const admitted = securityGroupRules(config).flatMap(({ group, direction, ports, remote }) =>
        group === "control-plane" &&
        direction === "ingress" &&
        "from" in ports &&
        ports.from === 6443 &&
        "cidr" in remote
          ? [remote.cidr]
          : [],
      );
      // Where clients keep their addresses theirs are seen, else the load balancer's, which lies among the machines.
      expect(admitted).toContain(loadBalancerProvider(provider).keepsClientAddress ? people : machines);
      expect(admitted.filter((cidr) => cidr !== people && cidr !== machines)).toEqual([]);
    },
  );

  it.each([
    ["amphora", "ROUND_ROBIN", false],
    ["ovn", "SOURCE_IP_PORT", true],
  ])("%s of Services: by %s; the cloud controller opens node ports to clients: %s", (provider, method, opens) => {
    const config = parseClusterConfig(
      {
        ...minimalStack,
        cloudProvider: { ...cloudProvider, loadBalancer: { provider } },
        credentials: { openstack: openstackCredential },
      },
      "test",
    );
    const conf = renderCloudConfig({
      cloudProvider: config.cloudProvider!,
      credential: openstackCredential,
      nodeCidr: machines,
      subnetId: "s",
    })["cloud.conf"]!;
    expect(conf).toContain(`lb-provider = "${provider}"\nlb-method = "${method}"\n`);
    expect(conf.includes('manage-security-groups = "true"\n')).toBe(opens);
    expect(loadBalancerProvider(provider).keepsClientAddress).toBe(opens);
  });
});
