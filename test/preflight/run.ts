import { parseClusterConfig } from "../../src/config/parse";
import { OpenstackApi } from "../../src/openstack/client";
import { checkPreflight } from "../../src/preflight/checkPreflight";
import type { Findings } from "../../src/preflight/findings";
import { gatherCloudFacts } from "../../src/preflight/gatherCloudFacts";
import { minimalStack } from "../fixtures/minimalStack";
import type { FakeRequest } from "../openstack/fakeOpenstack";
import { healthyCloud, server, withCloud, type Cloud } from "./fakeCloud";

type Flavor = Cloud["flavors"][number];
export type Values = Record<string, unknown>;

/**
 * The minimal stack "dev" with `values`, on the healthy cloud with `change`: 3 control-plane machines (medium) and pool
 * "default" of 2 (large), behind a load balancer.
 */
export async function preflight(
  values: Values = {},
  change: Partial<Cloud> = {},
  requests: FakeRequest[] = [],
): Promise<Findings> {
  const config = parseClusterConfig({ ...minimalStack, ...values }, "dev");
  return withCloud(
    { ...healthyCloud, ...change },
    async (authUrl) =>
      checkPreflight(
        config,
        await gatherCloudFacts(await OpenstackApi.login({ authUrl, auth: {}, insecure: false }), config),
      ),
    requests,
  );
}

export const problems = async (values?: Values, change?: Partial<Cloud>): Promise<readonly string[]> =>
  (await preflight(values, change)).problems;

export const pool = (change: Values): Values => ({ nodePools: [{ ...minimalStack.nodePools[0], ...change }] });
export const controlPlane = (change: Values): Values => ({ controlPlane: { ...minimalStack.controlPlane, ...change } });
export const loadBalancer = (change: Values): Values => ({ apiEndpoint: { kind: "loadBalancer", ...change } });
export const withExternal: Values = { network: { externalNetwork: "public" } };
export const uuid = (digit: number): string => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`;
export const ownTag = { tags: ["kubernetes-cluster=dev"] };

const [, medium, large] = healthyCloud.flavors as [Flavor, Flavor, Flavor];

/** The cluster of the minimal stack as it stands after an `up`, in a project that has nothing left. */
export const fullCloud: Partial<Cloud> = {
  servers: [
    ...[0, 1, 2].map((index) => server(`dev-control-plane-${index}`, medium)),
    ...[0, 1].map((index) => server(`dev-default-${index}`, large)),
    server("dev-2-default-2", large),
  ],
  limits: {
    maxTotalCores: 28,
    totalCoresUsed: 28,
    maxTotalRAMSize: 57344,
    totalRAMUsed: 57344,
    maxTotalInstances: 5,
    totalInstancesUsed: 5,
    maxServerGroups: 1,
    totalServerGroupsUsed: 1,
    maxServerGroupMembers: 3,
  },
  serverGroups: [{ name: "dev-control-plane" }],
  networks: [
    ...healthyCloud.networks,
    { ...healthyCloud.networks[0]!, id: uuid(7), name: "dev", "router:external": false, ...ownTag },
  ],
  subnets: [{ id: uuid(8), name: "dev", network_id: uuid(7), cidr: "10.10.0.0/22", ip_version: 4, ...ownTag }],
  ports: [0, 1, 2].map((index) => ({ name: `dev-control-plane-${index}`, ...ownTag })),
  security_groups: ["a", "b"].map((id) => ({ id, security_group_rules: [{}, {}, {}, {}, {}, {}, {}], ...ownTag })),
  networkQuota: { network: 0, subnet: 0, router: 0, port: 0, floatingip: 0, security_group: 0, security_group_rule: 0 },
  loadBalancers: [{ id: "lb", name: "dev-api", provider: "amphora", listeners: [{}], pools: [{ id: "p" }] }],
  pools: [{ id: "p", members: [{}, {}, {}], healthmonitor_id: "m" }],
};
