/**
 * What is wrong in OpenStack after an `up`, seen from the state: things that nobody knows, things that are there twice,
 * things that are not whole.
 */
import type { State } from "./interruptibleStack";
import type { Inventory, Item, Openstack } from "./openstack";

/**
 * A sentence for each; empty when OpenStack has exactly what the state says. The project must hold nothing but the
 * stack.
 */
export async function strays(openstack: Openstack, clusterName: string, state: State): Promise<string[]> {
  const inventory = await openstack.inventory();
  const parts = await furtherParts(openstack, inventory);
  const known = new Set(state.resources.flatMap(({ id }) => (id === undefined ? [] : [id])));
  const there = new Set(
    [...Object.values(inventory as unknown as Record<string, Item[]>), ...Object.values(parts)]
      .flat()
      .map(({ id }) => id),
  );
  return [
    ...unknown({ ...inventory, ...parts }, known),
    ...twice(inventory),
    ...missing(state, there),
    ...untagged(inventory, known, clusterName),
    ...inventory.servers
      .filter(({ status }) => status !== "ACTIVE")
      .map(({ name, status }) => `server ${name} is ${status}`),
    ...inventory.loadBalancers
      .filter(({ provisioning_status: status }) => status !== "ACTIVE")
      .map(({ name, provisioning_status: status }) => `load balancer ${name} is ${String(status)}`),
  ].sort();
}

/**
 * What belongs to something that the inventory lists: rules of groups, and parts of load balancers where there is one.
 */
async function furtherParts(
  openstack: Openstack,
  { securityGroups, loadBalancers }: Inventory,
): Promise<Record<string, Item[]>> {
  const rules = securityGroups.flatMap(({ security_group_rules: list }) => list as Item[]);
  if (loadBalancers.length === 0) return { rules };
  const list = (collection: string) =>
    openstack
      .call<Record<string, Item[]>>("load-balancer", `/v2/lbaas/${collection}`)
      .then((answer) => answer[collection] ?? []);
  const [listeners, pools, healthmonitors] = await Promise.all([
    list("listeners"),
    list("pools"),
    list("healthmonitors"),
  ]);
  const members = await Promise.all(
    pools.map(({ id }) =>
      openstack
        .call<{ members: Item[] }>("load-balancer", `/v2/lbaas/pools/${id}/members`)
        .then((answer) => answer.members),
    ),
  );
  return { rules, listeners, pools, healthmonitors, members: members.flat() };
}

function unknown(all: Record<string, Item[]>, known: ReadonlySet<string>): string[] {
  return Object.entries(all).flatMap(([kind, items]) =>
    items
      .filter((item) => !known.has(item.id) && !(kind === "ports" && belongs(item, known)))
      .map(({ id, name }) => `the state does not know ${kind} ${name ?? ""} (${id})`),
  );
}

/** A port that Nova, Neutron or Octavia made for something that the state knows. */
function belongs(
  { device_owner: owner, device_id: device, network_id: network }: Item,
  known: ReadonlySet<string>,
): boolean {
  if (String(owner) === "network:distributed" || String(owner) === "network:dhcp") return known.has(String(network));
  return known.has(String(device).replace(/^lb-/, ""));
}

function twice(inventory: Inventory): string[] {
  return Object.entries(inventory as unknown as Record<string, Item[]>).flatMap(([kind, items]) => {
    const names = items.map(({ name }) => name ?? "").filter((name) => name !== "");
    return [...new Set(names)]
      .filter((name) => names.filter((other) => other === name).length > 1)
      .map((name) => `${kind} ${name} is there more than once`);
  });
}

function missing({ resources }: State, there: ReadonlySet<string>): string[] {
  return resources
    .filter(({ type, id }) => type.startsWith("openstack:") && id !== undefined && !there.has(id))
    .map(({ urn }) => `OpenStack does not have ${urn.split("::").slice(2).join(" ")}`);
}

function untagged(inventory: Inventory, known: ReadonlySet<string>, clusterName: string): string[] {
  const { networks, subnets, routers, ports, securityGroups, floatingIps } = inventory;
  return Object.entries({ networks, subnets, routers, ports, securityGroups, floatingIps }).flatMap(([kind, items]) =>
    items
      // The router's interface is a port that the state knows by the id of the resource of that name; the provider
      // cannot tag it.
      .filter(({ id, device_owner: owner }) => known.has(id) && !String(owner).startsWith("network:router_interface"))
      .filter(({ tags }) => !(tags as string[]).includes(`kubernetes-cluster=${clusterName}`))
      .map(({ id, name }) => `${kind} ${name ?? ""} (${id}) carries no tag of the cluster`),
  );
}

/**
 * Deletes what a run of the tests that was killed may have left unknown to any state, and what would keep its network
 * from being deleted.
 */
export async function removeStrays(openstack: Openstack, clusterName: string, { resources }: State): Promise<void> {
  const known = new Set(resources.flatMap(({ id }) => (id === undefined ? [] : [id])));
  const mine = ({ id, name }: Item) => !known.has(id) && String(name).startsWith(`${clusterName}-`);
  for (const { id } of (await openstack.servers()).filter(mine))
    await openstack.call("compute", `/servers/${id}`, "DELETE");
  while ((await openstack.servers()).some(mine)) await new Promise((fulfil) => setTimeout(fulfil, 500));
  const { ports } = await openstack.inventory();
  for (const { id } of ports.filter((port) => mine(port) && port.device_id === ""))
    await openstack.call("network", `/v2.0/ports/${id}`, "DELETE");
  const { securityGroups } = await openstack.inventory();
  for (const { id } of securityGroups.filter(mine))
    await openstack.call("network", `/v2.0/security-groups/${id}`, "DELETE");
}
