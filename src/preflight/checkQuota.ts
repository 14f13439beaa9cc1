/**
 * What is still missing, against what the project may still take. Machines and networks of this cluster that exist are
 * in use already and take nothing more.
 */
import type { Allowance, ExistingMachine, CloudFacts } from "./cloudFacts";
import { joined, problem, type Findings } from "./findings";
import { groupStates, type GroupState } from "./checkMachines";
import { createdTypes, type CreatedType } from "../openstack/resourceTypes";
import type { Needs } from "./needs";

/** A thing in the singular and in the plural. */
type Noun = readonly [one: string, many: string];
const counted = (one: string, rest = ""): Noun => [`${one}${rest}`, `${one}s${rest}`];
const uncounted = (word: string): Noun => [word, word];

/** How much of one thing is needed, and by which keys. */
interface Demand {
  readonly what: Noun;
  readonly allowance: Allowance | undefined;
  readonly amount: number;
  readonly keys: readonly string[];
  /** What may be done about it besides asking for more, as part of a sentence. */
  readonly remedy: string;
}

export function checkQuota(needs: Needs, facts: CloudFacts): Findings {
  const { machines } = facts.compute;
  // Without knowing what exists, what is missing cannot be told, and a full project is no error.
  const states = machines === undefined ? [] : groupStates(needs, machines);
  return joined(
    [
      ...computeDemands(states, facts, machines),
      ...volumeDemands(states, facts),
      ...networkDemands(needs, states, facts),
      ...octaviaDemands(needs, facts),
    ].map(check),
  );
}

function check({ what, allowance, amount, keys, remedy }: Demand): Findings {
  if (allowance === undefined || allowance.limit < 0 || amount <= 0 || allowance.used + amount <= allowance.limit)
    return joined([]);
  const { limit, used } = allowance;
  return problem(
    `${enumeration(keys)} ${keys.length > 1 ? "need" : "needs"} ${amount} more ${what[amount === 1 ? 0 : 1]} but the project has ${Math.max(limit - used, 0)} left (${used} of ${limit} in use); ${remedy}, or ask for a quota of ${used + amount}.`,
  );
}

function enumeration(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${String(words.at(-1))}`;
}

/** Adds up by group; groups that need nothing are not named. */
function demand(
  what: Noun,
  allowance: Allowance | undefined,
  states: readonly GroupState[],
  amountOf: (state: GroupState) => number,
  remedy: string,
): Demand {
  const amounts = states
    .map((state) => [state.group.countKey, amountOf(state)] as const)
    .filter(([, amount]) => amount > 0);
  return {
    what,
    allowance,
    amount: amounts.reduce((sum, [, amount]) => sum + amount, 0),
    keys: amounts.map(([key]) => key),
    remedy,
  };
}

function computeDemands(
  states: readonly GroupState[],
  { compute }: CloudFacts,
  machines: ReadonlyMap<string, ExistingMachine> | undefined,
): Demand[] {
  /** New machines whole; resized and rolled ones by what their new flavor has more than their old. */
  const ofFlavor = (dimension: "vcpus" | "ram") => (state: GroupState) => {
    const flavor = compute.flavors?.find(({ name }) => name === state.group.flavor.value);
    if (flavor === undefined) return 0;
    const grown = [...state.rolled, ...state.resized].map((name) =>
      Math.max(flavor[dimension] - (machines?.get(name)?.flavor?.[dimension] ?? flavor[dimension]), 0),
    );
    return grown.reduce((sum, more) => sum + more, state.missing.length * flavor[dimension]);
  };
  const newGroups = (state: GroupState) =>
    state.group.serverGroup === undefined ||
    compute.existingServerGroups?.includes(state.group.serverGroup.name) !== false
      ? 0
      : 1;
  const smaller = "lower the number or choose a smaller flavor";
  return [
    demand(counted("machine"), compute.instances, states, ({ missing }) => missing.length, "lower the number"),
    demand(uncounted("vCPU"), compute.cores, states, ofFlavor("vcpus"), smaller),
    demand(uncounted("MiB of memory"), compute.ram, states, ofFlavor("ram"), smaller),
    demand(
      counted(createdTypes.serverGroup.noun),
      compute.serverGroups,
      states,
      newGroups,
      'set a serverGroupPolicy to "none"',
    ),
  ];
}

function volumeDemands(states: readonly GroupState[], { volume: { quota = {} } }: CloudFacts): Demand[] {
  const types = [
    ...new Set(states.flatMap(({ group }) => group.volumes.flatMap(({ type }) => (type === undefined ? [] : [type])))),
  ];
  return [undefined, ...types].flatMap((type) => {
    const suffix = type === undefined ? "" : `_${type}`;
    const kind = type === undefined ? "" : ` of type ${type}`;
    const volumesOf = ({ group }: GroupState) =>
      group.volumes.filter((volume) => type === undefined || volume.type === type);
    return [
      demand(
        counted("volume", kind),
        quota[`volumes${suffix}`],
        states,
        (state) => state.missing.length * volumesOf(state).length,
        "lower the number",
      ),
      demand(
        uncounted(`GiB of volumes${kind}`),
        quota[`gigabytes${suffix}`],
        states,
        (state) => state.missing.length * volumesOf(state).reduce((sum, { sizeGb }) => sum + sizeGb, 0),
        "lower the number or the sizes",
      ),
    ];
  });
}

function networkDemands(
  needs: Needs,
  states: readonly GroupState[],
  { compute, network: { quota = {}, own }, loadBalancer }: CloudFacts,
): Demand[] {
  if (own === undefined) return [];
  const { creates } = needs;
  const network = creates.network && own.networks === 0 ? 1 : 0;
  const subnet = creates.subnet && own.subnets === 0 ? 1 : 0;
  const router = creates.router && own.routers === 0 ? 1 : 0;
  const existing = "use an existing one";
  const fewer = "delete what is not used";
  const single = (type: CreatedType, amount: number, keys: readonly string[], remedy: string): Demand => ({
    what: counted(type.noun),
    allowance: quota[type.quota ?? ""],
    amount,
    keys,
    remedy,
  });
  const types = createdTypes;
  const floatingIps = Math.max(needs.floatingIpKeys.length - own.floatingIps, 0);
  const groups = Math.max(needs.securityGroups - own.securityGroups, 0);
  const rules = Math.max(needs.securityGroupRules - own.securityGroupRules, 0);
  const demands = [
    single(types.network, network, ["network"], `${existing} (network.networkId)`),
    single(types.subnet, subnet, ["network"], `${existing} (network.subnetId)`),
    single(types.router, router, ["network.externalNetwork"], `${existing} (network.routerId)`),
    single(types.floatingIp, floatingIps, needs.floatingIpKeys, "release one that is not used or set it to false"),
    single(types.securityGroup, groups, ["the cluster"], fewer),
    single(types.securityGroupRule, rules, ["the cluster"], fewer),
  ];
  // Ports that Neutron and Octavia make of their own count as well: the subnet's DHCP or metadata port, the router's
  // interface, the load balancer's virtual IP.
  const ownPorts =
    subnet +
    (creates.routerInterface ? subnet : 0) +
    (needs.loadBalancer !== undefined && loadBalancer.quota !== undefined && loadBalancer.own === undefined ? 1 : 0) +
    (needs.virtualIpPort !== undefined && !own.portNames.has(needs.virtualIpPort) ? 1 : 0);
  const ofMachines = demand(
    counted(types.port.noun),
    quota[types.port.quota ?? ""],
    compute.machines === undefined ? [] : states,
    ({ group, missing }) =>
      missing.reduce((sum, name) => sum + group.networks.length + (own.portNames.has(name) ? 0 : 1), 0),
    "lower the number",
  );
  const ports =
    ownPorts === 0
      ? ofMachines
      : { ...ofMachines, amount: ofMachines.amount + ownPorts, keys: [...ofMachines.keys, "the network"] };
  return [...demands, ports];
}

/** One load balancer, listener, pool and health monitor, and a member per control-plane machine. */
function octaviaDemands(needs: Needs, { loadBalancer: { quota = {}, own } }: CloudFacts): Demand[] {
  if (needs.loadBalancer === undefined) return [];
  const members = needs.groups.find(({ role }) => role === "control-plane")?.names.length ?? 0;
  const { loadBalancer, listener, pool, healthMonitor, member } = createdTypes;
  return [loadBalancer, listener, pool, healthMonitor, member].map((type) => {
    const name = type.quota ?? "";
    return {
      what: counted(type.noun),
      allowance: quota[name],
      amount: (type === member ? members : 1) - (own?.counts[name] ?? 0),
      keys: ["apiEndpoint"],
      remedy: "delete one that is not used",
    };
  });
}
