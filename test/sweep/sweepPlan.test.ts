import { createdTypes, storageTypes } from "../../src/openstack/resourceTypes";
import { planSweep, type SweepStep } from "../../src/sweep/sweepPlan";
import type {
  Remains,
  RemainingFloatingIp,
  RemainingLoadBalancer,
  RemainingPort,
  RemainingSecurityGroup,
  RemainingVolume,
} from "../../src/sweep/remains";

const nothing: Remains = {
  ownNetworkIds: new Set(["own-network"]),
  ownSubnetIds: new Set(["own-subnet"]),
  servers: [],
  loadBalancers: [],
  floatingIps: [],
  securityGroups: [],
  ports: [],
  volumes: [],
  snapshots: [],
};
const balancer = (id: string, name: string, subnet: string, tags: string[] = []): RemainingLoadBalancer => ({
  id,
  name,
  tags,
  vip_subnet_id: subnet,
  vip_port_id: `${id}-port`,
});
const address = (id: string, port: string | null, description: string): RemainingFloatingIp => ({
  id,
  floating_ip_address: "203.0.113.7",
  port_id: port,
  description,
});
const group = (id: string, cluster: string): RemainingSecurityGroup => ({
  id,
  name: `lb-sg-uid-shop-${id}`,
  description: `Security Group for shop/${id} Service LoadBalancer in cluster ${cluster}`,
});
const port = (id: string, over: Partial<RemainingPort> = {}): RemainingPort => ({
  id,
  name: id,
  network_id: "own-network",
  device_id: "",
  device_owner: "",
  security_groups: [],
  fixed_ips: [{ subnet_id: "own-subnet", ip_address: "10.20.0.50" }],
  tags: [],
  ...over,
});
const volume = (id: string, cluster: string, server?: string): RemainingVolume => ({
  id,
  name: `pvc-${id}`,
  size: 10,
  metadata: {
    "cinder.csi.openstack.org/cluster": cluster,
    "csi.storage.k8s.io/pvc/namespace": "shop",
    "csi.storage.k8s.io/pvc/name": "data",
  },
  attachments: server === undefined ? [] : [{ server_id: server }],
});
const plan = (remains: Partial<Remains>, withVolumes = false) =>
  planSweep("dev", { ...nothing, ...remains }, withVolumes);
const taken = (steps: readonly SweepStep[]) => steps.map(({ type, id }) => `${type.noun} ${id}`);

describe("the plan of a sweep", () => {
  it("is empty where Kubernetes left nothing", () => {
    expect(plan({})).toEqual({ steps: [], left: [] });
  });

  it("takes the load balancer of a Service, wherever it stands, after the floating IP that was made for it", () => {
    const description = "Floating IP for Kubernetes external service shop/web from cluster dev";
    expect(
      plan({
        loadBalancers: [balancer("a", "kube_service_dev_shop_web", "elsewhere")],
        floatingIps: [address("f", "a-port", description)],
      }),
    ).toEqual({
      steps: [
        {
          type: createdTypes.floatingIp,
          id: "f",
          title: "floating IP 203.0.113.7",
          consequence: "it goes back to the pool, where anybody may get it: names in DNS must not point to it any more",
        },
        {
          type: createdTypes.loadBalancer,
          id: "a",
          title: "load balancer kube_service_dev_shop_web",
          consequence: "Service shop/web is not reached through it any more",
        },
      ],
      left: [],
    });
  });

  it("leaves a floating IP that somebody else brought, or that its Service was told to keep", () => {
    const { steps, left } = plan({
      loadBalancers: [balancer("a", "kube_service_dev_shop_web", "own-subnet")],
      floatingIps: [
        address("brought", "a-port", "ours since 2019"),
        address("another-cluster", null, "Floating IP for Kubernetes external service shop/web from cluster dev-2"),
        address("kept", null, "Floating IP for Kubernetes external service shop/api from cluster dev"),
      ],
    });
    expect(taken(steps)).toEqual(["load balancer a"]);
    expect(left).toEqual([
      "floating IP 203.0.113.7 stays: Service shop/api is gone and left it, which is done on purpose (keep-floatingip).",
    ]);
  });

  it("takes any other load balancer in the stack's own subnet, but not the stack's own", () => {
    const { steps } = plan({
      loadBalancers: [
        balancer("by-hand", "", "own-subnet"),
        balancer("api", "dev-api", "own-subnet", ["kubernetes-cluster=dev", "owner=platform"]),
        balancer("another-cluster", "kube_service_prod_shop_web", "own-subnet"),
      ],
    });
    expect(steps.map(({ id, title }) => [id, title])).toEqual([["by-hand", "load balancer by-hand"]]);
  });

  it("takes in an existing subnet only what carries the cluster's whole name", () => {
    const { steps } = plan({
      loadBalancers: [
        balancer("mine", "kube_service_dev_shop_web", "shared"),
        balancer("longer", "kube_service_dev-2_shop_web", "shared"),
        balancer("by-hand", "dev", "shared"),
      ],
      ports: [
        port("reserved", {
          network_id: "shared-network",
          fixed_ips: [{ subnet_id: "shared", ip_address: "10.9.0.9" }],
        }),
      ],
    });
    expect(taken(steps)).toEqual(["load balancer mine"]);
  });

  it("leaves a load balancer that another cluster's Service shares", () => {
    const { steps, left } = plan({
      loadBalancers: [
        balancer("a", "kube_service_dev_shop_web", "own-subnet", [
          "kube_service_dev_shop_web",
          "kube_service_prod_shop_web",
        ]),
      ],
    });
    expect(steps).toEqual([]);
    expect(left).toEqual([
      "load balancer kube_service_dev_shop_web stays: it serves another cluster too (kube_service_prod_shop_web).",
    ]);
  });

  it("takes a Service's security group off the ports that carry it, and off no other", () => {
    const { steps } = plan({
      securityGroups: [
        group("web", "dev"),
        group("api", "dev-2"),
        { id: "node", name: "dev-node", description: "node machines of the Kubernetes cluster dev" },
      ],
      ports: [
        port("worker", { device_id: "server", device_owner: "compute:az1", security_groups: ["node", "web"] }),
        port("another", { device_id: "server", device_owner: "compute:az1", security_groups: ["node"] }),
      ],
      servers: [{ id: "server", name: "dev-general-0", metadata: { "kubernetes-cluster": "dev" } }],
    });
    expect(steps.map(({ type, id, takenOff }) => ({ type, id, takenOff }))).toEqual([
      { type: createdTypes.securityGroup, id: "web", takenOff: [{ portId: "worker", keeps: ["node"] }] },
    ]);
  });

  it("takes ports of the stack's network that nobody uses, never the stack's own or a machine's", () => {
    const { steps, left } = plan({
      servers: [
        { id: "machine", name: "dev-general-0", metadata: { "kubernetes-cluster": "dev" } },
        { id: "stranger", name: "build-host", metadata: {} },
      ],
      ports: [
        port("reserved"),
        port("dev-api-virtual-ip", { tags: ["kubernetes-cluster=dev"] }),
        port("worker", { device_id: "machine", device_owner: "compute:az1" }),
        port("router", { device_id: "router", device_owner: "network:router_interface" }),
        port("vip", { device_id: "lb-1", device_owner: "Octavia" }),
        port("orphan", { device_id: "no-server-any-more", device_owner: "compute:az1" }),
        port("foreign", { device_id: "stranger", device_owner: "compute:az1" }),
      ],
    });
    expect(taken(steps)).toEqual(["port reserved", "port orphan"]);
    expect(left).toEqual([
      "server build-host stays: it is no machine of this cluster, but its port foreign (10.20.0.50) is in the cluster's network, which cannot be deleted before it.",
    ]);
  });

  it("leaves volumes unless told to, and says so", () => {
    expect(plan({ volumes: [volume("v", "dev"), volume("w", "prod")] })).toEqual({
      steps: [],
      left: ["volume pvc-v (10 GiB of claim shop/data) stays: it holds data; --volumes deletes it."],
    });
  });

  it("takes volumes when told to, their snapshots first, and none that a server has attached", () => {
    const { steps, left } = plan(
      {
        volumes: [volume("free", "dev"), volume("held", "dev", "machine"), volume("foreign", "dev-2")],
        snapshots: [{ id: "s", name: "snapshot-s", size: 10, metadata: { "cinder.csi.openstack.org/cluster": "dev" } }],
        servers: [{ id: "machine", name: "dev-general-0", metadata: { "kubernetes-cluster": "dev" } }],
      },
      true,
    );
    expect(steps).toEqual([
      {
        type: storageTypes.snapshot,
        id: "s",
        title: "snapshot snapshot-s (10 GiB)",
        consequence: "its data is gone for good",
      },
      {
        type: storageTypes.volume,
        id: "free",
        title: "volume pvc-free (10 GiB of claim shop/data)",
        consequence: "its data is gone for good",
      },
    ]);
    expect(left).toEqual([
      "volume pvc-held (10 GiB of claim shop/data) stays: server dev-general-0 has it attached; sweep again once that is gone.",
    ]);
  });
});
