/** Octavia: load balancers, listeners, pools, members, health monitors. */
import { idOf } from "../identity";
import { words, type Created, type Creation, type ResourceTypes } from "../resourceType";
import { found } from "./cloud";
import { makePort, region, tenantId } from "./networkTypes";

const protocols = words("TCP UDP HTTP HTTPS TERMINATED_HTTPS PROXY PROXYV2 SCTP");

export const loadBalancerTypes: ResourceTypes = {
  "openstack:loadbalancer/loadBalancer:LoadBalancer": {
    required: [],
    replaces: new Set(
      words(
        "availabilityZone flavorId loadbalancerProvider region tenantId vipAddress vipNetworkId vipPortId vipSubnetId",
      ),
    ),
    create: createLoadBalancer,
  },
  "openstack:loadbalancer/listener:Listener": {
    required: words("loadbalancerId protocol protocolPort"),
    replaces: new Set(words("loadbalancerId protocol protocolPort region tenantId")),
    create: ({ identity, name, inputs, cloud }) => {
      const loadBalancer = found(
        cloud.loadBalancers.get(inputs.loadbalancerId as string),
        "load balancer",
        inputs.loadbalancerId,
      );
      const protocol = known(inputs.protocol);
      const listening = `${protocol === "UDP" ? "UDP" : "TCP"} ${String(inputs.protocolPort)}`;
      if (loadBalancer.listenerPorts.has(listening))
        throw new Error(`another listener of the load balancer has ${listening} already`);
      loadBalancer.listenerPorts.add(listening);
      const id = idOf(identity);
      cloud.listeners.set(id, { loadBalancerId: inputs.loadbalancerId as string, protocol, pool: undefined });
      // Octavia's own timeouts, in milliseconds (its api_settings and haproxy_amphora defaults).
      const timeouts = {
        timeoutClientData: inputs.timeoutClientData ?? 50_000,
        timeoutMemberConnect: inputs.timeoutMemberConnect ?? 5_000,
        timeoutMemberData: inputs.timeoutMemberData ?? 50_000,
        timeoutTcpInspect: inputs.timeoutTcpInspect ?? 0,
      };
      return {
        id,
        outputs: {
          region,
          tenantId,
          name: inputs.name ?? name,
          adminStateUp: true,
          connectionLimit: -1,
          defaultPoolId: "",
          ...timeouts,
        },
      };
    },
  },
  "openstack:loadbalancer/pool:Pool": {
    required: words("lbMethod protocol"),
    replaces: new Set(words("listenerId loadbalancerId persistence protocol region tenantId")),
    create: createPool,
  },
  "openstack:loadbalancer/member:Member": {
    required: words("address poolId protocolPort"),
    replaces: new Set(words("address poolId protocolPort region subnetId tenantId")),
    create: ({ identity, name, inputs, cloud }) => {
      const pool = found(cloud.pools.get(inputs.poolId as string), "pool", inputs.poolId);
      if (inputs.subnetId !== undefined) cloud.subnet(inputs.subnetId);
      const member = `${String(inputs.address)}:${String(inputs.protocolPort)}`;
      if (pool.members.has(member)) throw new Error(`the pool has a member ${member} already`);
      pool.members.add(member);
      return {
        id: idOf(identity),
        outputs: { region, tenantId, name: inputs.name ?? name, adminStateUp: true, weight: inputs.weight ?? 1 },
      };
    },
  },
  "openstack:loadbalancer/monitor:Monitor": {
    required: words("delay maxRetries poolId timeout type"),
    replaces: new Set(words("poolId region tenantId type")),
    create: ({ identity, name, inputs, cloud }) => {
      const pool = found(cloud.pools.get(inputs.poolId as string), "pool", inputs.poolId);
      if (pool.monitored) throw new Error("the pool has a health monitor already");
      if ((inputs.timeout as number) > (inputs.delay as number))
        throw new Error(`timeout ${String(inputs.timeout)} s is above delay ${String(inputs.delay)} s`);
      pool.monitored = true;
      return {
        id: idOf(identity),
        outputs: {
          region,
          tenantId,
          name: inputs.name ?? name,
          adminStateUp: true,
          maxRetriesDown: inputs.maxRetriesDown ?? 3,
        },
      };
    },
  },
};

function known(protocol: unknown): string {
  if (!protocols.includes(protocol as string))
    throw new Error(`protocol is ${JSON.stringify(protocol)}; Octavia knows ${protocols.join(", ")}`);
  return protocol as string;
}

function createLoadBalancer({ urn, identity, name, inputs, cloud, previous }: Creation): Created {
  const id = idOf(identity);
  const subnet = inputs.vipSubnetId === undefined ? undefined : cloud.subnet(inputs.vipSubnetId);
  const networkId = inputs.vipNetworkId ?? subnet?.networkId;
  if (networkId === undefined && inputs.vipPortId === undefined)
    throw new Error("a load balancer needs vipSubnetId, vipNetworkId or vipPortId");
  const port =
    inputs.vipPortId === undefined
      ? makePort(
          cloud,
          urn,
          {
            networkId,
            fixedIps: [{ subnetId: subnet?.id ?? cloud.subnetOf(networkId).id, ipAddress: inputs.vipAddress }],
          },
          previous,
          `${identity} vip`,
        )
      : cloud.port(inputs.vipPortId);
  cloud.loadBalancers.set(id, { listenerPorts: new Set() });
  return {
    id,
    outputs: {
      region,
      tenantId,
      name: inputs.name ?? name,
      adminStateUp: true,
      loadbalancerProvider: inputs.loadbalancerProvider ?? "amphora",
      securityGroupIds: inputs.securityGroupIds ?? [],
      vipAddress: port.addresses[0]?.ipAddress ?? "",
      vipNetworkId: port.networkId,
      vipPortId: port.id,
      vipSubnetId: port.addresses[0]?.subnetId ?? "",
    },
  };
}

function createPool({ identity, name, inputs, cloud }: Creation): Created {
  const id = idOf(identity);
  const protocol = known(inputs.protocol);
  if (inputs.listenerId !== undefined) {
    const listener = found(cloud.listeners.get(inputs.listenerId as string), "listener", inputs.listenerId);
    if (listener.pool !== undefined) throw new Error("the listener has a default pool already");
    if (listener.protocol === "UDP" ? protocol !== "UDP" : protocol === "UDP")
      throw new Error(`a ${protocol} pool cannot serve a ${listener.protocol} listener`);
    listener.pool = id;
  } else if (inputs.loadbalancerId !== undefined) {
    found(cloud.loadBalancers.get(inputs.loadbalancerId as string), "load balancer", inputs.loadbalancerId);
  } else {
    throw new Error("a pool needs listenerId or loadbalancerId");
  }
  cloud.pools.set(id, { members: new Set(), monitored: false });
  return { id, outputs: { region, tenantId, name: inputs.name ?? name, adminStateUp: true } };
}
